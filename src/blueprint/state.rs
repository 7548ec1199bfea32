//! What an organization is like, in names: what is there, and what somebody wants. Nothing in it is an id.

use crate::model::{Capability, ConnectionSettings, ExtensionSchema, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// An organization, or the sections of it that somebody speaks of. What is compared folded is keyed by its folded name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The name that people read.
    pub name: Option<String>,
    /// What it declares for all its connections, by URN.
    pub schemas: Option<BTreeMap<String, ExtensionSchema>>,
    /// By slug.
    pub clusters: Option<BTreeMap<String, ClusterState>>,
    /// Its own roles, by name.
    pub roles: Option<BTreeMap<String, RoleState>>,
    /// By name.
    pub connections: Option<BTreeMap<String, ConnectionState>>,
    /// By name.
    pub service_accounts: Option<BTreeMap<String, AccountState>>,
    /// The local ones, by name.
    pub groups: Option<BTreeMap<String, GroupState>>,
    /// What people gave, and until when.
    pub bindings: Option<BTreeMap<BindingName, Option<Instant>>>,
    /// The text of the mapping in force.
    pub mapping: Option<String>,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterState {
    /// The short name.
    pub slug: String,
    /// The name that people read.
    pub name: String,
    /// Its id at Cast AI.
    pub external_id: Option<String>,
}

/// A custom role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleState {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it lets its holders do.
    pub capabilities: BTreeSet<Capability>,
}

/// A connection, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionState {
    /// What the mapping calls it.
    pub name: String,
    /// Whether it may push and sign in.
    pub enabled: bool,
    /// What an admin set.
    pub settings: ConnectionSettings,
}

/// A service account, without its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountState {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether its keys are refused.
    pub suspended: bool,
}

/// A local group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupState {
    /// What it is called.
    pub name: String,
    /// Who is in it, as [`Names`](super::Names) calls them; none: nothing is said of it.
    pub users: Option<BTreeSet<String>>,
    /// The service accounts in it, by their folded names.
    pub service_accounts: Option<BTreeSet<String>>,
}

/// Who holds something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A person, as [`Names`](super::Names) calls them.
    User(String),
    /// A group, as [`Names`](super::Names) calls it.
    Group(String),
    /// A service account, by its folded name.
    ServiceAccount(String),
}

/// A binding is the same as another with the same name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BindingName {
    /// Who holds it.
    pub holder: Holder,
    /// A built-in role's name or a custom one's, folded.
    pub role: String,
    /// The slug of a cluster, folded; none: the whole organization.
    pub cluster: Option<String>,
}

impl std::fmt::Display for BindingName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { holder, role, cluster } = self;
        let (kind, name) = match holder {
            Holder::User(name) => ("user", name),
            Holder::Group(name) => ("group", name),
            Holder::ServiceAccount(name) => ("service account", name),
        };
        write!(f, "{kind} {name}: {role} ")?;
        match cluster {
            Some(slug) => write!(f, "at cluster {slug}"),
            None => f.write_str("at organization"),
        }
    }
}
