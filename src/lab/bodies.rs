//! The SCIM bodies that Okta and Entra really send, oddities included, as their documentation shows them.

use super::people::{Directory, Person};
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// A schema of Microsoft's own that no RFC knows.
const ENTRA_GROUP: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";

/// A PATCH of these operations.
fn patch(operations: &Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

/// What creates somebody. `id` is there when Okta puts a whole resource back.
pub(super) fn user(directory: Directory, person: &Person, id: Option<&str>) -> Value {
    match directory {
        Directory::Okta => {
            let mut body = json!({
                "schemas": [USER, ENTERPRISE],
                "userName": person.email,
                "name": {"givenName": person.given_name, "familyName": person.family_name},
                "emails": [{"primary": true, "value": person.email, "type": "work"}],
                "displayName": person.name(),
                "title": person.title,
                "userType": person.user_type,
                "locale": "en-US",
                "externalId": person.external_id,
                "groups": [],
                "active": true,
                ENTERPRISE: {"department": person.department},
            });
            if let Some(id) = id {
                body["id"] = json!(id);
                body["meta"] = json!({"resourceType": "User"});
            } else {
                body["password"] = json!("1mz050nq"); // Okta makes one up; a service that signs in by SSO drops it
            }
            body
        }
        Directory::Entra => json!({
            "schemas": [USER, ENTERPRISE],
            "externalId": person.external_id,
            "userName": person.email,
            "active": true,
            "addresses": null,
            "displayName": person.name(),
            "emails": [{"type": "work", "value": person.email, "primary": true}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": person.name(), "familyName": person.family_name, "givenName": person.given_name},
            "phoneNumbers": null,
            "preferredLanguage": null,
            "title": person.title,
            "userType": person.user_type,
            "department": null, // a stray top-level name, as the documentation has it; the real one is below
            "manager": null,
            "roles": [],
            ENTERPRISE: {"department": person.department},
        }),
    }
}

/// What makes somebody inactive or active again.
pub(super) fn active(directory: Directory, active: bool) -> Value {
    match directory {
        // Okta's catalogue apps name no path.
        Directory::Okta => patch(&json!([{"op": "replace", "value": {"active": active}}])),
        // Entra's default job writes the operation in capitals and the boolean as a string.
        Directory::Entra => {
            let text = if active { "True" } else { "False" };
            patch(&json!([{"op": "Replace", "path": "active", "value": text}]))
        }
    }
}

/// What tells of a changed profile: an operation for each attribute. (Okta puts the whole resource instead.)
pub(super) fn entra_profile(person: &Person) -> Value {
    let replace = |path: &str, value: &str| json!({"op": "Replace", "path": path, "value": value});
    patch(&json!([
        replace("displayName", &person.name()),
        replace("title", &person.title),
        replace("userType", &person.user_type),
        replace("emails[type eq \"work\"].value", &person.email),
        replace("name.givenName", &person.given_name),
        replace("name.familyName", &person.family_name),
        replace(&format!("{ENTERPRISE}:department"), &person.department),
    ]))
}

/// What creates a group. Both create it empty; Entra does not even say so.
pub(super) fn group(directory: Directory, name: &str) -> Value {
    match directory {
        Directory::Okta => json!({"schemas": [GROUP], "displayName": name, "members": []}),
        Directory::Entra => json!({
            "schemas": [GROUP, ENTRA_GROUP],
            "externalId": group_id(name),
            "displayName": name,
            "meta": {"resourceType": "Group"},
        }),
    }
}

/// Entra's object id of a group: the same for the same name.
fn group_id(name: &str) -> String {
    let digest = data_encoding::HEXLOWER.encode(&crate::crypto::hash::sha256(name.as_bytes()));
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default().to_owned();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

/// What gives a group its name. Okta sends it with every change of members, and an `id` inside the value.
pub(super) fn group_name(directory: Directory, id: &str, name: &str) -> Value {
    match directory {
        Directory::Okta => patch(&json!([{"op": "replace", "value": {"id": id, "displayName": name}}])),
        Directory::Entra => patch(&json!([{"op": "Replace", "path": "displayName", "value": name}])),
    }
}

/// What puts people, by their SCIM ids and names, into a group.
pub(super) fn members_added(directory: Directory, members: &[(String, String)]) -> Value {
    let (op, value) = match directory {
        Directory::Okta => {
            let value = members.iter().map(|(id, name)| json!({"value": id, "display": name}));
            ("add", value.collect::<Vec<_>>())
        }
        Directory::Entra => ("Add", referred(members)),
    };
    patch(&json!([{"op": op, "path": "members", "value": value}]))
}

/// What takes people out of a group.
pub(super) fn members_removed(directory: Directory, members: &[(String, String)]) -> Value {
    match directory {
        Directory::Okta => {
            let remove =
                |(id, _): &(String, String)| json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")});
            patch(&members.iter().map(remove).collect())
        }
        // Read by the RFC's letter this would empty the group; Entra means only those that it lists.
        Directory::Entra => patch(&json!([{"op": "Remove", "path": "members", "value": referred(members)}])),
    }
}

fn referred(members: &[(String, String)]) -> Vec<Value> {
    members.iter().map(|(id, _)| json!({"$ref": null, "value": id})).collect()
}
