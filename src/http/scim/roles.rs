//! `/Roles`: what a provider can assign. Read only.

use super::{answer, body::Object, caller::Push, parameters};
use crate::{
    app::App,
    http::error::ScimFailure,
    model::Profile,
    scim::{self, Query, ResourceType, RoleDialect, ScimError},
};
use axum::{
    extract::{Path, State},
    response::Response,
};

type Answer = Result<Response, ScimFailure>;

const KIND: ResourceType = ResourceType::Role;

/// In whose words this provider reads roles.
pub(super) fn words(push: &Push) -> RoleDialect {
    match push.connection.settings.profile {
        Profile::Okta => RoleDialect::Okta,
        Profile::Entra | Profile::Generic => RoleDialect::Ietf,
    }
}

pub(super) async fn list(State(app): State<App>, push: Push) -> Answer {
    let query = parameters::query(KIND, &push)?;
    find(&app, &push, &query).await
}

pub(super) async fn search(State(app): State<App>, push: Push, Object(body): Object) -> Answer {
    find(&app, &push, &parameters::search(KIND, &body, &push)?).await
}

async fn find(app: &App, push: &Push, query: &Query) -> Answer {
    if query.cursor.is_some() {
        return Err(ScimError::invalid_cursor("There are few roles: their pages are counted, with startIndex.").into());
    }
    let roles = app.offered_roles(&push.ctx).await?;
    let most = app.settings().scim.max_page_size as u64;
    let (total, page) = scim::role_page(&roles, query, most, (words(push), &*push.base));
    Ok(answer::list(page, total, query.start_index))
}

pub(super) async fn read(State(app): State<App>, push: Push, Path(id): Path<String>) -> Answer {
    let roles = app.offered_roles(&push.ctx).await?;
    let (projection, _) = parameters::projection(KIND, &push.given);
    let found = scim::offered_role(&roles, &id, words(&push));
    let shown = found.map(|role| projection.apply(role.json(words(&push), &push.base)));
    answer::found(shown, "Role", &id)
}
