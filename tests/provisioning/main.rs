//! Dialects of connections and the provisioning log, as providers and admins meet them: over HTTP, on both stores.

#![expect(clippy::unwrap_used, reason = "a test stops where it is wrong")]

mod bulk;
mod dialects;
mod log;
#[path = "../rig/postgres.rs"]
mod postgres;
#[path = "../world/resources.rs"]
mod resources;
mod tolerances;
#[path = "../world/mod.rs"]
mod world;

pub(crate) use resources::{PATCH_SCHEMA, USER_SCHEMA, group, patch, user};

use castgate::{
    app::Clock,
    model::{ConnectionSettings, Profile},
    store::{Recorder, Store},
};
use serde_json::Value;
use world::{Answer, Connection, Organization, World};

/// An organization with its provider, and the store behind it.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) store: Store,
    pub(crate) statements: Recorder,
    pub(crate) acme: Organization,
    pub(crate) entra: Connection,
}

/// Runs a test on every engine that there is. The clock stands still until it is moved.
pub(crate) async fn everywhere(test: impl AsyncFn(Scene)) {
    let directory = tempfile::tempdir().unwrap();
    test(Box::pin(Scene::over(Store::open_sqlite(directory.path()).await.unwrap())).await).await;
    if let Some(url) = postgres::fresh_database().await {
        test(Box::pin(Scene::over(Store::open_postgres(&url, 8).await.unwrap())).await).await;
    }
}

impl Scene {
    async fn over(store: Store) -> Self {
        let (recorded, statements) = store.recorded();
        let clock = Clock::fixed("2026-11-21T08:30:00Z".parse().unwrap(), 7);
        let world = World::on((recorded, tempfile::tempdir().unwrap()), clock, |_| {}).await;
        let acme = world.organization("acme").await;
        let entra = acme.connection("entra", Profile::Entra).await;
        Self { world, store, statements, acme, entra }
    }

    /// Calls the API as the first owner.
    pub(crate) async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        api(&self.world, &self.acme, method, path, body).await
    }

    /// The lines of the log that a filter finds, the newest first.
    pub(crate) async fn log(&self, filter: &str) -> Vec<Value> {
        log(&self.world, &self.acme, filter).await
    }

    /// The newest line.
    pub(crate) async fn newest(&self) -> Value {
        self.log("").await.first().cloned().unwrap()
    }

    /// Another provider of the organization, with settings of its own.
    pub(crate) async fn with(&self, name: &str, settle: impl FnOnce(&mut ConnectionSettings)) -> Connection {
        let mut settings = ConnectionSettings::of(Profile::Generic);
        settle(&mut settings);
        Box::pin(self.acme.connection_with(name, settings)).await
    }
}

pub(crate) async fn api(
    world: &World,
    organization: &Organization,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Answer {
    let bearer = format!("Bearer {}", organization.key);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    world.client.send(method, &format!("/api/v1{path}"), &headers, body.map(|body| body.to_string())).await
}

pub(crate) async fn log(world: &World, organization: &Organization, filter: &str) -> Vec<Value> {
    let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    let page = api(world, organization, "GET", &format!("/provisioning-log?filter={filter}"), None).await.expect(200);
    page.json()["items"].as_array().unwrap().clone()
}
