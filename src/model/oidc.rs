//! How a connection signs people in over OpenID Connect.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How castgate shows at the provider's token endpoint that it is the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// By the client secret, if one is stored; else it is a public client.
    #[default]
    Secret,
    /// By assertions that it signs with a key of this connection's own (RFC 7523): nothing secret is shared with the provider.
    PrivateKeyJwt,
}

/// How a connection signs people in over OpenID Connect. The client secret and the client's keys lie apart, sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcSettings {
    /// The issuer, exactly as the provider writes it. `{tenantid}` in it stands for each of `tenants`.
    pub issuer: String,
    /// Our name at the provider.
    pub client_id: String,
    /// Scopes asked for besides `openid`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// How castgate shows that it is the client.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// The tenants whose people may come in, where the issuer stands for many (Entra): the ids in the claim `tid`.
    #[serde(default)]
    pub tenants: Vec<String>,
    /// Where somebody's groups are asked for when they have more than the provider puts into a token; nothing: such a sign-in
    /// is refused, unless the provider pushes groups. For Entra
    /// `https://graph.microsoft.com/v1.0/me/transitiveMemberOf/microsoft.graph.group?$select=id&$top=999`.
    #[serde(default)]
    pub groups_endpoint: Option<String>,
    /// How people have to have signed in there: the answer has to say one of these in `acr`. Empty: however they like.
    #[serde(default)]
    pub acr_values: Vec<String>,
    /// How many seconds ago they may have signed in there at most. Nothing: as long ago as the provider likes.
    #[serde(default)]
    pub max_age: Option<u32>,
}

impl OidcSettings {
    /// A client of this issuer, with everything else as it is by default.
    #[must_use]
    pub fn new(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), client_id: client_id.into(), scopes: default_scopes(), ..Self::default() }
    }
}

fn default_scopes() -> Vec<String> {
    ["profile", "email", "groups"].map(str::to_owned).to_vec()
}
