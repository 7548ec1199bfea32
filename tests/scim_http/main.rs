//! The SCIM door as providers meet it: over HTTP, with a token.

#![expect(clippy::unwrap_used, reason = "a test stops where it is wrong")]

mod addresses;
mod answers;
mod bulk;
mod changes;
mod complaints;
mod dialogues;
mod extensions;
mod okta_spec;
mod paging;
mod refusals;
#[path = "../world/resources.rs"]
mod resources;
mod rfc;
mod roles;
mod schemas;
mod tenancy;
mod tokens;
#[path = "../world/mod.rs"]
mod world;

pub(crate) use resources::{GROUP_SCHEMA, USER_SCHEMA, group, patch, user};

use castgate::model::Profile;
use serde_json::{Value, json};
use world::{Answer, Connection, World};

/// A world with one organization and its Okta.
pub(crate) async fn okta() -> (World, Connection) {
    let world = World::start().await;
    let okta = world.organization("acme").await.connection("okta", Profile::Okta).await;
    (world, okta)
}

/// The ids of a group's members as it is answered, sorted.
pub(crate) fn members(answer: &Answer) -> Vec<String> {
    let list = answer.json()["members"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> = list.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

/// A refusal: its status, its keyword, and that it is a whole SCIM error.
#[track_caller]
pub(crate) fn assert_refused(answer: &Answer, status: u16, keyword: Option<&str>) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/scim+json", "{answer:?}");
    let json = answer.json();
    assert_eq!(json["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{json}");
    assert_eq!(json["status"], status.to_string(), "{json}");
    assert_eq!(json.get("scimType").and_then(Value::as_str), keyword, "{json}");
    assert!(json["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{json}");
}
