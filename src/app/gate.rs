//! The gate: whom a credential lets in, and whether they may do what a service behind the gateway asks about.

use super::{
    Actor, App, Ctx, Error, TermsState,
    credentials::{NOTED_EVERY, told_only},
    step_up::Proof,
    terms::{terms_of_service_account, terms_state},
};
use crate::{
    access::Access,
    cache::{Key, Touched},
    crypto::{Presented, TokenKind, token},
    model::{
        Capability, ClusterId, Holder, Instant, OrganizationId, Scope, ServiceAccountId, Session, User, UserState,
    },
    store::Tx,
};
use data_encoding::HEXLOWER;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// What somebody comes in with.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// The secret of the session cookie.
    Session(&'a str),
    /// An API key.
    Key(&'a str),
}

impl std::fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Session(_) => "Credential::Session(…)",
            Self::Key(_) => "Credential::Key(…)",
        })
    }
}

/// Who came in: a person or a service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Visitor {
    /// Their id.
    pub id: Holder,
    /// Their name at their provider; a service account's name.
    pub user_name: String,
    /// Their primary address.
    pub email: Option<String>,
    /// What to call them.
    pub label: String,
}

/// Somebody who came in, and what they may do. A moment's truth: made anew for each request, or remembered for a second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Their organization.
    pub organization: OrganizationId,
    /// Its short name.
    pub slug: String,
    /// The name that people read.
    pub organization_name: String,
    /// It has no owner who can be reached.
    pub ownerless: bool,
    /// Who.
    pub visitor: Visitor,
    /// What they may do, with reasons.
    pub access: Access,
    /// Where they stand with the terms.
    pub terms: TermsState,
    actor: Actor,
    /// How they signed in, where it was a sign-in.
    #[serde(default)]
    pub(super) proof: Option<Proof>,
    /// The first moment at which a part of this stops by itself.
    until: Option<Instant>,
}

/// What a service behind the gateway asks.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// This capability; none: being let in is enough.
    pub can: Option<Capability>,
    /// On this cluster (its slug); none: on the whole organization.
    pub cluster: Option<String>,
}

/// What a credential opens, remembered for the lease. Only its hash is a key.
struct Remembered([u8; 32]);

impl Key for Remembered {
    type Value = Visit;
    const REVOCABLE: bool = true;
    fn text(&self) -> String {
        format!("visit:{}", HEXLOWER.encode(&self.0))
    }
    fn touched(visit: &Visit) -> Touched<'_> {
        Touched::By(&visit.organization)
    }
}

/// The cluster of a short name, remembered for the lease: services ask about the same few again and again.
struct NamedCluster(OrganizationId, String);

impl Key for NamedCluster {
    type Value = Option<ClusterId>;
    const REVOCABLE: bool = true;
    fn text(&self) -> String {
        format!("cluster:{}:{}", self.0, self.1)
    }
}

impl Visit {
    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor.clone()
    }

    /// The key that it came in by, if it did.
    #[must_use]
    pub(super) fn key(&self) -> Option<&crate::model::KeyId> {
        self.actor.key()
    }

    /// The id of the session or of the key.
    #[must_use]
    pub(super) fn way_id(&self) -> &str {
        match &self.actor {
            Actor::User { session, .. } => session.as_str(),
            Actor::Key { id, .. } | Actor::ServiceAccount { key: id, .. } => id.as_str(),
            Actor::Connection { .. } | Actor::Operator | Actor::System => "",
        }
    }

    /// The first moment at which a part of this stops by itself.
    #[must_use]
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// The context of a request. Refused while the terms stand before everything else.
    pub fn ctx(&self, app: &App) -> Result<Ctx, Error> {
        self.past_the_terms()?;
        Ok(self.ctx_before_terms(app))
    }

    /// Refuses while the terms stand before everything else.
    pub fn past_the_terms(&self) -> Result<(), Error> {
        let open = match self.terms {
            TermsState::Accepted | TermsState::Transition => true,
            // Keys of somebody who accepted once go on; whoever sits before a browser is asked.
            TermsState::Lapsed => self.actor.key().is_some(),
            TermsState::Never => false,
        };
        if open { Ok(()) } else { Err(Error::TermsNotAccepted) }
    }

    /// The context for what is reachable before the terms: the terms, and signing out.
    #[must_use]
    pub fn ctx_before_terms(&self, app: &App) -> Ctx {
        Ctx {
            actor: self.actor(),
            organization: self.organization.clone(),
            now: app.clock().now(),
            request: app.new_request(),
        }
    }
}

impl App {
    /// Whom a credential lets in. Every reason for a refusal looks the same.
    pub async fn visit(&self, credential: Credential<'_>) -> Result<Arc<Visit>, Error> {
        let (text, kind) = match credential {
            Credential::Session(text) => (text, TokenKind::Session),
            Credential::Key(text) => (text, TokenKind::ApiKey),
        };
        // The checksum refuses typing mistakes and noise before the store is asked.
        let presented = token::parse(text, kind).map_err(|_| Error::NotSignedIn)?;
        let now = self.clock().now();
        let lease = self.settings().cache.lease.get();
        let remembered = Remembered(presented.hash());
        let visit = self.cache().fetch(&remembered, lease, || self.load_visit(&presented, now)).await?;
        if visit.until.is_some_and(|until| until <= now) {
            // A part of it has stopped since: what it was remembered for holds no longer.
            return Box::pin(self.load_visit(&presented, now)).await.map(Arc::new);
        }
        Ok(visit)
    }

    async fn load_visit(&self, presented: &Presented, now: Instant) -> Result<Visit, Error> {
        match presented.kind() {
            TokenKind::Session => self.load_session(presented.hash(), now).await,
            TokenKind::ApiKey => self.load_key(presented.hash(), now).await,
            TokenKind::Scim
            | TokenKind::Link
            | TokenKind::Invitation
            | TokenKind::SignIn
            | TokenKind::Code
            | TokenKind::Refresh
            | TokenKind::ClientSecret
            | TokenKind::ScimAccess
            | TokenKind::Test
            | TokenKind::Setup
            | TokenKind::Reset
            | TokenKind::Signals => Err(Error::NotSignedIn),
        }
    }

    async fn load_session(&self, hash: [u8; 32], now: Instant) -> Result<Visit, Error> {
        let mut tx = self.store().read().await?;
        let session = tx.session(&hash, now).await?.ok_or(Error::NotSignedIn)?;
        let seen = session.last_seen_at;
        let idle = seen.plus(self.settings().sessions.idle.get());
        let proof = Some(Proof::of(&session));
        let user = session_user(&mut tx, &session).await?;
        let whose = user.id.clone();
        if idle <= now {
            return Err(Error::NotSignedIn);
        }
        let actor = Actor::User { id: user.id.clone(), session: session.id };
        let entry = self.person_enters(&mut tx, &session.organization, user, now).await?;
        let until = Some(session.expires_at.min(idle));
        let visit = Visit { proof, ..describe(&mut tx, &session.organization, entry, (actor, until)).await? };
        // First the connection goes back: whoever waits for a second one while holding a first can wait for ever.
        drop(tx);
        if seen.plus(NOTED_EVERY) <= now {
            told_only(self.note_session(&hash, (&session.organization, &whose), now).await);
        }
        Ok(visit)
    }

    async fn load_key(&self, hash: [u8; 32], now: Instant) -> Result<Visit, Error> {
        let mut tx = self.store().read().await?;
        let (organization, key) = tx.api_key(&hash, now).await?.ok_or(Error::NotSignedIn)?;
        let (mut entry, actor) = match &key.owner {
            Holder::User(id) => {
                let user = tx.user(&organization, id).await?.ok_or(Error::NotSignedIn)?;
                let actor = Actor::Key { user: id.clone(), id: key.id.clone() };
                (self.person_enters(&mut tx, &organization, user, now).await?, actor)
            }
            Holder::ServiceAccount(id) => {
                let actor = Actor::ServiceAccount { id: id.clone(), key: key.id.clone() };
                (self.machine_enters(&mut tx, &organization, id, now).await?, actor)
            }
        };
        entry.access = self.carried_by(&mut tx, &organization, (&key, entry.access)).await?;
        let visit = describe(&mut tx, &organization, entry, (actor, key.expires_at)).await?;
        drop(tx);
        self.note_key(&key, hash, now);
        Ok(visit)
    }

    pub(super) async fn person_enters(
        &self,
        tx: &mut Tx,
        organization: &OrganizationId,
        user: User,
        now: Instant,
    ) -> Result<Entry, Error> {
        if user.state() != UserState::Active {
            return Err(Error::NotSignedIn);
        }
        let access = self.access_of(tx, organization, &user, now).await?;
        let terms = terms_state(tx, organization, &user.id, now).await?;
        let label = user.label().to_owned();
        let User { id, user_name, email, .. } = user;
        Ok(Entry { visitor: Visitor { id: Holder::User(id), user_name, email, label }, access, terms })
    }

    pub(super) async fn machine_enters(
        &self,
        tx: &mut Tx,
        organization: &OrganizationId,
        id: &ServiceAccountId,
        now: Instant,
    ) -> Result<Entry, Error> {
        let account = tx.service_account(organization, id).await?.ok_or(Error::NotSignedIn)?;
        if account.state() != UserState::Active {
            return Err(Error::NotSignedIn);
        }
        let access = self.access_of_service_account(tx, organization, &account, now).await?;
        let terms = terms_of_service_account(tx, organization, &account, now).await?;
        let id = Holder::ServiceAccount(account.id);
        let visitor = Visitor { id, user_name: account.name.clone(), email: None, label: account.name };
        Ok(Entry { visitor, access, terms })
    }

    async fn cluster_of(&self, NamedCluster(organization, slug): &NamedCluster) -> Result<Option<ClusterId>, Error> {
        let cluster = self.store().read().await?.cluster_by_slug(organization, slug).await?;
        Ok(cluster.map(|cluster| cluster.id))
    }

    /// Whether a visitor may do what a service behind the gateway asks about.
    pub async fn ask(&self, visit: &Visit, question: &Question) -> Result<(), Error> {
        let scope = match &question.cluster {
            None => Scope::Organization,
            Some(slug) => {
                let named = NamedCluster(visit.organization.clone(), slug.clone());
                let lease = self.settings().cache.lease.get();
                let found = self.cache().fetch(&named, lease, || self.cluster_of(&named)).await?;
                Scope::cluster(found.as_ref().clone().ok_or_else(|| Error::not_found("cluster", slug))?)
            }
        };
        let allowed = match question.can {
            Some(capability) => visit.access.can(capability, &scope),
            None => !visit.access.is_empty(),
        };
        if allowed {
            if let (Some(capability), Some(holder)) = (question.can, visit.actor.holder()) {
                self.note_capability_use(&visit.organization, holder, (capability, &scope));
            }
            return Ok(());
        }
        let need = match question.can {
            Some(capability) => format!("{capability} at {}", question.cluster.as_deref().unwrap_or("organization")),
            None => "a role".to_owned(),
        };
        Err(Error::Forbidden { need })
    }

    /// What a program is told about itself.
    #[must_use]
    pub fn introduce(&self, visit: &Visit) -> serde_json::Value {
        json!({
            visit.visitor.id.kind(): visit.visitor,
            "organization": {"id": visit.organization, "slug": visit.slug, "name": visit.organization_name},
            "roles": role_names(&visit.access),
            "access": visit.access.derivations,
            "terms": visit.terms,
        })
    }
}

/// Who comes in, before the organization is looked up.
pub(super) struct Entry {
    pub(super) visitor: Visitor,
    pub(super) access: Access,
    pub(super) terms: TermsState,
}

async fn describe(
    tx: &mut Tx,
    organization: &OrganizationId,
    entry: Entry,
    (actor, expires): (Actor, Option<Instant>),
) -> Result<Visit, Error> {
    let found = tx.organization(organization).await?.ok_or(Error::NotSignedIn)?;
    let Entry { visitor, access, terms } = entry;
    let until = [expires, access.valid_until()].into_iter().flatten().min();
    Ok(Visit {
        organization: found.id,
        slug: found.slug,
        organization_name: found.name,
        ownerless: found.ownerless_since.is_some(),
        visitor,
        access,
        terms,
        actor,
        proof: None,
        until,
    })
}

/// What somebody holds, one word for each: `owner`, or `member@cls_…` on one cluster.
#[must_use]
pub fn role_names(access: &Access) -> Vec<String> {
    let names = access.roles().into_iter().map(|(role, scope)| match scope {
        Scope::Organization => role.to_string(),
        Scope::Cluster { id } => format!("{role}@{id}"),
        Scope::Resource { resource, id } => format!("{role}@{resource}/{id}"),
    });
    names.collect()
}

/// Whose session it is, unless the person's or the connection's epoch has moved on since.
async fn session_user(tx: &mut Tx, session: &Session) -> Result<User, Error> {
    let user = tx.user(&session.organization, &session.user).await?.ok_or(Error::NotSignedIn)?;
    if user.session_epoch != session.user_epoch {
        return Err(Error::NotSignedIn);
    }
    if let Some(id) = &session.connection {
        let connection = tx.connection(&session.organization, id).await?.ok_or(Error::NotSignedIn)?;
        if !connection.enabled || connection.epoch != session.connection_epoch {
            return Err(Error::NotSignedIn);
        }
    }
    Ok(user)
}
