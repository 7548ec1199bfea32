//! Resources as answers.

use super::{
    group::MemberKind,
    schema::{ENTERPRISE_SCHEMA, ResourceType},
};
use crate::model::Instant;
use serde_json::{Map, Value, json};

/// The `schemas` value of a list.
const LIST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// What the server adds to a document.
#[derive(Debug, Clone, Copy)]
pub struct ResourceMeta<'a> {
    /// The resource's id.
    pub id: &'a str,
    /// The URL of the SCIM root, without a slash at the end. Locations are absolute.
    pub base_url: &'a str,
    /// When the resource was made.
    pub created: Instant,
    /// When it last changed.
    pub modified: Instant,
    /// Its version as an entity tag: `W/"…"`, see [`super::weak`].
    pub version: &'a str,
}

/// A group that a user is in.
#[derive(Debug, Clone, Copy)]
pub struct GroupRef<'a> {
    /// The group's id.
    pub id: &'a str,
    /// The group's name.
    pub display: &'a str,
}

/// A member of a group.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// The member's id.
    pub id: &'a str,
    /// The member's name. Clients that compare what they sent with what they get do best without it.
    pub display: Option<&'a str>,
    /// What the member is.
    pub kind: MemberKind,
}

/// A User as it is answered, before projection.
///
/// `active` is what the document says: a document that was kept says it unless a client removed it.
#[must_use]
pub fn user_json(mut document: Map<String, Value>, meta: ResourceMeta<'_>, groups: &[GroupRef<'_>]) -> Value {
    let kind = ResourceType::User;
    let extensions = document.keys().map(String::as_str).filter(|key| key.starts_with("urn:"));
    let schemas: Vec<Value> = std::iter::once(kind.schema()).chain(extensions).map(Value::from).collect();
    let extension = document.shift_remove(ENTERPRISE_SCHEMA);
    document.shift_insert(0, "schemas".to_owned(), Value::Array(schemas));
    document.shift_insert(1, "id".to_owned(), json!(meta.id));
    if !groups.is_empty() {
        let group = |group: &GroupRef<'_>| {
            json!({
                "value": group.id,
                "$ref": location(meta.base_url, ResourceType::Group, group.id),
                "display": group.display,
                "type": "direct",
            })
        };
        document.insert("groups".to_owned(), groups.iter().map(group).collect());
    }
    if let Some(extension) = extension {
        document.insert(ENTERPRISE_SCHEMA.to_owned(), extension);
    }
    document.insert("meta".to_owned(), meta_json(kind, meta));
    Value::Object(document)
}

/// A Group as it is answered, before projection. `members` is `None` where they were not asked for.
#[must_use]
pub fn group_json(
    display_name: &str,
    external_id: Option<&str>,
    meta: ResourceMeta<'_>,
    members: Option<&[Member<'_>]>,
) -> Value {
    let kind = ResourceType::Group;
    let mut group = Map::new();
    group.insert("schemas".to_owned(), json!([kind.schema()]));
    group.insert("id".to_owned(), json!(meta.id));
    if let Some(external_id) = external_id {
        group.insert("externalId".to_owned(), json!(external_id));
    }
    group.insert("displayName".to_owned(), json!(display_name));
    if let Some(members) = members {
        group.insert("members".to_owned(), members.iter().map(|member| member_json(meta.base_url, member)).collect());
    }
    group.insert("meta".to_owned(), meta_json(kind, meta));
    Value::Object(group)
}

fn member_json(base_url: &str, member: &Member<'_>) -> Value {
    let kind = match member.kind {
        MemberKind::User => ResourceType::User,
        MemberKind::Group => ResourceType::Group,
    };
    let mut json = Map::new();
    json.insert("value".to_owned(), json!(member.id));
    json.insert("$ref".to_owned(), json!(location(base_url, kind, member.id)));
    if let Some(display) = member.display {
        json.insert("display".to_owned(), json!(display));
    }
    json.insert("type".to_owned(), json!(kind.name()));
    Value::Object(json)
}

/// A page of resources (RFC 7644 §3.4.2): `total` in all, these beginning with the `start_index`th, counted from 1.
#[must_use]
pub fn list_response(resources: Vec<Value>, total: u64, start_index: u64) -> Value {
    let mut list = Map::with_capacity(5);
    list.insert("schemas".to_owned(), json!([LIST_SCHEMA]));
    list.insert("totalResults".to_owned(), json!(total));
    list.insert("startIndex".to_owned(), json!(start_index));
    list.insert("itemsPerPage".to_owned(), json!(resources.len()));
    list.insert("Resources".to_owned(), Value::Array(resources));
    Value::Object(list)
}

/// A page of resources that was reached by a cursor (RFC 9865 §2): there is no index that its first one would have.
#[must_use]
pub fn cursor_response(resources: Vec<Value>, total: u64, previous: Option<String>, next: Option<String>) -> Value {
    let mut list = Map::new();
    list.insert("schemas".to_owned(), json!([LIST_SCHEMA]));
    list.insert("totalResults".to_owned(), json!(total));
    list.insert("itemsPerPage".to_owned(), json!(resources.len()));
    list.extend(previous.map(|cursor| ("previousCursor".to_owned(), Value::String(cursor))));
    // "If there are no further results, nextCursor is omitted": its absence is how a client knows.
    list.extend(next.map(|cursor| ("nextCursor".to_owned(), Value::String(cursor))));
    list.insert("Resources".to_owned(), Value::Array(resources));
    Value::Object(list)
}

/// Where a resource is.
fn location(base_url: &str, kind: ResourceType, id: &str) -> String {
    format!("{base_url}{}/{id}", kind.endpoint())
}

fn meta_json(kind: ResourceType, meta: ResourceMeta<'_>) -> Value {
    let mut json = Map::with_capacity(5);
    json.insert("resourceType".to_owned(), json!(kind.name()));
    json.insert("created".to_owned(), json!(meta.created));
    json.insert("lastModified".to_owned(), json!(meta.modified));
    json.insert("location".to_owned(), json!(location(meta.base_url, kind, meta.id)));
    json.insert("version".to_owned(), json!(meta.version));
    Value::Object(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    const META: ResourceMeta<'static> = ResourceMeta {
        id: "usr_1",
        base_url: "https://castgate.example.com/scim/v2",
        created: Instant(1_795_240_800_000_000),
        modified: Instant(1_795_240_801_000_000),
        version: "W/\"2\"",
    };

    #[test]
    fn a_user_is_answered_with_what_the_server_adds() {
        let document =
            json!({"externalId": "00u1", "userName": "ada", "active": true, ENTERPRISE_SCHEMA: {"department": "R&D"}});
        let groups = [GroupRef { id: "grp_1", display: "eng" }];
        let user = user_json(document.as_object().expect("an object").clone(), META, &groups);
        insta::assert_snapshot!("user", serde_json::to_string_pretty(&user).expect("serialises"));
    }

    #[test]
    fn a_group_has_members_only_where_they_were_asked_for() {
        let members = [
            Member { id: "usr_1", display: None, kind: MemberKind::User },
            Member { id: "grp_2", display: Some("inner"), kind: MemberKind::Group },
        ];
        let meta = ResourceMeta { id: "grp_1", ..META };
        let group = group_json("eng", Some("x"), meta, Some(&members));
        insta::assert_snapshot!("group", serde_json::to_string_pretty(&group).expect("serialises"));
        assert!(group_json("eng", None, meta, None).get("members").is_none());
        assert_eq!(
            group_json("eng", None, meta, Some(&[]))["members"],
            json!([]),
            "RFC 7643 §2.5 allows it, clients like it"
        );
    }

    #[test]
    fn an_empty_page_still_has_its_list() {
        insta::assert_snapshot!(list_response(Vec::new(), 0, 1), @r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}"#);
    }
}
