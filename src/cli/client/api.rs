//! Calls of the API.

use super::{
    stop::{Code, Stop},
    table::plain,
};
use crate::net::{Client, Policy};
use ::http::{Method, Request, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

/// What a request carries.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// Nothing.
    Nothing,
    /// JSON.
    Json(Value),
    /// A mapping's text.
    Yaml(String),
}

/// A castgate, and the key to it.
#[derive(Debug, Clone)]
pub(super) struct Api {
    origin: String,
    key: Option<SecretString>,
    http: Client,
}

/// The origin of an address as people type it: `id.example`, `https://id.example/`.
pub(super) fn origin_of(address: &str) -> Result<String, Stop> {
    let bad = || Stop::usage(format!("“{}” is not an address like https://castgate.example", plain(address)));
    let whole = if address.contains("://") { address.to_owned() } else { format!("https://{address}") };
    let url = Url::parse(whole.trim()).map_err(|_| bad())?;
    let clean = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !clean || !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
        return Err(bad());
    }
    Ok(url.origin().ascii_serialization())
}

impl Api {
    /// `origin` comes from [`origin_of`]. Nothing is connected yet.
    pub(super) fn new(origin: String, key: Option<SecretString>) -> Self {
        Self { origin, key, http: Client::new(Policy::of_command_line()) }
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Stop> {
        self.send(Method::GET, &with_query(path, query), Body::Nothing).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Value, Stop> {
        self.send(Method::POST, path, Body::Json(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, Stop> {
        self.send(Method::DELETE, path, Body::Nothing).await
    }

    /// Replaces what was read as this version; somebody else's change in between is a refusal.
    pub(super) async fn put_seen(&self, path: &str, body: Value, version: &Value) -> Result<Value, Stop> {
        self.send_if(Method::PUT, path, Body::Json(body), Some(&format!("\"{version}\""))).await
    }

    /// Sends a request to a path behind `/api/v1`. No content is `Null`; every refusal is a [`Stop`].
    pub(super) async fn send(&self, method: Method, path: &str, body: Body) -> Result<Value, Stop> {
        // The file is what its author keeps; whatever draft there is gives way to it.
        let any = (matches!((&method, &body), (&Method::PUT, Body::Yaml(_)))).then_some("*");
        self.send_if(method, path, body, any).await
    }

    /// An answer that is no JSON.
    pub(super) async fn text(&self, path: &str, query: &[(&str, String)]) -> Result<String, Stop> {
        let answer = self.answer((Method::GET, &with_query(path, query)), Body::Nothing, (None, "text/csv")).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    async fn send_if(&self, method: Method, path: &str, body: Body, seen: Option<&str>) -> Result<Value, Stop> {
        let answer = self.answer((method, path), body, (seen, "application/json")).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).map_err(|_| {
            Stop::new(Code::Wrong, format!("{} answers, but not as castgate does. Is the address right?", self.origin))
        })
    }

    /// The body of an answer that is no refusal; no content is nothing.
    async fn answer(
        &self,
        (method, path): (Method, &str),
        body: Body,
        (seen, accept): (Option<&str>, &'static str),
    ) -> Result<Vec<u8>, Stop> {
        let mut request = Request::builder().method(method).uri(format!("{}/api/v1{path}", self.origin));
        request = request.header(header::ACCEPT, accept);
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", key.expose_secret()));
        }
        if let Some(seen) = seen {
            request = request.header(header::IF_MATCH, seen);
        }
        let (kind, bytes) = match body {
            Body::Nothing => (None, Vec::new()),
            Body::Json(value) => (Some("application/json"), value.to_string().into_bytes()),
            Body::Yaml(text) => (Some("application/yaml"), text.into_bytes()),
        };
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let request = request.body(bytes).map_err(|error| Stop::usage(format!("this cannot be sent: {error}")))?;
        let answer = self.http.send(request).await?;
        if !answer.status().is_success() {
            return Err(Stop::refused(&self.origin, &answer));
        }
        if answer.status() == StatusCode::NO_CONTENT {
            return Ok(Vec::new());
        }
        Ok(answer.into_body())
    }
}

fn with_query(path: &str, query: &[(&str, String)]) -> String {
    if query.is_empty() {
        return path.to_owned();
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{path}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_people_type_it() {
        assert_eq!(origin_of("castgate.example").unwrap(), "https://castgate.example");
        assert_eq!(origin_of("https://Castgate.example/").unwrap(), "https://castgate.example");
        assert_eq!(origin_of("http://127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080");
        for bad in ["", "https://", "https://a/b", "https://a/?b", "https://user@a", "ftp://a", "https://a b"] {
            assert!(origin_of(bad).is_err(), "{bad}");
        }
    }
}
