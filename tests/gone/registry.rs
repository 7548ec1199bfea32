//! No way is forgotten: every route that may tell of something that ends access is walked, or it says here why not.

use crate::{law::LAWS, ways::WAYS};
use castgate::{http, model::EventKind};
use std::collections::BTreeSet;

/// Whether `METHOD /path/{id}` is the door of this request.
pub(crate) fn leads(door: &str, method: &str, path: &str) -> bool {
    let Some((of, template)) = door.split_once(' ') else { return false };
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    let fits = |(part, said): (&&str, &&str)| part.starts_with('{') || part == said;
    of == method && template.len() == path.len() && template.iter().zip(&path).all(fits)
}

/// Whether something that somebody could come in with, or what it carried, may have ended. A new kind has to say it here.
fn ends_access(kind: EventKind) -> bool {
    use EventKind::*;
    match kind {
        ConnectionDisabled
        | ConnectionDeleted
        | ConnectionChanged
        | SetupLinkRevoked
        | DomainEnforced
        | TokenRevoked
        | TokenReplaced
        | ClientRevoked
        | KeyChanged
        | KeyMoved
        | KeyRotated
        | KeyAttenuated
        | KeyRevoked
        | ServiceAccountChanged
        | ServiceAccountRemoved
        | ClusterRemoved
        | MappingPublished
        | UserSuspended
        | UserRemoved
        | UserErased
        | UserChanged
        | GroupChanged
        | GroupMembersChanged
        | GroupRemoved
        | InvitationResent
        | InvitationRevoked
        | InvitationChanged
        | ReviewApplied
        | RoleChanged
        | RoleRemoved
        | AccessChanged
        | AccidentUndone
        | SignalTokenCreated
        | SignalTokenRevoked
        | SessionEnded
        | PasswordSet
        | SecondFactorRemoved
        | RecoveryCodesMade
        | RecoveryCodeUsed
        | TermsPublished
        | InvitationAccepted => true,
        OrganizationCreated
        | OrganizationChanged
        | OrganizationOwnerless
        | OrganizationOwned
        | ConnectionCreated
        | ConnectionEnabled
        | SamlKeyRotated
        | CertificateEnding
        | SchemaDeclared
        | SchemaChanged
        | SchemaRemoved
        | ConnectionTestStarted
        | ConnectionTested
        | SetupLinkCreated
        | DomainVerified
        | DomainAsserted
        | DomainLost
        | DomainReleased
        | TokenCreated
        | TokenExpiring
        | ClientCreated
        | AccessTokenIssued
        | KeyCreated
        | KeyRestored
        | KeyRotationDue
        | KeyRotationOverdue
        | KeysMirrored
        | ServiceAccountCreated
        | ClusterDeclared
        | ClusterChanged
        | ClusterVanished
        | ClusterReturned
        | CastAiConnected
        | CastAiDisconnected
        | MappingDrafted
        | UserCreated
        | UserActivated
        | UserRevived
        | UserLinked
        | AdoptionApproved
        | GroupCreated
        | GroupRevived
        | InvitationCreated
        | InvitationWithheld
        | InvitationUndelivered
        | LetterUndelivered
        | InvitationSettingsChanged
        | ReviewStarted
        | ReviewDecided
        | ReviewClosed
        | RoleCreated
        | OwnerKept
        | OwnerRecovered
        | AccidentNoticed
        | WebhookCreated
        | WebhookChanged
        | WebhookRemoved
        | WebhookRotated
        | WebhookTested
        | WebhookRedelivered
        | WebhookDisabled
        | SignalReceived
        | ConnectionSilent
        | ConnectionHeard
        | SessionStarted
        | SignInRefused
        | PasswordLinkSent
        | SecondFactorAdded
        | SecondFactorOffered
        | TermsAccepted => false,
    }
}

/// Routes that may tell of an end and are not walked, each with the reason.
const NOT_WALKED: &[(&str, &str)] = &[];

fn named() -> BTreeSet<&'static str> {
    WAYS.iter().flat_map(|ways| ways.iter()).flat_map(|way| way.doors.iter().copied()).collect()
}

#[test]
fn every_route_that_ends_access_is_walked_or_says_why_not() {
    let walked = named();
    let mut wrong = Vec::new();
    let mut there = BTreeSet::new();
    for route in http::routes() {
        let door = format!("{} {}", route.method, route.path);
        let ends: Vec<&str> = route.tells.iter().filter(|kind| ends_access(**kind)).map(|kind| kind.name()).collect();
        let excused = NOT_WALKED.iter().any(|(known, _)| *known == door);
        match (ends.is_empty(), walked.contains(door.as_str()), excused) {
            (false, false, false) => {
                wrong.push(format!("{door} may end something ({}) and is not walked", ends.join(", ")))
            }
            (_, true, true) => wrong.push(format!("{door} is walked: it needs no reason")),
            (true, _, true) => wrong.push(format!("{door} ends nothing: it needs no reason")),
            _ => {}
        }
        there.insert(door);
    }
    let known = walked.iter().copied().chain(NOT_WALKED.iter().map(|(door, _)| *door));
    wrong.extend(known.filter(|door| !there.contains(*door)).map(|door| format!("{door} is no route")));
    assert!(wrong.is_empty(), "{} routes:\n{}", wrong.len(), wrong.join("\n"));
    assert!(LAWS.len() > 60, "the table has {} rows", LAWS.len());
}
