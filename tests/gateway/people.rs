//! Who comes: an owner and a viewer, by browser and by key.

use crate::world::{Connection, Organization, World};
use castgate::{app::Actor, model::Profile};
use serde_json::json;

pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Signs in with the owner's one-time link; gives `name=secret` of the session's cookie.
pub async fn session(world: &World, link: &str) -> String {
    let answer = world.client.send("POST", "/login/link", &[FORM], Some(format!("token={link}"))).await.expect(303);
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

/// Somebody whom the directory pushed and whom no rule gives anything: a viewer by default.
pub struct Viewer {
    pub okta: Connection,
    pub id: String,
    pub key: String,
}

impl Viewer {
    pub async fn of(world: &World, organization: &Organization) -> Self {
        let okta = organization.connection("okta", Profile::Okta).await;
        let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "vera@acme.test",
                          "emails": [{"value": "vera@acme.test", "primary": true}]});
        let id = okta.post("/Users", body).await.expect(201).id();
        let mut ctx = organization.operator.clone();
        ctx.actor = Actor::User { id: id.parse().unwrap(), session: "ses_06h00krhv1t3jel88ooobccad0".parse().unwrap() };
        let terms = world.app.terms().await.unwrap();
        let versions: Vec<_> = terms.into_iter().map(|document| (document.kind, document.version)).collect();
        world.app.accept_terms(&ctx, &versions).await.unwrap();
        let key = world.app.create_key(&ctx, "test", None).await.unwrap().secret.expose().to_owned();
        Self { okta, id, key }
    }

    pub async fn deactivate(&self) {
        let operations = json!([{"op": "replace", "value": {"active": false}}]);
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
        let answer = self.okta.patch(&format!("/Users/{}", self.id), body).await;
        assert!([200, 204].contains(&answer.status), "{answer:?}");
    }
}

pub fn bearer(secret: &str) -> String {
    format!("Bearer {secret}")
}
