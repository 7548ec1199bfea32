//! Who is in a group, and who is waited for. Membership is rows: adding one member never loads the list.

use super::{StoreError, Tx, args, value::texts};
use crate::model::{ConnectionId, GroupId, Holder, Instant, OrganizationId, ServiceAccountId, UserId};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Somebody in a group, as SCIM names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub display: String,
}

/// Whether somebody of a connection is in a group; no row for somebody else.
const STANDING: &str = "SELECT (SELECT COUNT(*) FROM memberships m
             WHERE m.organization = u.organization AND m.group_id = ?3 AND m.member_kind = 'user' AND m.member_id = u.id
               AND m.ended IS NULL)
     FROM users u WHERE u.organization = ?1 AND u.id = ?4 AND u.connection = ?2 AND u.removed_at IS NULL";

const ENTER: &str =
    "INSERT INTO memberships (organization, group_id, member_kind, member_id, since) VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT (organization, group_id, member_kind, member_id) WHERE ended IS NULL DO NOTHING";

impl Tx {
    /// Whether a person of a connection is in a group; none where the connection has no such person.
    pub async fn is_member(
        &mut self,
        organization: &OrganizationId,
        (connection, group): (&ConnectionId, &GroupId),
        user: &UserId,
    ) -> Result<Option<bool>, StoreError> {
        let found: Option<(i64,)> = self.first(STANDING, args![organization, connection, group, user]).await?;
        Ok(found.map(|(memberships,)| memberships > 0))
    }

    /// Asks for that with the next statement.
    pub fn soon_is_member(
        &mut self,
        organization: &OrganizationId,
        (connection, group): (&ConnectionId, &GroupId),
        user: &UserId,
    ) {
        self.soon(STANDING, || args![organization, connection, group, user].to_vec());
    }

    /// Puts somebody who is not in it into a group, without waiting for an answer.
    pub async fn enter_group(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
        user: &UserId,
        now: Instant,
    ) -> Result<(), StoreError> {
        let holder = Holder::User(user.clone());
        self.later(ENTER, args![organization, group, holder.kind(), holder, now]).await
    }

    /// Puts somebody into a group. False when they were in it: then nothing is written.
    pub async fn open_membership(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
        user: &UserId,
        now: Instant,
    ) -> Result<bool, StoreError> {
        self.open_membership_of(organization, group, &Holder::User(user.clone()), now).await
    }

    /// Puts people of a connection into a group by one statement. Says who was not in it; who is not of the connection is left
    /// out.
    pub async fn open_memberships(
        &mut self,
        organization: &OrganizationId,
        (connection, group): (&ConnectionId, &GroupId),
        users: &BTreeSet<UserId>,
        now: Instant,
    ) -> Result<BTreeSet<UserId>, StoreError> {
        let rows: Vec<(UserId,)> = self
            .all(
                "INSERT INTO memberships (organization, group_id, member_kind, member_id, since)
                 SELECT u.organization, CAST(?3 AS TEXT), 'user', u.id, CAST(?5 AS BIGINT)
                 FROM texts_of(?4) AS asked CROSS JOIN users u
                 WHERE u.organization = ?1 AND u.id = asked.value AND u.connection = ?2 AND u.removed_at IS NULL
                 ON CONFLICT (organization, group_id, member_kind, member_id) WHERE ended IS NULL DO NOTHING
                 RETURNING member_id",
                args![organization, connection, group, texts(users), now],
            )
            .await?;
        Ok(rows.into_iter().map(|(user,)| user).collect())
    }

    /// Takes people out of a group by one statement. Says who was in it.
    pub async fn close_memberships(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
        users: &BTreeSet<UserId>,
        now: Instant,
    ) -> Result<BTreeSet<UserId>, StoreError> {
        let rows: Vec<(UserId,)> = self
            .all(
                "UPDATE memberships SET ended = ?4
                 WHERE organization = ?1 AND group_id = ?2 AND member_kind = 'user'
                   AND member_id IN (SELECT asked.value FROM texts_of(?3) AS asked) AND ended IS NULL
                 RETURNING member_id",
                args![organization, group, texts(users), now],
            )
            .await?;
        Ok(rows.into_iter().map(|(user,)| user).collect())
    }

    /// Puts a person or a machine into a group. False when they were in it: then nothing is written.
    pub async fn open_membership_of(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
        member: &Holder,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let rows = self.run(ENTER, args![organization, group, member.kind(), member, now]).await?;
        Ok(rows == 1)
    }

    /// Takes somebody out of a group. False when they were not in it.
    pub async fn close_membership(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
        user: &UserId,
        now: Instant,
    ) -> Result<bool, StoreError> {
        self.close_membership_of(organization, group, &Holder::User(user.clone()), now).await
    }

    /// Takes a person or a machine out of a group. False when they were not in it.
    pub async fn close_membership_of(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
        member: &Holder,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE memberships SET ended = ?5
                 WHERE organization = ?1 AND group_id = ?2 AND member_kind = ?3 AND member_id = ?4
                   AND ended IS NULL",
                args![organization, group, member.kind(), member, now],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Takes somebody out of every group.
    pub async fn close_memberships_of(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.close_memberships_of_member(organization, &Holder::User(user.clone()), now).await.map(drop)
    }

    /// Takes a person or a machine out of every group; out of how many.
    pub async fn close_memberships_of_member(
        &mut self,
        organization: &OrganizationId,
        member: &Holder,
        now: Instant,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE memberships SET ended = ?4
             WHERE organization = ?1 AND member_id = ?2 AND member_kind = ?3 AND ended IS NULL",
            args![organization, member, member.kind(), now],
        )
        .await
    }

    /// Takes everybody out of a group; how many there were.
    pub async fn empty_group(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
        now: Instant,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE memberships SET ended = ?3 WHERE organization = ?1 AND group_id = ?2 AND ended IS NULL",
            args![organization, group, now],
        )
        .await
    }

    /// The service accounts in a group with their names, closed ones left out.
    pub async fn machine_members(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
    ) -> Result<Vec<(ServiceAccountId, String)>, StoreError> {
        self.all(
            "SELECT a.id, a.name FROM memberships m
               JOIN service_accounts a ON a.organization = m.organization AND a.id = m.member_id
             WHERE m.organization = ?1 AND m.group_id = ?2 AND m.member_kind = 'service_account' AND m.ended IS NULL
               AND a.removed_at IS NULL
             ORDER BY a.id",
            args![organization, group],
        )
        .await
    }

    /// Puts somebody back into the groups whose membership ended at exactly `at`: when they were removed.
    pub async fn reopen_memberships_of(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        at: Instant,
        now: Instant,
    ) -> Result<u64, StoreError> {
        self.run(
            "INSERT INTO memberships (organization, group_id, member_kind, member_id, since)
             SELECT m.organization, m.group_id, m.member_kind, m.member_id, CAST(?4 AS BIGINT)
             FROM memberships m JOIN groups g ON g.organization = m.organization AND g.id = m.group_id
             WHERE m.organization = ?1 AND m.member_id = ?2 AND m.member_kind = 'user' AND m.ended = ?3
               AND g.removed_at IS NULL
             ON CONFLICT (organization, group_id, member_kind, member_id) WHERE ended IS NULL DO NOTHING",
            args![organization, user, at, now],
        )
        .await
    }

    /// The ids of the people in a group, at most `most`.
    pub async fn member_ids(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
        most: i64,
    ) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<(UserId,)> = self
            .all(
                "SELECT member_id FROM memberships
                 WHERE organization = ?1 AND group_id = ?2 AND member_kind = 'user' AND ended IS NULL
                 ORDER BY member_id LIMIT ?3",
                args![organization, group, most],
            )
            .await?;
        Ok(rows.into_iter().map(|(user,)| user).collect())
    }

    /// Who is in a group with their names, at most `most`; removed people left out.
    pub async fn members(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
        most: i64,
    ) -> Result<Vec<Member>, StoreError> {
        let rows: Vec<(UserId, String, String)> = self
            .all(
                "SELECT u.id, u.display_name, u.user_name
                 FROM memberships m JOIN users u ON u.organization = m.organization AND u.id = m.member_id
                 WHERE m.organization = ?1 AND m.group_id = ?2 AND m.member_kind = 'user' AND m.ended IS NULL
                   AND u.removed_at IS NULL
                 ORDER BY m.member_id LIMIT ?3",
                args![organization, group, most],
            )
            .await?;
        Ok(rows
            .into_iter()
            .map(|(user, display_name, user_name)| Member {
                user,
                display: if display_name.is_empty() { user_name } else { display_name },
            })
            .collect())
    }

    /// Keeps members that nobody knows yet, with what they are called: they join when they come. Says how many are new.
    pub async fn insert_pending_members(
        &mut self,
        organization: &OrganizationId,
        (connection, group): (&ConnectionId, &GroupId),
        members: &BTreeMap<&str, Option<&str>>,
        now: Instant,
    ) -> Result<u64, StoreError> {
        self.run(
            "INSERT INTO pending_members (organization, group_id, value, connection, display, since)
             SELECT CAST(?1 AS TEXT), CAST(?3 AS TEXT), asked.key, CAST(?2 AS TEXT), asked.value, CAST(?5 AS BIGINT)
             FROM pairs_of(?4) AS asked WHERE 1 = 1
             ON CONFLICT (organization, group_id, value) DO NOTHING",
            args![organization, connection, group, json!(members).to_string(), now],
        )
        .await
    }

    /// Forgets pending members of a group; how many there were.
    pub async fn delete_pending_members_called(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
        values: &BTreeSet<&str>,
    ) -> Result<u64, StoreError> {
        self.run(
            "DELETE FROM pending_members
             WHERE organization = ?1 AND group_id = ?2 AND value IN (SELECT asked.value FROM texts_of(?3) AS asked)",
            args![organization, group, texts(values)],
        )
        .await
    }

    /// Forgets every pending member of a group.
    pub async fn delete_pending_members(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
    ) -> Result<u64, StoreError> {
        self.run("DELETE FROM pending_members WHERE organization = ?1 AND group_id = ?2", args![organization, group])
            .await
    }

    /// The groups that wait in this connection for somebody of one of these names, which wait no longer.
    pub async fn take_pending(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        names: [&str; 4],
    ) -> Result<Vec<GroupId>, StoreError> {
        let [one, two, three, four] = names;
        // Mostly no group waits for anybody: the first condition is looked at once, and spares the rest.
        let rows: Vec<(GroupId,)> = self
            .all(
                "SELECT p.group_id FROM pending_members p
                   JOIN groups g ON g.organization = p.organization AND g.id = p.group_id
                 WHERE EXISTS (SELECT 1 FROM pending_members WHERE organization = ?1 AND connection = ?2)
                   AND p.organization = ?1 AND p.connection = ?2 AND p.value IN (?3, ?4, ?5, ?6)
                   AND g.removed_at IS NULL",
                args![organization, connection, one, two, three, four],
            )
            .await?;
        if !rows.is_empty() {
            self.run(
                "DELETE FROM pending_members
                 WHERE organization = ?1 AND connection = ?2 AND value IN (?3, ?4, ?5, ?6)",
                args![organization, connection, one, two, three, four],
            )
            .await?;
        }
        // Sorted here: an index in that order would be one that reads everybody who is waited for.
        let groups: std::collections::BTreeSet<GroupId> = rows.into_iter().map(|(group,)| group).collect();
        Ok(groups.into_iter().collect())
    }

    /// Who is in each of some groups with their names; removed people left out.
    pub async fn members_of_groups(
        &mut self,
        organization: &OrganizationId,
        groups: &BTreeSet<GroupId>,
    ) -> Result<HashMap<GroupId, Vec<Member>>, StoreError> {
        let rows: Vec<(GroupId, UserId, String)> = self
            .all(
                "SELECT m.group_id, u.id, CASE WHEN u.display_name = '' THEN u.user_name ELSE u.display_name END
                 FROM texts_of(?2) AS asked CROSS JOIN memberships m CROSS JOIN users u
                 WHERE m.organization = ?1 AND m.group_id = asked.value AND m.member_kind = 'user' AND m.ended IS NULL
                   AND u.organization = m.organization AND u.id = m.member_id AND u.removed_at IS NULL
                 ORDER BY m.group_id, m.member_id",
                args![organization, texts(groups)],
            )
            .await?;
        let mut members: HashMap<GroupId, Vec<Member>> = HashMap::new();
        for (group, user, display) in rows {
            members.entry(group).or_default().push(Member { user, display });
        }
        Ok(members)
    }

    /// The members that a group waits for.
    pub async fn pending_members(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
    ) -> Result<Vec<(String, Option<String>)>, StoreError> {
        self.all(
            "SELECT value, display FROM pending_members WHERE organization = ?1 AND group_id = ?2 ORDER BY value",
            args![organization, group],
        )
        .await
    }
}
