//! What a provider sends: the bodies of its pushes, with the names of the schemas as the RFC has them.

use serde_json::{Value, json};

pub(crate) const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

pub(crate) fn user(name: &str) -> Value {
    json!({"schemas": [USER_SCHEMA], "userName": name, "externalId": format!("ext-{name}"),
           "emails": [{"value": name, "type": "work", "primary": true}], "active": true})
}

pub(crate) fn group(name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
    json!({"schemas": [GROUP_SCHEMA], "displayName": name, "members": members})
}

pub(crate) fn patch(operations: &Value) -> Value {
    json!({"schemas": [PATCH_SCHEMA], "Operations": operations})
}
