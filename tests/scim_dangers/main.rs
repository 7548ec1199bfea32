//! The requests of providers that do harm where they are misread, over HTTP and on both stores.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod gone;
mod lost;
mod members;
mod people;
#[path = "../rig/postgres.rs"]
mod postgres;
#[path = "../world/mod.rs"]
mod world;

use castgate::{
    app::{Actor, Clock, Ctx},
    config::Settings,
    crypto::{TokenKind, token},
    model::{Profile, Session, SessionId, UserId},
    store::Store,
};
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;
use world::{Answer, Connection, Organization, World};

const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const BULK_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// One organization and its Okta, and the store that they lie in.
struct Scene {
    world: World,
    store: Store,
    acme: Organization,
    okta: Connection,
}

/// Runs a test on every engine that there is.
async fn everywhere(test: impl AsyncFn(&Scene)) {
    everywhere_with(|_| {}, test).await;
}

async fn everywhere_with(settle: impl Fn(&mut Settings), test: impl AsyncFn(&Scene)) {
    let directory = TempDir::new().unwrap();
    let store = Store::open_sqlite(directory.path()).await.unwrap();
    test(&Box::pin(Scene::set(store, directory, &settle)).await).await;
    if let Some(url) = postgres::fresh_database().await {
        let store = Store::open_postgres(&url, 8).await.unwrap();
        test(&Box::pin(Scene::set(store, TempDir::new().unwrap(), &settle)).await).await;
    }
}

impl Scene {
    async fn set(store: Store, directory: TempDir, settle: &impl Fn(&mut Settings)) -> Self {
        let world = World::on((store.clone(), directory), Clock::machine(), settle).await;
        let acme = world.organization("acme").await;
        let okta = acme.connection("okta", Profile::Okta).await;
        Self { world, store, acme, okta }
    }

    fn engine(&self) -> &'static str {
        if self.store.is_postgres() { "PostgreSQL" } else { "SQLite" }
    }

    /// A pushed user of this name, whose externalId is `ext-` and the name.
    async fn hire(&self, name: &str) -> String {
        self.okta.post("/Users", user(name)).await.expect(201).id()
    }

    /// The ids of a group's members, sorted.
    async fn members(&self, group: &str) -> Vec<String> {
        members(&self.okta.get(&format!("/Groups/{group}")).await.expect(200))
    }

    async fn publish(&self, mapping: &str) {
        self.world.app.publish_mapping(&self.acme.operator, mapping).await.unwrap();
    }

    /// Two sessions and two keys of somebody, which open.
    async fn credentials(&self, user: &str) -> Credentials {
        let id: UserId = user.parse().unwrap();
        let mut all = Credentials(Vec::new());
        let app = &self.world.app;
        let terms: Vec<_> = app.terms().await.unwrap().into_iter().map(|terms| (terms.kind, terms.version)).collect();
        for number in 0..2 {
            all.0.push(("cookie", format!("castgate={}", self.session(&id).await)));
            let session = SessionId::from_uuid(app.clock().uuid());
            let ctx = Ctx { actor: Actor::User { id: id.clone(), session }, ..self.acme.operator.clone() };
            app.accept_terms(&ctx, &terms).await.unwrap();
            let key = app.create_key(&ctx, &format!("agent {number}"), None).await.unwrap();
            all.0.push(("authorization", format!("Bearer {}", key.secret.expose())));
        }
        all
    }

    /// A session as a sign-in through the provider leaves it.
    async fn session(&self, id: &UserId) -> String {
        let (clock, organization) = (self.world.app.clock(), &self.acme.founded.id);
        let secret = token::generate(TokenKind::Session, &mut |bytes: &mut [u8]| clock.fill(bytes));
        let mut tx = self.store.write("test").await.unwrap();
        let user = tx.user(organization, id).await.unwrap().unwrap();
        let now = clock.now();
        let session = Session {
            id: SessionId::from_uuid(clock.uuid()),
            organization: organization.clone(),
            user: id.clone(),
            connection: user.connection,
            user_epoch: user.session_epoch,
            connection_epoch: 0,
            created_at: now,
            last_seen_at: now,
            expires_at: now.plus(Duration::from_hours(24)),
            provider_session: None,
            authenticated_at: None,
            acr: None,
        };
        tx.insert_session(&session, &secret.hash(), None).await.unwrap();
        tx.commit().await.unwrap();
        secret.expose().to_owned()
    }
}

/// What somebody comes in with: a header's name and value each.
struct Credentials(Vec<(&'static str, String)>);

impl Credentials {
    /// The answers of `/auth/verify`, each credential asked for twice, so that the second may come from a cache.
    async fn ask(&self, scene: &Scene, query: &str) -> Vec<(bool, u16)> {
        let mut told = Vec::new();
        for _ in 0..2 {
            for (name, value) in &self.0 {
                let answer = scene.world.client.get(&format!("/auth/verify{query}"), &[(name, value)]).await;
                told.push((*name == "cookie", answer.status));
            }
        }
        told
    }

    /// All of them open.
    async fn open(&self, scene: &Scene, query: &str) {
        let told = self.ask(scene, query).await;
        assert!(told.iter().all(|(_, status)| *status == 200), "{}: {told:?}", scene.engine());
    }

    /// None of them opens, from the very next request on.
    async fn refused(&self, scene: &Scene, query: &str, status: u16, after: &str) {
        let told = self.ask(scene, query).await;
        assert!(told.iter().all(|(_, told)| *told == status), "{} after {after}: {told:?}", scene.engine());
    }
}

fn user(name: &str) -> Value {
    json!({"schemas": [USER_SCHEMA], "userName": name, "externalId": format!("ext-{name}"), "active": true})
}

fn group(name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
    json!({"schemas": [GROUP_SCHEMA], "displayName": name, "members": members})
}

fn bulk(operations: &Value) -> Value {
    json!({"schemas": [BULK_SCHEMA], "Operations": operations})
}

fn patch(operations: &Value) -> Value {
    json!({"schemas": [PATCH_SCHEMA], "Operations": operations})
}

fn members(answer: &Answer) -> Vec<String> {
    let list = answer.json()["members"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> = list.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

/// Sorted, as [`members`] gives them.
fn sorted(ids: &[&str]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    ids.sort();
    ids
}
