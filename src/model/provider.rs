//! How identity providers show who they are: bearer tokens, OAuth clients, and JWTs that they sign themselves.

use super::{ClientId, ConnectionId, Instant, TokenId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who the tokens of Entra's provisioning service are for, whatever they are sent to.
const ENTRA_AUDIENCE: &str = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621";
/// Entra's provisioning service itself.
const ENTRA_PROVISIONING: &str = "00000014-0000-0000-c000-000000000000";
/// What the issuer of Entra's tokens of version 1 begins with.
const ENTRA_ISSUER: &str = "https://sts.windows.net/";

/// A SCIM bearer token. A connection has two slots, so that a token can be rotated without a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ScimToken {
    /// Its id: not the secret.
    pub id: TokenId,
    /// Of which connection.
    pub connection: ConnectionId,
    /// The first letters of the secret, for people to tell two apart.
    pub hint: String,
    /// 1 or 2.
    pub slot: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it stops by itself.
    pub expires_at: Option<Instant>,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
    /// The token that took its place. Until `expires_at` both hold.
    pub replaced_by: Option<TokenId>,
    /// How many days before its end that was told of last: 30, 7 or 1.
    pub warned_days: Option<i64>,
    /// When and from where it was accepted last.
    #[serde(flatten)]
    pub uses: Uses,
}

/// When and from where a credential was last accepted, and last refused; to the minute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Uses {
    /// When it was last accepted.
    pub last_used_at: Option<Instant>,
    /// From which address.
    pub last_used_from: Option<String>,
    /// That somebody came with it when it opened nothing (any more).
    pub last_refused: Option<RefusedUse>,
}

/// That somebody showed a credential and was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RefusedUse {
    /// When.
    pub at: Instant,
    /// From which address.
    pub from: Option<String>,
    /// Why.
    pub why: String,
}

/// An OAuth client of a connection: with client credentials it gets access tokens that live for an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ScimClient {
    /// What it calls itself: `client_id`.
    pub id: ClientId,
    /// Of which connection.
    pub connection: ConnectionId,
    /// What people call it.
    pub name: String,
    /// The first letters of its secret; none where it signs assertions.
    pub hint: Option<String>,
    /// Where its keys are read from, if they are.
    pub jwks_url: Option<String>,
    /// When it was made.
    pub created_at: Instant,
    /// Its last use and its last refusal.
    #[serde(flatten)]
    pub uses: Uses,
}

/// Which JWTs of a provider a connection takes. All of it is pinned: nothing of it is learnt from a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderTokens {
    /// The issuer, exactly.
    pub issuer: String,
    /// The audience, exactly.
    pub audience: String,
    /// Where the issuer's keys are read.
    pub jwks_url: String,
    /// Claims that have to say exactly this, such as Entra's `tid` and `appid`.
    #[serde(default)]
    pub claims: BTreeMap<String, String>,
}

impl ProviderTokens {
    /// What Entra's provisioning service sends when its administrator leaves the secret token empty: `tenant` is the id of
    /// their directory.
    #[must_use]
    pub fn of_entra(tenant: &str) -> Self {
        let claims = [("tid", tenant), ("appid", ENTRA_PROVISIONING)];
        Self {
            issuer: format!("{ENTRA_ISSUER}{tenant}/"),
            audience: ENTRA_AUDIENCE.to_owned(),
            jwks_url: format!("https://login.microsoftonline.com/{tenant}/discovery/keys"),
            claims: claims.into_iter().map(|(claim, value)| (claim.to_owned(), value.to_owned())).collect(),
        }
    }

    /// The directory whose tokens Entra's issuer signs, where it is Entra's.
    #[must_use]
    pub fn entra_tenant(&self) -> Option<&str> {
        let tenant = self.issuer.strip_prefix(ENTRA_ISSUER)?;
        Some(tenant.strip_suffix('/').unwrap_or(tenant))
    }
}
