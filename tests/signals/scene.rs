//! An organization with a provider that pushes, on either store.

use crate::{
    postgres::fresh_database,
    receiver::Receiver,
    world::{Answer, Connection, Organization, World},
};
use castgate::{
    app::{Actor, Clock, Ctx, NewWebhook, WebhookWish},
    config::Settings,
    model::{EventKind, Profile, WebhookId},
    store::Store,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{path::PathBuf, time::Duration};
use tempfile::TempDir;

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) acme: Organization,
    pub(crate) okta: Connection,
    mail: PathBuf,
}

/// Runs a test on each store that there is, on the machine's clock.
pub(crate) async fn everywhere(test: impl AsyncFn(&Scene)) {
    on_each(Clock::machine, test).await;
}

/// The same on a clock that stands still until it is moved.
pub(crate) async fn in_still_time(test: impl AsyncFn(&Scene)) {
    on_each(|| Clock::fixed(Clock::machine().now(), 1), test).await;
}

async fn on_each(clock: impl Fn() -> Clock, test: impl AsyncFn(&Scene)) {
    let directory = TempDir::new().unwrap();
    let store = Store::open_sqlite(directory.path()).await.unwrap();
    test(&Scene::on((store, directory), clock(), |_| {}).await).await;
    if let Some(url) = fresh_database().await {
        let store = Store::open_postgres(&url, 8).await.unwrap();
        test(&Scene::on((store, TempDir::new().unwrap()), clock(), |_| {}).await).await;
    }
}

impl Scene {
    pub(crate) async fn on(store: (Store, TempDir), clock: Clock, settle: impl FnOnce(&mut Settings)) -> Self {
        let mail = store.1.path().join("mail");
        let world = Box::pin(World::on(store, clock, |settings| {
            let off = "0/s".parse().unwrap();
            settings.limits.api = off;
            settings.limits.scim = off;
            settings.limits.address = off;
            settle(settings);
        }))
        .await;
        let acme = world.organization("acme").await;
        let okta = acme.connection("okta", Profile::Okta).await;
        // On a clock that stands still: what happens from now on is later than what was.
        world.app.clock().advance(Duration::from_secs(1));
        Self { world, acme, okta, mail }
    }

    /// A call of the API by the first owner.
    pub(crate) async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.api_of(&self.acme, method, path, body).await
    }

    pub(crate) async fn api_of(&self, of: &Organization, method: &str, path: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {}", of.key);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let path = format!("/api/v1{path}");
        self.world.client.send(method, &path, &headers, body.map(|body| body.to_string())).await
    }

    /// The operator's context at this moment.
    pub(crate) fn operator(&self) -> Ctx {
        Ctx { now: self.world.app.clock().now(), actor: Actor::Operator, ..self.acme.operator.clone() }
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.world.app.clock().advance(by);
    }

    /// A webhook that is told of these kinds; its id and its secret.
    pub(crate) async fn webhook(&self, receiver: &Receiver, kinds: &[EventKind]) -> (WebhookId, String) {
        let wish = WebhookWish {
            name: Some("siem".to_owned()),
            url: Some(receiver.url.clone()),
            kinds: Some(kinds.to_vec()),
            active: None,
        };
        let NewWebhook { webhook, secret } = self.world.app.create_webhook(&self.operator(), wish).await.unwrap();
        (webhook.id, secret.expose_secret().to_owned())
    }

    /// A pushed person: their id.
    pub(crate) async fn hire(&self, name: &str) -> String {
        hire_at(&self.okta, name).await
    }

    pub(crate) async fn set_active(&self, id: &str, active: bool) {
        let operation = json!({"op": "replace", "path": "active", "value": active});
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]});
        let answer = self.okta.patch(&format!("/Users/{id}"), body).await;
        assert!(answer.status < 300, "{answer:?}");
    }

    /// Gives everything that happened its number. On a PostgreSQL that others use too that may take until they are through.
    pub(crate) async fn seal(&self) {
        loop {
            self.world.app.seal_events().await.unwrap();
            let mut tx = self.world.store().read().await.unwrap();
            if tx.count_unsealed(&self.acme.operator.organization).await.unwrap() == 0 {
                return;
            }
            drop(tx);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Seals what happened and tells whoever is due.
    pub(crate) async fn deliver(&self) -> castgate::app::WebhookRound {
        self.seal().await;
        self.world.app.deliver_webhooks().await.unwrap()
    }

    /// Everything in the feed behind a number.
    pub(crate) async fn feed(&self, after: i64) -> Vec<Value> {
        let mut all = Vec::new();
        let mut after = after;
        loop {
            let page = self.api("GET", &format!("/events/feed?after={after}&limit=7"), None).await.expect(200).json();
            let items = page["items"].as_array().unwrap();
            if items.is_empty() {
                return all;
            }
            all.extend(items.iter().cloned());
            after = page["next"].as_i64().unwrap();
        }
    }

    /// The letters that went out, as they are.
    pub(crate) async fn letters(&self) -> Vec<String> {
        self.world.app.send_letters().await.unwrap();
        let Ok(folder) = std::fs::read_dir(&self.mail) else { return Vec::new() };
        let text =
            |letter: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(letter.unwrap().path()).unwrap();
        folder.map(|letter| text(letter).replace("=\r\n", "")).collect()
    }

    /// How many events of a kind there are.
    pub(crate) async fn count(&self, kind: EventKind) -> usize {
        let events = self.world.app.events(&self.operator(), None, "", 10_000).await.unwrap();
        events.iter().filter(|event| event.kind == kind).count()
    }
}

pub(crate) async fn hire_at(connection: &Connection, name: &str) -> String {
    let schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"];
    let emails = json!([{"value": format!("{name}@acme.test"), "primary": true}]);
    let body =
        json!({"schemas": schemas, "userName": format!("{name}@acme.test"), "externalId": name, "emails": emails});
    connection.post("/Users", body).await.expect(201).id()
}
