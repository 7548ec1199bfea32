//! `/ssf/{connection}/events`: where a connection's provider tells of security events, by itself (SSF 1.0, push by RFC 8935).

use super::{
    body::{is_one_of, read},
    doors::{Caller, Doors, OrganizationFrom, post},
    error::{OAuthFailure, Refusal},
};
use crate::{
    app::{App, NotAccepted},
    model::{ConnectionId, EventKind},
};
use axum::{
    Json,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde_json::json;

const SET: &str = "application/secevent+jwt";

/// What a signal may come to.
const TELLS: [EventKind; 13] = [
    EventKind::SignalReceived,
    EventKind::SessionEnded,
    EventKind::UserSuspended,
    EventKind::UserActivated,
    EventKind::UserRemoved,
    EventKind::KeyRotationDue,
    EventKind::AccessChanged,
    EventKind::OwnerKept,
    EventKind::OrganizationOwned,
    EventKind::OrganizationOwnerless,
    EventKind::KeyAttenuated,
    EventKind::KeyRevoked,
    EventKind::KeyRestored,
];

pub(super) fn doors() -> Doors {
    Doors::at("", "Providers", Caller::Anyone).door(
        post("/ssf/{id}/events", accept)
            .answers_to(Caller::Anyone, OrganizationFrom::Address)
            .part::<ConnectionId>("id")
            .summary("A provider tells of a security event: a session revoked, an account disabled (CAEP, RISC)")
            .detail(
                "The body is a security event token (RFC 8417), signed by the issuer that the connection's settings pin; the bearer \
                 token is the stream's own. 202: it was accepted, and what follows from it is done. 400: it was not, and `err` and \
                 `description` say why (RFC 8935 §2.4).",
            )
            .takes_as::<Token>(SET)
            .tells(&TELLS)
            .answers_as(202, None),
    )
}

/// A security event token, for the document.
#[derive(JsonSchema)]
#[schemars(rename = "SecurityEventToken")]
#[expect(dead_code, reason = "it names the body")]
struct Token(String);

/// `POST /ssf/{id}/events`
async fn accept(State(app): State<App>, Path(id): Path<String>, request: Request) -> Result<Response, OAuthFailure> {
    match accepted(&app, &id, request).await {
        // RFC 8935 §2.2: 202, and nothing in it.
        Ok(()) => Ok((StatusCode::ACCEPTED, [(header::CACHE_CONTROL, "no-store")]).into_response()),
        Err(NotAccepted::Refused(err, description)) => Ok(refused(err, &description)),
        Err(NotAccepted::Failed(error)) => Err(Refusal::from(error).into()),
    }
}

async fn accepted(app: &App, id: &str, request: Request) -> Result<(), NotAccepted> {
    let wrong = |why: String| NotAccepted::Refused("invalid_request", why);
    if is_one_of(request.headers(), &[SET]) != Some(true) {
        return Err(wrong(format!("send a security event token as {SET}")));
    }
    let bearer = bearer(request.headers()).map(str::to_owned);
    let body = read(request).await.map_err(|refusal| wrong(refusal.detail))?;
    let set = std::str::from_utf8(&body).map_err(|_| wrong("the body is no token".to_owned()))?;
    let id: ConnectionId = id.parse().map_err(|_| wrong("this address is no connection's".to_owned()))?;
    app.accept_signal(&id, bearer.as_deref(), set).await
}

/// RFC 6750 §2.1; the scheme's name is not case-sensitive (RFC 9110 §11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// RFC 8935 §2.3: 400, a word and a sentence.
fn refused(err: &str, description: &str) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_LANGUAGE, "en")];
    (StatusCode::BAD_REQUEST, headers, Json(json!({"err": err, "description": description}))).into_response()
}
