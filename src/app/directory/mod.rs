//! What identity providers push: people, groups, and who is in them.

mod arrival;
mod cursors;
mod described;
mod groups;
mod lifecycle;
mod members;
mod roles;
mod unheard;
mod users;
mod waiting;

pub(super) use arrival::Found;
pub use cursors::CursorPage;
pub use unheard::Receipt;
pub(super) use unheard::Unheard;
pub(super) use waiting::LOOK_AGAIN;

use super::{App, Ctx, Error};
use crate::{
    filter::StandardKinds,
    model::{Group, GroupOrigin, KeptUser, User, UserId},
    scim::{EntityTags, Query, ScimError, Sort, weak},
    store::{Page, Tx},
};
use serde_json::{Map, Value};
use std::time::Duration;

/// How long a deleted user or group can come back under the same id.
pub(super) const TOMBSTONE: Duration = Duration::from_hours(30 * 24);

/// A user, and the pushed groups that they are in. `D` is the user's document.
#[derive(Debug, Clone)]
pub struct UserView<D = Map<String, Value>> {
    /// The user.
    pub user: User<D>,
    /// Their groups, of the same connection.
    pub groups: Vec<Group>,
}

/// A user who was asked for: their document goes to the provider as it lies in the store.
pub type KeptView = UserView<String>;

/// A group, and its members where they were asked for.
#[derive(Debug, Clone)]
pub struct GroupView {
    /// The group.
    pub group: Group,
    /// Who is in it; none where nobody asked.
    pub members: Option<Vec<UserId>>,
}

/// Refuses a change of something that changed since it was read (RFC 7644 §3.14).
fn check_version(if_match: Option<&EntityTags>, version: i64) -> Result<(), Error> {
    match if_match {
        Some(tags) if !tags.matches(&weak(&version.to_string())) => {
            let detail = "the resource changed since it was read; read it again and repeat the change";
            Err(ScimError::precondition_failed(detail).into())
        }
        Some(_) | None => Ok(()),
    }
}

/// The page that a query asks for, within the limits of the settings.
fn page(app: &App, query: &Query) -> Page {
    let limits = &app.settings().scim;
    let count = query.count.unwrap_or(limits.page_size as u64).min(limits.max_page_size as u64);
    Page { start_index: query.start_index, count }
}

fn order(sort: Option<&Sort>) -> Option<crate::store::Sort> {
    sort.map(|sort| crate::store::Sort { attribute: sort.by.clone(), descending: sort.descending })
}

/// How attributes compare in queries.
const KINDS: StandardKinds = StandardKinds;

/// The pushed groups of a connection that a user is in.
async fn view<D>(tx: &mut Tx, ctx: &Ctx, user: User<D>) -> Result<UserView<D>, Error> {
    let groups = tx.groups_of(&ctx.organization, &user.id).await?;
    Ok(shown(user, groups))
}

/// A user with those of their groups that are shown.
fn shown<D>(user: User<D>, mut groups: Vec<Group>) -> UserView<D> {
    groups.retain(|group| is_pushed(group, &user));
    UserView { user, groups }
}

/// The same of many at once.
async fn views(tx: &mut Tx, ctx: &Ctx, users: Vec<KeptUser>) -> Result<Vec<KeptView>, Error> {
    let users = match <[KeptUser; 1]>::try_from(users) {
        // Mostly somebody is looked for by their name. One is found without a list.
        Ok([only]) => return Ok(vec![view(tx, ctx, only).await?]),
        Err(users) if users.is_empty() => return Ok(Vec::new()),
        Err(users) => users,
    };
    let ids = users.iter().map(|user| user.id.clone()).collect();
    let mut found = tx.groups_of_users(&ctx.organization, &ids).await?;
    let whole = |user: KeptUser| {
        let groups = found.remove(&user.id).unwrap_or_default();
        shown(user, groups)
    };
    Ok(users.into_iter().map(whole).collect())
}

/// Whether a group is shown with a user: those pushed by the same connection are.
fn is_pushed<D>(group: &Group, user: &User<D>) -> bool {
    group.connection == user.connection && group.origin == GroupOrigin::Scim
}
