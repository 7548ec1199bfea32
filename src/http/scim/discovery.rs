//! What this server can do (RFC 7644 §4).

use super::{answer, caller::Push, dialect, parameters::Given, roles};
use crate::{
    app::App,
    filter::Dialect,
    http::error::ScimFailure,
    scim::{self, BulkLimits, Capabilities, Pagination, ResourceType, ScimError},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use serde_json::Value;

pub(super) async fn configuration(State(app): State<App>, push: Push) -> Result<Response, ScimFailure> {
    no_filter(&push.given)?;
    let settings = &app.settings().scim;
    let limits = BulkLimits {
        max_operations: settings.max_bulk_operations as u64,
        max_payload_size: settings.max_body.bytes() as u64,
    };
    let is_strict = dialect(&push) == Dialect::Strict;
    let pagination = is_strict.then(|| Pagination {
        default_page_size: settings.page_size as u64,
        cursor_timeout: settings.cursor_lifetime.get().as_secs(),
    });
    let max_results = settings.max_page_size as u64;
    let capabilities = Capabilities { max_results, bulk: Some(limits), sort: true, pagination };
    let mut told = scim::service_provider_config(&push.base, capabilities);
    // The profile refuses what most providers send, so it is true of strict connections alone.
    if is_strict {
        told["interopProfileConformant"] = Value::Bool(true);
    }
    if reads_roles(&push) {
        told["RolesAndEntitlements"] = scim::roles_and_entitlements();
    }
    Ok(answer::json(&told))
}

pub(super) async fn resource_types(push: Push) -> Result<Response, ScimFailure> {
    no_filter(&push.given)?;
    let base = &*push.base;
    let role = reads_roles(&push).then(|| scim::role_resource_type(base, roles::words(&push)));
    Ok(answer::json(&and(scim::resource_types(base, push.extensions()), role)))
}

pub(super) async fn resource_type(push: Push, Path(id): Path<String>) -> Result<Response, ScimFailure> {
    let base = &*push.base;
    let role = (reads_roles(&push) && id == ResourceType::Role.name())
        .then(|| scim::role_resource_type(base, roles::words(&push)));
    answer::found(scim::resource_type(base, &id, push.extensions()).or(role), "ResourceType", &id)
}

pub(super) async fn schemas(push: Push) -> Result<Response, ScimFailure> {
    no_filter(&push.given)?;
    let base = &*push.base;
    let role = reads_roles(&push).then(|| scim::role_schema(base, roles::words(&push)));
    Ok(answer::json(&and(scim::schemas(base, push.extensions()), role)))
}

pub(super) async fn schema(push: Push, Path(urn): Path<String>) -> Result<Response, ScimFailure> {
    let base = &*push.base;
    let words = roles::words(&push);
    let role =
        (reads_roles(&push) && words.schema().eq_ignore_ascii_case(&urn)).then(|| scim::role_schema(base, words));
    answer::found(scim::schema(base, &urn, push.extensions()).or(role), "Schema", &urn)
}

/// Only a connection whose roles have an effect is told that it may assign some.
fn reads_roles(push: &Push) -> bool {
    push.connection.settings.read_roles
}

/// A list of everything, and one thing more.
fn and(mut list: Value, one: Option<Value>) -> Value {
    if let (Some(one), Some(all)) = (one, list["Resources"].as_array_mut()) {
        all.push(one);
        let count = all.len();
        (list["totalResults"], list["itemsPerPage"]) = (count.into(), count.into());
    }
    list
}

/// RFC 7644 §4: "If a "filter" is provided, the service provider SHOULD respond with HTTP status code 403 (Forbidden)".
fn no_filter(given: &Given) -> Result<(), ScimFailure> {
    let filtered = given.pairs.iter().any(|(name, _)| name.eq_ignore_ascii_case("filter"));
    if filtered {
        Err(ScimError::forbidden("Discovery cannot be filtered; leave the filter out.").into())
    } else {
        Ok(())
    }
}
