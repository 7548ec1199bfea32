//! Links by which somebody without an account sets one connection up.

use super::{ConnectionId, Instant, SetupLinkId};
use schemars::JsonSchema;
use serde::Serialize;

/// A set-up link. The link itself is shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SetupLink {
    /// Its id: not the secret.
    pub id: SetupLinkId,
    /// The one connection that it opens.
    pub connection: ConnectionId,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Instant,
    /// When it stops by itself.
    pub expires_at: Instant,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
    /// When something was last changed or tried by it.
    pub last_used_at: Option<Instant>,
}
