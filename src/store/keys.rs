//! API keys of people and of service accounts. Only hashes of secrets are here.

use super::{FromRow, RowRef, StoreError, Tx, args};
use crate::model::{ApiKey, Holder, Instant, KeyId, KeyRight, OrganizationId};
use std::time::Duration;

/// `SELECT` of a whole key behind its organization, with what comes after `FROM api_keys`.
macro_rules! select_keys {
    ($rest:literal) => {
        concat!(
            "SELECT organization, id, owner, name, hint, rights, created_by, created_at, expires_at, last_used_at, active, ",
            "last_used_from, known_by, rotate_by, replaced_by, attenuated_at, delete_at FROM api_keys ",
            $rest
        )
    };
}

const OF_OWNER: &str = select_keys!("WHERE organization = ?1 AND owner = ?2 AND revoked_at IS NULL ORDER BY id");

/// A key, and whose organization's it is.
pub(super) struct KeyRow(pub(super) OrganizationId, pub(super) ApiKey);

impl FromRow for KeyRow {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let id: KeyId = row.get(1)?;
        let rights: Option<String> = row.get(5)?;
        let rights: Option<Vec<KeyRight>> = match rights {
            Some(text) => Some(
                serde_json::from_str(&text)
                    .map_err(|error| StoreError::Corrupt(format!("rights of key {id}: {error}")))?,
            ),
            None => None,
        };
        let key = ApiKey {
            id,
            owner: row.get(2)?,
            name: row.get(3)?,
            hint: row.get(4)?,
            rights,
            created_by: row.get(6)?,
            created_at: row.get(7)?,
            expires_at: row.get(8)?,
            last_used_at: row.get(9)?,
            active: row.get(10)?,
            last_used_from: row.get(11)?,
            known_by: row.get(12)?,
            rotate_by: row.get(13)?,
            replaced_by: row.get(14)?,
            attenuated_at: row.get(15)?,
            delete_at: row.get(16)?,
        };
        Ok(Self(row.get(0)?, key))
    }
}

impl Tx {
    /// Writes a new API key.
    pub async fn insert_api_key(
        &mut self,
        organization: &OrganizationId,
        key: &ApiKey,
        hash: &[u8; 32],
    ) -> Result<(), StoreError> {
        let rights = key.rights.as_ref().map(serde_json::to_string).transpose();
        let rights = rights.map_err(|error| StoreError::Corrupt(error.to_string()))?;
        self.run(
            "INSERT INTO api_keys (hash, organization, id, owner, name, hint, rights, created_by, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            args![
                hash,
                organization,
                key.id,
                key.owner,
                key.name,
                key.hint,
                rights,
                key.created_by,
                key.created_at,
                key.expires_at
            ],
        )
        .await
        .map(drop)
    }

    /// The API key of this secret's hash and its organization, unless revoked, expired or switched off.
    pub async fn api_key(
        &mut self,
        hash: &[u8; 32],
        now: Instant,
    ) -> Result<Option<(OrganizationId, ApiKey)>, StoreError> {
        let row: Option<KeyRow> = self
            .first(
                select_keys!(
                    "WHERE hash = ?1 AND revoked_at IS NULL AND active = 1 AND (expires_at IS NULL OR expires_at > ?2)"
                ),
                args![hash, now],
            )
            .await?;
        Ok(row.map(|KeyRow(organization, key)| (organization, key)))
    }

    /// One API key by its id, unless revoked or expired.
    pub async fn api_key_by_id(
        &mut self,
        organization: &OrganizationId,
        id: &KeyId,
        now: Instant,
    ) -> Result<Option<ApiKey>, StoreError> {
        let row: Option<KeyRow> = self
            .first(
                select_keys!(
                    "WHERE organization = ?1 AND id = ?2 AND revoked_at IS NULL
                       AND (expires_at IS NULL OR expires_at > ?3)"
                ),
                args![organization, id, now],
            )
            .await?;
        Ok(row.map(|KeyRow(_, key)| key))
    }

    /// When a key of somebody was last used, ended ones included.
    pub async fn last_key_use(
        &mut self,
        organization: &OrganizationId,
        owner: &Holder,
    ) -> Result<Option<Instant>, StoreError> {
        let row: Option<(Option<Instant>,)> = self
            .first(
                "SELECT MAX(last_used_at) FROM api_keys WHERE organization = ?1 AND owner = ?2",
                args![organization, owner],
            )
            .await?;
        Ok(row.and_then(|(at,)| at))
    }

    /// What a key is or was called.
    pub async fn key_name(&mut self, organization: &OrganizationId, id: &KeyId) -> Result<Option<String>, StoreError> {
        let row = self
            .first("SELECT name FROM api_keys WHERE organization = ?1 AND id = ?2", args![organization, id])
            .await?;
        Ok(row.map(|(name,)| name))
    }

    /// Somebody's API keys that have not been revoked.
    pub async fn api_keys_of(
        &mut self,
        organization: &OrganizationId,
        owner: &Holder,
    ) -> Result<Vec<ApiKey>, StoreError> {
        let rows: Vec<KeyRow> = self.all(OF_OWNER, args![organization, owner]).await?;
        Ok(rows.into_iter().map(|KeyRow(_, key)| key).collect())
    }

    /// Asks for them with the next statement.
    pub fn soon_api_keys_of(&mut self, organization: &OrganizationId, owner: &Holder) {
        self.soon(OF_OWNER, || args![organization, owner].to_vec());
    }

    /// Gives a key another name, and switches it on or off. False when its owner has no such key, or it had been revoked.
    pub async fn change_api_key(
        &mut self,
        organization: &OrganizationId,
        owner: &Holder,
        id: &KeyId,
        (name, active): (&str, bool),
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE api_keys SET name = ?4, active = ?5
                 WHERE organization = ?1 AND owner = ?2 AND id = ?3 AND revoked_at IS NULL",
                args![organization, owner, id, name, active],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Revokes one API key. False when its owner has no such key, or it had been revoked.
    pub async fn revoke_api_key(
        &mut self,
        organization: &OrganizationId,
        owner: &Holder,
        id: &KeyId,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE api_keys SET revoked_at = ?4
                 WHERE organization = ?1 AND owner = ?2 AND id = ?3 AND revoked_at IS NULL",
                args![organization, owner, id, now],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Revokes every API key of somebody; how many there were.
    pub async fn revoke_api_keys_of(
        &mut self,
        organization: &OrganizationId,
        owner: &Holder,
        now: Instant,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE api_keys SET revoked_at = ?3 WHERE organization = ?1 AND owner = ?2 AND revoked_at IS NULL",
            args![organization, owner, now],
        )
        .await
    }

    /// Notes that a key was let in, unless that was noted less than `every` ago.
    pub async fn touch_api_key(&mut self, hash: &[u8; 32], now: Instant, every: Duration) -> Result<(), StoreError> {
        self.run(
            "UPDATE api_keys SET last_used_at = ?2 WHERE hash = ?1 AND (last_used_at IS NULL OR last_used_at <= ?3)",
            args![hash, now, now.minus(every)],
        )
        .await
        .map(drop)
    }
}
