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
#[expect(clippy::too_many_lines, reason = "every kind is named, so that a new one is asked about")]
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

const ENTERS: &str =
    "it lets somebody in; who has more sessions than may be, and what claims take: oidc_negative and sign_in";
const GIVES: &str = "it gives and takes nothing; the floor of owners may end by it";
const ALIKE: &str = "the console's door to what the API's door is walked for";
const AT_A_CLUSTER: &str =
    "what it may take is held on one cluster alone, and goes by the rows of bindings that are walked";
const LATER: &str = "both hold for a while: what ends then is asked for by the clock (lives)";
const NOT_THEIRS: &str =
    "nobody comes in with what it changes: it is what we show the provider, or what we believe of it";

/// Routes that may tell of an end and are not walked, each with the reason.
const NOT_WALKED: &[(&str, &str)] = &[
    ("GET /login/callback", ENTERS),
    ("POST /login/password", ENTERS),
    ("POST /login/code", ENTERS),
    ("POST /invitations/{token}/password", ENTERS),
    ("POST /login/saml/{connection}/acs", ENTERS),
    ("POST /login/saml/{connection}/confirm", ENTERS),
    ("POST /setup/{token}", "its connection is disabled: nobody is in by it"),
    ("POST /account/second-factor/codes", "recovery codes are half of a way in: passwords"),
    ("POST /scim/v2/Groups", GIVES),
    ("POST /api/v1/clusters", GIVES),
    ("PATCH /api/v1/clusters/{id}", AT_A_CLUSTER),
    ("DELETE /api/v1/clusters/{id}", AT_A_CLUSTER),
    ("POST /api/v1/cast-ai/sync", AT_A_CLUSTER),
    ("POST /api/v1/connections", GIVES),
    ("POST /api/v1/connections/{id}/tokens", "it clears away a token that has ended already"),
    ("POST /api/v1/connections/{id}/tokens/{token}/rotate", LATER),
    ("POST /api/v1/connections/{id}/client-keys", NOT_THEIRS),
    ("POST /api/v1/connections/{id}/saml/refresh", NOT_THEIRS),
    ("POST /api/v1/domains/{domain}/release", GIVES),
    ("POST /api/v1/users/{id}/reactivate", GIVES),
    (
        "PATCH /api/v1/groups/{id}",
        "rules speak of pushed groups alone, and bindings of ids: a local name carries nothing",
    ),
    ("PUT /api/v1/groups/{id}/members/{member}", GIVES),
    ("PATCH /api/v1/invitations/{id}", "the link stays, and offers something else"),
    ("POST /api/v1/bindings", GIVES),
    ("POST /api/v1/access-reviews/{id}/apply", "each change is one of those that are walked, by the same functions"),
    ("POST /api/v1/roles", GIVES),
    ("DELETE /api/v1/roles/{id}", "a role that somebody holds is not deleted"),
    ("POST /api/v1/keys/{id}/rotate", LATER),
    ("POST /api/v1/service-accounts/{id}/keys/{key}/rotate", LATER),
    ("PATCH /api/v1/service-accounts/{id}", "it renames; suspending has a door of its own"),
    ("POST /api/v1/service-accounts/{id}/reactivate", GIVES),
    ("POST /api/v1/undo", "it gives back what one source took away"),
    ("POST /console/members/{id}/reactivate", GIVES),
    ("POST /console/invitations/{id}/resend", ALIKE),
    ("POST /console/role-changes", ALIKE),
    ("POST /console/groups/{id}/rename", "rules speak of pushed groups alone, and bindings of ids"),
    ("POST /console/clusters/cast-ai", GIVES),
    ("POST /console/clusters/cast-ai/read", AT_A_CLUSTER),
    ("POST /console/clusters", GIVES),
    ("POST /console/clusters/{id}", AT_A_CLUSTER),
    ("POST /console/clusters/{id}/remove", AT_A_CLUSTER),
    ("POST /console/roles/{id}", "it renames, and leads on to a change of roles"),
    ("POST /console/roles/{id}/delete", "a role that somebody holds is not deleted"),
    ("POST /console/service-accounts/{id}/keys/{key}/rotate", LATER),
    ("POST /console/connections", GIVES),
    ("POST /console/connections/{id}/sign-in", ALIKE),
    ("POST /console/connections/{id}/tokens", "it clears away a token that has ended already"),
    ("POST /console/connections/{id}/tokens/{token}/rotate", LATER),
    ("POST /console/connections/{id}/saml", ALIKE),
    ("POST /console/connections/{id}/saml/refresh", NOT_THEIRS),
    ("POST /console/connections/{id}/dialect", ALIKE),
    ("POST /console/settings/signals/{id}", ALIKE),
    ("POST /console/access-reviews/{id}/apply", ALIKE),
    ("POST /console/accidents/undo", "it gives back what one source took away"),
];

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
                wrong.push(format!("{door} may end something ({}) and is not walked", ends.join(", ")));
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
