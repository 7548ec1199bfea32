//! What this server can do (RFC 7644 §4).

use super::{answer, caller::Push, dialect};
use crate::{
    app::App,
    filter::Dialect,
    http::{error::ScimFailure, request::parameters},
    scim::{self, Capabilities, ScimError},
};
use axum::{
    Extension,
    extract::{Path, State},
    http::Uri,
    response::Response,
};
use serde_json::Value;

pub(super) async fn configuration(State(app): State<App>, Extension(push): Extension<Push>) -> Response {
    let capabilities = Capabilities { max_results: app.settings().scim.max_page_size as u64, bulk: None, sort: true };
    let mut configuration = scim::service_provider_config(&answer::base(&app), capabilities);
    // The profile refuses what most providers send, so it is true of strict connections alone.
    configuration["interopProfileConformant"] = Value::Bool(dialect(&push) == Dialect::Strict);
    answer::json(&configuration)
}

pub(super) async fn resource_types(State(app): State<App>, uri: Uri) -> Result<Response, ScimFailure> {
    no_filter(&uri)?;
    Ok(answer::json(&scim::resource_types(&answer::base(&app))))
}

pub(super) async fn resource_type(State(app): State<App>, Path(id): Path<String>) -> Result<Response, ScimFailure> {
    answer::found(scim::resource_type(&answer::base(&app), &id), "ResourceType", &id)
}

pub(super) async fn schemas(State(app): State<App>, uri: Uri) -> Result<Response, ScimFailure> {
    no_filter(&uri)?;
    Ok(answer::json(&scim::schemas(&answer::base(&app))))
}

pub(super) async fn schema(State(app): State<App>, Path(urn): Path<String>) -> Result<Response, ScimFailure> {
    answer::found(scim::schema(&answer::base(&app), &urn), "Schema", &urn)
}

/// RFC 7644 §4: "If a "filter" is provided, the service provider SHOULD respond with HTTP status code 403 (Forbidden)".
fn no_filter(uri: &Uri) -> Result<(), ScimFailure> {
    let filtered = parameters(uri).iter().any(|(name, _)| name.eq_ignore_ascii_case("filter"));
    if filtered {
        Err(ScimError::forbidden("Discovery cannot be filtered; leave the filter out.").into())
    } else {
        Ok(())
    }
}
