//! A castgate on a loopback port, with organizations, connections and tokens made by its own use cases.
//!
//! An answer of 500 fails the test: a panic in the server is one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test file uses what it needs; one that uses everything would not fulfil an expectation"
)]

mod client;

pub use client::{Answer, Client};

use castgate::{
    app::{App, Clock, Ctx, NewConnection, NewOrganization},
    cache::Cache,
    config::Settings,
    crypto::{Sealer, keyfile},
    http,
    model::{Connection as Stored, ConnectionSettings, Organization as Founded, OrganizationId, Profile, ScimToken},
    store::Store,
    telemetry,
};
use serde_json::Value;
use std::iter;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// The server and its client. The settings name no terms, so nobody has to accept any.
#[derive(Debug)]
pub struct World {
    pub app: App,
    /// Such as `http://127.0.0.1:41234`, without a slash at its end.
    pub origin: String,
    pub client: Client,
    store: Store,
    _directory: TempDir,
}

/// One tenant.
#[derive(Debug)]
pub struct Organization {
    app: App,
    client: Client,
    pub founded: Founded,
    /// The operator's context in it.
    pub operator: Ctx,
    /// The first owner's API key.
    pub key: String,
    /// The first owner's one-time link.
    pub link: String,
}

/// One identity provider, with a token, at the SCIM door.
#[derive(Debug)]
pub struct Connection {
    app: App,
    client: Client,
    operator: Ctx,
    pub stored: Stored,
    pub token: ScimToken,
    secret: String,
}

impl World {
    /// On the machine's clock.
    pub async fn start() -> Self {
        Self::start_with(Clock::machine(), |_| {}).await
    }

    /// With a clock and settings of one's own. The server stops with the test's runtime.
    pub async fn start_with(clock: Clock, settle: impl FnOnce(&mut Settings)) -> Self {
        let directory = TempDir::new().unwrap();
        let store = Store::open_sqlite(directory.path()).await.unwrap();
        Box::pin(Self::on((store, directory), clock, settle)).await
    }

    /// On a store of one's own, and a directory for what lies beside it.
    pub async fn on((store, directory): (Store, TempDir), clock: Clock, settle: impl FnOnce(&mut Settings)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let mut settings = Settings::load(None, iter::empty()).unwrap();
        settings.server.public_url = origin.parse().unwrap();
        directory.path().clone_into(&mut settings.store.data_directory);
        settings.network.allow_private_addresses = true;
        // Unless a test is about domains, an admin is believed, and nobody's DNS is asked.
        settings.domains.proof = castgate::config::DomainProofs::Settings;
        settings.domains.resolvers = vec!["127.0.0.1:1".parse().unwrap()];
        // Nor is Cast AI, unless a test has one of its own.
        settings.cast_ai.url = "http://127.0.0.1:1".parse().unwrap();
        "error".clone_into(&mut settings.log.level);
        settle(&mut settings);
        // Once in the process: what the server has to say of its own failures is shown beside the failed test.
        let _ = telemetry::init(&settings.log);
        let cache = Cache::open(&settings.cache).unwrap();
        let sealer = Sealer::new(&keyfile::load_or_create(directory.path()).unwrap()).unwrap();
        let app = App::new(settings, store.clone(), cache, sealer, clock);
        app.prepare().await.unwrap();
        tokio::spawn(http::serve(app.clone(), listener, std::future::pending()));
        let client = Client::new(origin.clone());
        Self { app, origin, client, store, _directory: directory }
    }

    /// The store itself, for what no door leads to.
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub async fn organization(&self, slug: &str) -> Organization {
        let new = NewOrganization {
            slug: slug.to_owned(),
            name: slug.to_uppercase(),
            owner: format!("owner@{slug}.example.com"),
            accept_terms: true,
        };
        let founded = Box::pin(self.app.found_organization(&new)).await.unwrap();
        Organization {
            app: self.app.clone(),
            client: self.client.clone(),
            operator: self.app.operator(founded.organization.id.clone()),
            key: founded.key.expose().to_owned(),
            link: founded.link.expose().to_owned(),
            founded: founded.organization,
        }
    }
}

impl Organization {
    /// A connection with the profile's own settings, and a token for it.
    pub async fn connection(&self, name: &str, profile: Profile) -> Connection {
        self.connection_with(name, ConnectionSettings::of(profile)).await
    }

    pub async fn connection_with(&self, name: &str, settings: ConnectionSettings) -> Connection {
        let new = NewConnection { name: name.to_owned(), settings, client_secret: None };
        let stored = Box::pin(self.app.create_connection(&self.operator, new)).await.unwrap();
        let token = self.app.create_scim_token(&self.operator, &stored.id, None).await.unwrap();
        Connection {
            app: self.app.clone(),
            client: self.client.clone(),
            operator: self.operator.clone(),
            stored,
            token: token.token,
            secret: token.secret.expose().to_owned(),
        }
    }
}

impl Connection {
    /// What the provider sends as its bearer token.
    pub fn token(&self) -> &str {
        &self.secret
    }

    pub fn organization(&self) -> OrganizationId {
        self.operator.organization.clone()
    }

    pub async fn revoke_token(&self) {
        self.app.revoke_scim_token(&self.operator, &self.stored.id, &self.token.id).await.unwrap();
    }

    pub async fn enable(&self, enabled: bool) {
        self.app.set_connection_enabled(&self.operator, &self.stored.id, enabled).await.unwrap();
    }

    /// Sends something to a path behind `/scim/v2`.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        let bearer = format!("Bearer {}", self.secret);
        let mut all = vec![("authorization", bearer.as_str())];
        // Said once: a second one would not replace it.
        if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            all.push(("content-type", "application/scim+json"));
        }
        all.extend(headers);
        self.client.send(method, &format!("/scim/v2{path}"), &all, body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, &[], Some(body.to_string())).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, &[], Some(body.to_string())).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, &[], Some(body.to_string())).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None).await
    }
}
