//! What SCIM shows of a user or a group, and filters look at.

use crate::{
    model::{Group, Instant, User},
    store::Member,
};
use serde_json::{Map, Value, json};

const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A user as a SCIM resource made of their document, without the addresses that depend on where the server is (`meta.location`, `$ref`).
#[must_use]
pub fn user_resource<D>(user: &User<D>, mut resource: Map<String, Value>, groups: &[Group]) -> Value {
    let extensions = resource.keys().filter(|key| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")));
    let schemas: Vec<&str> = std::iter::once(USER_SCHEMA).chain(extensions.map(String::as_str)).collect();
    let schemas = json!(schemas);
    resource.insert("schemas".to_owned(), schemas);
    resource.insert("id".to_owned(), json!(user.id));
    resource.insert("userName".to_owned(), json!(user.user_name));
    put(&mut resource, "externalId", user.external_id.as_ref().map(|id| json!(id)));
    resource.insert("active".to_owned(), json!(user.directory_active));
    let shown = |group: &Group| json!({ "value": group.id, "display": group.display_name, "type": "direct" });
    put(&mut resource, "groups", list(groups, shown));
    resource.insert("meta".to_owned(), meta("User", user.created_at, user.updated_at, user.version));
    Value::Object(resource)
}

/// A group as a SCIM resource, without the addresses that depend on where the server is.
#[must_use]
pub fn group_resource(group: &Group, members: &[Member]) -> Value {
    let mut resource = Map::new();
    resource.insert("schemas".to_owned(), json!([GROUP_SCHEMA]));
    resource.insert("id".to_owned(), json!(group.id));
    put(&mut resource, "externalId", group.external_id.as_ref().map(|id| json!(id)));
    resource.insert("displayName".to_owned(), json!(group.display_name));
    let shown = |member: &Member| json!({ "value": member.user, "display": member.display, "type": "User" });
    put(&mut resource, "members", list(members, shown));
    resource.insert("meta".to_owned(), meta("Group", group.created_at, group.updated_at, group.version));
    Value::Object(resource)
}

/// RFC 7643 §3.1. The version is a weak entity tag (RFC 7644 §3.14).
fn meta(kind: &str, created: Instant, modified: Instant, version: i64) -> Value {
    json!({
        "resourceType": kind,
        "created": created,
        "lastModified": modified,
        "version": format!("W/\"{version}\""),
    })
}

/// RFC 7643 §2.5: an attribute without a value is left out.
fn put(resource: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => resource.insert(name.to_owned(), value),
        None => resource.remove(name),
    };
}

fn list<T>(values: &[T], shown: impl Fn(&T) -> Value) -> Option<Value> {
    if values.is_empty() { None } else { Some(values.iter().map(shown).collect()) }
}
