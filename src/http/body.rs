//! Reading bodies: of a declared type, in UTF-8, of a bounded size, and with one meaning.

use super::{
    doors::MostBytes,
    error::{ApiFailure, Refusal},
};
use crate::{config::Size, scim::read_json};
use axum::{
    Form,
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;
use std::error::Error as Cause;

/// The most that is read of a form: a page's fields are few and short.
const MAX_FORM: usize = 16 * 1024;

/// The whole body, of at most as many bytes as the route's declaration says.
pub(super) async fn read(request: Request) -> Result<Bytes, Refusal> {
    let Some(MostBytes(most)) = request.extensions().get().copied() else {
        return Err(Refusal::internal("a handler reads a body, and its route does not say how much of one"));
    };
    read_at_most(request.into_body(), most).await
}

pub(super) async fn read_at_most(body: Body, most: usize) -> Result<Bytes, Refusal> {
    let declared = axum::body::HttpBody::size_hint(&body).lower();
    if declared > most as u64 {
        return Err(too_large(most));
    }
    to_bytes(body, most).await.map_err(|error| {
        if error.source().is_some_and(<dyn Cause>::is::<LengthLimitError>) {
            return too_large(most);
        }
        tracing::debug!(%error, "a body was not read to its end");
        Refusal::new(StatusCode::BAD_REQUEST, "incomplete_body", "The body ended before it was whole.")
    })
}

fn too_large(most: usize) -> Refusal {
    let detail = format!("The body is larger than {}, the most that is read here.", Size(most as u64));
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
}

/// Refuses the character NUL, which no name or text needs and PostgreSQL cannot store.
pub(super) fn refuse_nul(text: &str) -> Result<(), Refusal> {
    match text.split_once('\0') {
        None => Ok(()),
        Some((before, _)) => {
            let line = before.matches('\n').count() + 1;
            let detail = format!("The text holds the character NUL, in line {line}, which cannot be stored.");
            Err(Refusal::new(StatusCode::BAD_REQUEST, "invalid", detail))
        }
    }
}

/// Whether the body says of itself that it is one of these types, in UTF-8. `None`: it says nothing.
pub(super) fn is_one_of(headers: &HeaderMap, types: &[&str]) -> Option<bool> {
    let text = headers.get(CONTENT_TYPE)?.to_str().unwrap_or("?");
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            ["utf-8", "utf8"].iter().any(|known| known.eq_ignore_ascii_case(value.trim().trim_matches('"')))
        }
        Some(_) | None => true,
    });
    Some(utf8 && types.iter().any(|known| known.eq_ignore_ascii_case(essence)))
}

/// A JSON body of the API. What is wrong with it is said as problem+json.
#[derive(Debug)]
pub(super) struct JsonBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiFailure;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiFailure> {
        let kind = is_one_of(request.headers(), &["application/json"]);
        if kind == Some(false) {
            return Err(unsupported("application/json").into());
        }
        let bytes = read(request).await?;
        // No body at all says nothing, as an empty object does: `curl -X POST` is enough where everything is optional.
        let bytes = match (kind, bytes.is_empty()) {
            (None, true) => b"{}".as_slice().into(),
            (None, false) => return Err(unsupported("application/json").into()),
            (Some(_), _) => bytes,
        };
        Ok(Self(from_json(&bytes)?))
    }
}

/// Reads twice, so that what is wrong with the text and what is wrong with the values both have a line and a column.
fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let refusal = |code, detail| Refusal::new(StatusCode::BAD_REQUEST, code, detail);
    read_json(bytes).map_err(|error| refusal("invalid_json", error.to_string()))?;
    // serde would take the fields of a structure from a list too, in their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(refusal("invalid", "The body has to be a JSON object.".to_owned()));
    }
    serde_json::from_slice(bytes).map_err(|error| refusal("invalid", format!("The body cannot be read: {error}.")))
}

fn unsupported(kind: &str) -> Refusal {
    let detail = format!("Send the body as {kind}, in UTF-8.");
    Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
}

/// The fields of a page's form, of this many bytes at most. What is wrong with them is said bare, for the door to say it in the
/// words of the room.
#[derive(Debug)]
pub(super) struct FormBody<T, const MOST: usize = MAX_FORM>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned, const MOST: usize> FromRequest<S> for FormBody<T, MOST> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let bare = |refusal: Refusal| (refusal.status, refusal.detail).into_response();
        let kind = "application/x-www-form-urlencoded";
        if is_one_of(request.headers(), &[kind]) != Some(true) {
            return Err(bare(unsupported(kind)));
        }
        let (parts, body) = request.into_parts();
        let bytes = read_at_most(body, MOST).await.map_err(bare)?;
        for (name, value) in url::form_urlencoded::parse(&bytes) {
            refuse_nul(&name).and_then(|()| refuse_nul(&value)).map_err(bare)?;
        }
        let request = Request::from_parts(parts, Body::from(bytes));
        Form::from_request(request, state).await.map(|Form(fields)| Self(fields)).map_err(IntoResponse::into_response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn refused(body: &str) -> String {
        let refusal = from_json::<std::collections::BTreeMap<String, String>>(body.as_bytes()).unwrap_err();
        format!("{} {}", refusal.code, refusal.detail)
    }

    #[test]
    fn what_is_wrong_with_a_body_has_a_place() {
        assert_eq!(from_json::<HashMap<String, u8>>(br#" {"a": 1}"#).unwrap()["a"], 1);
        assert_eq!(from_json::<Vec<u8>>(b"[1, 2]").unwrap_err().detail, "The body has to be a JSON object.");
        insta::assert_snapshot!(refused("{\n \"a\": }"), @"invalid_json The body is not JSON that can be used: expected value at line 2 column 7.");
        insta::assert_snapshot!(refused("{\"a\": \"1\",\n \"a\": \"2\"}"), @"invalid_json The body is not JSON that can be used: the key “a” is there twice in one object at line 2 column 4.");
        insta::assert_snapshot!(refused("{\"a\":\n 1}"), @"invalid The body cannot be read: invalid type: integer `1`, expected a string at line 2 column 2.");
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_says_what_is_the_most() {
        let refusal = read_at_most(Body::from(vec![b' '; 20_000]), MAX_FORM).await.unwrap_err();
        assert_eq!(refusal.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(refusal.detail, "The body is larger than 16KiB, the most that is read here.");
    }

    #[test]
    fn nul_is_named_with_its_line() {
        assert!(refuse_nul("rules:\n").is_ok());
        assert!(refuse_nul("a\nb\0").unwrap_err().detail.contains("line 2"));
    }

    #[test]
    fn a_type_may_come_with_its_charset() {
        let is = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, text.parse().unwrap());
            is_one_of(&headers, &["application/json"]).unwrap()
        };
        assert!(
            is("application/json") && is("Application/JSON; charset=utf-8") && is("application/json;charset=\"UTF-8\"")
        );
        assert!(is("application/json; profile=x"));
        assert!(!is("application/jsonx") && !is("text/plain") && !is("application/json; charset=latin1") && !is(""));
    }
}
