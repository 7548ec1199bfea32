//! What role changes do to API keys: found from keys to their owners, and never by walking a group's members.

use super::{FromRow, RowRef, StoreError, Tx, args, keys::KeyRow, value::json_text};
use crate::model::{ApiKey, GroupId, Holder, Instant, KeptRight, KeyId, KeyRight, OrganizationId, UserId};

/// A key with what it carried when that was last looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// Whose organization's it is.
    pub organization: OrganizationId,
    /// The key.
    pub key: ApiKey,
    /// What it carried; none: nobody has looked yet.
    pub carried: Option<Vec<KeptRight>>,
}

impl FromRow for KeptKey {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let KeyRow(organization, key) = KeyRow::from_row(row)?;
        let carried: Option<String> = row.get(17)?;
        let carried = carried.map(|text| serde_json::from_str(&text)).transpose();
        let carried = carried.map_err(|error| StoreError::Corrupt(format!("what key {} carried: {error}", key.id)))?;
        Ok(Self { organization, key, carried })
    }
}

/// `SELECT` of keys that work, with what comes after the columns. Of `k`.
macro_rules! select_kept {
    ($rest:literal) => {
        concat!(
            "SELECT k.organization, k.id, k.owner, k.name, k.hint, k.rights, k.created_by, k.created_at, k.expires_at, ",
            "k.last_used_at, k.active, k.last_used_from, k.known_by, k.rotate_by, k.replaced_by, k.attenuated_at, ",
            "k.delete_at, k.carried ",
            $rest
        )
    };
}

/// One more than so many people of a group. In the order of the index: without it PostgreSQL, which takes the group for a large one,
/// reads the table until it has met so many. And out of a thousand: it takes “so many” for a tenth of all that it is out of, and
/// would plan anew each time what comes out cheaper for the numbers given.
const MORE_MEMBERS: &str = "SELECT CAST(1 AS BIGINT)
    FROM (SELECT member_id FROM memberships
          WHERE organization = ?1 AND group_id = ?2 AND member_kind = 'user' AND ended IS NULL
          ORDER BY member_id LIMIT 1001) AS counted
    LIMIT 1 OFFSET ?3";

/// Keys of a group's members, members first: for a group of a few people.
const OF_FEW_MEMBERS: &str = select_kept!(
    "FROM memberships m CROSS JOIN api_keys k
     WHERE m.organization = ?1 AND m.group_id = ?2 AND m.member_kind = 'user' AND m.ended IS NULL
       AND k.organization = m.organization AND k.owner = m.member_id AND k.revoked_at IS NULL
       AND (k.expires_at IS NULL OR k.expires_at > ?3)
     ORDER BY k.owner, k.id"
);

/// The same, keys first: whatever the group's size, the work is that of the keys there are. Who left since counts as well.
const OF_MEMBERS: &str = select_kept!(
    "FROM api_keys k
     WHERE k.organization = ?1 AND k.owner >= 'usr_' AND k.owner < 'usr`' AND (k.owner, k.id) > (?4, ?5)
       AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > ?3)
       AND EXISTS (SELECT 1 FROM memberships m
                   WHERE m.organization = k.organization AND m.member_id = k.owner AND m.group_id = ?2
                     AND m.member_kind = 'user' AND (m.ended IS NULL OR m.ended >= ?6))
     ORDER BY k.owner, k.id LIMIT ?7"
);

const OF_PEOPLE: &str = select_kept!(
    "FROM api_keys k
     WHERE k.organization = ?1 AND k.owner >= 'usr_' AND k.owner < 'usr`' AND (k.owner, k.id) > (?3, ?4)
       AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > ?2)
     ORDER BY k.owner, k.id LIMIT ?5"
);

/// Keys that somebody knows who does not own them any more.
const KNOWN_BY: &str = select_kept!(
    "FROM api_keys k WHERE k.organization = ?1 AND k.known_by = ?2 AND k.revoked_at IS NULL
       AND (k.expires_at IS NULL OR k.expires_at > ?3)
     ORDER BY k.id"
);

/// Keys of a piece of the people.
pub(super) const OF_PIECE: &str = select_kept!(
    "FROM api_keys k
     WHERE k.organization = ?1 AND k.owner > ?2 AND k.owner <= ?3 AND k.revoked_at IS NULL
       AND (k.expires_at IS NULL OR k.expires_at > ?4)
     ORDER BY k.owner, k.id"
);

impl Tx {
    /// Somebody's keys that are neither revoked nor expired.
    pub async fn kept_keys_of(
        &mut self,
        organization: &OrganizationId,
        owner: &Holder,
        now: Instant,
    ) -> Result<Vec<KeptKey>, StoreError> {
        self.all(
            select_kept!(
                "FROM api_keys k WHERE k.organization = ?1 AND k.owner = ?2 AND k.revoked_at IS NULL
                   AND (k.expires_at IS NULL OR k.expires_at > ?3)
                 ORDER BY k.id"
            ),
            args![organization, owner, now],
        )
        .await
    }

    /// One key that is neither revoked nor expired; held until the transaction ends.
    pub async fn kept_key(
        &mut self,
        organization: &OrganizationId,
        id: &KeyId,
        now: Instant,
    ) -> Result<Option<KeptKey>, StoreError> {
        self.first(
            select_kept!(
                "FROM api_keys k WHERE k.organization = ?1 AND k.id = ?2 AND k.revoked_at IS NULL
                   AND (k.expires_at IS NULL OR k.expires_at > ?3) FOR UPDATE"
            ),
            args![organization, id, now],
        )
        .await
    }

    /// Whether a group has certainly more people in it than this. It counts no further than a thousand: of more it says no.
    pub async fn has_more_members(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
        than: i64,
    ) -> Result<bool, StoreError> {
        let one_more: Option<(i64,)> = self.first(MORE_MEMBERS, args![organization, group, than]).await?;
        Ok(one_more.is_some())
    }

    /// Asks that with the next statement.
    pub fn soon_has_more_members(&mut self, organization: &OrganizationId, group: &GroupId, than: i64) {
        self.soon(MORE_MEMBERS, || args![organization, group, than].to_vec());
    }

    /// The keys of the people in a group that has few.
    pub async fn keys_of_few_members(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
        now: Instant,
    ) -> Result<Vec<KeptKey>, StoreError> {
        self.all(OF_FEW_MEMBERS, args![organization, group, now]).await
    }

    /// Up to `limit` keys, behind this owner and id, of people who are in a group or were at `since`.
    pub async fn keys_of_members(
        &mut self,
        (organization, group): (&OrganizationId, &GroupId),
        (now, since): (Instant, Instant),
        (owner, id): (&str, &str),
        limit: i64,
    ) -> Result<Vec<KeptKey>, StoreError> {
        self.all(OF_MEMBERS, args![organization, group, now, owner, id, since, limit]).await
    }

    /// How the engine finds the keys of a group's members: the lines of its plan.
    pub async fn explain_keys_of_members(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
    ) -> Result<String, StoreError> {
        let now = Instant(0);
        self.explain(OF_MEMBERS, args![organization, group, now, "", "", now, 200]).await
    }

    /// Up to `limit` keys of people behind this owner and id.
    pub async fn keys_of_people(
        &mut self,
        organization: &OrganizationId,
        now: Instant,
        (owner, id): (&str, &str),
        limit: i64,
    ) -> Result<Vec<KeptKey>, StoreError> {
        self.all(OF_PEOPLE, args![organization, now, owner, id, limit]).await
    }

    /// Up to `limit` keys of people in any organization of which nobody knows yet what they carry.
    pub async fn keys_not_looked_at(&mut self, now: Instant, limit: i64) -> Result<Vec<KeptKey>, StoreError> {
        self.all(
            select_kept!(
                "FROM api_keys k WHERE k.revoked_at IS NULL AND k.carried IS NULL
                   AND k.owner >= 'usr_' AND k.owner < 'usr`' AND (k.expires_at IS NULL OR k.expires_at > ?1)
                 ORDER BY k.owner, k.id LIMIT ?2"
            ),
            args![now, limit],
        )
        .await
    }

    /// Keys whose grace is over.
    pub async fn keys_to_delete(&mut self, now: Instant, limit: i64) -> Result<Vec<KeptKey>, StoreError> {
        self.all(
            select_kept!(
                "FROM api_keys k WHERE k.delete_at IS NOT NULL AND k.delete_at <= ?1 AND k.revoked_at IS NULL
                 ORDER BY k.delete_at LIMIT ?2"
            ),
            args![now, limit],
        )
        .await
    }

    /// The keys that somebody knows who does not own them any more.
    pub async fn keys_known_by(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        now: Instant,
    ) -> Result<Vec<KeptKey>, StoreError> {
        self.all(KNOWN_BY, args![organization, user, now]).await
    }

    /// Asks for them with the next statement.
    pub fn soon_keys_known_by(&mut self, organization: &OrganizationId, user: &UserId, now: Instant) {
        self.soon(KNOWN_BY, || args![organization, user, now].to_vec());
    }

    /// Writes what a key carries, and whether it waits for its deletion.
    pub async fn keep_carried(
        &mut self,
        organization: &OrganizationId,
        id: &KeyId,
        carried: &[KeptRight],
        (attenuated_at, delete_at): (Option<Instant>, Option<Instant>),
    ) -> Result<(), StoreError> {
        let carried = json_text(carried)?;
        self.run(
            "UPDATE api_keys SET carried = ?3, attenuated_at = ?4, delete_at = ?5 WHERE organization = ?1 AND id = ?2",
            args![organization, id, carried, attenuated_at, delete_at],
        )
        .await
        .map(drop)
    }

    /// Gives a key to another owner with its secret as it is, narrowed to these rights. False when it is its owner's no more.
    pub async fn move_api_key(
        &mut self,
        organization: &OrganizationId,
        (id, from): (&KeyId, &Holder),
        (to, rights): (&Holder, &[KeyRight]),
        known_by: Option<&UserId>,
    ) -> Result<bool, StoreError> {
        let rights = json_text(rights)?;
        let rows = self
            .run(
                "UPDATE api_keys SET owner = ?4, rights = ?5, known_by = ?6, carried = NULL, attenuated_at = NULL,
                                     delete_at = NULL
                 WHERE organization = ?1 AND id = ?2 AND owner = ?3 AND revoked_at IS NULL",
                args![organization, id, from, to, rights, known_by],
            )
            .await?;
        Ok(rows == 1)
    }

    /// When a key stops, and which takes its place.
    pub async fn end_api_key_at(
        &mut self,
        organization: &OrganizationId,
        id: &KeyId,
        (expires_at, replaced_by): (Instant, Option<&KeyId>),
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE api_keys SET expires_at = ?3, replaced_by = ?4, attenuated_at = NULL, delete_at = NULL
             WHERE organization = ?1 AND id = ?2",
            args![organization, id, expires_at, replaced_by],
        )
        .await
        .map(drop)
    }

    /// The first note of what a key carries.
    pub async fn keep_carried_first(
        &mut self,
        organization: &OrganizationId,
        id: &KeyId,
        carried: &[KeptRight],
    ) -> Result<(), StoreError> {
        let carried = json_text(carried)?;
        self.run(
            "UPDATE api_keys SET carried = ?3 WHERE organization = ?1 AND id = ?2 AND carried IS NULL",
            args![organization, id, carried],
        )
        .await
        .map(drop)
    }

    /// Up to `limit` keys in any organization that were to be rotated by now, and of which nobody was told since `told`.
    pub async fn keys_overdue(&mut self, now: Instant, told: Instant, limit: i64) -> Result<Vec<KeptKey>, StoreError> {
        self.all(
            select_kept!(
                "FROM api_keys k WHERE k.rotate_by IS NOT NULL AND k.rotate_by <= ?1 AND k.revoked_at IS NULL
                   AND k.replaced_by IS NULL AND (k.expires_at IS NULL OR k.expires_at > ?1)
                   AND (k.rotation_told_at IS NULL OR k.rotation_told_at <= ?2)
                 ORDER BY k.rotate_by LIMIT ?3"
            ),
            args![now, told, limit],
        )
        .await
    }

    /// Notes that owners are told of it. False when they were told since `before`, or the key is no longer overdue.
    pub async fn tell_of_overdue_key(
        &mut self,
        organization: &OrganizationId,
        id: &KeyId,
        (now, before): (Instant, Instant),
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE api_keys SET rotation_told_at = ?3
                 WHERE organization = ?1 AND id = ?2 AND revoked_at IS NULL AND replaced_by IS NULL AND rotate_by <= ?3
                   AND (rotation_told_at IS NULL OR rotation_told_at <= ?4)",
                args![organization, id, now, before],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Up to `limit` addresses of active people who are Owner of the organization, by themselves or by a group.
    pub async fn owner_addresses(
        &mut self,
        organization: &OrganizationId,
        limit: i64,
    ) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = self
            .all(
                "SELECT u.email FROM bindings b
                   JOIN users u ON u.organization = b.organization AND u.id = b.subject_id
                 WHERE b.organization = ?1 AND b.role = 'owner' AND b.scope_kind = 'organization'
                   AND b.subject_kind = 'user' AND b.ended IS NULL AND u.email IS NOT NULL
                   AND u.removed_at IS NULL AND u.directory_active = 1 AND u.suspended_by_person = 0
                 UNION
                 SELECT u.email FROM bindings b
                   JOIN memberships m ON m.organization = b.organization AND m.group_id = b.subject_id
                     AND m.member_kind = 'user' AND m.ended IS NULL
                   JOIN users u ON u.organization = m.organization AND u.id = m.member_id
                 WHERE b.organization = ?1 AND b.role = 'owner' AND b.scope_kind = 'organization'
                   AND b.subject_kind = 'group' AND b.ended IS NULL AND u.email IS NOT NULL
                   AND u.removed_at IS NULL AND u.directory_active = 1 AND u.suspended_by_person = 0
                 ORDER BY 1 LIMIT ?2",
                args![organization, limit],
            )
            .await?;
        Ok(rows.into_iter().map(|(email,)| email).collect())
    }

    /// When a key is to be rotated.
    pub async fn set_rotate_by(
        &mut self,
        organization: &OrganizationId,
        id: &KeyId,
        rotate_by: Option<Instant>,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE api_keys SET rotate_by = ?3 WHERE organization = ?1 AND id = ?2",
            args![organization, id, rotate_by],
        )
        .await
        .map(drop)
    }
}
