//! A request, as it is sent and as a report shows it.

use http::{Request, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

/// The media type of RFC 7644 §8.1.
const SCIM_JSON: &str = "application/scim+json";
/// The most letters of a body that a report shows.
const SHOWN: usize = 600;

/// Who says that they are who.
#[derive(Debug, Clone)]
enum Credential {
    /// The token that the doctor was given.
    Ours,
    /// No `Authorization` at all.
    Nothing,
    /// This `Authorization`.
    Other(&'static str),
}

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) method: &'static str,
    pub(super) path: String,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    pub(super) body: Option<String>,
    credential: Credential,
    spaces_as_pluses: bool,
}

impl Ask {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::of("GET", path, None)
    }

    pub(super) fn post(path: impl Into<String>, body: &Value) -> Self {
        Self::of("POST", path, Some(body.to_string()))
    }

    pub(super) fn put(path: impl Into<String>, body: &Value) -> Self {
        Self::of("PUT", path, Some(body.to_string()))
    }

    pub(super) fn patch(path: impl Into<String>, body: &Value) -> Self {
        Self::of("PATCH", path, Some(body.to_string()))
    }

    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self::of("DELETE", path, None)
    }

    /// Any method and any bytes.
    pub(super) fn of(method: &'static str, path: impl Into<String>, body: Option<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body,
            credential: Credential::Ours,
            spaces_as_pluses: false,
        }
    }

    /// With a parameter behind the question mark.
    #[expect(clippy::needless_pass_by_value, reason = "a number or a text, as it is at hand")]
    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// With a header; `content-type` and `accept` take the place of the usual ones.
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Without `Authorization`.
    pub(super) fn by_nobody(mut self) -> Self {
        self.credential = Credential::Nothing;
        self
    }

    /// With another `Authorization`.
    pub(super) fn by(mut self, authorization: &'static str) -> Self {
        self.credential = Credential::Other(authorization);
        self
    }

    /// With spaces written as `+`, as forms write them.
    pub(super) fn with_pluses(mut self) -> Self {
        self.spaces_as_pluses = true;
        self
    }

    /// For people: nothing is encoded, and a long body is cut.
    pub(super) fn shown(&self) -> String {
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut shown = format!("{} {}", self.method, self.path);
        if !query.is_empty() {
            shown = format!("{shown}?{}", query.join("&"));
        }
        for (name, value) in &self.headers {
            shown = format!("{shown}, {name}: {value}");
        }
        match self.credential {
            Credential::Ours => {}
            Credential::Nothing => shown.push_str(", without a token"),
            Credential::Other(other) => shown = format!("{shown}, authorization: {other}"),
        }
        match &self.body {
            Some(body) if body.chars().count() > SHOWN => {
                format!("{shown} {}…", body.chars().take(SHOWN).collect::<String>())
            }
            Some(body) => format!("{shown} {body}"),
            None => shown,
        }
    }

    /// For the wire.
    pub(super) fn request(&self, base: &str, token: &SecretString) -> Result<Request<Vec<u8>>, ::http::Error> {
        let encode = |text: &str| {
            let text: String = byte_serialize(text.as_bytes()).collect();
            if self.spaces_as_pluses { text } else { text.replace('+', "%20") }
        };
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let mut request =
            Request::builder().method(self.method).uri(format!("{base}{}{mark}{}", self.path, query.join("&")));
        let given = |name: &str| self.headers.iter().any(|(header, _)| *header == name);
        if !given("accept") {
            request = request.header(header::ACCEPT, SCIM_JSON);
        }
        if self.body.is_some() && !given("content-type") {
            request = request.header(header::CONTENT_TYPE, SCIM_JSON);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request = match self.credential {
            Credential::Ours => request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose_secret())),
            Credential::Other(other) => request.header(header::AUTHORIZATION, other),
            Credential::Nothing => request,
        };
        request.body(self.body.clone().unwrap_or_default().into_bytes())
    }

    /// For a wire without TLS: where it leads, and all that goes over it. Nothing where the address wants TLS.
    pub(super) fn bytes(&self, base: &str, token: &SecretString) -> Option<(String, u16, Vec<u8>)> {
        let request = self.request(base, token).ok()?;
        let uri = request.uri();
        let host = uri.host().filter(|_| uri.scheme_str() == Some("http"))?;
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let mut bytes = format!("{} {target} HTTP/1.1\r\nhost: {host}\r\n", request.method()).into_bytes();
        for (name, value) in request.headers() {
            bytes.extend_from_slice(format!("{name}: ").as_bytes());
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", request.body().len()).as_bytes());
        bytes.extend_from_slice(request.body());
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some((host, uri.port_u16().unwrap_or(80), bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_encoded_on_the_wire_and_readable_in_a_report() {
        let ask = Ask::get("/Users").with("filter", "userName eq \"a+b@x\"").with("count", 1);
        let sent = |ask: &Ask| ask.request("https://x/scim", &"t".into()).unwrap();
        assert_eq!(sent(&ask).uri().query(), Some("filter=userName%20eq%20%22a%2Bb%40x%22&count=1"));
        assert_eq!(sent(&ask).headers()["authorization"], "Bearer t");
        assert_eq!(sent(&ask.clone().with_pluses()).uri().query(), Some("filter=userName+eq+%22a%2Bb%40x%22&count=1"));
        assert_eq!(ask.shown(), "GET /Users?filter=userName eq \"a+b@x\"&count=1");
        assert!(!sent(&ask.by_nobody()).headers().contains_key("authorization"));
    }
}
