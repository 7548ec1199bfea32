//! People's and programs' doors: sign-in pages, terms, account, the API, and what services behind the gateway are told.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod api;
mod nouns;
mod reviews;
mod sign_in;
mod together;
mod verify;
#[path = "../world/mod.rs"]
mod world;

use castgate::model::Profile;
use serde_json::{Value, json};
use world::{Answer, Organization, World};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

/// A browser with a session, as far as these tests need one.
struct Browser<'a> {
    world: &'a World,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Signs in with a one-time link.
    async fn by_link(world: &'a World, link: &str) -> Self {
        let answer = world.client.send("POST", "/login/link", &[FORM], Some(format!("token={link}"))).await.expect(303);
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        assert!(cookie.starts_with("castgate=cgn_"), "{cookie}");
        Self { world, cookie }
    }

    async fn get(&self, path: &str) -> Answer {
        self.world.client.get(path, &[("cookie", &self.cookie)]).await
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut all = vec![FORM, ("cookie", self.cookie.as_str())];
        all.extend(headers);
        self.world.client.send("POST", path, &all, Some(body.to_owned())).await
    }

    /// The token that the account page's forms carry.
    async fn token(&self) -> String {
        field(&self.get("/account").await.text, "form")
    }
}

/// The value of a page's hidden field.
fn field(page: &str, name: &str) -> String {
    let after =
        page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name} in {page}")).1;
    after.split('"').next().unwrap().to_owned()
}

fn bearer(secret: &str) -> String {
    format!("Bearer {secret}")
}

async fn api(world: &World, key: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let bearer = bearer(key);
    let path = format!("/api/v1{path}");
    let headers = [("authorization", bearer.as_str()), JSON];
    world.client.send(method, &path, &headers, body.map(|body| body.to_string())).await
}

/// A key of somebody whom the directory pushed and whom no rule gives anything: a viewer by default.
async fn viewer(world: &World, acme: &Organization) -> (String, String) {
    let okta = acme.connection("okta", Profile::Okta).await;
    let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "vera@acme.test"});
    let id = okta.post("/Users", body).await.expect(201).id();
    let mut ctx = acme.operator.clone();
    let user = id.parse().unwrap();
    ctx.actor = castgate::app::Actor::User { id: user, session: "ses_06h00krhv1t3jel88ooobccad0".parse().unwrap() };
    let versions: Vec<_> =
        world.app.terms().await.unwrap().into_iter().map(|document| (document.kind, document.version)).collect();
    world.app.accept_terms(&ctx, &versions).await.unwrap();
    let key = world.app.create_key(&ctx, "test", None).await.unwrap();
    (id, key.secret.expose().to_owned())
}

fn with_id(template: &str, id: &str) -> String {
    template.replace("{id}", id)
}
