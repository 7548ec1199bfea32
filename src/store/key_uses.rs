//! How often API keys are used: written in batches, by the hour.

use super::{StoreError, Tx, args};
use crate::model::{Instant, KeyId, OrganizationId};
use std::collections::HashMap;

/// An hour, as the uses of keys are counted.
const HOUR: i64 = 3_600_000_000;

impl Tx {
    /// Adds uses of a key to its count of that hour, and notes when and from where the last of them came.
    pub async fn add_key_uses(
        &mut self,
        organization: &OrganizationId,
        id: &KeyId,
        uses: i64,
        (at, from): (Instant, Option<&str>),
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO key_uses (organization, key_id, hour, uses) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (organization, key_id, hour) DO UPDATE SET uses = key_uses.uses + excluded.uses",
            args![organization, id, at.0.div_euclid(HOUR), uses],
        )
        .await?;
        self.run(
            "UPDATE api_keys SET last_used_from = COALESCE(?4, last_used_from),
                                 last_used_at = CASE WHEN last_used_at IS NULL OR last_used_at < ?3 THEN ?3 ELSE last_used_at END
             WHERE organization = ?1 AND id = ?2",
            args![organization, id, at, from],
        )
        .await?;
        self.run(
            "INSERT INTO people_seen (organization, user_id, by_key_at)
             SELECT organization, owner, CAST(?3 AS BIGINT) FROM api_keys
             WHERE organization = ?1 AND id = ?2 AND owner >= 'usr_' AND owner < 'usr`'
             ON CONFLICT (organization, user_id) DO UPDATE SET by_key_at = excluded.by_key_at",
            args![organization, id, at],
        )
        .await
        .map(drop)
    }

    /// How often each of these keys was used since the hour of `since`; those never used are left out.
    pub async fn key_uses_since(
        &mut self,
        organization: &OrganizationId,
        keys: &[KeyId],
        since: Instant,
    ) -> Result<HashMap<KeyId, i64>, StoreError> {
        let mut uses = HashMap::new();
        for id in keys {
            let row: Option<(i64,)> = self
                .first(
                    "SELECT CAST(COALESCE(SUM(uses), 0) AS BIGINT) FROM key_uses
                     WHERE organization = ?1 AND key_id = ?2 AND hour >= ?3",
                    args![organization, id, since.0.div_euclid(HOUR)],
                )
                .await?;
            uses.extend(row.filter(|(count,)| *count > 0).map(|(count,)| (id.clone(), count)));
        }
        Ok(uses)
    }

    /// Forgets the counts of hours before this; how many.
    pub async fn forget_key_uses(&mut self, before: Instant) -> Result<u64, StoreError> {
        self.run("DELETE FROM key_uses WHERE hour < ?1", args![before.0.div_euclid(HOUR)]).await
    }
}
