//! The deployment's signing keys, sealed. They belong to no organization.

use super::{StoreError, Tx, args};
use crate::model::Instant;

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its name: the thumbprint.
    pub id: String,
    /// The private key, sealed.
    pub sealed: Vec<u8>,
    /// Its number; the next key has the next one, which only one node can give it. Keys of the first castgate have none.
    pub number: Option<i64>,
    /// When it begins to sign.
    pub signs_from: Instant,
    /// When it is no longer published.
    pub retired_at: Option<Instant>,
}

type Row = (String, Vec<u8>, Option<i64>, Instant, Option<Instant>);

impl Tx {
    /// The keys that are published at `now` or will be, the one that signs last first.
    pub async fn signing_keys(&mut self, now: Instant) -> Result<Vec<StoredKey>, StoreError> {
        let rows: Vec<Row> = self
            .all(
                "SELECT id, secret, number, COALESCE(signs_from, created_at), retired_at FROM signing_keys
                 WHERE retired_at IS NULL OR retired_at > ?1 ORDER BY COALESCE(signs_from, created_at) DESC, id DESC",
                args![now],
            )
            .await?;
        Ok(rows
            .into_iter()
            .map(|(id, sealed, number, signs_from, retired_at)| StoredKey {
                id,
                sealed,
                number,
                signs_from,
                retired_at,
            })
            .collect())
    }

    /// Stores a new key. [`StoreError::Unique`]: another node made this number.
    pub async fn insert_signing_key(&mut self, key: &StoredKey, now: Instant) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO signing_keys (id, secret, created_at, retired_at, signs_from, number)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            args![key.id, key.sealed, now, key.retired_at, key.signs_from, key.number],
        )
        .await
        .map(drop)
    }

    /// Retires every key but one at `at`, unless it is retired earlier.
    pub async fn retire_signing_keys(&mut self, but: &str, at: Instant) -> Result<u64, StoreError> {
        self.run(
            "UPDATE signing_keys SET retired_at = ?2 WHERE id <> ?1 AND (retired_at IS NULL OR retired_at > ?2)",
            args![but, at],
        )
        .await
    }

    /// Forgets the keys that were retired before `before`; how many.
    pub async fn forget_signing_keys(&mut self, before: Instant) -> Result<u64, StoreError> {
        self.run("DELETE FROM signing_keys WHERE retired_at < ?1", args![before]).await
    }
}
