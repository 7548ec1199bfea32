//! `/.search`: users and groups in one list (RFC 7644 §3.4.3), the users first, each kind in its own order.

use super::{answer, body::Object, caller::Push, dialect, groups, users};
use crate::{
    app::App,
    http::error::ScimFailure,
    scim::{Query, ResourceType, ScimError},
};
use axum::{Extension, extract::State, response::Response};

pub(super) async fn everything(
    State(app): State<App>,
    Extension(push): Extension<Push>,
    Object(body): Object,
) -> Result<Response, ScimFailure> {
    let of = |kind| Query::from_search(kind, &body, dialect(&push));
    let (user_query, group_query) = either(of(ResourceType::User), of(ResourceType::Group))?;
    let start = user_query.as_ref().or(group_query.as_ref()).map_or(1, |query| query.start_index);
    let (mut total, mut list) = (0, Vec::new());
    if let Some(query) = user_query {
        let (count, found) = users::found(&app, &push, &query).await?;
        total = count;
        list.extend(found.into_iter().map(|user| user.shown(&query.projection)));
    }
    if let Some(mut query) = group_query {
        let limits = &app.settings().scim;
        let most = query.count.unwrap_or(limits.page_size as u64).min(limits.max_page_size as u64);
        query.count = Some(most.saturating_sub(list.len() as u64));
        query.start_index = start.saturating_sub(total).max(1);
        let (count, found) = groups::found(&app, &push, &query).await?;
        total += count;
        list.extend(found.into_iter().map(|group| group.shown(&query.projection)));
    }
    Ok(answer::list(list, total, start))
}

/// A filter that only one kind understands finds resources of that kind; one that neither does is refused.
fn either(
    users: Result<Query, ScimError>,
    groups: Result<Query, ScimError>,
) -> Result<(Option<Query>, Option<Query>), ScimError> {
    match (users, groups) {
        (Err(error), Err(_)) => Err(error),
        (users, groups) => Ok((users.ok(), groups.ok())),
    }
}
