//! Listings by cursor (RFC 9865).
//!
//! A cursor is where a page began or ended, sealed for one connection and one query. It leads to what is beyond that place
//! now: whatever comes and goes between two pages, nobody who was there all the time is shown twice or left out.

use super::{
    super::{App, Ctx, Error, Need},
    GroupView, KINDS, KeptView, UserView, order,
    users::extensions,
    view,
};
use crate::{
    model::{Connection, Instant},
    scim::{Query, ScimError},
    store::{EVERYBODY, Place, Reach, Reached},
};
use serde::{Deserialize, Serialize};

/// A page that was reached by a cursor.
#[derive(Debug, Clone)]
pub struct CursorPage<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// How many there were in all when the first page was read.
    pub total: u64,
    /// The cursor of the page before; none: this is the first one.
    pub previous: Option<String>,
    /// The cursor of the next page; none: this is the last one.
    pub next: Option<String>,
}

/// What a cursor holds.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    place: Place,
    backwards: bool,
    total: u64,
    until: Instant,
}

/// A query for a page, understood.
struct Asked<'a> {
    app: &'a App,
    ctx: &'a Ctx,
    question: String,
    reach: Reach,
    total: Option<u64>,
}

impl App {
    /// A page of the users that a query asks for, from its cursor on.
    pub async fn users_by_cursor(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        query: &Query,
    ) -> Result<CursorPage<KeptView>, Error> {
        let asked = Asked::read(self, ctx, connection, "Users", query)?;
        let mut tx = self.read(ctx, Need::Directory).await?;
        let (filter, sort) = (query.filter.as_ref(), order(query.sort.as_ref()));
        let kinds = extensions(connection);
        let reached =
            tx.reach_users(&ctx.organization, &connection.id, filter, sort.as_ref(), &asked.reach, &kinds).await?;
        let (users, page) = asked.page(reached)?;
        let mut items = Vec::with_capacity(users.len());
        for user in users {
            items.push(match query.projection.wants("groups") {
                true => view(&mut tx, ctx, user).await?,
                false => UserView { user, groups: Vec::new() },
            });
        }
        Ok(CursorPage { items, ..page })
    }

    /// A page of the groups that a query asks for, from its cursor on.
    pub async fn groups_by_cursor(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        query: &Query,
    ) -> Result<CursorPage<GroupView>, Error> {
        let asked = Asked::read(self, ctx, connection, "Groups", query)?;
        let mut tx = self.read(ctx, Need::Directory).await?;
        let (filter, sort) = (query.filter.as_ref(), order(query.sort.as_ref()));
        let reached =
            tx.reach_groups(&ctx.organization, &connection.id, filter, sort.as_ref(), &asked.reach, &KINDS).await?;
        let (groups, page) = asked.page(reached)?;
        let mut items = Vec::with_capacity(groups.len());
        for group in groups {
            let members = match query.projection.wants("members") {
                true => Some(tx.member_ids(&ctx.organization, &group.id, EVERYBODY).await?),
                false => None,
            };
            items.push(GroupView { group, members });
        }
        Ok(CursorPage { items, ..page })
    }
}

impl<'a> Asked<'a> {
    fn read(app: &'a App, ctx: &'a Ctx, connection: &Connection, list: &str, query: &Query) -> Result<Self, Error> {
        let filter = query.filter.as_ref().map(ToString::to_string).unwrap_or_default();
        let sort = query.sort.as_ref().map(|sort| format!("{} {}", sort.by, sort.descending)).unwrap_or_default();
        // The filter comes last: it alone may hold anything.
        let question = format!("scim/{}/{list}?{sort}&{filter}", connection.id);
        let count = count(app, query)?;
        let mut asked = Self { app, ctx, question, reach: Reach { from: None, backwards: false, count }, total: None };
        let Some(cursor) = query.cursor.as_deref().filter(|cursor| !cursor.is_empty()) else { return Ok(asked) };
        let held = app.unseal_cursor(ctx, &asked.question, cursor);
        let held: Held = held.and_then(|held| serde_json::from_str(&held).ok()).ok_or_else(|| {
            let detail = "This is no cursor of this list with this filter and order. Take it from the page before, or begin \
                          again with an empty one.";
            ScimError::invalid_cursor(detail)
        })?;
        if held.until <= ctx.now {
            let seconds = app.settings().scim.cursor_lifetime.get().as_secs();
            let detail = format!("The cursor is older than {seconds} seconds. Begin again with an empty one.");
            return Err(ScimError::expired_cursor(detail).into());
        }
        asked.reach = Reach { from: Some(held.place), backwards: held.backwards, count };
        asked.total = Some(held.total);
        Ok(asked)
    }

    /// What was reached, and the page around it.
    fn page<T, V>(&self, reached: Reached<T>) -> Result<(Vec<T>, CursorPage<V>), Error> {
        let Reached { items, before, behind, total } = reached;
        let total = total.or(self.total).unwrap_or_default();
        let until = self.ctx.now.plus(self.app.settings().scim.cursor_lifetime.get());
        let seal = |place: Place, backwards: bool| {
            let held = serde_json::to_string(&Held { place, backwards, total, until }).map_err(Error::internal)?;
            self.app.seal_cursor(self.ctx, &self.question, &held)
        };
        let previous = before.map(|place| seal(place, true)).transpose()?;
        let next = behind.map(|place| seal(place, false)).transpose()?;
        Ok((items, CursorPage { items: Vec::new(), total, previous, next }))
    }
}

/// RFC 9865 §2.1: a count is "between 1 and the service provider's maxPageSize"; by index it would be cut.
fn count(app: &App, query: &Query) -> Result<usize, ScimError> {
    let limits = &app.settings().scim;
    let most = limits.max_page_size;
    match query.count.map(usize::try_from) {
        None => Ok(limits.page_size),
        Some(Ok(count)) if (1..=most).contains(&count) => Ok(count),
        Some(Ok(_) | Err(_)) => {
            Err(ScimError::invalid_count(format!("By cursor a page has between 1 and {most} resources.")))
        }
    }
}
