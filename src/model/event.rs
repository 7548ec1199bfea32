//! Events: the audit vocabulary.

use super::{EventId, Instant, RequestId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// One kind of thing that happens.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum EventKind {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl EventKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the store, the API and the logs.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

event_kinds! {
    /// An organization was made.
    OrganizationCreated = "organization.created",
    /// An organization's name or slug changed.
    OrganizationChanged = "organization.changed",
    /// No reachable owner is left.
    OrganizationOwnerless = "organization.ownerless",
    /// An owner is reachable again.
    OrganizationOwned = "organization.owned",
    /// A connection was made.
    ConnectionCreated = "connection.created",
    /// A connection's settings changed.
    ConnectionChanged = "connection.changed",
    /// A connection was disabled: its sessions and tokens ended.
    ConnectionDisabled = "connection.disabled",
    /// A disabled connection was enabled.
    ConnectionEnabled = "connection.enabled",
    /// A connection has a new key of ours for SAML, published and about to sign.
    SamlKeyRotated = "connection.saml_key_rotated",
    /// A certificate of a connection's provider is about to end.
    CertificateEnding = "connection.certificate_ending",
    /// A schema was declared for all connections.
    SchemaDeclared = "schema.declared",
    /// A declared schema changed.
    SchemaChanged = "schema.changed",
    /// A declared schema was taken back.
    SchemaRemoved = "schema.removed",
    /// A connection was deleted, with everybody whom it brought.
    ConnectionDeleted = "connection.deleted",
    /// A test of a connection began.
    ConnectionTestStarted = "connection.test_started",
    /// A test of a connection ended.
    ConnectionTested = "connection.tested",
    /// A link was made by which somebody without an account may set a connection up.
    SetupLinkCreated = "setup_link.created",
    /// A set-up link was revoked.
    SetupLinkRevoked = "setup_link.revoked",
    /// An e-mail domain was shown to be the organization's, by its DNS.
    DomainVerified = "domain.verified",
    /// The operator said that an e-mail domain is the organization's.
    DomainAsserted = "domain.asserted",
    /// The record that showed an e-mail domain is gone.
    DomainLost = "domain.lost",
    /// Single sign-on is enforced for an e-mail domain.
    DomainEnforced = "domain.enforced",
    /// Single sign-on is no longer enforced for an e-mail domain.
    DomainReleased = "domain.released",
    /// A SCIM token was made.
    TokenCreated = "token.created",
    /// A SCIM token was revoked.
    TokenRevoked = "token.revoked",
    /// Another token takes the place of a SCIM token, which ends when both have held for a while.
    TokenReplaced = "token.replaced",
    /// A SCIM token is about to end.
    TokenExpiring = "token.expiring",
    /// An OAuth client of a connection was made.
    ClientCreated = "client.created",
    /// An OAuth client was revoked; its access tokens ended.
    ClientRevoked = "client.revoked",
    /// An OAuth client was given an access token.
    AccessTokenIssued = "client.token_issued",
    /// An API key was made.
    KeyCreated = "key.created",
    /// An API key was renamed, or switched on or off.
    KeyChanged = "key.changed",
    /// An API key went to a service account, with its secret as it was.
    KeyMoved = "key.moved",
    /// Another API key takes the place of one, which ends when both have held for a while.
    KeyRotated = "key.rotated",
    /// An API key carries less than it did, because its owner holds less.
    KeyAttenuated = "key.attenuated",
    /// An API key that carried less carries again what it did.
    KeyRestored = "key.restored",
    /// Somebody who knows the secrets of API keys has left: the keys are to be rotated.
    KeyRotationDue = "key.rotation_due",
    /// The day by which such a key was to be rotated is over.
    KeyRotationOverdue = "key.rotation_overdue",
    /// It was read which keys Cast AI has.
    KeysMirrored = "key.mirrored",
    /// An API key was revoked.
    KeyRevoked = "key.revoked",
    /// A service account was made.
    ServiceAccountCreated = "service_account.created",
    /// A service account was renamed, suspended or brought back.
    ServiceAccountChanged = "service_account.changed",
    /// A service account was closed; its keys ended.
    ServiceAccountRemoved = "service_account.removed",
    /// A cluster was declared.
    ClusterDeclared = "cluster.declared",
    /// A cluster's slug, name or external id changed.
    ClusterChanged = "cluster.changed",
    /// A cluster was removed, and what was held there ended.
    ClusterRemoved = "cluster.removed",
    /// Cast AI lists a cluster no longer. What is held on it stays.
    ClusterVanished = "cluster.vanished",
    /// Cast AI lists a cluster again.
    ClusterReturned = "cluster.returned",
    /// A key was given by which clusters are read from Cast AI.
    CastAiConnected = "cast_ai.connected",
    /// Clusters are read from Cast AI no longer; the key is gone.
    CastAiDisconnected = "cast_ai.disconnected",
    /// A mapping draft was saved.
    MappingDrafted = "mapping.drafted",
    /// A mapping version came into force.
    MappingPublished = "mapping.published",
    /// A user was made.
    UserCreated = "user.created",
    /// A user's attributes changed.
    UserChanged = "user.changed",
    /// A user was suspended; sessions and keys ended.
    UserSuspended = "user.suspended",
    /// A suspended user came back.
    UserActivated = "user.activated",
    /// A user was deleted; sessions and keys ended.
    UserRemoved = "user.removed",
    /// What was personal of a deleted user was erased, on request and for good.
    UserErased = "user.erased",
    /// A deleted user came back under the same id.
    UserRevived = "user.revived",
    /// A sign-in was tied to a user for the first time.
    UserLinked = "user.linked",
    /// An admin let a connection take somebody over who is here by another way.
    AdoptionApproved = "user.adoption_approved",
    /// A group was made.
    GroupCreated = "group.created",
    /// A group's name or externalId changed.
    GroupChanged = "group.changed",
    /// People came into or left a group.
    GroupMembersChanged = "group.members_changed",
    /// A group was deleted.
    GroupRemoved = "group.removed",
    /// A deleted group came back.
    GroupRevived = "group.revived",
    /// Somebody was invited.
    InvitationCreated = "invitation.created",
    /// A pending invitation offers something else now.
    InvitationChanged = "invitation.changed",
    /// An invitation was sent again; the link before is dead.
    InvitationResent = "invitation.resent",
    /// An invitation was taken back.
    InvitationRevoked = "invitation.revoked",
    /// An invitation was accepted, and what it offers given.
    InvitationAccepted = "invitation.accepted",
    /// Somebody arrived whose invitation offers what the inviter may give no more: it gave nothing.
    InvitationWithheld = "invitation.withheld",
    /// An invitation's letter could not be delivered.
    InvitationUndelivered = "invitation.undelivered",
    /// A letter about something else could not be delivered.
    LetterUndelivered = "letter.undelivered",
    /// Who may be invited changed.
    InvitationSettingsChanged = "invitation.settings_changed",
    /// It was looked at who holds what for no visible reason.
    ReviewStarted = "review.started",
    /// Somebody decided about what a review found.
    ReviewDecided = "review.decided",
    /// What was decided in a review was done.
    ReviewApplied = "review.applied",
    /// A review was closed.
    ReviewClosed = "review.closed",
    /// A custom role was made.
    RoleCreated = "role.created",
    /// A custom role was renamed, or lets its holders do something else.
    RoleChanged = "role.changed",
    /// A custom role was deleted.
    RoleRemoved = "role.removed",
    /// Bindings were given or taken.
    AccessChanged = "access.changed",
    /// The guard kept the last owner.
    OwnerKept = "access.owner_kept",
    /// The operator made somebody an owner at the machine itself.
    OwnerRecovered = "access.owner_recovered",
    /// A source took an unusual share of what it gave away.
    AccidentNoticed = "accident.noticed",
    /// What a source took away in a span was given back.
    AccidentUndone = "accident.undone",
    /// A webhook was made.
    WebhookCreated = "webhook.created",
    /// A webhook's name, address or kinds changed, or it was switched on or off.
    WebhookChanged = "webhook.changed",
    /// A webhook was deleted.
    WebhookRemoved = "webhook.removed",
    /// A webhook has another secret; the one before signs as well for a while.
    WebhookRotated = "webhook.secret_rotated",
    /// A webhook was sent a test message.
    WebhookTested = "webhook.tested",
    /// Somebody had an event sent to a webhook once more.
    WebhookRedelivered = "webhook.redelivered",
    /// A webhook was switched off: nobody took anything there for days, or its address is gone.
    WebhookDisabled = "webhook.disabled",
    /// A provider told of a security event.
    SignalReceived = "signal.received",
    /// A connection has a new token for security events; the one before is dead.
    SignalTokenCreated = "signal.token_created",
    /// A connection's provider can tell of security events no more.
    SignalTokenRevoked = "signal.token_revoked",
    /// A provider has pushed nothing for much longer than is its habit.
    ConnectionSilent = "connection.silent",
    /// A provider that had gone silent pushes again.
    ConnectionHeard = "connection.heard",
    /// Somebody signed in.
    SessionStarted = "session.started",
    /// A session ended.
    SessionEnded = "session.ended",
    /// A sign-in was refused.
    SignInRefused = "session.refused",
    /// Somebody chose a password.
    PasswordSet = "password.set",
    /// A link by which a password is chosen was mailed.
    PasswordLinkSent = "password.link_sent",
    /// An authenticator app is asked for at somebody's sign-ins from now on.
    SecondFactorAdded = "second_factor.added",
    /// It is asked for no more.
    SecondFactorRemoved = "second_factor.removed",
    /// An authenticator app was offered, and is still to be confirmed.
    SecondFactorOffered = "second_factor.offered",
    /// Somebody has new recovery codes; those before are dead.
    RecoveryCodesMade = "recovery_codes.made",
    /// Somebody signed in by a recovery code.
    RecoveryCodeUsed = "recovery_codes.used",
    /// Terms were accepted.
    TermsAccepted = "terms.accepted",
    /// A version of the terms was recorded.
    TermsPublished = "terms.published",
}

/// One thing that happened, as it is read back.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Its place among the organization's events, from 1 without gaps; none until it is sealed, a second after it happened.
    pub number: Option<i64>,
    /// When.
    pub at: Instant,
    /// What.
    pub kind: EventKind,
    /// Who did it: an actor's text, such as `user usr_…` or `connection con_…`.
    pub actor: String,
    /// In which request.
    pub request: RequestId,
    /// The ids that it is about; of very many, the first thousand.
    pub subjects: Vec<String>,
    /// How many ids it is about, where that is more than are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subjects_in_all: Option<u64>,
    /// What else there is to say; no personal values.
    pub detail: Value,
}
