//! `/oauth2`: where the OAuth clients of connections get their access tokens (RFC 6749 §4.4), and what says so (RFC 8414).

use super::{
    body::{is_one_of, read},
    doors::{Caller, Doors, get, post},
    error::{OAuthFailure, Refusal},
    request::Noted,
    server::ClientAddress,
};
use crate::{
    app::{App, Assertion, GrantError, TokenRequest},
    model::EventKind,
};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use data_encoding::BASE64;
use schemars::JsonSchema;
use serde_json::{Value, json};
use std::{collections::HashMap, time::Duration};

const FORM: &str = "application/x-www-form-urlencoded";
/// RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The one scope that there is.
const SCOPE: &str = "scim";
/// Said of every client that did not show that it is one.
const NO_CLIENT: &str = "the client is not known, or its credentials are not right";

pub(super) fn doors() -> Doors {
    Doors::at("", "OAuth", Caller::Anyone)
        .door(
            post("/oauth2/token", token)
                .summary("An access token for /scim/v2, by client credentials (RFC 6749 §4.4)")
                .tells(&[EventKind::AccessTokenIssued])
                .takes_as::<Asked>(FORM)
                .answers_as(200, Some("application/json")),
        )
        .door(
            get("/.well-known/oauth-authorization-server", metadata)
                .summary("What the token endpoint takes (RFC 8414)")
                .answers_as(200, Some("application/json")),
        )
}

/// The form, for the document: it is read by hand, as nothing may stand in it twice.
#[derive(JsonSchema)]
#[schemars(rename = "AccessTokenRequest")]
#[expect(dead_code, reason = "it names the fields of the form")]
struct Asked {
    grant_type: String,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<String>,
    scope: Option<String>,
}

/// `POST /oauth2/token`
async fn token(State(app): State<App>, request: Request) -> Result<Response, OAuthFailure> {
    let from = request.extensions().get::<ClientAddress>().map(|ClientAddress(address)| *address);
    let noted = request.extensions().get::<Noted>().cloned();
    let basic = basic(request.headers())?;
    if is_one_of(request.headers(), &[FORM]) != Some(true) {
        let detail = format!("Send the parameters as a form: {FORM}.");
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request", detail).into());
    }
    let form = form(&read(request).await?)?;
    match form.get("grant_type").map(String::as_str) {
        Some("client_credentials") => {}
        Some(_) => return Err(refused("unsupported_grant_type", "the grant_type here is client_credentials").into()),
        None => return Err(refused("invalid_request", "grant_type is missing; here it is client_credentials").into()),
    }
    if form.get("scope").is_some_and(|scope| scope.split(' ').any(|one| one != SCOPE)) {
        return Err(refused("invalid_scope", "the scope here is scim, or nothing").into());
    }
    let (client, assertion) = credentials(&form, basic.as_ref())?;
    let proven = app.prove_client(TokenRequest { client, assertion, from }).await.map_err(failed)?;
    if let Some(noted) = noted {
        noted.note_caller("connection", proven.organization());
        noted.admit(|limits| limits.of_connection(proven.connection()))?;
    }
    Ok(granted(&app.grant_access_token(&proven).await.map_err(failed)?))
}

fn granted(token: &crate::app::AccessToken) -> Response {
    let body = json!({
        "access_token": token.secret.expose(),
        "token_type": "Bearer",
        "expires_in": Duration::as_secs(&token.life),
        "scope": SCOPE,
    });
    // RFC 6749 §5.1.
    ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(body)).into_response()
}

fn refused(word: &'static str, why: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, word, why)
}

fn failed(error: GrantError) -> Refusal {
    match error {
        GrantError::InvalidClient => Refusal::new(StatusCode::UNAUTHORIZED, "invalid_client", NO_CLIENT),
        GrantError::Failed(error) => error.into(),
    }
}

/// RFC 6749 §3.2: "Request and response parameters MUST NOT be included more than once."
fn form(body: &[u8]) -> Result<HashMap<String, String>, Refusal> {
    let mut form = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        // RFC 6749 §3.2: what has no value is treated as if it was left out.
        if !value.is_empty() && form.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(refused("invalid_request", "a parameter is there more than once"));
        }
    }
    Ok(form)
}

/// How the client shows who it is. RFC 6749 §2.3: it "MUST NOT use more than one authentication method in each request".
fn credentials<'a>(
    form: &'a HashMap<String, String>,
    basic: Option<&'a (String, String)>,
) -> Result<(Option<&'a str>, Assertion<'a>), Refusal> {
    let text = |name: &str| form.get(name).map(String::as_str);
    let named = text("client_id");
    match (basic, text("client_secret"), text("client_assertion"), text("client_assertion_type")) {
        (Some((client, secret)), None, None, None) => {
            if named.is_some_and(|named| named != client) {
                return Err(refused("invalid_request", "client_id is not the one in the Authorization header"));
            }
            Ok((Some(client), Assertion::Secret(secret)))
        }
        (None, Some(secret), None, None) => Ok((named, Assertion::Secret(secret))),
        (None, None, Some(assertion), Some(JWT_BEARER)) => Ok((named, Assertion::Signed(assertion))),
        (None, None, Some(_), _) => {
            Err(refused("invalid_request", &format!("the client_assertion_type of a client_assertion is {JWT_BEARER}")))
        }
        (None, None, None, _) => Err(refused(
            "invalid_request",
            "say who you are, by HTTP Basic, or by client_id and client_secret or a client_assertion in the form",
        )),
        _ => Err(refused("invalid_request", "say who you are in one way, and not in two")),
    }
}

/// RFC 6749 §2.3.1: id and secret, each form-encoded, in HTTP Basic. One header, or it is refused.
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, Refusal> {
    let mut all = headers.get_all(header::AUTHORIZATION).into_iter();
    let value = match (all.next(), all.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value,
        (Some(_), Some(_)) => return Err(refused("invalid_request", "the Authorization header is there twice")),
    };
    let read = || {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        let decoded = scheme.eq_ignore_ascii_case("basic").then(|| BASE64.decode(encoded.trim().as_bytes()).ok())??;
        let (client, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        Some((decoded_once(client)?, decoded_once(secret)?))
    };
    let why = "the Authorization header is not HTTP Basic with the client's id and secret";
    read().map(Some).ok_or_else(|| refused("invalid_request", why))
}

/// One value of a form, alone.
fn decoded_once(text: &str) -> Option<String> {
    if text.contains(['&', '=']) {
        return None;
    }
    let (name, _) = url::form_urlencoded::parse(text.as_bytes()).next()?;
    Some(name.into_owned())
}

/// `GET /.well-known/oauth-authorization-server`
async fn metadata(State(app): State<App>) -> Response {
    let algorithms = ["RS256", "PS256", "ES256"];
    let methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
    let document: Value = json!({
        "issuer": app.settings().server.origin(),
        "token_endpoint": app.token_endpoint(),
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": [SCOPE],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
    });
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(document)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_basic(values: &[String]) -> Result<Option<(String, String)>, &'static str> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        basic(&headers).map_err(|refusal| refusal.code)
    }

    #[test]
    fn http_basic_comes_once_and_form_encoded() {
        let of = |text: &str| format!("basic {}", BASE64.encode(text.as_bytes()));
        assert_eq!(read_basic(&[]), Ok(None));
        assert_eq!(read_basic(&[of("cli%5Fa:b%2Bc")]), Ok(Some(("cli_a".to_owned(), "b+c".to_owned()))));
        for bad in [vec![of("a:b"), of("a:b")], vec![of("ab")], vec!["Bearer a".to_owned()], vec![of("a&b:c")]] {
            assert_eq!(read_basic(&bad), Err("invalid_request"), "{bad:?}");
        }
    }

    #[test]
    fn nothing_stands_in_the_form_twice_and_what_is_empty_is_left_out() {
        assert_eq!(form(b"a=1&a=2").unwrap_err().code, "invalid_request");
        assert_eq!(form(b"a=1&b=").unwrap().len(), 1);
    }

    #[test]
    fn a_client_shows_who_it_is_in_one_way() {
        let both = form(
            format!("client_id=a&client_secret=b&client_assertion=c&client_assertion_type={JWT_BEARER}").as_bytes(),
        );
        assert_eq!(credentials(&both.unwrap(), None).unwrap_err().code, "invalid_request");
        let basic = ("a".to_owned(), "b".to_owned());
        assert!(credentials(&form(b"client_id=a").unwrap(), Some(&basic)).is_ok());
        assert!(credentials(&form(b"client_id=other").unwrap(), Some(&basic)).is_err());
        assert!(credentials(&form(b"client_secret=b").unwrap(), Some(&basic)).is_err());
        assert!(credentials(&form(b"client_assertion=c&client_assertion_type=x").unwrap(), None).is_err());
        assert!(credentials(&HashMap::new(), None).is_err());
    }
}
