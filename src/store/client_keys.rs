//! The keys with which connections show at their providers that they are clients, sealed.

use super::{StoreError, StoredKey, Tx, args};
use crate::model::{ConnectionId, Instant, OrganizationId};

type Row = (String, Vec<u8>, Instant, Option<Instant>);

impl Tx {
    /// A connection's keys that are published at `now` or will be, the one that signs last first.
    pub async fn client_keys(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        now: Instant,
    ) -> Result<Vec<StoredKey>, StoreError> {
        let rows: Vec<Row> = self
            .all(
                "SELECT id, secret, signs_from, retired_at FROM client_keys
                 WHERE organization = ?1 AND connection = ?2 AND (retired_at IS NULL OR retired_at > ?3)
                 ORDER BY signs_from DESC, id DESC",
                args![organization, connection, now],
            )
            .await?;
        let key = |(id, sealed, signs_from, retired_at)| StoredKey { id, sealed, number: None, signs_from, retired_at };
        Ok(rows.into_iter().map(key).collect())
    }

    /// Stores a connection's new key.
    pub async fn insert_client_key(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        key: &StoredKey,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO client_keys (organization, connection, id, secret, created_at, signs_from, retired_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            args![organization, connection, key.id, key.sealed, now, key.signs_from, key.retired_at],
        )
        .await
        .map(drop)
    }

    /// Retires every key of a connection but one at `at`, unless it is retired earlier.
    pub async fn retire_client_keys(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        but: &str,
        at: Instant,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE client_keys SET retired_at = ?4
             WHERE organization = ?1 AND connection = ?2 AND id <> ?3 AND (retired_at IS NULL OR retired_at > ?4)",
            args![organization, connection, but, at],
        )
        .await
    }

    /// Forgets the keys that were retired before `before`; how many.
    pub async fn forget_client_keys(&mut self, before: Instant) -> Result<u64, StoreError> {
        self.run("DELETE FROM client_keys WHERE retired_at < ?1", args![before]).await
    }
}
