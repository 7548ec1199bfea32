//! `/scim/v2`: the door of identity providers (RFC 7644).
//!
//! Nothing in here is reached without a connection's token, not even what does not exist: [`caller`] stands in front of the
//! routes and of the 404 alike. Each handler reads ([`body`], [`parameters`]), makes one call of `app`, and answers
//! ([`answer`]).

mod answer;
mod body;
mod caller;
mod discovery;
mod groups;
mod parameters;
mod search;
mod users;

use super::error::{Refusal, ScimFailure};
use crate::{app::App, filter::Dialect, scim::ScimError};
use axum::{
    Router, middleware,
    routing::{any, get, post},
};

pub(super) fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/ServiceProviderConfig", get(discovery::configuration))
        .route("/ResourceTypes", get(discovery::resource_types))
        .route("/ResourceTypes/{id}", get(discovery::resource_type))
        .route("/Schemas", get(discovery::schemas))
        .route("/Schemas/{urn}", get(discovery::schema))
        .route("/Users", get(users::list).post(users::create))
        .route("/Users/.search", post(users::search))
        .route("/Users/{id}", get(users::read).put(users::replace).patch(users::patch).delete(users::delete))
        .route("/Groups", get(groups::list).post(groups::create))
        .route("/Groups/.search", post(groups::search))
        .route("/Groups/{id}", get(groups::read).put(groups::replace).patch(groups::patch).delete(groups::delete))
        .route("/.search", post(search::everything))
        .route("/Bulk", post(bulk))
        .route("/Me", any(me))
        .fallback(async || ScimFailure::from(Refusal::not_found()))
        .layer(middleware::from_fn_with_state(app.clone(), caller::authenticate))
}

/// RFC 7644 §3.7: bulk is optional; `/ServiceProviderConfig` says that it is not offered.
async fn bulk() -> ScimFailure {
    ScimError::not_implemented("Bulk requests are not offered; send each operation by itself.").into()
}

/// RFC 7644 §3.11: a token here belongs to a provider and to no person.
async fn me() -> ScimFailure {
    ScimError::not_implemented("A connection's token belongs to no person, so there is no /Me.").into()
}

fn dialect(push: &caller::Push) -> Dialect {
    match push.connection.settings.dialect {
        crate::model::ScimDialect::Tolerant => Dialect::Tolerant,
        crate::model::ScimDialect::Strict => Dialect::Strict,
    }
}
