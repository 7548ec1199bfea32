//! The two kinds of resource that are listed.

use super::{
    columns::{self, Columns},
    resource::{group_resource, user_resource},
};
use crate::{
    model::{Group, GroupId, OrganizationId, User, UserId},
    store::{
        FromRow, Member, StoreError, ToValue as _, Tx, Value,
        groups::{GROUP_COLUMNS, GroupRow, group},
        users::{UserRow, user},
    },
};
use serde_json::Value as Json;
use std::collections::HashMap;

/// What a listing has to know about what it lists.
pub(super) trait Listed: Sized + Send + Sync {
    /// The columns of one, as they are read.
    type Row: FromRow + Send;
    /// Their names.
    const SELECT: &'static str;
    /// The table.
    const TABLE: &'static str;
    /// The table, and which of its rows are shown. `?1` is the organization and `?2` the connection.
    const FROM: &'static str;
    /// The table, and which of its rows an organization's admins are shown. `?1` is the organization.
    const FROM_ALL: &'static str;
    /// The attribute that lies in other rows and is read only when somebody asks for it.
    const COMPANIONS: &'static str;
    /// The columns of its attributes.
    const COLUMNS: Columns;
    /// How many are read at a time when their companions are read too.
    const WITH_COMPANIONS: usize;

    /// One, from its row.
    fn from_columns(row: Self::Row) -> Result<Self, StoreError>;
    /// Its id.
    fn id(&self) -> &str;
    /// The resources that filters look at, in the same order.
    fn resources(
        tx: &mut Tx,
        organization: &OrganizationId,
        listed: &[Self],
        with_companions: bool,
    ) -> impl Future<Output = Result<Vec<Json>, StoreError>> + Send;
}

/// `?2, ?3, …` for these ids, and the arguments with the organization before them.
fn ids<L: Listed>(organization: &OrganizationId, listed: &[L]) -> (String, Vec<Value>) {
    let mut args = vec![organization.to_value()];
    args.extend(listed.iter().map(|one| Value::Text(one.id().to_owned())));
    let places: Vec<String> = (2..=args.len()).map(|place| format!("?{place}")).collect();
    (places.join(", "), args)
}

impl Listed for User {
    type Row = UserRow;
    const SELECT: &'static str = "id, connection, user_name, external_id, display_name, email, directory_active, \
                                  suspended_by_person, removed_at, document, session_epoch, access_epoch, version, \
                                  created_at, updated_at";
    const TABLE: &'static str = "users";
    const FROM: &'static str =
        "users WHERE users.organization = ?1 AND users.connection = ?2 AND users.removed_at IS NULL";
    const FROM_ALL: &'static str = "users WHERE users.organization = ?1 AND users.removed_at IS NULL";
    const COMPANIONS: &'static str = "groups";
    const COLUMNS: Columns = columns::of_users;
    const WITH_COMPANIONS: usize = 500;

    fn from_columns(row: UserRow) -> Result<Self, StoreError> {
        user(row)
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }

    async fn resources(
        tx: &mut Tx,
        organization: &OrganizationId,
        users: &[Self],
        with_groups: bool,
    ) -> Result<Vec<Json>, StoreError> {
        let mut groups: HashMap<UserId, Vec<Group>> = HashMap::new();
        if with_groups && !users.is_empty() {
            let (places, args) = ids(organization, users);
            let sql = format!(
                "SELECT m.member_id, g.id, g.connection, g.origin, g.display_name, g.external_id, g.removed_at,
                        g.version, g.created_at, g.updated_at
                 FROM memberships m JOIN groups g ON g.organization = m.organization AND g.id = m.group_id
                 WHERE m.organization = ?1 AND m.member_id IN ({places}) AND m.member_kind = 'user'
                   AND m.ended IS NULL AND g.removed_at IS NULL
                 ORDER BY g.id"
            );
            for row in tx.all_built::<Membership>(sql, args).await? {
                groups.entry(row.0).or_default().push(row.1);
            }
        }
        let none = Vec::new();
        Ok(users.iter().map(|user| user_resource(user, groups.get(&user.id).unwrap_or(&none))).collect())
    }
}

/// Who, and in which group.
struct Membership(UserId, Group);

impl FromRow for Membership {
    fn from_row(row: &crate::store::RowRef<'_>) -> Result<Self, StoreError> {
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

impl Listed for Group {
    type Row = GroupRow;
    const SELECT: &'static str = GROUP_COLUMNS;
    const TABLE: &'static str = "groups";
    const FROM: &'static str = "groups WHERE groups.organization = ?1 AND groups.connection = ?2 \
                                AND groups.origin = 'scim' AND groups.removed_at IS NULL";
    const FROM_ALL: &'static str = "groups WHERE groups.organization = ?1 AND groups.removed_at IS NULL";
    const COMPANIONS: &'static str = "members";
    const COLUMNS: Columns = columns::of_groups;
    /// Groups may be large.
    const WITH_COMPANIONS: usize = 20;

    fn from_columns(row: GroupRow) -> Result<Self, StoreError> {
        group(row)
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }

    async fn resources(
        tx: &mut Tx,
        organization: &OrganizationId,
        groups: &[Self],
        with_members: bool,
    ) -> Result<Vec<Json>, StoreError> {
        let mut members: HashMap<GroupId, Vec<Member>> = HashMap::new();
        if with_members && !groups.is_empty() {
            let (places, args) = ids(organization, groups);
            let sql = format!(
                "SELECT m.group_id, u.id, CASE WHEN u.display_name = '' THEN u.user_name ELSE u.display_name END
                 FROM memberships m JOIN users u ON u.organization = m.organization AND u.id = m.member_id
                 WHERE m.organization = ?1 AND m.group_id IN ({places}) AND m.member_kind = 'user'
                   AND m.ended IS NULL AND u.removed_at IS NULL
                 ORDER BY u.id"
            );
            for (group, user, display) in tx.all_built::<(GroupId, UserId, String)>(sql, args).await? {
                members.entry(group).or_default().push(Member { user, display });
            }
        }
        let none = Vec::new();
        Ok(groups.iter().map(|group| group_resource(group, members.get(&group.id).unwrap_or(&none))).collect())
    }
}
