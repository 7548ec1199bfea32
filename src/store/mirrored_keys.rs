//! Keys of Cast AI, as they were read there.

use super::{FromRow, RowRef, StoreError, Tx, args};
use crate::model::{GroupId, Instant, MirroredKey, MirroredKind, OrganizationId, UserId};

impl FromRow for MirroredKey {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            kind: MirroredKind::CastAi,
            external_id: row.get(1)?,
            owner: row.get(2)?,
            name: row.get(3)?,
            hint: row.get(4)?,
            active: row.get(5)?,
            created_at: row.get(6)?,
            last_used_at: row.get(7)?,
            read_at: row.get(8)?,
        })
    }
}

/// `SELECT` of mirrored keys, with what comes after the columns. Of `k`.
macro_rules! select_mirrored {
    ($rest:literal) => {
        concat!(
            "SELECT k.id, k.external_id, k.owner, k.name, k.hint, k.active, k.created_at, k.last_used_at, k.read_at ",
            $rest
        )
    };
}

impl Tx {
    /// Writes a key as it was read; the one of the same Cast AI id gives way to it and keeps its id here.
    pub async fn put_mirrored_key(
        &mut self,
        organization: &OrganizationId,
        key: &MirroredKey,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO mirrored_keys (organization, id, external_id, owner, name, hint, active, created_at,
                                        last_used_at, read_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (organization, external_id) DO UPDATE SET
               owner = excluded.owner, name = excluded.name, hint = excluded.hint, active = excluded.active,
               created_at = excluded.created_at, last_used_at = excluded.last_used_at, read_at = excluded.read_at",
            args![
                organization,
                key.id,
                key.external_id,
                key.owner,
                key.name,
                key.hint,
                key.active,
                key.created_at,
                key.last_used_at,
                key.read_at
            ],
        )
        .await
        .map(drop)
    }

    /// Forgets keys that were not among those read at `read_at`; how many.
    pub async fn forget_mirrored_keys(
        &mut self,
        organization: &OrganizationId,
        read_at: Instant,
    ) -> Result<u64, StoreError> {
        self.run("DELETE FROM mirrored_keys WHERE organization = ?1 AND read_at < ?2", args![organization, read_at])
            .await
    }

    /// Up to `limit` of them, whose id is greater than `after`.
    pub async fn mirrored_keys_after(
        &mut self,
        organization: &OrganizationId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<MirroredKey>, StoreError> {
        self.all(
            select_mirrored!("FROM mirrored_keys k WHERE k.organization = ?1 AND k.id > ?2 ORDER BY k.id LIMIT ?3"),
            args![organization, after, limit],
        )
        .await
    }

    /// Somebody's.
    pub async fn mirrored_keys_of(
        &mut self,
        organization: &OrganizationId,
        owner: &UserId,
    ) -> Result<Vec<MirroredKey>, StoreError> {
        self.all(
            select_mirrored!("FROM mirrored_keys k WHERE k.organization = ?1 AND k.owner = ?2 ORDER BY k.id"),
            args![organization, owner],
        )
        .await
    }

    /// Those of the people in a group: from the keys to their owners.
    pub async fn mirrored_keys_of_members(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
    ) -> Result<Vec<MirroredKey>, StoreError> {
        self.all(
            select_mirrored!(
                "FROM mirrored_keys k
                 WHERE k.organization = ?1 AND EXISTS (
                   SELECT 1 FROM memberships m
                   WHERE m.organization = k.organization AND m.member_id = k.owner AND m.group_id = ?2
                     AND m.member_kind = 'user' AND m.ended IS NULL)
                 ORDER BY k.id"
            ),
            args![organization, group],
        )
        .await
    }
}
