//! Groups.

use super::{
    FromRow, RowRef, StoreError, Tx, args,
    users::{connection_id, connection_text},
    value::texts,
};
use crate::model::{ConnectionId, Group, GroupId, GroupOrigin, Instant, OrganizationId, Subject, UserId, fold};
use std::collections::{BTreeSet, HashMap};

/// `SELECT` of a whole group, in the order of [`GroupRow`], with what comes after `FROM groups`.
macro_rules! select_groups {
    ($rest:literal) => {
        concat!(
            "SELECT id, connection, origin, display_name, external_id, removed_at, version, created_at, updated_at ",
            "FROM groups ",
            $rest
        )
    };
}

const OF_MEMBER: &str = "SELECT g.id, g.connection, g.origin, g.display_name, g.external_id, g.removed_at, g.version,
            g.created_at, g.updated_at
     FROM memberships m JOIN groups g ON g.organization = m.organization AND g.id = m.group_id
     WHERE m.organization = ?1 AND m.member_id = ?2 AND m.ended IS NULL AND g.removed_at IS NULL
     ORDER BY g.id";

const HELD: &str = select_groups!("WHERE organization = ?1 AND id = ?2 FOR UPDATE");

const OF_NAME: &str = select_groups!(
    "WHERE organization = ?1 AND connection = ?2 AND origin = ?3 AND display_name_folded = ?4 AND removed_at IS NULL"
);

const TOMBSTONE: &str = select_groups!(
    "WHERE organization = ?1 AND connection = ?2 AND origin = 'scim' AND removed_at IS NOT NULL AND removed_at >= ?5
       AND (external_id = ?3 OR display_name_folded = ?4)
     ORDER BY CASE WHEN external_id = ?3 THEN 0 ELSE 1 END, removed_at DESC LIMIT 1"
);

/// The columns of [`select_groups`].
pub(super) type GroupRow = (GroupId, String, String, String, Option<String>, Option<Instant>, i64, Instant, Instant);

/// The columns of a group, for texts that are built.
pub(super) const GROUP_COLUMNS: &str =
    "id, connection, origin, display_name, external_id, removed_at, version, created_at, updated_at";

pub(super) fn group(row: GroupRow) -> Result<Group, StoreError> {
    let (id, connection, origin, display_name, external_id, removed_at, version, created_at, updated_at) = row;
    let origin = match origin.as_str() {
        "local" => GroupOrigin::Local,
        "scim" => GroupOrigin::Scim,
        "claims" => GroupOrigin::Claims,
        other => return Err(StoreError::Corrupt(format!("origin “{other}” of group {id}"))),
    };
    let connection = connection_id(&connection)?;
    Ok(Group { id, connection, origin, display_name, external_id, removed_at, version, created_at, updated_at })
}

/// Who, and in which group.
struct Membership(UserId, Group);

impl FromRow for Membership {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let columns: GroupRow = (
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
            row.get(6)?,
            row.get(7)?,
            row.get(8)?,
            row.get(9)?,
        );
        Ok(Self(row.get(0)?, group(columns)?))
    }
}

impl Tx {
    /// Writes a new group.
    pub async fn insert_group(&mut self, organization: &OrganizationId, group: &Group) -> Result<(), StoreError> {
        self.later(
            "INSERT INTO groups (organization, id, connection, origin, display_name, display_name_folded, external_id,
                                 removed_at, version, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            args![
                organization,
                group.id,
                connection_text(group.connection.as_ref()),
                group.origin.name(),
                group.display_name,
                fold(&group.display_name),
                group.external_id,
                group.removed_at,
                group.version,
                group.created_at,
                group.updated_at
            ],
        )
        .await
    }

    /// Writes a group as it now is.
    pub async fn update_group(&mut self, organization: &OrganizationId, group: &Group) -> Result<(), StoreError> {
        self.later(
            "UPDATE groups SET display_name = ?3, display_name_folded = ?4, external_id = ?5, removed_at = ?6,
                               version = ?7, updated_at = ?8
             WHERE organization = ?1 AND id = ?2",
            args![
                organization,
                group.id,
                group.display_name,
                fold(&group.display_name),
                group.external_id,
                group.removed_at,
                group.version,
                group.updated_at
            ],
        )
        .await
    }

    /// Writes that a group's members changed: nothing that an index is about.
    pub async fn touch_group(&mut self, organization: &OrganizationId, group: &Group) -> Result<(), StoreError> {
        self.later(
            "UPDATE groups SET version = ?3, updated_at = ?4 WHERE organization = ?1 AND id = ?2",
            args![organization, group.id, group.version, group.updated_at],
        )
        .await
    }

    /// One group, removed ones included.
    pub async fn group(&mut self, organization: &OrganizationId, id: &GroupId) -> Result<Option<Group>, StoreError> {
        self.first(select_groups!("WHERE organization = ?1 AND id = ?2"), args![organization, id])
            .await?
            .map(group)
            .transpose()
    }

    /// One group, held until the transaction ends.
    pub async fn group_to_change(
        &mut self,
        organization: &OrganizationId,
        id: &GroupId,
    ) -> Result<Option<Group>, StoreError> {
        self.first(HELD, args![organization, id]).await?.map(group).transpose()
    }

    /// Asks for it with the next statement.
    pub fn soon_group_to_change(&mut self, organization: &OrganizationId, id: &GroupId) {
        self.soon(HELD, || args![organization, id].to_vec());
    }

    /// The group of this name in this connection, compared folded.
    pub async fn group_by_name(
        &mut self,
        organization: &OrganizationId,
        connection: Option<&ConnectionId>,
        origin: GroupOrigin,
        name: &str,
    ) -> Result<Option<Group>, StoreError> {
        let args = args![organization, connection_text(connection), origin.name(), fold(name)];
        self.first(OF_NAME, args).await?.map(group).transpose()
    }

    /// Asks for it with the next statement.
    pub fn soon_group_by_name(
        &mut self,
        organization: &OrganizationId,
        connection: Option<&ConnectionId>,
        origin: GroupOrigin,
        name: &str,
    ) {
        self.soon(OF_NAME, || args![organization, connection_text(connection), origin.name(), fold(name)].to_vec());
    }

    /// The youngest tombstone, not older than `since`, of this externalId or else of this name (folded): a provider that makes
    /// its groups anew gives them other ids.
    pub async fn group_tombstone(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        external_id: Option<&str>,
        name: &str,
        since: Instant,
    ) -> Result<Option<Group>, StoreError> {
        self.first(TOMBSTONE, args![organization, connection, external_id, fold(name), since])
            .await?
            .map(group)
            .transpose()
    }

    /// Asks for it with the next statement.
    pub fn soon_group_tombstone(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        external_id: Option<&str>,
        name: &str,
        since: Instant,
    ) {
        self.soon(TOMBSTONE, || args![organization, connection, external_id, fold(name), since].to_vec());
    }

    /// Every group that rules may match: pushed or asserted, and not removed.
    pub async fn directory_groups(&mut self, organization: &OrganizationId) -> Result<Vec<Group>, StoreError> {
        let rows = self
            .all(
                select_groups!("WHERE organization = ?1 AND origin <> 'local' AND removed_at IS NULL ORDER BY id"),
                args![organization],
            )
            .await?;
        rows.into_iter().map(group).collect()
    }

    /// Up to `limit` groups of the organization whose id is greater than `after`, removed ones left out.
    pub async fn groups_after(
        &mut self,
        organization: &OrganizationId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Group>, StoreError> {
        let rows = self
            .all(
                select_groups!("WHERE organization = ?1 AND id > ?2 AND removed_at IS NULL ORDER BY id LIMIT ?3"),
                args![organization, after, limit],
            )
            .await?;
        rows.into_iter().map(group).collect()
    }

    /// The groups that a user is in, removed groups left out.
    pub async fn groups_of(&mut self, organization: &OrganizationId, user: &UserId) -> Result<Vec<Group>, StoreError> {
        self.groups_of_member(organization, &Subject::User(user.clone())).await
    }

    /// The groups that a person or a machine is in, removed groups left out.
    pub async fn groups_of_member(
        &mut self,
        organization: &OrganizationId,
        member: &Subject,
    ) -> Result<Vec<Group>, StoreError> {
        let rows = self.all(OF_MEMBER, args![organization, member.id()]).await?;
        rows.into_iter().map(group).collect()
    }

    /// Asks for the groups that a user is in with the next statement.
    pub fn soon_groups_of(&mut self, organization: &OrganizationId, user: &UserId) {
        self.soon(OF_MEMBER, || args![organization, user].to_vec());
    }

    /// The groups that each of some people is in, in the order of their ids; removed groups left out.
    pub async fn groups_of_users(
        &mut self,
        organization: &OrganizationId,
        users: &BTreeSet<UserId>,
    ) -> Result<HashMap<UserId, Vec<Group>>, StoreError> {
        let rows: Vec<Membership> = self
            .all(
                "SELECT m.member_id, g.id, g.connection, g.origin, g.display_name, g.external_id, g.removed_at,
                        g.version, g.created_at, g.updated_at
                 FROM texts_of(?2) AS asked CROSS JOIN memberships m CROSS JOIN groups g
                 WHERE m.organization = ?1 AND m.member_id = asked.value AND m.member_kind = 'user' AND m.ended IS NULL
                   AND g.organization = m.organization AND g.id = m.group_id AND g.removed_at IS NULL
                 ORDER BY g.id",
                args![organization, texts(users)],
            )
            .await?;
        let mut groups: HashMap<UserId, Vec<Group>> = HashMap::new();
        for Membership(user, group) in rows {
            groups.entry(user).or_default().push(group);
        }
        Ok(groups)
    }
}
