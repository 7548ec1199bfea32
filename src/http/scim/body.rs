//! A provider's body: JSON within limits, as an object.

use crate::{
    app::{App, Attempt, tolerated},
    http::{body, error::ScimFailure},
    scim::{ScimError, Tolerance, parse_object},
};
use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};

/// What the body of a POST, PUT or PATCH says.
#[derive(Debug)]
pub(super) struct Object(pub(super) Map<String, Value>);

impl FromRequest<App> for Object {
    type Rejection = ScimFailure;

    async fn from_request(request: Request, _: &App) -> Result<Self, ScimFailure> {
        // RFC 7644 §3.1 wants application/scim+json; application/json is what half of the providers send. A body without a
        // type is read too: it is JSON or it is refused as what it is.
        if body::is_one_of(request.headers(), &["application/scim+json", "application/json"]) == Some(false) {
            let detail = "Send the body as application/scim+json or application/json, in UTF-8.";
            return Err(ScimError::unsupported_media_type(detail).into());
        }
        let bytes = body::read(request).await?;
        if let Some(attempt) = Attempt::current() {
            attempt.with_body(&bytes);
        }
        Ok(Self(parse_object(&bytes)?))
    }
}

/// Counts what had to be tolerated, and leaves a line about it: names alone, for whoever wants to know what a provider is like.
pub(super) fn note(tolerances: &[Tolerance], push: &super::caller::Push) {
    if !tolerances.is_empty() {
        tolerated(tolerances);
        let tolerated = tolerances.iter().map(|tolerance| tolerance.name()).collect::<Vec<_>>().join(" ");
        tracing::debug!(connection = %push.connection.id, request = %push.ctx.request, tolerated, "tolerated");
    }
}
