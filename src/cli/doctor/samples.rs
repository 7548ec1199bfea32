//! The people and groups that the doctor makes: named so that nobody mistakes them for theirs.

use super::visit::Visit;
use serde_json::{Value, json};

/// The core User.
pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core Group.
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension.
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

impl Visit {
    /// The userName of one of our people.
    pub(super) fn user_name(&self, who: &str) -> String {
        format!("castgate-doctor-{}-{who}@{}", self.tag, self.domain)
    }

    /// What begins with this is ours.
    pub(super) fn prefix(&self) -> String {
        format!("castgate-doctor-{}-", self.tag)
    }

    /// The name of one of our groups.
    pub(super) fn group_name(&self, which: &str) -> String {
        format!("{}{which}", self.prefix())
    }

    /// Somebody as Okta creates them.
    pub(super) fn person(&self, who: &str) -> Value {
        let name = self.user_name(who);
        json!({
            "schemas": [USER],
            "userName": name,
            "externalId": format!("{}-{who}", self.tag),
            "name": {"givenName": who, "familyName": "Castgate-Doctor"},
            "displayName": format!("Doctor {who} {}", self.tag),
            "emails": [{"value": name, "type": "work", "primary": true}],
            "active": true,
        })
    }

    /// A group with these people.
    pub(super) fn group(&self, which: &str, members: &[&str]) -> Value {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        json!({"schemas": [GROUP], "displayName": self.group_name(which), "members": members})
    }

    /// Makes somebody for a part that is about something else; their path and id.
    pub(super) async fn somebody(&mut self, body: &Value) -> Option<(String, String)> {
        let id = self.make("/Users", body).await.id();
        if id.is_none() {
            self.leave("no person could be created for it");
        }
        id.map(|id| (format!("/Users/{id}"), id))
    }
}

/// The same body with more in it.
pub(super) fn with(mut body: Value, more: &Value) -> Value {
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    body
}
