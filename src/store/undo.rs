//! What one source took away in a span, and giving it back by few statements, however much it is.

use super::{StoreError, Tx, args, value::texts};
use crate::model::{ConnectionId, GroupId, Instant, OrganizationId, UserId};
use std::collections::BTreeSet;

/// What one connection did between two moments, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Whose directory.
    pub connection: ConnectionId,
    /// The first moment.
    pub from: Instant,
    /// The last moment.
    pub to: Instant,
}

/// Something that was removed, and whether its name or externalId is somebody else's by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed<Id> {
    /// Its id.
    pub id: Id,
    /// What it was called.
    pub name: String,
    /// Another has its name or externalId: then it cannot come back.
    pub taken: bool,
    /// Of a person: whether they could come in.
    pub active: bool,
}

/// What a connection took away lately, and how much there is or was of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Losses {
    /// People who left groups and did not come back.
    pub members: u64,
    /// Groups that were deleted.
    pub groups: u64,
    /// People who were deleted or suspended.
    pub people: u64,
    /// The first of it.
    #[serde(skip)]
    pub first: Option<Instant>,
}

/// As many as they are in a JSON list of pairs: a group's id, a blank, a user's id. Ids are 30 letters long.
fn pairs(pairs: &BTreeSet<(GroupId, UserId)>) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(group, user)| format!("{group} {user}")).collect();
    texts(&pairs)
}

impl Tx {
    /// The pushed groups that were deleted in a stretch.
    pub async fn groups_removed_in(
        &mut self,
        organization: &OrganizationId,
        stretch: &Stretch,
    ) -> Result<Vec<Removed<GroupId>>, StoreError> {
        let rows: Vec<(GroupId, String, bool)> = self
            .all(
                "SELECT g.id, g.display_name,
                        CASE WHEN EXISTS (SELECT 1 FROM groups o
                                          WHERE o.organization = g.organization AND o.connection = g.connection
                                            AND o.origin = g.origin AND o.display_name_folded = g.display_name_folded
                                            AND o.removed_at IS NULL) THEN 1 ELSE 0 END
                 FROM groups g
                 WHERE g.organization = ?1 AND g.connection = ?2 AND g.origin = 'scim' AND g.removed_at IS NOT NULL
                   AND g.removed_at >= ?3 AND g.removed_at <= ?4
                 ORDER BY g.id",
                args![organization, stretch.connection, stretch.from, stretch.to],
            )
            .await?;
        Ok(rows.into_iter().map(|(id, name, taken)| Removed { id, name, taken, active: true }).collect())
    }

    /// The people who were deleted in a stretch.
    pub async fn users_removed_in(
        &mut self,
        organization: &OrganizationId,
        stretch: &Stretch,
    ) -> Result<Vec<Removed<UserId>>, StoreError> {
        let rows: Vec<(UserId, String, bool, bool)> = self
            .all(
                "SELECT u.id, u.user_name,
                        CASE WHEN EXISTS (SELECT 1 FROM users o
                                          WHERE o.organization = u.organization AND o.connection = u.connection
                                            AND o.user_name_folded = u.user_name_folded AND o.removed_at IS NULL)
                               OR EXISTS (SELECT 1 FROM users o
                                          WHERE o.organization = u.organization AND o.connection = u.connection
                                            AND o.external_id = u.external_id AND o.removed_at IS NULL)
                             THEN 1 ELSE 0 END,
                        CASE WHEN u.directory_active = 1 AND u.suspended_by_person = 0 THEN 1 ELSE 0 END
                 FROM users u
                 WHERE u.organization = ?1 AND u.connection = ?2 AND u.removed_at IS NOT NULL
                   AND u.erased_at IS NULL AND u.removed_at >= ?3 AND u.removed_at <= ?4
                 ORDER BY u.id",
                args![organization, stretch.connection, stretch.from, stretch.to],
            )
            .await?;
        Ok(rows.into_iter().map(|(id, name, taken, active)| Removed { id, name, taken, active }).collect())
    }

    /// The people whom the connection suspended in a span and who are so still. `actor` is the connection as events name it,
    /// and the events are those between two ids.
    pub async fn users_suspended_in(
        &mut self,
        organization: &OrganizationId,
        stretch: &Stretch,
        (actor, first, last): (&str, &str, &str),
    ) -> Result<Vec<Removed<UserId>>, StoreError> {
        let rows: Vec<(UserId, String, bool, bool)> = self
            .all(
                "SELECT DISTINCT u.id, u.user_name, CASE WHEN u.removed_at IS NULL THEN 0 ELSE 1 END,
                        CASE WHEN u.suspended_by_person = 0 THEN 1 ELSE 0 END
                 FROM events e
                   JOIN event_subjects s ON s.organization = e.organization AND s.event = e.id
                   JOIN users u ON u.organization = s.organization AND u.id = s.subject
                 WHERE e.organization = ?1 AND e.id >= ?6 AND e.id <= ?7 AND e.kind = 'user.suspended' AND e.actor = ?5
                   AND e.at >= ?3 AND e.at <= ?4 AND u.connection = ?2 AND u.directory_active = 0
                   AND NOT EXISTS (SELECT 1 FROM event_subjects later JOIN events a
                                     ON a.organization = later.organization AND a.id = later.event
                                   WHERE later.organization = u.organization AND later.subject = u.id
                                     AND a.kind = 'user.activated' AND a.at > e.at)
                 ORDER BY 1",
                args![organization, stretch.connection, stretch.from, stretch.to, actor, first, last],
            )
            .await?;
        Ok(rows.into_iter().map(|(id, name, removed, active)| Removed { id, name, taken: removed, active }).collect())
    }

    /// Who was in which group before a span, left it in the span and is not in it now: of groups and people that are here, or
    /// are to come back.
    pub async fn memberships_lost_in(
        &mut self,
        organization: &OrganizationId,
        stretch: &Stretch,
        (groups, users): (&[&GroupId], &[&UserId]),
    ) -> Result<BTreeSet<(GroupId, UserId)>, StoreError> {
        let rows: Vec<(GroupId, UserId)> = self
            .all(
                "SELECT DISTINCT m.group_id, m.member_id
                 FROM memberships m
                   JOIN groups g ON g.organization = m.organization AND g.id = m.group_id
                   JOIN users u ON u.organization = m.organization AND u.id = m.member_id
                 WHERE m.organization = ?1 AND m.member_kind = 'user' AND m.ended IS NOT NULL
                   AND m.ended >= ?3 AND m.ended <= ?4 AND m.since < ?3
                   AND ((g.connection = ?2 AND g.origin = 'scim') OR (u.connection = ?2 AND u.removed_at = m.ended))
                   AND (g.removed_at IS NULL OR g.id IN (SELECT asked.value FROM texts_of(?5) AS asked))
                   AND (u.removed_at IS NULL OR u.id IN (SELECT asked.value FROM texts_of(?6) AS asked))
                   AND NOT EXISTS (SELECT 1 FROM memberships o
                                   WHERE o.organization = m.organization AND o.group_id = m.group_id
                                     AND o.member_kind = m.member_kind AND o.member_id = m.member_id
                                     AND o.ended IS NULL)",
                args![organization, stretch.connection, stretch.from, stretch.to, texts(groups), texts(users)],
            )
            .await?;
        Ok(rows.into_iter().collect())
    }

    /// Brings deleted groups back, with the bindings that they held.
    pub async fn revive_groups(
        &mut self,
        organization: &OrganizationId,
        groups: &[&GroupId],
        now: Instant,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE groups SET removed_at = NULL, version = version + 1, updated_at = ?3
             WHERE organization = ?1 AND removed_at IS NOT NULL
               AND id IN (SELECT asked.value FROM texts_of(?2) AS asked)",
            args![organization, texts(groups), now],
        )
        .await
    }

    /// Brings deleted people back under their ids, with what was known of them and their provider's id.
    pub async fn revive_users(
        &mut self,
        organization: &OrganizationId,
        users: &[&UserId],
        now: Instant,
    ) -> Result<u64, StoreError> {
        let ids = texts(users);
        self.run(
            "INSERT INTO facts (organization, user_id, source, sequence, document, since)
             SELECT f.organization, f.user_id, f.source, f.sequence + 1, f.document, CAST(?3 AS BIGINT)
             FROM texts_of(?2) AS asked CROSS JOIN users u CROSS JOIN facts f
             WHERE u.organization = ?1 AND u.id = asked.value AND f.organization = u.organization AND f.user_id = u.id
               AND f.ended = u.removed_at
             ON CONFLICT DO NOTHING",
            args![organization, ids, now],
        )
        .await?;
        self.run(
            "INSERT INTO identities (organization, connection, kind, value, user_id, created_at)
             SELECT u.organization, u.connection, 'external_id', u.external_id, u.id, CAST(?3 AS BIGINT)
             FROM texts_of(?2) AS asked CROSS JOIN users u
             WHERE u.organization = ?1 AND u.id = asked.value AND u.external_id IS NOT NULL
             ON CONFLICT DO NOTHING",
            args![organization, ids, now],
        )
        .await?;
        self.run(
            "UPDATE users SET removed_at = NULL, version = version + 1, access_epoch = access_epoch + 1, updated_at = ?3
             WHERE organization = ?1 AND removed_at IS NOT NULL AND erased_at IS NULL
               AND id IN (SELECT asked.value FROM texts_of(?2) AS asked)",
            args![organization, ids, now],
        )
        .await
    }

    /// Takes back what a directory said of people: that they are not active.
    pub async fn reactivate_users(
        &mut self,
        organization: &OrganizationId,
        users: &[&UserId],
        now: Instant,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE users SET directory_active = 1, version = version + 1, access_epoch = access_epoch + 1, updated_at = ?3
             WHERE organization = ?1 AND directory_active = 0
               AND id IN (SELECT asked.value FROM texts_of(?2) AS asked)",
            args![organization, texts(users), now],
        )
        .await
    }

    /// Puts people back into groups; into how many.
    pub async fn reopen_memberships(
        &mut self,
        organization: &OrganizationId,
        lost: &BTreeSet<(GroupId, UserId)>,
        now: Instant,
    ) -> Result<u64, StoreError> {
        let opened = self
            .run(
                "INSERT INTO memberships (organization, group_id, member_kind, member_id, since)
                 SELECT CAST(?1 AS TEXT), substr(asked.value, 1, 30), 'user', substr(asked.value, 32), CAST(?3 AS BIGINT)
                 FROM texts_of(?2) AS asked WHERE 1 = 1
                 ON CONFLICT (organization, group_id, member_kind, member_id) WHERE ended IS NULL DO NOTHING",
                args![organization, pairs(lost), now],
            )
            .await?;
        let groups: BTreeSet<&GroupId> = lost.iter().map(|(group, _)| group).collect();
        self.run(
            "UPDATE groups SET version = version + 1, updated_at = ?3
             WHERE organization = ?1 AND id IN (SELECT asked.value FROM texts_of(?2) AS asked)",
            args![organization, texts(&groups), now],
        )
        .await?;
        Ok(opened)
    }

    /// What a connection took away since a moment and did not give back.
    pub async fn losses_since(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        since: Instant,
    ) -> Result<Losses, StoreError> {
        let rows: Vec<(i64, Option<Instant>)> = self
            .all(
                "SELECT COUNT(*), MIN(m.ended) FROM memberships m
                   JOIN groups g ON g.organization = m.organization AND g.id = m.group_id
                 WHERE m.organization = ?1 AND m.ended IS NOT NULL AND m.ended >= ?3 AND g.connection = ?2
                   AND g.origin = 'scim'
                   AND NOT EXISTS (SELECT 1 FROM memberships o
                                   WHERE o.organization = m.organization AND o.group_id = m.group_id
                                     AND o.member_kind = m.member_kind AND o.member_id = m.member_id
                                     AND o.ended IS NULL)
                 UNION ALL
                 SELECT COUNT(*), MIN(removed_at) FROM groups
                 WHERE organization = ?1 AND removed_at IS NOT NULL AND removed_at >= ?3 AND connection = ?2
                   AND origin = 'scim'
                 UNION ALL
                 SELECT COUNT(*), MIN(removed_at) FROM users
                 WHERE organization = ?1 AND removed_at IS NOT NULL AND removed_at >= ?3 AND connection = ?2
                 UNION ALL
                 SELECT COUNT(*), MIN(updated_at) FROM users
                 WHERE organization = ?1 AND connection = ?2 AND removed_at IS NULL AND directory_active = 0
                   AND updated_at >= ?3",
                args![organization, connection, since],
            )
            .await?;
        let count = |position: usize| rows.get(position).map_or(0, |(count, _)| u64::try_from(*count).unwrap_or(0));
        Ok(Losses {
            members: count(0),
            groups: count(1),
            people: count(2) + count(3),
            first: rows.iter().filter_map(|(_, first)| *first).min(),
        })
    }

    /// What a connection gives now: memberships, groups, active people.
    pub async fn holdings(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<Losses, StoreError> {
        let rows: Vec<(i64,)> = self
            .all(
                "SELECT COUNT(*) FROM groups g
                   JOIN memberships m ON m.organization = g.organization AND m.group_id = g.id AND m.ended IS NULL
                 WHERE g.organization = ?1 AND g.connection = ?2 AND g.origin = 'scim' AND g.removed_at IS NULL
                 UNION ALL
                 SELECT COUNT(*) FROM groups
                 WHERE organization = ?1 AND connection = ?2 AND origin = 'scim' AND removed_at IS NULL
                 UNION ALL
                 SELECT COUNT(*) FROM users
                 WHERE organization = ?1 AND connection = ?2 AND removed_at IS NULL AND directory_active = 1",
                args![organization, connection],
            )
            .await?;
        let count = |position: usize| rows.get(position).map_or(0, |(count,)| u64::try_from(*count).unwrap_or(0));
        Ok(Losses { members: count(0), groups: count(1), people: count(2), first: None })
    }
}
