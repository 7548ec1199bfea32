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

    /// How often each of these keys was used in each hour since that of `since`, the oldest first; those never used are left out.
    pub async fn key_uses_by_hour(
        &mut self,
        organization: &OrganizationId,
        keys: &[KeyId],
        (since, now): (Instant, Instant),
    ) -> Result<HashMap<KeyId, Vec<i64>>, StoreError> {
        let first = since.0.div_euclid(HOUR);
        let hours = usize::try_from(now.0.div_euclid(HOUR).saturating_sub(first)).unwrap_or_default() + 1;
        let mut all = HashMap::new();
        for id in keys {
            let rows: Vec<(i64, i64)> = self
                .all(
                    "SELECT hour, uses FROM key_uses WHERE organization = ?1 AND key_id = ?2 AND hour >= ?3",
                    args![organization, id, first],
                )
                .await?;
            let mut uses = vec![0; hours];
            for (hour, count) in &rows {
                let place = usize::try_from(hour.saturating_sub(first)).ok();
                if let Some(place) = place.and_then(|place| uses.get_mut(place)) {
                    *place += count;
                }
            }
            if !rows.is_empty() {
                all.insert(id.clone(), uses);
            }
        }
        Ok(all)
    }

    /// Forgets the counts of hours before this; how many.
    pub async fn forget_key_uses(&mut self, before: Instant) -> Result<u64, StoreError> {
        self.run("DELETE FROM key_uses WHERE hour < ?1", args![before.0.div_euclid(HOUR)]).await
    }
}
