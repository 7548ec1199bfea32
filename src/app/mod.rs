//! Line 8: the use cases; the only place where adapters meet.
//!
//! A use case loads, calls something pure, and commits. Everything that changes who may do what goes through one funnel
//! ([`funnel`]): facts → mapping → diff → guards → rows, events and revocations in one transaction → the caches are told.
//!
//! [`App::begin`] is the only way to a write transaction, and authorises; [`Work::commit`] refuses a change that no event
//! tells of, and returns when the change is on disk and this node's caches have forgotten what it ended.

mod access;
mod access_reviews;
mod accidents;
mod adoptions;
mod audit;
mod authorize;
pub mod backup;
mod bindings;
mod capability_uses;
mod cast_ai;
mod cli_login;
mod clock;
mod clusters;
mod configuration;
mod connection_removal;
mod connection_tests;
mod connections;
mod credentials;
mod csv;
mod ctx;
mod cursor;
mod departures;
mod directory;
mod domains;
mod erasure;
mod error;
mod feed;
mod funnel;
mod gate;
mod health;
mod housekeeping;
mod in_force;
mod introspection;
mod invitations;
mod key_safe;
mod key_uses;
mod keys;
mod local_groups;
mod mappings;
mod master_keys;
mod members;
mod once;
mod organizations;
mod owner_letters;
mod owners;
mod passwords;
mod people;
mod providers;
mod provisioning;
mod receipts;
mod roles;
mod roster;
mod saml;
mod schemas;
mod seen;
mod service_accounts;
mod setup_links;
mod sign_in;
mod sign_out;
mod signals;
mod signing;
mod silence;
mod step_up;
mod tenants;
mod terms;
mod tokens;
mod waiting_room;
mod webhooks;
mod why;
mod work;

pub use access_reviews::{Decision as ReviewDecision, Evidence, ShownProposal};
pub use accidents::{Accident, BreakerRound, Restored, Undo, UndoWish};
pub use audit::{Audit, AuditKeys, Auditor, BadCheckpoint, Checkpoint, Finding, Progress, SealingRound, Wrong};
pub use authorize::{AccessCheck, DecidedOn, Decision, MOST_CHECKS, Undecided};
pub use bindings::{BindingSearch, Gift};
pub use cast_ai::{CastAiReading, CastAiRound};
pub use cli_login::CliRequest;
pub use clock::Clock;
pub use clusters::{ClusterChange, ExternalIdChange, RemovedCluster};
pub use configuration::{Configuration, ConfigurationPlan, ExportedConfiguration};
pub use connection_removal::ConnectionRemoval;
pub use connection_tests::{BegunTest, TestShown};
pub use connections::NewConnection;
pub use csv::csv_line;
pub use ctx::{Actor, Ctx, Need};
pub use departures::Departure;
pub use directory::{CursorPage, GroupView, KeptView, Receipt, UserView};
pub use domains::{DomainRecord, ShownDomain};
pub use erasure::Erasure;
pub use error::{Error, TurnedAway};
pub use feed::{Feed, LONGEST_WAIT};
pub use gate::{Credential, Question, Visit, Visitor, role_names};
pub use health::{BreakGlass, Health, OwnerStands};
pub use housekeeping::Round;
pub use introspection::{ActiveToken, Introspection};
pub use invitations::{Acceptance, InvitationShown, LettersRound, MOST_INVITED, NotInvited, OfferChange, Wish};
pub use key_safe::{
    ChangeOutcome, Choice, Holding, KeyDone, KeyOutcome, KeyPreview, KeyTerms, MemberChange, Mirrored, Moved,
    PreviewedChange, ReadKey, RefusedChange, ReviewRound, RoleChange, RolesChanged, RotatedKey, SeveralPreview,
    TouchedKey,
};
pub use keys::{KeyChange, KeyWish, NewKey, RightWish};
pub use local_groups::RemovedGroup;
pub use mappings::{Draft, MappingPlan, OwnerWay, Publication};
pub use master_keys::{KeyUse, Resealed};
pub use members::{MemberShown, MemberState};
pub use once::{Once, Slot};
pub use organizations::{Founded, NewOrganization};
pub use passwords::{ByPassword, Enrolment, PasswordShown, RecoveryCodes, SignInState, Tried};
pub use people::revision;
pub use providers::{
    AccessToken, Assertion, ClientProof, ClientWish, GrantError, NewClient, NewToken, Proven, Refusing, Shown,
    TokenRequest,
};
pub use provisioning::{Asked, Attempt, PushRound, Verdict, tolerated};
pub use receipts::{AccessReceipt, Acknowledgement, SignedAcknowledgements, Statement};
pub use roles::RoleWish;
pub use roster::{Names, RosterOf, RosterRow};
pub use saml::{LogoutCame, ProviderLogout, SamlAddresses, SamlShown, SignOutAt};
pub use schemas::SchemaChange;
pub use seen::{Seen, shown_revision, text_revision};
pub use service_accounts::AccountChange;
pub use setup_links::{NewSetupLink, SetupShown, SetupSignIn, SetupValues};
pub use sign_in::{ClientKey, Finished, Route, SamlArrival, SignInBegun, SignedIn, Whence};
pub use sign_out::{LeftWith, ProviderSignOut, Reach};
pub use signals::{NewSignalToken, NotAccepted};
pub use signing::{Rotated, Rotation};
pub use silence::SilenceRound;
pub use tenants::DeletedOrganization;
pub use terms::{TermsStanding, TermsState};
pub use tokens::{Claims, Signed};
pub use webhooks::{NewWebhook, Sent, WebhookRound, WebhookWish};
pub use why::{GivenByRule, UnderDraft, WhyQuestion};
pub use work::Work;

use crate::{
    cache::Cache,
    config::Settings,
    crypto::{Passwords, Sealer},
    model::{Instant, RequestId},
    net,
    sso::{Oidc, PinnedKeys, SamlProviders},
    store::Store,
};
use capability_uses::CapabilityUses;
use directory::Unheard;
use in_force::Compiled;
use key_safe::{Step, What};
use key_uses::KeyUses;
use provisioning::PushQueue;
use saml::KeyRings;
use signing::Keys;
use std::sync::{Arc, PoisonError, RwLock};
use tokens::RecentTokens;
use waiting_room::WaitingRoom;

/// What every use case needs; the only state of the process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    store: Store,
    cache: Cache,
    sealer: RwLock<Arc<Sealer>>,
    clock: Clock,
    oidc: Oidc,
    pinned_keys: PinnedKeys,
    saml_providers: SamlProviders,
    saml_rings: KeyRings,
    texts: net::TextRecords,
    compiled: Compiled,
    keys: Keys,
    audit_keys: RwLock<Option<Arc<AuditKeys>>>,
    tokens: RecentTokens,
    unheard: Unheard,
    /// When this process began: of what was made before, it cannot know who was told.
    began: Instant,
    pushes: PushQueue,
    key_uses: KeyUses,
    passwords: Passwords,
    capability_uses: CapabilityUses,
    suspected: accidents::Suspected,
    /// For addresses that an organization's own admins wrote down.
    outside: net::Client,
    /// For Cast AI, at the one address that the settings say.
    cast_ai: net::Client,
    /// Places of those who wait for events.
    waiting: WaitingRoom,
    /// Places of those who have none of these, and wait a moment.
    pausing: WaitingRoom,
}

impl App {
    /// Puts the adapters together. Call [`App::prepare`] before serving.
    #[must_use]
    pub fn new(settings: Settings, store: Store, cache: Cache, sealer: Sealer, clock: Clock) -> Self {
        let policy = net::Policy {
            allow_private_addresses: settings.network.allow_private_addresses,
            private_networks: settings.network.private_networks.clone(),
            ..net::Policy::default()
        };
        let http = net::Client::new(policy.clone());
        let outside = net::Client::new(webhooks::policy(policy.clone(), &settings));
        let (oidc, pinned_keys) = (Oidc::new(http.clone()), PinnedKeys::new(http.clone()));
        let cast_ai = net::Client::new(cast_ai::policy(policy, &settings));
        let (saml_providers, saml_rings) = (SamlProviders::new(http), KeyRings::default());
        let texts = net::TextRecords::new(settings.domains.resolvers.clone());
        let (sealer, audit_keys) = (RwLock::new(Arc::new(sealer)), RwLock::default());
        let (compiled, keys, tokens) = (Compiled::default(), Keys::default(), RecentTokens::default());
        let (unheard, began, pushes) = (Unheard::default(), clock.now(), PushQueue::default());
        let (key_uses, capability_uses) = (KeyUses::default(), CapabilityUses::default());
        let passwords = Passwords::new(settings.passwords.at_once);
        let inner = Inner {
            settings,
            store,
            cache,
            sealer,
            clock,
            oidc,
            pinned_keys,
            saml_providers,
            saml_rings,
            texts,
            compiled,
            keys,
            audit_keys,
            tokens,
            unheard,
            began,
            pushes,
            key_uses,
            passwords,
            capability_uses,
            suspected: accidents::Suspected::default(),
            outside,
            cast_ai,
            waiting: WaitingRoom::new(feed::MOST_WAITING.0, feed::MOST_WAITING.1),
            pausing: WaitingRoom::new(feed::MOST_PAUSING.0, feed::MOST_PAUSING.1),
        };
        Self { inner: Arc::new(inner) }
    }

    /// What has to be there before the first request: signing keys and the documents that people accept.
    pub async fn prepare(&self) -> Result<(), Error> {
        self.require_master_keys().await?;
        self.prepare_signing_keys().await?;
        self.prepare_audit_keys().await?;
        self.prepare_terms().await
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Time and ids.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Whether the store answers: what `/readyz` asks.
    pub async fn ready(&self) -> Result<(), Error> {
        Ok(self.store().ping().await?)
    }

    /// The context of a command at the machine itself.
    #[must_use]
    pub fn operator(&self, organization: crate::model::OrganizationId) -> Ctx {
        Ctx { actor: Actor::Operator, organization, now: self.clock().now(), request: self.new_request() }
    }

    /// A new request id.
    #[must_use]
    pub fn new_request(&self) -> RequestId {
        self.clock().request()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    fn cache(&self) -> &Cache {
        &self.inner.cache
    }

    fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    /// Seals and opens with the ring of keys as it is now; a rotation puts another in its place.
    fn sealer(&self) -> Arc<Sealer> {
        Arc::clone(&self.inner.sealer.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lines of the provisioning log that wait to be written.
    fn pushes(&self) -> &PushQueue {
        &self.inner.pushes
    }

    fn oidc(&self) -> &Oidc {
        &self.inner.oidc
    }

    /// Keys of providers and their clients, at addresses that an administrator pinned.
    fn pinned_keys(&self) -> &PinnedKeys {
        &self.inner.pinned_keys
    }

    /// The way to webhooks.
    fn outside(&self) -> &net::Client {
        &self.inner.outside
    }

    /// The way to Cast AI.
    fn cast_ai_client(&self) -> &net::Client {
        &self.inner.cast_ai
    }

    /// What SAML providers publish about themselves.
    fn saml_providers(&self) -> &SamlProviders {
        &self.inner.saml_providers
    }
}
