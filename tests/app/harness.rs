//! A world: an organization with its first owner, a provider that pushes and signs in, and a clock that moves.

use crate::postgres::fresh_database;
use castgate::{
    app::{
        Actor, App, Clock, Credential, Ctx, Error, Gift, GroupView, KeyWish, NewConnection, NewOrganization, UserView,
        Visit,
    },
    cache::Cache,
    config::Settings,
    crypto::{MasterKey, Sealer, Secret, TokenKind, token},
    filter::Dialect,
    model::{
        Binding, Connection, ConnectionSettings, GroupId, Holder, Instant, OidcSettings, OrganizationId, Profile, Role,
        ServiceAccount, Session, SessionId, Subject, User, UserId,
    },
    scim::{GroupDocument, MemberKind, MemberRef, Patch, UserDocument},
    store::Store,
};
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;

/// 2026-11-21T08:30:00Z.
const BEGINNING: &str = "2026-11-21T08:30:00Z";

/// One organization in a store of its own.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) store: Store,
    pub(crate) tenant: Tenant,
    /// Where letters go.
    pub(crate) mail: std::sync::Arc<TempDir>,
    _directory: Option<TempDir>,
}

/// What one organization begins with.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) organization: OrganizationId,
    pub(crate) owner: UserId,
    /// The first owner's API key.
    pub(crate) key: String,
    /// The link that signs the first owner in.
    pub(crate) link: String,
    /// Pushes, and signs in.
    pub(crate) okta: Connection,
}

/// Runs a test on every engine that there is.
pub(crate) async fn everywhere(test: impl AsyncFn(&World)) {
    test(&World::sqlite().await).await;
    if let Some(world) = World::postgres().await {
        test(&world).await;
    }
}

/// How much of a proof is done: as the variable says, or so much that nobody waits long.
pub(crate) fn sized(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// How many cases are played at a time, each player in a store of its own.
pub(crate) fn players() -> u64 {
    sized("CASTGATE_TEST_PLAYERS", 1).max(1)
}

pub(crate) fn settings(more: &[(&str, &str)]) -> Settings {
    let believed = ("CASTGATE_DOMAINS__PROOF", "settings");
    let more = more.iter().chain([&believed]).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::load(None, more).unwrap()
}

impl World {
    /// One on PostgreSQL, or on SQLite; none where there is no such thing.
    pub(crate) async fn on(postgres: bool) -> Option<Self> {
        if postgres { Self::postgres().await } else { Some(Self::sqlite().await) }
    }

    pub(crate) async fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open_sqlite(directory.path()).await.unwrap();
        Self::of(store, Some(directory), &settings(&[])).await
    }

    pub(crate) async fn postgres() -> Option<Self> {
        let url = fresh_database().await?;
        let store = Store::open_postgres(&url, 8).await.unwrap();
        Some(Self::of(store, None, &settings(&[])).await)
    }

    /// SQLite, and a cache as these settings ask for it.
    pub(crate) async fn with(settings: &Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open_sqlite(directory.path()).await.unwrap();
        Self::of(store, Some(directory), settings).await
    }

    async fn of(store: Store, directory: Option<TempDir>, settings: &Settings) -> Self {
        let clock = Clock::fixed(BEGINNING.parse().unwrap(), 7);
        let mail = std::sync::Arc::new(tempfile::tempdir().unwrap());
        let mut settings = settings.clone();
        settings.mail.folder = Some(mail.path().to_owned());
        let app = app(&settings, &store, &clock);
        app.prepare().await.unwrap();
        let tenant = found(&app, "acme").await;
        Self { app, store, tenant, mail, _directory: directory }
    }

    /// The same store and clock, and another organization.
    pub(crate) fn of_tenant(&self, tenant: Tenant) -> Self {
        let (app, store, mail) = (self.app.clone(), self.store.clone(), self.mail.clone());
        Self { app, store, tenant, mail, _directory: None }
    }

    /// A second node on the same store, with a cache of its own.
    pub(crate) async fn node(&self, settings: &Settings) -> App {
        let node = app(settings, &self.store, self.app.clock());
        node.prepare().await.unwrap();
        node
    }

    pub(crate) fn engine(&self) -> &'static str {
        if self.store.is_postgres() { "PostgreSQL" } else { "SQLite" }
    }

    pub(crate) fn now(&self) -> Instant {
        self.app.clock().now()
    }

    pub(crate) fn tick(&self) {
        self.app.clock().advance(Duration::from_secs(1));
    }

    pub(crate) fn days(&self, days: u64) {
        self.app.clock().advance(Duration::from_hours(days * 24));
    }

    pub(crate) fn operator(&self) -> Ctx {
        self.app.operator(self.tenant.organization.clone())
    }

    /// The context of a push.
    pub(crate) fn push(&self) -> Ctx {
        self.push_of(&self.tenant.okta)
    }

    pub(crate) fn push_of(&self, connection: &Connection) -> Ctx {
        Ctx { actor: Actor::Connection { id: connection.id.clone() }, ..self.operator() }
    }

    /// Somebody who came in by a session, without one.
    pub(crate) fn as_user(&self, user: &UserId) -> Ctx {
        let session = SessionId::from_uuid(self.app.clock().uuid());
        Ctx { actor: Actor::User { id: user.clone(), session }, ..self.operator() }
    }

    /// The connection as it is now.
    pub(crate) async fn okta(&self) -> Connection {
        self.app.connection(&self.operator(), &self.tenant.okta.id).await.unwrap()
    }

    pub(crate) async fn create(&self, body: Value) -> Result<User, Error> {
        let view = self.app.create_user(&self.push(), &self.okta().await, user(body)).await?;
        Ok(view.user)
    }

    /// A pushed user of this name, whose externalId is the name too.
    pub(crate) async fn hire(&self, name: &str) -> User {
        self.create(json!({"userName": name, "externalId": name})).await.unwrap()
    }

    pub(crate) async fn patch(&self, id: &UserId, operations: Value) -> Result<UserView, Error> {
        let patch = patch(operations);
        self.app.patch_user(&self.push(), &self.okta().await, (id.as_str(), None), &patch).await
    }

    pub(crate) async fn set_active(&self, id: &UserId, active: bool) -> Result<UserView, Error> {
        self.patch(id, json!([{"op": "replace", "path": "active", "value": active}])).await
    }

    pub(crate) async fn put(&self, id: &UserId, body: Value) -> Result<UserView, Error> {
        self.app.replace_user(&self.push(), &self.okta().await, (id.as_str(), None), &object(body)).await
    }

    pub(crate) async fn delete(&self, id: &UserId) -> Result<(), Error> {
        self.app.delete_user(&self.push(), &self.okta().await, (id.as_str(), None)).await
    }

    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> Result<GroupView, Error> {
        let document = GroupDocument {
            display_name: name.to_owned(),
            external_id: None,
            clears_external_id: false,
            members: Some(members.iter().copied().map(member).collect()),
        };
        self.app.create_group(&self.push(), &self.okta().await, document).await
    }

    pub(crate) async fn patch_group(&self, id: &GroupId, operations: Value) -> Result<GroupView, Error> {
        let patch = patch(operations).for_group().unwrap();
        self.app.patch_group(&self.push(), &self.okta().await, (id.as_str(), None), &patch, usize::MAX).await
    }

    pub(crate) async fn delete_group(&self, id: &GroupId) -> Result<(), Error> {
        self.app.delete_group(&self.push(), &self.okta().await, (id.as_str(), None)).await
    }

    pub(crate) async fn publish(&self, text: &str) {
        self.app.publish_mapping(&self.operator(), text).await.unwrap();
    }

    /// The words for what somebody holds, sorted.
    pub(crate) async fn roles(&self, id: &UserId) -> Vec<String> {
        castgate::app::role_names(&self.app.access(&self.operator(), id).await.unwrap())
    }

    /// A session as a sign-in through the provider leaves it.
    pub(crate) async fn session(&self, id: &UserId) -> String {
        let (clock, now) = (self.app.clock(), self.now());
        let secret = token::generate(TokenKind::Session, &mut |bytes: &mut [u8]| clock.fill(bytes));
        let mut tx = self.store.write("test").await.unwrap();
        let user = tx.user(&self.tenant.organization, id).await.unwrap().unwrap();
        let connection = match &user.connection {
            Some(id) => tx.connection(&self.tenant.organization, id).await.unwrap(),
            None => None,
        };
        let session = Session {
            id: SessionId::from_uuid(clock.uuid()),
            organization: self.tenant.organization.clone(),
            user: id.clone(),
            connection: user.connection,
            user_epoch: user.session_epoch,
            connection_epoch: connection.map_or(0, |connection| connection.epoch),
            created_at: now,
            last_seen_at: now,
            expires_at: now.plus(Duration::from_hours(90 * 24)),
            provider_session: None,
            authenticated_at: None,
            acr: None,
        };
        tx.insert_session(&session, &secret.hash(), None).await.unwrap();
        tx.commit().await.unwrap();
        secret.expose().to_owned()
    }

    pub(crate) async fn key(&self, id: &UserId) -> Secret {
        self.app.create_key(&self.as_user(id), "agent", None).await.unwrap().secret
    }

    /// A service account with a key, made by the first owner.
    pub(crate) async fn machine(&self, name: &str) -> (ServiceAccount, Secret) {
        let owner = self.as_user(&self.tenant.owner);
        let account = self.app.create_service_account(&owner, name, "").await.unwrap();
        let holder = Holder::ServiceAccount(account.id.clone());
        let wish = KeyWish { name: "agent".to_owned(), ..KeyWish::default() };
        let key = self.app.create_key_of(&owner, &holder, wish).await.unwrap();
        (account, key.secret)
    }

    /// What the first owner gives somebody, as a person.
    pub(crate) async fn give(&self, subject: Subject, role: Role, cluster: Option<&str>) -> Result<Binding, Error> {
        let gift = Gift { subject, role, cluster: cluster.map(str::to_owned), until: None };
        self.app.give(&self.as_user(&self.tenant.owner), gift).await
    }

    /// A use of a key, written.
    pub(crate) async fn key_used(&self, secret: &str) {
        let visit = self.visit_key(secret).await.unwrap();
        self.app.note_key_use(&visit, "192.0.2.7".parse().ok());
        self.app.write_key_uses().await.unwrap();
    }

    pub(crate) async fn visit_session(&self, secret: &str) -> Result<Arc<Visit>, Error> {
        self.app.visit(Credential::Session(secret)).await
    }

    pub(crate) async fn visit_key(&self, secret: &str) -> Result<Arc<Visit>, Error> {
        self.app.visit(Credential::Key(secret)).await
    }
}

fn app(settings: &Settings, store: &Store, clock: &Clock) -> App {
    let cache = Cache::open(&settings.cache).unwrap();
    let sealer = Sealer::new(&[MasterKey::from_bytes([7; 32])]).unwrap();
    App::new(settings.clone(), store.clone(), cache, sealer, clock.clone())
}

/// An organization with a connection that pushes and signs in.
pub(crate) async fn found(app: &App, slug: &str) -> Tenant {
    let owner = format!("owner@{slug}.test");
    let new = NewOrganization { slug: slug.to_owned(), name: slug.to_owned(), owner, accept_terms: true };
    let founded = app.found_organization(&new).await.unwrap();
    let operator = app.operator(founded.organization.id.clone());
    let okta = connect(app, &operator, "okta", true).await;
    Tenant {
        organization: founded.organization.id,
        owner: founded.owner,
        key: founded.key.expose().to_owned(),
        link: founded.link.expose().to_owned(),
        okta,
    }
}

/// A connection that pushes; and signs in, if it says so.
pub(crate) async fn connect(app: &App, ctx: &Ctx, name: &str, signs_in: bool) -> Connection {
    let mut settings = ConnectionSettings::of(Profile::Okta);
    settings.oidc = signs_in.then(|| OidcSettings {
        issuer: "https://idp.test".to_owned(),
        client_id: "castgate".to_owned(),
        scopes: vec!["openid".to_owned()],
        ..OidcSettings::default()
    });
    let new = NewConnection { name: name.to_owned(), settings, client_secret: None };
    app.create_connection(ctx, new).await.unwrap()
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

pub(crate) fn user(body: Value) -> UserDocument {
    UserDocument::parse(&object(body), Dialect::Tolerant).unwrap().0
}

pub(crate) fn patch(operations: Value) -> Patch {
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
    Patch::parse(&object(body), Dialect::Tolerant).unwrap()
}

pub(crate) fn member(value: &str) -> MemberRef {
    MemberRef { value: value.to_owned(), display: None, kind: MemberKind::User }
}

/// Whether an error is SCIM's answer of this status.
pub(crate) fn is_scim<T: std::fmt::Debug>(result: &Result<T, Error>, status: u16) -> bool {
    matches!(result, Err(Error::Scim(error)) if error.status == status)
}

/// A domain that the operator said is the connection's.
pub(crate) fn shown_domain(world: &World, domain: &str) -> castgate::model::DomainClaim {
    castgate::model::DomainClaim {
        domain: domain.to_owned(),
        connection: world.tenant.okta.id.clone(),
        claimed_at: world.now(),
        proof: Some(castgate::model::DomainProof::Operator),
        verified_at: Some(world.now()),
        checked_at: None,
        missing_since: None,
        answer: None,
        enforced_at: None,
        enforced_by: None,
    }
}
