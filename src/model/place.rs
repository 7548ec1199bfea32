//! Where access holds: organizations, clusters, scopes.

use super::{ClusterId, ConnectionId, Instant, OrganizationId, ProviderTokens};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A tenant. Nothing is shared between two organizations but the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// The short name in addresses; unique in the deployment.
    pub slug: String,
    /// The name that people read.
    pub name: String,
    /// The mapping version in force; none until the first is published.
    pub mapping_version: Option<i64>,
    /// No reachable owner is left: the banner is up until one is.
    pub ownerless_since: Option<Instant>,
    /// When it was made.
    pub created_at: Instant,
}

/// A cluster that roles may be scoped to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cluster {
    /// Its own id.
    pub id: ClusterId,
    /// The short name in the mapping; unique in the organization when folded.
    pub slug: String,
    /// The name that people read.
    pub name: String,
    /// Its id at Cast AI, where names are not unique.
    pub external_id: Option<String>,
    /// Since when Cast AI lists it no longer. What is held on it stays.
    pub gone_since: Option<Instant>,
    /// Its name at Cast AI, as it was read there last.
    #[serde(skip)]
    pub name_there: Option<String>,
}

/// Where a binding holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Scope {
    /// The whole organization: all clusters, and what belongs to no cluster.
    Organization,
    /// One cluster.
    Cluster {
        /// Which.
        id: ClusterId,
    },
    /// One resource of another kind; stored, but no door asks for it yet.
    Resource {
        /// What kind of thing.
        resource: String,
        /// Which one.
        id: String,
    },
}

impl Scope {
    /// This cluster.
    #[must_use]
    pub fn cluster(id: ClusterId) -> Self {
        Self::Cluster { id }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization => f.pad("organization"),
            Self::Cluster { id } => write!(f, "cluster {id}"),
            Self::Resource { resource, id } => write!(f, "{resource} {id}"),
        }
    }
}

/// Which pair of names says that a SCIM user and a sign-in are the same person, inside one connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MatchPair {
    /// The claim of the sign-in, such as `sub`, `oid` or `preferred_username`.
    pub claim: String,
    /// The SCIM attribute: `externalId` or `userName`.
    pub attribute: MatchAttribute,
}

/// The SCIM side of a [`MatchPair`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MatchAttribute {
    /// Compared exactly.
    ExternalId,
    /// Compared folded.
    UserName,
}

/// How a connection speaks SCIM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScimDialect {
    /// Takes what providers really send.
    Tolerant,
    /// Refuses what the RFC and the interoperability profile refuse.
    Strict,
}

/// What a PATCH is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PatchResponse {
    /// 200 and the resource, but a large group without its members unless asked for.
    Body,
    /// 204, as Entra prefers it for groups; 200 when `attributes` is given.
    Empty,
}

/// Whom a connection may take over who is here already by another way, when it brings somebody of the same e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Adoption {
    /// Nobody: 409, and an admin removes one of the two.
    Never,
    /// Whose address is in a domain that is verified for this connection.
    #[default]
    VerifiedDomain,
    /// Local people whom an admin approved by name, whatever their domain.
    Approval,
}

impl Adoption {
    /// By what somebody was taken over, for the event that tells of it.
    #[must_use]
    pub fn proof(self) -> &'static str {
        match self {
            Self::Never => "nothing",
            Self::VerifiedDomain => "verified e-mail domain",
            Self::Approval => "approval by an admin",
        }
    }
}

/// What a connection's pushes of groups come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupPush {
    /// They are taken; a member whom nobody knows yet is kept until they come.
    #[default]
    Accept,
    /// They are taken if all their members are known; otherwise the whole request is refused.
    KnownMembers,
    /// They are refused: groups come from sign-ins.
    Refuse,
}

/// Which provider's habits a connection begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Okta: `sub` is the externalId.
    Okta,
    /// Entra ID: `oid` is the externalId.
    Entra,
    /// Anything else: `preferred_username` is the userName.
    Generic,
}

impl Profile {
    /// The pairs tried in order when somebody signs in for the first time.
    #[must_use]
    pub fn match_pairs(self) -> Vec<MatchPair> {
        let pair = |claim: &str, attribute| MatchPair { claim: claim.to_owned(), attribute };
        match self {
            Self::Okta => vec![pair("sub", MatchAttribute::ExternalId)],
            Self::Entra => {
                vec![pair("oid", MatchAttribute::ExternalId), pair("preferred_username", MatchAttribute::UserName)]
            }
            Self::Generic => {
                vec![pair("sub", MatchAttribute::ExternalId), pair("preferred_username", MatchAttribute::UserName)]
            }
        }
    }

    /// What this provider expects a PATCH to be answered with.
    #[must_use]
    pub fn patch_response(self) -> PatchResponse {
        match self {
            Self::Okta | Self::Generic => PatchResponse::Body,
            Self::Entra => PatchResponse::Empty,
        }
    }
}

/// What an admin sets on a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionSettings {
    /// Whose habits it has.
    pub profile: Profile,
    /// How strictly it reads SCIM.
    pub dialect: ScimDialect,
    /// What a PATCH is answered with.
    pub patch_response: PatchResponse,
    /// Whether the `roles` that it pushes are facts, which conditions of the mapping may read. They bind nobody by themselves.
    #[serde(default)]
    pub read_roles: bool,
    /// Whom it may take over.
    #[serde(default)]
    pub adoption: Adoption,
    /// What its pushes of groups come to.
    #[serde(default)]
    pub group_push: GroupPush,
    /// Who is who: the first pair that both sides have decides.
    #[serde(rename = "match")]
    pub match_pairs: Vec<MatchPair>,
    /// Sign-in by OpenID Connect, if the connection signs people in.
    pub oidc: Option<super::OidcSettings>,
    /// Sign-in by SAML 2.0, if the connection signs people in by that.
    #[serde(default)]
    pub saml: Option<super::SamlSettings>,
    /// E-mail domains (folded) whose people sign in here. Verified by the organization's owner.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Claim → SCIM attribute, for facts at sign-in.
    #[serde(default = "default_attributes")]
    pub attributes: std::collections::BTreeMap<String, String>,
    /// JWTs that the provider signs itself and pushes with, at the connection's own SCIM address. None: it has none.
    #[serde(default)]
    pub provider_tokens: Option<ProviderTokens>,
    /// Whose security events it believes (CAEP, RISC). None: nobody's.
    #[serde(default)]
    pub signals: Option<super::SignalSettings>,
    /// Schemas of the organization's own whose attributes the provider may push.
    #[serde(default)]
    pub extensions: Vec<super::ExtensionSchema>,
}

/// The claims that become facts unless the connection says otherwise.
#[must_use]
pub fn default_attributes() -> std::collections::BTreeMap<String, String> {
    [
        ("name", "displayName"),
        ("given_name", "name.givenName"),
        ("family_name", "name.familyName"),
        ("email", "emails"),
        ("locale", "locale"),
        ("zoneinfo", "timezone"),
        ("department", "department"),
        ("title", "title"),
    ]
    .into_iter()
    .map(|(claim, attribute)| (claim.to_owned(), attribute.to_owned()))
    .collect()
}

impl ConnectionSettings {
    /// What a new connection of this profile begins with.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        Self {
            profile,
            dialect: ScimDialect::Tolerant,
            patch_response: profile.patch_response(),
            read_roles: false,
            adoption: Adoption::VerifiedDomain,
            group_push: GroupPush::Accept,
            match_pairs: profile.match_pairs(),
            oidc: None,
            saml: None,
            domains: Vec::new(),
            attributes: default_attributes(),
            provider_tokens: None,
            signals: None,
            extensions: Vec::new(),
        }
    }
}

impl ConnectionSettings {
    /// Whether people could sign in by it, if it is enabled.
    #[must_use]
    pub fn signs_in(&self) -> bool {
        self.oidc.is_some() || self.saml.as_ref().is_some_and(super::SamlSettings::is_ready)
    }
}

/// One identity provider of one organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// The name in the mapping (`okta/castai-owners`); unique in the organization when folded.
    pub name: String,
    /// Whether it may push and sign in. A disabled connection answers 401.
    pub enabled: bool,
    /// What an admin set.
    pub settings: ConnectionSettings,
    /// What its provider may push beside the schemas of SCIM: what its own settings declare, and then what the organization
    /// declares for all.
    #[serde(default)]
    pub schemas: Vec<super::ExtensionSchema>,
    /// Its sessions and tokens are those of this epoch; disabling moves it on and ends them in O(1).
    pub epoch: i64,
    /// Where its people's groups come from: claims until it pushes its first group, then SCIM for ever.
    pub pushes_groups: bool,
    /// When it was made.
    pub created_at: Instant,
    /// Its version, for ETags.
    pub version: i64,
}
