//! `/Users`.

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
    scim::{Patch, Query, ResourceType, Tolerance, UserDocument},
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

const KIND: ResourceType = ResourceType::User;

pub(super) async fn list(State(app): State<App>, push: Push) -> Answer {
    find(&app, &push, parameters::query(KIND, &push)?).await
}

pub(super) async fn search(State(app): State<App>, push: Push, Object(body): Object) -> Answer {
    find(&app, &push, parameters::search(KIND, &body, &push)?).await
}

async fn find(app: &App, push: &Push, query: Query) -> Answer {
    if query.cursor.is_some() {
        let page = app.users_by_cursor(&push.ctx, &push.connection, &query).await?;
        return Ok(answer::cursor_list(page, |view| Ok(answer::user(push, &view)?.shown(&query.projection)))?);
    }
    let (total, users) = found(app, push, &query).await?;
    let users = users.into_iter().map(|user| user.shown(&query.projection)).collect();
    Ok(answer::list(users, total, query.start_index))
}

/// One page of the users that a query asks for, and how many there are.
pub(super) async fn found(app: &App, push: &Push, query: &Query) -> Result<(u64, Vec<Resource>), ScimFailure> {
    let (mut total, mut views) = app.users(&push.ctx, &push.connection, query).await?;
    if total == 0
        && let Some(again) = parameters::with_pluses(query)
    {
        (total, views) = app.users(&push.ctx, &push.connection, &again).await?;
        if total > 0 {
            note(&[Tolerance::UnencodedPlus], push);
        }
    }
    Ok((total, views.iter().map(|view| answer::user(push, view)).collect::<Result<_, _>>()?))
}

pub(super) async fn create(State(app): State<App>, push: Push, Object(body): Object) -> Answer {
    let made = make(&app, &push, &body).await?;
    Ok(made.created(&parameters::projection(KIND, &push.given).0, app.receipt()))
}

pub(super) async fn read(State(app): State<App>, push: Push, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let view = app.user(&push.ctx, &push.connection, &id).await?;
    let known = parameters::tags(&headers, &IF_NONE_MATCH);
    Ok(answer::user(&push, &view)?.ok_unless(known.as_ref(), &parameters::projection(KIND, &push.given).0))
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
    let seen = parameters::tags(&headers, &IF_MATCH);
    let changed = change(&app, &push, (&id, seen.as_ref()), &body).await?;
    Ok(changed.patched(push.connection.settings.patch_response, &parameters::projection(KIND, &push.given).0))
}

pub(super) async fn delete(State(app): State<App>, push: Push, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let seen = parameters::tags(&headers, &IF_MATCH);
    app.delete_user(&push.ctx, &push.connection, (&id, seen.as_ref())).await?;
    Ok(answer::gone())
}

/// What a POST does, by itself or in bulk.
pub(super) async fn make(app: &App, push: &Push, body: &Map<String, Value>) -> Result<Resource, Refusal> {
    let (document, tolerances) = UserDocument::parse_extended(body, dialect(push), push.extensions())?;
    note(&tolerances, push);
    answer::user(push, &app.create_user(&push.ctx, &push.connection, document).await?)
}

/// What a PUT does.
pub(super) async fn set(
    app: &App,
    push: &Push,
    target: Target<'_>,
    body: &Map<String, Value>,
) -> Result<Resource, Refusal> {
    answer::user(push, &app.replace_user(&push.ctx, &push.connection, target, body).await?)
}

/// What a PATCH does.
pub(super) async fn change(
    app: &App,
    push: &Push,
    target: Target<'_>,
    body: &Map<String, Value>,
) -> Result<Resource, Refusal> {
    let patch = Patch::parse(body, dialect(push))?;
    answer::user(push, &app.patch_user(&push.ctx, &push.connection, target, &patch).await?)
}
