//! The roles that a provider can assign: `/Roles`, read only (draft-ietf-scim-roles-entitlements-01, and Okta's own).
//!
//! A cluster is a container: it cannot be assigned, and contains the roles that can be held on it. What a provider assigns
//! is a fact about a person (`roles` of the User), which the mapping's conditions may read; it binds nobody by itself.

use super::{
    discovery::{resource_type_json, schema_json},
    extension::Extensions,
    query::Query,
    schema::{ROLE_SCHEMA, ResourceType},
};
use crate::model::{BuiltInRole, Cluster, CustomRole, fold};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The URN of Okta's Role.
pub const OKTA_ROLE_SCHEMA: &str = "urn:okta:scim:schemas:core:1.0:Role";

/// In whose words a provider reads roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleDialect {
    /// The draft's: value, display, type, supported, contains, containedBy.
    Ietf,
    /// Okta's: an id and a displayName, and everything listed can be assigned.
    Okta,
}

/// A role that can be assigned, or a cluster that contains some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedRole {
    /// Stable: a built-in role's name or a custom one's id, with `@` and the cluster's id where it holds on one; or the id of
    /// the cluster that it is.
    id: String,
    /// The same in the words of the mapping: names and slugs. What people write in a condition on `roles`.
    value: String,
    display: String,
    kind: Kind,
    contains: Vec<String>,
    contained_by: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Organization,
    Cluster,
    Container,
}

/// A role before it is known where it holds.
struct Plain<'a> {
    id: String,
    name: &'a str,
    display: String,
    /// The next smaller one, which it contains.
    below: Option<&'static str>,
    on_clusters: bool,
}

/// Every role that an organization has, and its clusters: owner, member, analyst, viewer, then its own, then each cluster.
#[must_use]
pub fn offered_roles(custom: &[CustomRole], clusters: &[Cluster]) -> Vec<OfferedRole> {
    let roles = plain(custom);
    let mut all: Vec<OfferedRole> = roles.iter().map(|role| in_organization(role, clusters)).collect();
    for cluster in clusters {
        let held: Vec<OfferedRole> =
            roles.iter().filter(|role| role.on_clusters).map(|role| on_cluster(role, cluster)).collect();
        all.push(OfferedRole {
            id: cluster.id.to_string(),
            value: format!("cluster:{}", cluster.slug),
            display: format!("Cluster {}", cluster.name),
            kind: Kind::Container,
            contains: held.iter().map(|role| role.value.clone()).collect(),
            contained_by: Vec::new(),
        });
        all.extend(held);
    }
    // Whoever contains is containedBy, read backwards: the two cannot disagree.
    let mut parents: HashMap<String, Vec<String>> = HashMap::new();
    for role in &all {
        for child in &role.contains {
            parents.entry(child.clone()).or_default().push(role.value.clone());
        }
    }
    for role in &mut all {
        role.contained_by = parents.remove(&role.value).unwrap_or_default();
    }
    all
}

fn plain(custom: &[CustomRole]) -> Vec<Plain<'_>> {
    let built_in = BuiltInRole::ALL.into_iter().enumerate().map(|(place, role)| Plain {
        id: role.name().to_owned(),
        name: role.name(),
        display: capitalised(role.name()),
        below: BuiltInRole::ALL.get(place + 1).map(|below| below.name()),
        // An Owner of a cluster is no owner: on a cluster the word would promise what it does not give.
        on_clusters: role != BuiltInRole::Owner,
    });
    let own = custom.iter().map(|role| Plain {
        id: role.id.to_string(),
        name: &role.name,
        display: role.name.clone(),
        below: None,
        on_clusters: role.capabilities.iter().any(|capability| capability.counts_on_a_cluster()),
    });
    built_in.chain(own).collect()
}

fn in_organization(role: &Plain<'_>, clusters: &[Cluster]) -> OfferedRole {
    let on_each = clusters.iter().filter(|_| role.on_clusters).map(|cluster| format!("{}@{}", role.name, cluster.slug));
    OfferedRole {
        id: role.id.clone(),
        value: role.name.to_owned(),
        display: role.display.clone(),
        kind: Kind::Organization,
        contains: role.below.map(str::to_owned).into_iter().chain(on_each).collect(),
        contained_by: Vec::new(),
    }
}

fn on_cluster(role: &Plain<'_>, cluster: &Cluster) -> OfferedRole {
    OfferedRole {
        id: format!("{}@{}", role.id, cluster.id),
        value: format!("{}@{}", role.name, cluster.slug),
        display: format!("{} on {}", role.display, cluster.name),
        kind: Kind::Cluster,
        contains: role.below.map(|below| format!("{below}@{}", cluster.slug)).into_iter().collect(),
        contained_by: Vec::new(),
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl OfferedRole {
    /// As it is answered in a dialect, before projection.
    #[must_use]
    pub fn json(&self, dialect: RoleDialect, base_url: &str) -> Value {
        let mut json = Map::new();
        json.insert("schemas".to_owned(), json!([dialect.schema()]));
        json.insert("id".to_owned(), json!(self.id));
        let Value::Object(told) = self.told() else { return Value::Null };
        json.extend(told.into_iter().filter(|(name, _)| dialect.knows(name)));
        let location = format!("{base_url}{}/{}", ResourceType::Role.endpoint(), self.id);
        json.insert("meta".to_owned(), json!({"resourceType": ResourceType::Role.name(), "location": location}));
        Value::Object(json)
    }

    /// Every attribute of either dialect.
    fn told(&self) -> Value {
        json!({
            "displayName": self.display,
            "value": self.value,
            "display": self.display,
            "type": match self.kind {
                Kind::Organization => "organization",
                Kind::Cluster => "cluster",
                Kind::Container => "container",
            },
            "supported": self.kind != Kind::Container,
            "contains": self.contains,
            "containedBy": self.contained_by,
        })
    }
}

impl RoleDialect {
    /// The URN of its Role.
    #[must_use]
    pub fn schema(self) -> &'static str {
        match self {
            Self::Ietf => ROLE_SCHEMA,
            Self::Okta => OKTA_ROLE_SCHEMA,
        }
    }

    fn knows(self, attribute: &str) -> bool {
        (attribute == "displayName") == (self == Self::Okta)
    }

    /// Whether a provider of this dialect is shown it: to Okta whatever is listed can be assigned.
    fn lists(self, role: &OfferedRole) -> bool {
        self == Self::Ietf || role.kind != Kind::Container
    }
}

/// The roles that a query asks for, cut down to what it wants of each, and how many there are. `most` is the longest page.
#[must_use]
pub fn role_page(
    roles: &[OfferedRole],
    query: &Query,
    most: u64,
    (dialect, base_url): (RoleDialect, &str),
) -> (u64, Vec<Value>) {
    let mut found: Vec<(Value, Value)> = Vec::new();
    for role in roles.iter().filter(|role| dialect.lists(role)) {
        let shown = role.json(dialect, base_url);
        let mut whole = role.told();
        for name in ["schemas", "id", "meta"] {
            whole[name] = shown[name].clone();
        }
        if query.filter.as_ref().is_none_or(|filter| filter.matches(&whole, &ResourceType::Role)) {
            found.push((whole, shown));
        }
    }
    if let Some(sort) = &query.sort {
        // RFC 7644 §3.4.2.3: without a value comes last, or first when descending.
        let key = |whole: &Value| {
            let value = sort.by.sub.as_deref().map_or(&whole[&sort.by.name], |sub| &whole[&sort.by.name][sub]);
            (value.is_null(), value.as_str().map_or_else(|| value.to_string(), fold))
        };
        found.sort_by_cached_key(|(whole, _)| key(whole));
        if sort.descending {
            found.reverse();
        }
    }
    let total = found.len() as u64;
    let skip = usize::try_from(query.start_index.saturating_sub(1)).unwrap_or(usize::MAX);
    let take = usize::try_from(query.count.unwrap_or(most).min(most)).unwrap_or(usize::MAX);
    let page = found.into_iter().skip(skip).take(take);
    (total, page.map(|(_, shown)| query.projection.apply(shown)).collect())
}

/// The role of this id that a provider of this dialect is shown.
#[must_use]
pub fn offered_role<'a>(roles: &'a [OfferedRole], id: &str, dialect: RoleDialect) -> Option<&'a OfferedRole> {
    roles.iter().find(|role| role.id == id && dialect.lists(role))
}

/// `/ResourceTypes/Role`.
#[must_use]
pub fn role_resource_type(base_url: &str, dialect: RoleDialect) -> Value {
    let mut json = resource_type_json(base_url, ResourceType::Role, Extensions::default());
    json["schema"] = json!(dialect.schema());
    json
}

/// The schema of a Role in this dialect.
#[must_use]
pub fn role_schema(base_url: &str, dialect: RoleDialect) -> Value {
    let known = ResourceType::Role.attributes().iter().filter(|attribute| dialect.knows(attribute.name));
    let told = (dialect.schema(), ResourceType::Role.name(), "A role that can be assigned to users.");
    schema_json(base_url, told, known)
}

/// What `/ServiceProviderConfig` says of roles, under `RolesAndEntitlements` (the draft's §3.1).
#[must_use]
pub fn roles_and_entitlements() -> Value {
    json!({
        "roles": {
            "supported": true,
            "multipleRolesSupported": true,
            "primarySupported": true,
            "typeSupported": true,
            "types": ["organization", "cluster"],
        },
        "entitlements": {"supported": false},
    })
}

/// What ids of roles are called in a mapping. Okta assigns by id and others by value; conditions speak of values alone.
#[derive(Debug, Clone, Default)]
pub struct RoleNames(HashMap<String, String>);

impl RoleNames {
    /// Of an organization's own roles and its clusters.
    #[must_use]
    pub fn of(custom: &[CustomRole], clusters: &[Cluster]) -> Self {
        let differing = offered_roles(custom, clusters).into_iter().filter(|role| role.id != role.value);
        Self(differing.map(|role| (role.id, role.value)).collect())
    }

    /// Puts values in the place of ids in a User's `roles`.
    pub fn name(&self, roles: &mut Value) {
        for role in roles.as_array_mut().into_iter().flatten() {
            if let Some(name) = role.get("value").and_then(Value::as_str).and_then(|id| self.0.get(id)) {
                role["value"] = json!(name);
            }
        }
    }
}

#[cfg(test)]
mod tests;
