//! The answers: who somebody is, or where they have to go first.

use super::original::{Original, Proxy};
use crate::{
    app::{App, Error, Signed},
    http::{
        cookies,
        error::{ApiFailure, Refusal},
    },
};
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

const USER: HeaderName = HeaderName::from_static("x-castgate-user");
const EMAIL: HeaderName = HeaderName::from_static("x-castgate-email");
const NAME: HeaderName = HeaderName::from_static("x-castgate-name");
const ORGANIZATION: HeaderName = HeaderName::from_static("x-castgate-organization");
const ROLES: HeaderName = HeaderName::from_static("x-castgate-roles");
const REQUEST: HeaderName = HeaderName::from_static("x-castgate-request");
const JWT: HeaderName = HeaderName::from_static("x-castgate-jwt");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// Where somebody signs in.
pub(super) const LOGIN: HeaderName = HeaderName::from_static("x-castgate-login");
/// Where somebody accepts the terms.
pub(super) const TERMS: HeaderName = HeaderName::from_static("x-castgate-terms");

/// What the service behind the gateway is told. The proxy puts these headers in the place of the request's own.
///
/// Each of them is always there, empty if there is nothing to say: a proxy that copies them leaves nothing standing that the
/// client sent. What let the sender in stays at the gateway: the key and the session's cookie are taken out.
pub(super) fn identity(app: &App, sent: &HeaderMap, (request, signed): (&str, &Signed)) -> Result<HeaderMap, Error> {
    let who = signed.shown_as(|claims, visit| {
        let visitor = &visit.visitor;
        let mut headers = nobody_at_all();
        set(&mut headers, USER, &claims.sub)?;
        set(&mut headers, EMAIL, &plain(visitor.email.as_deref().unwrap_or_default()))?;
        set(&mut headers, NAME, &plain(&visitor.label))?;
        set(&mut headers, ORGANIZATION, visit.organization.as_str())?;
        set(&mut headers, ROLES, &claims.roles.join(","))?;
        set(&mut headers, JWT, &signed.token)?;
        set(&mut headers, header::AUTHORIZATION, &format!("Bearer {}", signed.token))?;
        Ok::<_, Error>(headers)
    })?;
    of_request(who.as_ref().clone(), app, sent, request)
}

/// The same headers for nobody: a request that may pass without a credential.
pub(super) fn nobody(app: &App, sent: &HeaderMap, request: &str) -> Result<HeaderMap, Error> {
    of_request(nobody_at_all(), app, sent, request)
}

fn nobody_at_all() -> HeaderMap {
    const EMPTY: HeaderValue = HeaderValue::from_static("");
    // Room for what every answer carries besides, so that it is not made anew for each.
    let mut headers = HeaderMap::with_capacity(32);
    for name in [USER, EMAIL, NAME, ORGANIZATION, ROLES, JWT, API_KEY, header::AUTHORIZATION] {
        headers.insert(name, EMPTY);
    }
    headers
}

/// What is of this request alone.
fn of_request(mut headers: HeaderMap, app: &App, sent: &HeaderMap, request: &str) -> Result<HeaderMap, Error> {
    set(&mut headers, REQUEST, request)?;
    set(&mut headers, header::COOKIE, &cookies::but_the_session(sent, app.settings()))?;
    Ok(headers)
}

fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) -> Result<(), Error> {
    headers.insert(name, HeaderValue::from_str(text).map_err(Error::internal)?);
    Ok(())
}

/// Somebody has to go elsewhere first, to sign in or to accept the terms: `name` tells where.
///
/// A person is sent there, by nginx or by us; a program is told what is missing.
pub(super) fn elsewhere(
    error: impl Into<Refusal>,
    original: &Original,
    (name, address): (HeaderName, &str),
) -> Response {
    let refusal = error.into();
    if original.navigates() { sent(refusal, original.proxy, (name, address)) } else { told(refusal, (name, address)) }
}

fn sent(mut refusal: Refusal, proxy: Proxy, (name, address): (HeaderName, &str)) -> Response {
    refusal.status = match proxy {
        // Of what is neither 2xx, 401 nor 403 nginx makes a 500.
        Proxy::Nginx => StatusCode::UNAUTHORIZED,
        Proxy::Traefik | Proxy::Envoy => StatusCode::SEE_OTHER,
    };
    let mut response = ApiFailure::from(refusal).into_response();
    if let Ok(address) = HeaderValue::from_str(address) {
        for name in [header::LOCATION, LOGIN, name] {
            response.headers_mut().insert(name, address.clone());
        }
    }
    response
}

/// A program cannot sign in, but somebody can accept the terms for it.
fn told(mut refusal: Refusal, (name, address): (HeaderName, &str)) -> Response {
    if name == LOGIN {
        return ApiFailure::from(refusal).into_response();
    }
    refusal.detail = format!("{}: {address}", refusal.detail);
    let mut response = ApiFailure::from(refusal).into_response();
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert(name, address);
    }
    response
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_into_a_header_and_comes_back() {
        assert_eq!(plain("Zoë 100%\r\nX: y"), "Zo%C3%AB 100%25%0D%0AX: y");
    }
}
