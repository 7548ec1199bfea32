//! Credentials: sessions, tokens, keys. Secrets themselves are nowhere; only their SHA-256.

use super::{ConnectionId, Instant, KeyId, OrganizationId, SessionId, TokenId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id: not the secret.
    pub id: SessionId,
    /// Of which organization.
    pub organization: OrganizationId,
    /// Whose.
    pub user: UserId,
    /// By which connection; none for a one-time link.
    pub connection: Option<ConnectionId>,
    /// The user's session epoch when it began.
    pub user_epoch: i64,
    /// The connection's epoch when it began.
    pub connection_epoch: i64,
    /// When it began.
    pub created_at: Instant,
    /// When it was last seen, to the minute.
    pub last_seen_at: Instant,
    /// When it ends at the latest.
    pub expires_at: Instant,
    /// The provider's session id, for its logout.
    pub provider_session: Option<String>,
}

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
    /// When it was last accepted, to the minute.
    pub last_used_at: Option<Instant>,
}

/// A user's API key. Its rights are its owner's, at use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApiKey {
    /// Its id: not the secret.
    pub id: KeyId,
    /// Whose.
    pub user: UserId,
    /// What its owner calls it.
    pub name: String,
    /// The first letters of the secret.
    pub hint: String,
    /// When it was made.
    pub created_at: Instant,
    /// When it stops by itself.
    pub expires_at: Option<Instant>,
}
