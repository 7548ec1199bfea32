//! `/Groups`. Members are fetched only where they are shown.

use super::{
    Target,
    answer::{self, Resource},
    body::{Object, note},
    caller::Push,
    dialect, parameters,
};
use crate::{
    app::App,
    http::error::{Refusal, ScimFailure},
    model::PatchResponse,
    scim::{GroupDocument, Patch, Query, ResourceType, Tolerance},
};
use axum::{
    extract::{Path, State},
    http::{
        HeaderMap,
        header::{IF_MATCH, IF_NONE_MATCH},
    },
    response::Response,
};
use serde_json::{Map, Value};

type Answer = Result<Response, ScimFailure>;

const KIND: ResourceType = ResourceType::Group;

/// A PATCH of members shows them all, as RFC 7644 §3.5.2 has it, if they are at most so many or were asked for: adding one to
/// a group of a million must not answer with a million.
const SHOWN_UNASKED: usize = 100;

pub(super) async fn list(State(app): State<App>, push: Push) -> Answer {
    find(&app, &push, parameters::query(KIND, &push)?).await
}

pub(super) async fn search(State(app): State<App>, push: Push, Object(body): Object) -> Answer {
    find(&app, &push, parameters::search(KIND, &body, &push)?).await
}

async fn find(app: &App, push: &Push, query: Query) -> Answer {
    if query.cursor.is_some() {
        let page = app.groups_by_cursor(&push.ctx, &push.connection, &query).await?;
        return Ok(answer::cursor_list(page, |view| Ok(answer::group(push, &view)?.shown(&query.projection)))?);
    }
    let (total, groups) = found(app, push, &query).await?;
    let groups = groups.into_iter().map(|group| group.shown(&query.projection)).collect();
    Ok(answer::list(groups, total, query.start_index))
}

/// One page of the groups that a query asks for, and how many there are.
pub(super) async fn found(app: &App, push: &Push, query: &Query) -> Result<(u64, Vec<Resource>), ScimFailure> {
    let (mut total, mut views) = app.groups(&push.ctx, &push.connection, query).await?;
    if total == 0
        && let Some(again) = parameters::with_pluses(query)
    {
        (total, views) = app.groups(&push.ctx, &push.connection, &again).await?;
        if total > 0 {
            note(&[Tolerance::UnencodedPlus], push);
        }
    }
    Ok((total, views.iter().map(|view| answer::group(push, view)).collect::<Result<_, _>>()?))
}

pub(super) async fn create(State(app): State<App>, push: Push, Object(body): Object) -> Answer {
    let made = make(&app, &push, &body).await?;
    Ok(made.created(&parameters::projection(KIND, &push.given).0, app.receipt()))
}

pub(super) async fn read(State(app): State<App>, push: Push, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let (projection, _) = parameters::projection(KIND, &push.given);
    let view = app.group(&push.ctx, &push.connection, &id, projection.wants("members")).await?;
    let known = parameters::tags(&headers, &IF_NONE_MATCH);
    Ok(answer::group(&push, &view)?.ok_unless(known.as_ref(), &projection))
}

pub(super) async fn replace(
    State(app): State<App>,
    push: Push,
    Path(id): Path<String>,
    headers: HeaderMap,
    Object(body): Object,
) -> Answer {
    let seen = parameters::tags(&headers, &IF_MATCH);
    Ok(set(&app, &push, (&id, seen.as_ref()), &body).await?.ok(&parameters::projection(KIND, &push.given).0))
}

pub(super) async fn patch(
    State(app): State<App>,
    push: Push,
    Path(id): Path<String>,
    headers: HeaderMap,
    Object(body): Object,
) -> Answer {
    let (projection, asked) = parameters::projection(KIND, &push.given);
    let seen = parameters::tags(&headers, &IF_MATCH);
    let unasked = if asked { usize::MAX } else { SHOWN_UNASKED };
    // An empty answer shows nothing.
    let is_empty = push.connection.settings.patch_response == PatchResponse::Empty && !projection.is_selective();
    let most = if projection.wants("members") && !is_empty { unasked } else { 0 };
    let changed = change(&app, &push, (&id, seen.as_ref()), &body, most).await?;
    Ok(changed.patched(push.connection.settings.patch_response, &projection))
}

pub(super) async fn delete(State(app): State<App>, push: Push, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let seen = parameters::tags(&headers, &IF_MATCH);
    app.delete_group(&push.ctx, &push.connection, (&id, seen.as_ref())).await?;
    Ok(answer::gone())
}

/// What a POST does, by itself or in bulk.
pub(super) async fn make(app: &App, push: &Push, body: &Map<String, Value>) -> Result<Resource, Refusal> {
    let (document, tolerances) = GroupDocument::parse(body, dialect(push))?;
    note(&tolerances, push);
    answer::group(push, &app.create_group(&push.ctx, &push.connection, document).await?)
}

/// What a PUT does.
pub(super) async fn set(
    app: &App,
    push: &Push,
    target: Target<'_>,
    body: &Map<String, Value>,
) -> Result<Resource, Refusal> {
    let (document, tolerances) = GroupDocument::parse(body, dialect(push))?;
    note(&tolerances, push);
    answer::group(push, &app.replace_group(&push.ctx, &push.connection, target, document).await?)
}

/// What a PATCH does. The members are shown if they are at most `most`; a PATCH that names none shows them only where that
/// is all of them.
pub(super) async fn change(
    app: &App,
    push: &Push,
    target: Target<'_>,
    body: &Map<String, Value>,
    most: usize,
) -> Result<Resource, Refusal> {
    let patch = Patch::parse(body, dialect(push))?.for_group()?;
    note(&patch.tolerances, push);
    let most = if patch.members.is_empty() && most != usize::MAX { 0 } else { most };
    answer::group(push, &app.patch_group(&push.ctx, &push.connection, target, &patch, most).await?)
}
