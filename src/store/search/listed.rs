//! The two kinds of resource that are listed.

use super::{
    columns::{self, Columns},
    resource::{group_resource, user_resource},
};
use crate::{
    model::{Group, KeptUser, OrganizationId},
    store::{
        FromRow, StoreError, Tx,
        groups::{GROUP_COLUMNS, GroupRow, group},
        users::{UserRow, document, kept},
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

impl Listed for KeptUser {
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
        kept(row)
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
        let asked = users.iter().map(|user| user.id.clone()).collect();
        let groups = match with_groups && !users.is_empty() {
            true => tx.groups_of_users(organization, &asked).await?,
            false => HashMap::new(),
        };
        let none = Vec::new();
        let resource = |user: &Self| {
            let groups = groups.get(&user.id).unwrap_or(&none);
            Ok(user_resource(user, document(&user.document, &user.id)?, groups))
        };
        users.iter().map(resource).collect()
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
        let asked = groups.iter().map(|group| group.id.clone()).collect();
        let members = match with_members && !groups.is_empty() {
            true => tx.members_of_groups(organization, &asked).await?,
            false => HashMap::new(),
        };
        let none = Vec::new();
        Ok(groups.iter().map(|group| group_resource(group, members.get(&group.id).unwrap_or(&none))).collect())
    }
}
