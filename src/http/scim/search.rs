//! `/.search`: users and groups in one list (RFC 7644 §3.4.3), the users first, each kind in its own order.

use super::{
    answer,
    body::{Object, note},
    caller::Push,
    dialect, groups, users,
};
use crate::{
    app::App,
    http::error::ScimFailure,
    scim::{Query, ScimError},
};
use axum::{extract::State, response::Response};

pub(super) async fn everything(
    State(app): State<App>,
    push: Push,
    Object(body): Object,
) -> Result<Response, ScimFailure> {
    let (user_query, mut group_query) = Query::of_everything(&body, dialect(&push), push.extensions())?;
    note(&user_query.tolerances, &push);
    if user_query.cursor.is_some() {
        let detail = "A cursor leads through one kind of resources: search /Users or /Groups.";
        return Err(ScimError::invalid_cursor(detail).into());
    }
    let start = user_query.start_index;
    let (mut total, found) = users::found(&app, &push, &user_query).await?;
    let mut list: Vec<_> = found.into_iter().map(|user| user.shown(&user_query.projection)).collect();
    let limits = &app.settings().scim;
    let most = user_query.count.unwrap_or(limits.page_size as u64).min(limits.max_page_size as u64);
    group_query.count = Some(most.saturating_sub(list.len() as u64));
    group_query.start_index = start.saturating_sub(total).max(1);
    let (count, found) = groups::found(&app, &push, &group_query).await?;
    total += count;
    list.extend(found.into_iter().map(|group| group.shown(&group_query.projection)));
    Ok(answer::list(list, total, start))
}
