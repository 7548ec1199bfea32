//! `/oidc/{connection}`: what a connection's OpenID provider calls by itself. It reads our keys, and says who signed out there.

use super::{
    body::{is_one_of, read},
    doors::{BodyLimit, Caller, Doors, OrganizationFrom, get, post},
    error::{ApiFailure, OAuthFailure, Refusal},
};
use crate::{
    app::{App, Error},
    model::{ConnectionId, EventKind},
};
use axum::{
    Json,
    extract::{Path, Query, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

const FORM: &str = "application/x-www-form-urlencoded";
/// How long a provider may keep our keys. A new one is published a day before it signs.
const SHARED: &str = "public, max-age=3600";

pub(super) fn doors() -> Doors {
    let ended = [EventKind::SessionEnded];
    Doors::at("", "Providers", Caller::Anyone)
        .door(
            get("/oidc/{id}/jwks.json", jwks)
                .answers_to(Caller::Anyone, OrganizationFrom::Address)
                .part::<ConnectionId>("id")
                .summary("The public keys with which a connection shows that it is the client (private_key_jwt)")
                .answers_as(200, Some("application/json")),
        )
        .door(
            post("/oidc/{id}/back-channel-logout", back_channel)
                .answers_to(Caller::Anyone, OrganizationFrom::Address)
                .part::<ConnectionId>("id")
                .summary("A provider says who signed out there (OpenID Connect Back-Channel Logout 1.0)")
                .takes_as::<Notice>(FORM)
                .tells(&ended)
                .answers_as(200, None),
        )
        .door(
            get("/oidc/{id}/front-channel-logout", front_channel)
                .answers_to(Caller::Anyone, OrganizationFrom::Address)
                .part::<ConnectionId>("id")
                .query::<Session>()
                .reads(BodyLimit::Unread)
                .summary("A provider's page says, in a frame, which session there is over (Front-Channel Logout 1.0)")
                .tells(&ended)
                .answers_as(200, Some("text/html")),
        )
}

/// The form, for the document: it is read by hand, as nothing may stand in it twice.
#[derive(JsonSchema)]
#[schemars(rename = "LogoutNotice")]
#[expect(dead_code, reason = "it names the field of the form")]
struct Notice {
    /// A JWT that the provider signed.
    logout_token: String,
}

/// The session that is over.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "EndedProviderSession")]
struct Session {
    /// The issuer.
    #[serde(default)]
    iss: String,
    /// The provider's name for the session.
    #[serde(default)]
    sid: String,
}

/// `GET /oidc/{id}/jwks.json`
async fn jwks(State(app): State<App>, Path(id): Path<ConnectionId>) -> Result<Response, ApiFailure> {
    let keys: Value = app.client_jwks(&id).await?;
    Ok(([(header::CACHE_CONTROL, SHARED)], Json(keys)).into_response())
}

/// `POST /oidc/{id}/back-channel-logout`
async fn back_channel(
    State(app): State<App>,
    Path(id): Path<ConnectionId>,
    request: Request,
) -> Result<Response, OAuthFailure> {
    if is_one_of(request.headers(), &[FORM]) != Some(true) {
        let detail = format!("Send the logout_token as a form: {FORM}.");
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request", detail).into());
    }
    let body = read(request).await?;
    let tokens: Vec<String> = url::form_urlencoded::parse(&body)
        .filter(|(name, _)| name == "logout_token")
        .map(|(_, value)| value.into_owned())
        .collect();
    let [token] = tokens.as_slice() else {
        return Err(refused("The form has one logout_token.").into());
    };
    app.back_channel_logout(&id, token).await.map_err(said_to_provider)?;
    // Back-Channel Logout 1.0 §2.8: 200, and nothing that anybody keeps.
    Ok((StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response())
}

/// §2.8: whatever is wrong with the request is 400. Whoever sent it holds the provider's key or nothing: it may know why.
fn said_to_provider(error: Error) -> Refusal {
    match error {
        Error::Provider(crate::sso::SsoError::LogoutInvalid { why }) => {
            refused(&format!("The logout token was refused: {why}."))
        }
        other => other.into(),
    }
}

fn refused(why: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "invalid_request", why)
}

/// `GET /oidc/{id}/front-channel-logout`. It is shown in a frame of the provider's page, and nobody looks at it.
async fn front_channel(
    State(app): State<App>,
    Path(id): Path<ConnectionId>,
    Query(session): Query<Session>,
) -> Result<Response, ApiFailure> {
    app.front_channel_logout(&id, &session.iss, &session.sid).await?;
    let ancestors = app.provider_origin(&id).await.unwrap_or_else(|| "'none'".to_owned());
    let policy = format!("default-src 'none'; frame-ancestors {ancestors}");
    let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, "<!doctype html><title>Signed out</title>").into_response())
}
