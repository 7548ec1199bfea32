//! For services behind the gateway: who is this, may they, and a token that says so.
//!
//! `/auth/verify` is what nginx (`auth_request`), Traefik (`forwardAuth`) and Envoy (`ext_authz`) ask before they let a
//! request through. What the request itself claims about its sender is never read.

use super::{
    caller::Guest,
    cookies::sign_in_address,
    doors::{Caller, Doors, OrganizationFrom, every, get},
    error::{ApiFailure, Refusal},
    request::Noted,
};
use crate::{
    app::{App, Error, Question, Visit, role_names},
    model::Capability,
};
use axum::{
    Extension, Json,
    extract::{FromRequestParts, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Deserialize;

const USER: HeaderName = HeaderName::from_static("x-castgate-user");
const EMAIL: HeaderName = HeaderName::from_static("x-castgate-email");
const NAME: HeaderName = HeaderName::from_static("x-castgate-name");
const ORGANIZATION: HeaderName = HeaderName::from_static("x-castgate-organization");
const ROLES: HeaderName = HeaderName::from_static("x-castgate-roles");
const REQUEST: HeaderName = HeaderName::from_static("x-castgate-request");
const JWT: HeaderName = HeaderName::from_static("x-castgate-jwt");
const LOGIN: HeaderName = HeaderName::from_static("x-castgate-login");
const TERMS: HeaderName = HeaderName::from_static("x-castgate-terms");

pub(super) fn doors() -> Doors {
    Doors::at("", "Behind the gateway", Caller::SessionOrKey)
        .door(
            every("/auth/verify", verify)
                .summary("Whether the sender of a request may do what is asked, with headers that say who it is")
                .query::<Asked>()
                .answers_as(200, None)
                .refuses(&["not_found"]),
        )
        .door(
            get("/.well-known/jwks.json", jwks)
                .summary("The public keys of the tokens that services verify")
                .answers_to(Caller::Anyone, OrganizationFrom::Nothing)
                .answers_as(200, Some("application/json")),
        )
}

/// What is asked besides the credential.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A capability that the sender must hold.
    can: Option<String>,
    /// On this cluster, by its short name.
    cluster: Option<String>,
    /// Whom the token is for; castgate itself if nobody is named.
    audience: Option<String>,
}

impl Asked {
    fn question(&self) -> Result<Question, Error> {
        let can = match self.can.as_deref() {
            Some(name) => Some(name.parse::<Capability>().map_err(|error| Error::invalid("can", error.to_string()))?),
            None => None,
        };
        Ok(Question { can, cluster: self.cluster.clone() })
    }
}

/// Whoever came, if anybody did; the reason why not waits until the answer is made.
struct Sender(Result<Guest, Error>);

impl FromRequestParts<App> for Sender {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self(Guest::of(app, parts).await))
    }
}

/// `/auth/verify`, by any method: some proxies repeat the method of the request that they ask about.
async fn verify(
    State(app): State<App>,
    Sender(sender): Sender,
    Extension(noted): Extension<Noted>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let question = asked.question()?;
    let guest = match sender {
        Ok(guest) => guest,
        Err(Error::NotSignedIn) => return Ok(not_signed_in(&app, &headers)),
        Err(error) => return Err(error.into()),
    };
    let visit = &guest.visit;
    if let Err(error) = guest.ctx(&app) {
        return Ok(gated(&app, error));
    }
    app.ask(visit, &question).await?;
    let audience = asked.audience.as_deref().unwrap_or_else(|| app.settings().server.origin());
    let token = app.sign(visit, audience)?;
    Ok((StatusCode::OK, identity(visit, &noted, &token)?).into_response())
}

/// 401. A browser on its way to a page is told where people sign in; a program is told what to send.
fn not_signed_in(app: &App, headers: &HeaderMap) -> Response {
    let mut response = ApiFailure::from(Error::NotSignedIn).into_response();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let reads = text("accept").is_some_and(|accept| accept.contains("text/html"));
    let gets = text("x-forwarded-method").or_else(|| text("x-original-method")).is_none_or(|method| method == "GET");
    if !reads || !gets {
        return response;
    }
    let wanted = text("x-forwarded-uri").or_else(|| text("x-original-uri")).unwrap_or_default();
    let address = format!("{}{}", app.settings().server.origin(), sign_in_address(wanted));
    if let Ok(address) = HeaderValue::from_str(&address) {
        response.headers_mut().insert(header::LOCATION, address.clone());
        response.headers_mut().insert(LOGIN, address);
    }
    response
}

/// 403, with the address of the terms when it is them that stand before everything.
fn gated(app: &App, error: Error) -> Response {
    let address = format!("{}/terms", app.settings().server.origin());
    let mut refusal = Refusal::from(error);
    if refusal.code == "terms_not_accepted" {
        refusal.detail = format!("{}: {address}", refusal.detail);
    }
    let mut response = ApiFailure::from(refusal).into_response();
    if let Ok(address) = HeaderValue::from_str(&address) {
        response.headers_mut().insert(TERMS, address);
    }
    response
}

/// What the service behind the gateway is told. The proxy must put these headers in the place of the request's own.
fn identity(visit: &Visit, noted: &Noted, token: &str) -> Result<HeaderMap, Error> {
    let visitor = &visit.visitor;
    let told = [
        (USER, visitor.id.to_string()),
        (EMAIL, plain(visitor.email.as_deref().unwrap_or_default())),
        (NAME, plain(&visitor.label)),
        (ORGANIZATION, visit.organization.to_string()),
        (ROLES, role_names(&visit.access).join(",")),
        (REQUEST, noted.id().to_string()),
        (JWT, token.to_owned()),
        (header::AUTHORIZATION, format!("Bearer {token}")),
    ];
    let mut headers = HeaderMap::new();
    for (name, text) in told {
        headers.insert(name, HeaderValue::from_str(&text).map_err(Error::internal)?);
    }
    Ok(headers)
}

/// The text in visible ASCII and spaces; every other byte of its UTF-8, and the percent sign, behind a percent sign.
fn plain(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut plain, byte| {
        match byte {
            b'%' => plain.push_str("%25"),
            b' '..=b'~' => plain.push(char::from(byte)),
            _ => drop(write!(plain, "%{byte:02X}")),
        }
        plain
    })
}

/// `GET /.well-known/jwks.json`: the public halves of the keys that sign the tokens.
async fn jwks(State(app): State<App>) -> Result<Response, ApiFailure> {
    Ok(([(header::CACHE_CONTROL, "public, max-age=60")], Json(app.jwks()?)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_into_a_header_and_comes_back() {
        assert_eq!(plain("Zoë 100%\r\nX: y"), "Zo%C3%AB 100%25%0D%0AX: y");
    }
}
