//! What this server can do (RFC 7644 §4).

use super::{answer, caller::Push};
use crate::{
    app::App,
    http::{error::ScimFailure, request::parameters},
    scim::{self, BulkLimits, Capabilities, Pagination, ScimError},
};
use axum::{
    Extension,
    extract::{Path, State},
    http::Uri,
    response::Response,
};

pub(super) async fn configuration(State(app): State<App>, uri: Uri) -> Result<Response, ScimFailure> {
    no_filter(&uri)?;
    let settings = &app.settings().scim;
    let limits = BulkLimits {
        max_operations: settings.max_bulk_operations as u64,
        max_payload_size: settings.max_body.bytes() as u64,
    };
    let pagination = Pagination {
        default_page_size: settings.page_size as u64,
        cursor_timeout: settings.cursor_lifetime.get().as_secs(),
    };
    let max_results = settings.max_page_size as u64;
    let capabilities = Capabilities { max_results, bulk: Some(limits), sort: true, pagination };
    Ok(answer::json(&scim::service_provider_config(&answer::base(&app), capabilities)))
}

pub(super) async fn resource_types(
    State(app): State<App>,
    Extension(push): Extension<Push>,
    uri: Uri,
) -> Result<Response, ScimFailure> {
    no_filter(&uri)?;
    Ok(answer::json(&scim::resource_types(&answer::base(&app), push.extensions())))
}

pub(super) async fn resource_type(
    State(app): State<App>,
    Extension(push): Extension<Push>,
    Path(id): Path<String>,
) -> Result<Response, ScimFailure> {
    answer::found(scim::resource_type(&answer::base(&app), &id, push.extensions()), "ResourceType", &id)
}

pub(super) async fn schemas(
    State(app): State<App>,
    Extension(push): Extension<Push>,
    uri: Uri,
) -> Result<Response, ScimFailure> {
    no_filter(&uri)?;
    Ok(answer::json(&scim::schemas(&answer::base(&app), push.extensions())))
}

pub(super) async fn schema(
    State(app): State<App>,
    Extension(push): Extension<Push>,
    Path(urn): Path<String>,
) -> Result<Response, ScimFailure> {
    answer::found(scim::schema(&answer::base(&app), &urn, push.extensions()), "Schema", &urn)
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
