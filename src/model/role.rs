//! Capabilities, and the roles that are sets of them.

use super::{Instant, RoleId};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeSet, fmt, str::FromStr};

/// One thing that somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Connect, change and delete clusters.
    ManageClusters,
    /// See clusters.
    ViewClusters,
    /// Pay, and change how.
    AccessBilling,
    /// See bills.
    ViewBilling,
    /// Work with cost monitoring.
    MonitorCosts,
    /// See costs.
    ViewCosts,
    /// Change the organization: connections, mapping, clusters, settings.
    ManageOrganization,
    /// Invite, change and remove members.
    ManageMembers,
    /// Make keys for service accounts.
    CreateServiceAccountKeys,
}

impl Capability {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 9] = [
        Self::ManageClusters,
        Self::ViewClusters,
        Self::AccessBilling,
        Self::ViewBilling,
        Self::MonitorCosts,
        Self::ViewCosts,
        Self::ManageOrganization,
        Self::ManageMembers,
        Self::CreateServiceAccountKeys,
    ];

    /// The name in the API, in `?can=…` and in custom roles.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ManageClusters => "manage-clusters",
            Self::ViewClusters => "view-clusters",
            Self::AccessBilling => "access-billing",
            Self::ViewBilling => "view-billing",
            Self::MonitorCosts => "monitor-costs",
            Self::ViewCosts => "view-costs",
            Self::ManageOrganization => "manage-organization",
            Self::ManageMembers => "manage-members",
            Self::CreateServiceAccountKeys => "create-service-account-keys",
        }
    }

    /// Whether the capability counts when the role is held on one cluster only. An Owner of a cluster is no owner.
    #[must_use]
    pub fn counts_on_a_cluster(self) -> bool {
        match self {
            Self::ManageClusters | Self::ViewClusters | Self::MonitorCosts | Self::ViewCosts => true,
            Self::AccessBilling
            | Self::ViewBilling
            | Self::ManageOrganization
            | Self::ManageMembers
            | Self::CreateServiceAccountKeys => false,
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that is no capability.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{0}” is not a capability; they are manage-clusters, view-clusters, access-billing, view-billing, monitor-costs, view-costs, manage-organization, manage-members and create-service-account-keys"
)]
pub struct UnknownCapability(pub String);

impl FromStr for Capability {
    type Err = UnknownCapability;
    fn from_str(text: &str) -> Result<Self, UnknownCapability> {
        Self::ALL
            .into_iter()
            .find(|capability| capability.name() == text)
            .ok_or_else(|| UnknownCapability(text.to_owned()))
    }
}

/// One of the four roles that every organization has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BuiltInRole {
    /// Everything.
    Owner,
    /// Clusters and costs, and a look at the bills.
    Member,
    /// Costs, and a look at the rest.
    Analyst,
    /// A look.
    Viewer,
}

impl BuiltInRole {
    /// All of them, the most powerful first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Member, Self::Analyst, Self::Viewer];

    /// The name in the mapping config, the API and SCIM.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
            Self::Analyst => "analyst",
            Self::Viewer => "viewer",
        }
    }

    /// What the role lets its holder do.
    #[must_use]
    pub fn capabilities(self) -> &'static [Capability] {
        use Capability as C;
        match self {
            Self::Owner => &Capability::ALL,
            Self::Member => &[C::ManageClusters, C::ViewClusters, C::ViewBilling, C::MonitorCosts, C::ViewCosts],
            Self::Analyst => &[C::ViewClusters, C::ViewBilling, C::MonitorCosts, C::ViewCosts],
            Self::Viewer => &[C::ViewClusters, C::ViewBilling, C::ViewCosts],
        }
    }
}

/// A role, as a binding names it: built in, or a custom set of capabilities.
///
/// In texts a built-in role is its name and a custom one its id (`rol_…`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Role {
    /// One of the four.
    BuiltIn(BuiltInRole),
    /// One that the organization made.
    Custom(RoleId),
}

impl JsonSchema for Role {
    fn schema_name() -> Cow<'static, str> {
        "Role".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A built-in role by its name, or a custom one by its id.",
            "pattern": "^(owner|member|analyst|viewer|rol_[0-9a-v]{26})$",
            "examples": ["viewer"],
        })
    }
}

impl Role {
    /// Owner, which the guards look for.
    pub const OWNER: Self = Self::BuiltIn(BuiltInRole::Owner);
    /// Viewer, which people get when nothing else is said.
    pub const VIEWER: Self = Self::BuiltIn(BuiltInRole::Viewer);
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(role) => f.pad(role.name()),
            Self::Custom(id) => f.pad(id.as_str()),
        }
    }
}

/// A word that is neither a built-in role nor the id of a custom one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a role; the built-in ones are owner, member, analyst and viewer")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let built_in = BuiltInRole::ALL.into_iter().find(|role| role.name().eq_ignore_ascii_case(text));
        match built_in {
            Some(role) => Ok(Self::BuiltIn(role)),
            None => text.parse().map(Self::Custom).map_err(|_| UnknownRole(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Role {
    type Error = UnknownRole;
    fn try_from(text: String) -> Result<Self, UnknownRole> {
        text.parse()
    }
}

impl From<Role> for String {
    fn from(role: Role) -> String {
        role.to_string()
    }
}

/// A role that an organization made for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CustomRole {
    /// Its id.
    pub id: RoleId,
    /// Its name, unique in the organization when folded, and never that of a built-in role.
    pub name: String,
    /// What it lets its holder do.
    pub capabilities: BTreeSet<Capability>,
}

/// A custom role with what is known of it besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRole {
    /// The role.
    pub role: CustomRole,
    /// What it is for; empty when nobody said.
    pub description: String,
    /// For ETags; moves with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}
