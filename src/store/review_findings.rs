//! What an access review looks for.

use super::{FromRow, RowRef, StoreError, Tx, args, invitations::delivery_state};
use crate::model::{
    BindingId, BuiltInRole, Finding, GroupId, Holder, Instant, InvitationId, KeyId, OrganizationId, ServiceAccountId,
    UserId,
};

/// A person, and when they were here.
struct Unused {
    user: UserId,
    local: bool,
    created_at: Instant,
    in_person_at: Option<Instant>,
    by_key_at: Option<Instant>,
}

impl FromRow for Unused {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let connection: String = row.get(1)?;
        Ok(Self {
            user: row.get(0)?,
            local: connection.is_empty(),
            created_at: row.get(2)?,
            in_person_at: row.get(3)?,
            by_key_at: row.get(4)?,
        })
    }
}

impl Tx {
    /// Up to `limit` active people who were last here before `before`, and who were made before it.
    pub async fn find_unused_accounts(
        &mut self,
        organization: &OrganizationId,
        before: Instant,
        limit: i64,
    ) -> Result<Vec<Finding>, StoreError> {
        let rows: Vec<Unused> = self
            .all(
                "SELECT u.id, u.connection, u.created_at, s.in_person_at, s.by_key_at
                 FROM users u LEFT JOIN people_seen s ON s.organization = u.organization AND s.user_id = u.id
                 WHERE u.organization = ?1 AND u.removed_at IS NULL AND u.directory_active = 1
                   AND u.suspended_by_person = 0 AND u.created_at < ?2
                   AND (s.in_person_at IS NULL OR s.in_person_at < ?2) AND (s.by_key_at IS NULL OR s.by_key_at < ?2)
                 ORDER BY u.id LIMIT ?3",
                args![organization, before, limit],
            )
            .await?;
        let found = |row: Unused| {
            let Unused { user, local, created_at, in_person_at, by_key_at } = row;
            Finding::UnusedAccount { user, local, created_at, in_person_at, by_key_at }
        };
        Ok(rows.into_iter().map(found).collect())
    }

    /// The same for service accounts.
    pub async fn find_unused_service_accounts(
        &mut self,
        organization: &OrganizationId,
        before: Instant,
        limit: i64,
    ) -> Result<Vec<Finding>, StoreError> {
        let rows: Vec<(ServiceAccountId, Instant, Option<Instant>)> = self
            .all(
                "SELECT a.id, a.created_at, MAX(k.last_used_at)
                 FROM service_accounts a LEFT JOIN api_keys k ON k.organization = a.organization AND k.owner = a.id
                 WHERE a.organization = ?1 AND a.removed_at IS NULL AND a.suspended = 0 AND a.created_at < ?2
                 GROUP BY a.id, a.created_at HAVING MAX(k.last_used_at) IS NULL OR MAX(k.last_used_at) < ?2
                 ORDER BY a.id LIMIT ?3",
                args![organization, before, limit],
            )
            .await?;
        let found =
            |(account, created_at, last_used_at)| Finding::UnusedServiceAccount { account, created_at, last_used_at };
        Ok(rows.into_iter().map(found).collect())
    }

    /// Up to `limit` keys that work, were made before `before` and last used before it.
    pub async fn find_unused_keys(
        &mut self,
        organization: &OrganizationId,
        (before, now): (Instant, Instant),
        limit: i64,
    ) -> Result<Vec<Finding>, StoreError> {
        let rows: Vec<(KeyId, Holder, Instant, Option<Instant>)> = self
            .all(
                "SELECT id, owner, created_at, last_used_at FROM api_keys
                 WHERE organization = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?3)
                   AND created_at < ?2 AND (last_used_at IS NULL OR last_used_at < ?2)
                 ORDER BY owner, id LIMIT ?4",
                args![organization, before, now, limit],
            )
            .await?;
        let found =
            |(key, owner, created_at, last_used_at)| Finding::UnusedKey { key, owner, created_at, last_used_at };
        Ok(rows.into_iter().map(found).collect())
    }

    /// Up to `limit` open invitations from before `before`, whose time is over, or whose letter did not arrive.
    pub async fn find_stale_invitations(
        &mut self,
        organization: &OrganizationId,
        (before, now): (Instant, Instant),
        limit: i64,
    ) -> Result<Vec<Finding>, StoreError> {
        let rows: Vec<(InvitationId, Instant, Instant, String)> = self
            .all(
                "SELECT id, created_at, expires_at, delivery FROM invitations
                 WHERE organization = ?1 AND ended_at IS NULL
                   AND (created_at < ?2 OR expires_at <= ?3 OR delivery IN ('failed', 'bounced'))
                 ORDER BY id LIMIT ?4",
                args![organization, before, now, limit],
            )
            .await?;
        let found = |(invitation, created_at, expires_at, delivery): (InvitationId, Instant, Instant, String)| {
            let corrupt = || StoreError::Corrupt(format!("delivery of invitation {invitation}"));
            let delivery = delivery_state(&delivery).ok_or_else(corrupt)?;
            Ok(Finding::StaleInvitation { invitation, created_at, expires_at, delivery })
        };
        rows.into_iter().map(found).collect()
    }

    /// Up to `limit` active people who are Owner of the whole organization, by themselves or by a group, without an end.
    pub async fn owners_of_everything(
        &mut self,
        organization: &OrganizationId,
        limit: i64,
    ) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<(UserId,)> = self
            .all(
                "SELECT u.id FROM users u
                 WHERE u.organization = ?1 AND u.removed_at IS NULL AND u.directory_active = 1
                   AND u.suspended_by_person = 0 AND u.id IN (
                     SELECT b.subject_id FROM bindings b
                     WHERE b.organization = ?1 AND b.role = ?2 AND b.scope_kind = 'organization'
                       AND b.subject_kind = 'user' AND b.ended IS NULL AND b.until IS NULL
                     UNION
                     SELECT m.member_id FROM bindings b
                       JOIN memberships m ON m.organization = b.organization AND m.group_id = b.subject_id
                         AND m.member_kind = 'user' AND m.ended IS NULL
                     WHERE b.organization = ?1 AND b.role = ?2 AND b.scope_kind = 'organization'
                       AND b.subject_kind = 'group' AND b.ended IS NULL AND b.until IS NULL)
                 ORDER BY u.id LIMIT ?3",
                args![organization, BuiltInRole::Owner.name(), limit],
            )
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Up to `limit` direct bindings of people, given by a person without an end, that a group of theirs gives as well; and the
    /// group.
    pub async fn find_redundant_bindings(
        &mut self,
        organization: &OrganizationId,
        limit: i64,
    ) -> Result<Vec<(BindingId, GroupId)>, StoreError> {
        self.all(
            "SELECT b.id, MIN(g.subject_id)
             FROM bindings b
               JOIN memberships m ON m.organization = b.organization AND m.member_id = b.subject_id
                 AND m.member_kind = 'user' AND m.ended IS NULL
               JOIN groups o ON o.organization = m.organization AND o.id = m.group_id AND o.removed_at IS NULL
               JOIN bindings g ON g.organization = b.organization AND g.subject_kind = 'group'
                 AND g.subject_id = m.group_id AND g.role = b.role AND g.scope_kind = b.scope_kind
                 AND g.scope_id = b.scope_id AND g.ended IS NULL AND g.until IS NULL
             WHERE b.organization = ?1 AND b.subject_kind = 'user' AND b.source_kind = 'person' AND b.ended IS NULL
               AND b.until IS NULL
             GROUP BY b.id ORDER BY b.id LIMIT ?2",
            args![organization, limit],
        )
        .await
    }
}
