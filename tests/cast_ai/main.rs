//! Clusters read from Cast AI, by real doors and over real sockets, from something that answers as Cast AI does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod doors;
#[path = "../rig/postgres.rs"]
mod postgres;
mod pretend;
mod reading;
mod trouble;
#[path = "../world/mod.rs"]
mod world;

use castgate::{app::Clock, store::Store};
use pretend::CastAi;
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;
use world::{Answer, Organization, World};

const KEY: &str = "castai_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef_01234567";
const MAPPING: &str = "rules: [{name: teams, groups: 'okta/k8s-{cluster}', grant: member, clusters: ['{cluster}']}]";

/// An organization, and the Cast AI that it reads.
struct Scene {
    world: World,
    acme: Organization,
    there: CastAi,
}

impl Scene {
    async fn set() -> Self {
        let directory = TempDir::new().unwrap();
        let store = Store::open_sqlite(directory.path()).await.unwrap();
        Self::on(store, directory).await
    }

    async fn on(store: Store, directory: TempDir) -> Self {
        let there = CastAi::start(KEY).await;
        let clock = Clock::fixed("2026-11-21T08:30:00Z".parse().unwrap(), 7);
        let url = there.url.parse().unwrap();
        let world = Box::pin(World::on((store, directory), clock, |settings| {
            settings.cast_ai.url = url;
            settings.cast_ai.timeout = "500ms".parse().unwrap();
            let off = "0/s".parse().unwrap();
            (settings.limits.api, settings.limits.address) = (off, off);
        }))
        .await;
        let acme = world.organization("acme").await;
        Self { world, acme, there }
    }

    /// The same on every engine that there is.
    async fn everywhere(test: impl AsyncFn(&Self)) {
        test(&Self::set().await).await;
        if let Some(url) = postgres::fresh_database().await {
            let store = Store::open_postgres(&url, 8).await.unwrap();
            test(&Self::on(store, TempDir::new().unwrap()).await).await;
        }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call_as(&self.acme.key, method, path, body).await
    }

    async fn call_as(&self, key: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = body.map(|body| body.to_string());
        let headers = if body.is_some() { &headers[..] } else { &headers[..1] };
        self.world.client.send(method, &format!("/api/v1{path}"), headers, body).await
    }

    async fn connect(&self) {
        self.call("PUT", "/cast-ai", Some(json!({"api_key": KEY}))).await.expect(200);
    }

    /// Reads now.
    async fn sync(&self) -> Value {
        self.call("POST", "/cast-ai/sync", None).await.expect(200).json()
    }

    async fn link(&self) -> Value {
        self.call("GET", "/cast-ai", None).await.expect(200).json()["link"].clone()
    }

    /// The clusters that are known, as `slug name external_id`, those gone with a †.
    async fn clusters(&self) -> Vec<String> {
        let list = self.call("GET", "/clusters", None).await.expect(200).json();
        let said = |one: &Value| {
            let text = |field: &str| one[field].as_str().unwrap_or("-").to_owned();
            let gone = if one["gone_since"].is_null() { "" } else { " †" };
            format!("{} {} {}{gone}", text("slug"), text("name"), text("external_id"))
        };
        let mut clusters: Vec<String> = list["items"].as_array().unwrap().iter().map(said).collect();
        clusters.sort();
        clusters
    }

    /// How many events there are of a kind.
    async fn told(&self, kind: &str) -> usize {
        let list = self
            .call("GET", &format!("/events?filter=kind%20eq%20%22{kind}%22&limit=500"), None)
            .await
            .expect(200)
            .json();
        list["items"].as_array().unwrap().len()
    }

    fn pass(&self, time: Duration) {
        self.world.app.clock().advance(time);
    }
}
