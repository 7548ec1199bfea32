//! Reading bodies.

use super::{
    doors::MostBytes,
    error::{ApiFailure, Refusal},
};
use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use serde::de::DeserializeOwned;

/// The whole body, of at most as many bytes as the route's declaration says.
pub(super) async fn read(request: Request) -> Result<axum::body::Bytes, Refusal> {
    let Some(MostBytes(most)) = request.extensions().get().copied() else {
        return Err(Refusal::internal("a handler reads a body, and its route does not say how much of one"));
    };
    let body = request.into_body();
    let declared = axum::body::HttpBody::size_hint(&body).lower();
    if declared > most as u64 {
        return Err(too_large(most));
    }
    to_bytes(body, most).await.map_err(|error| {
        // What ends the reading is the limit or the network; after the network's end nobody reads the answer.
        tracing::debug!(%error, "a body was not read to its end");
        too_large(most)
    })
}

fn too_large(most: usize) -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("The body is larger than {most} bytes."))
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
        let refusal = || {
            let detail = "Send the body as application/json.";
            Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
        };
        let kind = is_one_of(request.headers(), &["application/json"]);
        if kind == Some(false) {
            return Err(refusal().into());
        }
        let bytes = read(request).await?;
        // No body at all says nothing, as an empty object does: `curl -X POST` is enough where everything is optional.
        let bytes = match (kind, bytes.is_empty()) {
            (None, true) => b"{}".as_slice().into(),
            (None, false) => return Err(refusal().into()),
            (Some(_), _) => bytes,
        };
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            Refusal::new(StatusCode::BAD_REQUEST, "invalid", format!("The body cannot be read: {error}."))
        })?;
        Ok(Self(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
