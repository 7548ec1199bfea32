//! What is held until a transaction ends and is no row: by advisory locks of PostgreSQL, of what an id stands for. SQLite has one
//! writer, who needs no lock.

use super::{StoreError, Tx, args};
use crate::model::{ConnectionId, OrganizationId};

/// What is held of an organization's directory, and of anything else.
///
/// One id may be held for two things: they are two locks.
const DIRECTORY: i64 = 0;
const OTHER: i64 = 1;

impl Tx {
    /// Holds the organization's directory until the transaction ends: many may push at once, and nobody while what rules
    /// give everybody is computed (`alone`). To be called first of all locks.
    pub async fn hold_directory(&mut self, organization: &OrganizationId, alone: bool) -> Result<(), StoreError> {
        self.hold((organization.as_str(), DIRECTORY), alone).await
    }

    /// Holds what API keys the organization has until the transaction ends: a change of roles alone, the making of keys with
    /// others of its kind. So a key is there before a change of roles, or made under the roles after it.
    pub async fn hold_keys(&mut self, organization: &OrganizationId, alone: bool) -> Result<(), StoreError> {
        self.hold((organization.as_str(), OTHER), alone).await
    }

    /// Holds a connection's sign-ins until the transaction ends: many may come at once, and nobody while the provider tells of
    /// a logout (`alone`).
    pub async fn hold_sign_ins(&mut self, connection: &ConnectionId, alone: bool) -> Result<(), StoreError> {
        self.hold((connection.as_str(), OTHER), alone).await
    }

    async fn hold(&mut self, (id, what): (&str, i64), alone: bool) -> Result<(), StoreError> {
        let sql = if alone {
            "SELECT CAST(1 AS BIGINT) FROM pg_advisory_xact_lock(hashtextextended(?1, CAST(?2 AS BIGINT)))"
        } else {
            "SELECT CAST(1 AS BIGINT) FROM pg_advisory_xact_lock_shared(hashtextextended(?1, CAST(?2 AS BIGINT)))"
        };
        self.lock(sql, args![id, what]).await
    }
}
