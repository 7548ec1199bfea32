//! RFC 7662: a service asks what the token is worth that somebody sent it.

use super::{
    body::{is_one_of, read},
    caller::Guest,
    doors::{Caller, Doors, post},
    error::{ApiFailure, Refusal},
    request::Noted,
};
use crate::{
    app::{App, Error, Introspection},
    crypto::TokenKind,
};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
};
use data_encoding::BASE64;
use schemars::JsonSchema;

pub(super) fn doors() -> Doors {
    Doors::at("", "Behind the gateway", Caller::Key).door(
        post("/auth/introspect", introspect)
            .summary("What a token is worth at this moment (RFC 7662), for who has an API key of the same organization")
            .takes_as::<Asked>("application/x-www-form-urlencoded")
            .answers::<Introspection>(200),
    )
}

/// The form, for the document: it is read by hand, as a second `token` is refused.
#[derive(JsonSchema)]
#[schemars(rename = "IntrospectionRequest")]
#[expect(dead_code, reason = "it names the fields of the form")]
struct Asked {
    token: String,
    /// Not needed: our tokens say what they are.
    token_type_hint: Option<String>,
}

/// `POST /auth/introspect`
async fn introspect(State(app): State<App>, request: Request) -> Result<Json<Introspection>, ApiFailure> {
    let (mut parts, body) = request.into_parts();
    key_of_basic(&mut parts.headers);
    let guest = caller(&app, &parts).await?;
    if let Some(noted) = parts.extensions.get::<Noted>() {
        noted.admit(|limits| limits.of_organization(&guest.visit.organization))?;
    }
    let ctx = guest.ctx(&app)?;
    // RFC 7662 §2.1: the parameters come as a form, in the body alone.
    if is_one_of(&parts.headers, &["application/x-www-form-urlencoded"]) != Some(true) {
        let detail = "Send the token as a form: application/x-www-form-urlencoded.";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refusal::new(status, "unsupported_media_type", detail).into());
    }
    let body = read(Request::from_parts(parts, body)).await?;
    let tokens: Vec<_> = url::form_urlencoded::parse(&body).filter(|(name, _)| name == "token").collect();
    // `token_type_hint` is not needed: our tokens say what they are.
    let [(_, token)] = tokens.as_slice() else {
        return Err(Error::invalid("token", "send it once").into());
    };
    Ok(Json(app.introspect(&ctx, &guest.visit, token).await?))
}

/// An API key: a browser's cookie is no credential of a service, and what another site has a browser send is none of ours.
async fn caller(app: &App, parts: &Parts) -> Result<Guest, Error> {
    let mut parts = parts.clone();
    parts.headers.remove(header::COOKIE);
    Guest::of(app, &parts).await
}

/// RFC 6749 §2.3.1: OAuth's services say who they are by HTTP Basic. The key is the password; the name says nothing.
fn key_of_basic(headers: &mut HeaderMap) {
    let key = headers.get(header::AUTHORIZATION).and_then(|value| {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        let decoded = scheme.eq_ignore_ascii_case("basic").then(|| BASE64.decode(encoded.trim().as_bytes()).ok())??;
        let (_, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        let is_key = TokenKind::of(password) == Some(TokenKind::ApiKey);
        HeaderValue::from_str(&format!("Bearer {password}")).ok().filter(|_| is_key)
    });
    if let Some(key) = key {
        headers.insert(header::AUTHORIZATION, key);
    }
}
