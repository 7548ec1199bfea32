//! What a mapping may speak of: the organization as it is now.

use crate::{
    filter::{AttributeKinds, AttributePath, StandardKinds},
    model::{BuiltInRole, ClusterId, CustomRole, Role, fold},
};
use std::{collections::HashMap, fmt, sync::Arc};

/// The attributes of RFC 7643 §4.1 and §4.3 that conditions may ask for. `password` is no fact, and `groups` are asked
/// for with the rule's own `groups`.
const STANDARD_ATTRIBUTES: &str = "userName externalId id active displayName nickName profileUrl title userType \
    preferredLanguage locale timezone schemas \
    name name.formatted name.familyName name.givenName name.middleName name.honorificPrefix name.honorificSuffix \
    emails emails.value emails.type emails.primary emails.display \
    phoneNumbers phoneNumbers.value phoneNumbers.type phoneNumbers.primary phoneNumbers.display \
    ims ims.value ims.type ims.primary ims.display photos photos.value photos.type photos.primary photos.display \
    addresses addresses.formatted addresses.streetAddress addresses.locality addresses.region addresses.postalCode \
    addresses.country addresses.type addresses.primary \
    entitlements entitlements.value entitlements.type entitlements.primary entitlements.display \
    roles roles.value roles.type roles.primary roles.display \
    x509Certificates x509Certificates.value x509Certificates.type x509Certificates.primary x509Certificates.display \
    meta meta.created meta.lastModified meta.resourceType \
    employeeNumber costCenter organization division department manager manager.value manager.displayName manager.$ref";

/// A cluster that roles may be scoped to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCluster {
    /// Its id.
    pub id: ClusterId,
    /// The name that mappings use, unique in the organization.
    pub slug: String,
    /// Its id at Cast AI, when it has one.
    pub external_id: Option<String>,
}

/// A group of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownGroup {
    /// The name of the connection that pushed it.
    pub connection: String,
    /// Its id at the provider.
    pub external_id: Option<String>,
    /// Its name.
    pub display_name: String,
}

/// What a mapping may speak of: the organization as it is now.
#[derive(Clone)]
pub struct Vocabulary {
    /// The names of the organization's connections.
    pub connections: Vec<String>,
    /// Its clusters.
    pub clusters: Vec<KnownCluster>,
    /// The roles it made for itself.
    pub custom_roles: Vec<CustomRole>,
    /// The groups of its directory, when the caller has them: then groups that nobody knows are warned about.
    pub groups: Option<Vec<KnownGroup>>,
    /// Whether any connection's `roles` are facts; a condition on them is warned about where none are.
    pub roles_are_said: bool,
    /// The attributes that conditions may ask for: `title`, `name.familyName`, `urn:…:User:badge`.
    pub attributes: Vec<String>,
    /// How the attributes are compared.
    pub kinds: Arc<dyn AttributeKinds + Send + Sync>,
}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vocabulary")
            .field("connections", &self.connections)
            .field("clusters", &self.clusters)
            .field("custom_roles", &self.custom_roles)
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}

impl Default for Vocabulary {
    /// No connection, cluster or custom role, and the attributes of RFC 7643.
    fn default() -> Self {
        Self {
            connections: Vec::new(),
            clusters: Vec::new(),
            custom_roles: Vec::new(),
            groups: None,
            roles_are_said: true,
            attributes: STANDARD_ATTRIBUTES.split_whitespace().map(str::to_owned).collect(),
            kinds: Arc::new(StandardKinds),
        }
    }
}

/// The words of a vocabulary, folded and ready to be looked up. A compiled mapping keeps it for its patterns.
#[derive(Clone)]
pub(super) struct Words {
    /// Folded name → name.
    pub(super) connections: HashMap<String, String>,
    slugs: HashMap<String, ClusterId>,
    cluster_ids: HashMap<String, ClusterId>,
    /// The slug of each cluster, as written.
    names: HashMap<ClusterId, String>,
    roles: HashMap<String, Role>,
    role_names: HashMap<Role, String>,
    pub(super) kinds: Arc<dyn AttributeKinds + Send + Sync>,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words")
            .field("connections", &self.connections)
            .field("slugs", &self.slugs)
            .finish_non_exhaustive()
    }
}

impl Words {
    pub(super) fn new(vocabulary: &Vocabulary) -> Self {
        let mut words = Self {
            connections: vocabulary.connections.iter().map(|name| (fold(name), name.clone())).collect(),
            slugs: HashMap::new(),
            cluster_ids: HashMap::new(),
            names: HashMap::new(),
            roles: HashMap::new(),
            role_names: HashMap::new(),
            kinds: Arc::clone(&vocabulary.kinds),
        };
        for cluster in &vocabulary.clusters {
            words.slugs.insert(fold(&cluster.slug), cluster.id.clone());
            words.names.insert(cluster.id.clone(), cluster.slug.clone());
            words.cluster_ids.insert(cluster.id.as_str().to_owned(), cluster.id.clone());
            if let Some(external) = &cluster.external_id {
                words.cluster_ids.insert(external.clone(), cluster.id.clone());
            }
        }
        for role in &vocabulary.custom_roles {
            words.roles.insert(fold(&role.name), Role::Custom(role.id.clone()));
            words.role_names.insert(Role::Custom(role.id.clone()), role.name.clone());
        }
        // After the custom ones: a custom role can never take a built-in role's name.
        for role in BuiltInRole::ALL {
            words.roles.insert(role.name().to_owned(), Role::BuiltIn(role));
            words.role_names.insert(Role::BuiltIn(role), role.name().to_owned());
        }
        words
    }

    /// The role of this name, or of this id.
    pub(super) fn role(&self, name: &str) -> Option<Role> {
        let by_id = || name.parse::<Role>().ok().filter(|role| self.role_names.contains_key(role));
        self.roles.get(&fold(name)).cloned().or_else(by_id)
    }

    /// The role of an already folded name.
    pub(super) fn role_folded(&self, folded: &str) -> Option<&Role> {
        self.roles.get(folded)
    }

    /// What people call a role.
    pub(super) fn role_name(&self, role: &Role) -> String {
        self.role_names.get(role).cloned().unwrap_or_else(|| role.to_string())
    }

    /// Every role, and its name.
    pub(super) fn roles(&self) -> impl Iterator<Item = (&Role, &str)> {
        self.role_names.iter().map(|(role, name)| (role, name.as_str()))
    }

    /// The cluster that `slug` or `id:…` names.
    pub(super) fn cluster(&self, name: &str) -> Option<&ClusterId> {
        match name.strip_prefix("id:") {
            Some(id) => self.cluster_ids.get(id),
            None => self.slugs.get(&fold(name)),
        }
    }

    /// The cluster of an already folded slug.
    pub(super) fn cluster_folded(&self, folded: &str) -> Option<&ClusterId> {
        self.slugs.get(folded)
    }

    /// The slug of a cluster.
    pub(super) fn cluster_name(&self, id: &ClusterId) -> String {
        self.names.get(id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// The slugs of all clusters, folded.
    pub(super) fn slugs(&self) -> impl Iterator<Item = &str> {
        self.slugs.keys().map(String::as_str)
    }
}

impl Vocabulary {
    /// Why an attribute cannot be asked for, and the nearest that can: `Err(None)` when none is near.
    pub(super) fn knows(&self, path: &AttributePath) -> Result<(), Option<String>> {
        let extension = path.schema.as_deref().filter(|schema| !is_standard(schema));
        let name = match extension {
            Some(schema) => format!("{schema}:{}", path.name),
            None => path.name.clone(),
        };
        let wanted = match &path.sub {
            Some(sub) => format!("{name}.{sub}"),
            None => name,
        };
        let known = |wanted: &str| self.attributes.iter().any(|attribute| attribute.eq_ignore_ascii_case(wanted));
        if known(&wanted) || (path.is_schema() && extension.is_none()) {
            return Ok(());
        }
        let near = super::diagnostic::nearest(&wanted, self.attributes.iter().map(String::as_str));
        Err(near.map(str::to_owned))
    }
}

/// Whether a schema's attributes are known by their short names.
fn is_standard(schema: &str) -> bool {
    let known =
        ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"];
    known.iter().any(|known| known.eq_ignore_ascii_case(schema))
}
