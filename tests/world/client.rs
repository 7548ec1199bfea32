//! A small HTTP client that follows nothing and keeps nothing.

use reqwest::{Method, StatusCode, header::HeaderMap, redirect::Policy};
use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Client {
    origin: String,
    inner: reqwest::Client,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Client {
    pub fn new(origin: String) -> Self {
        let inner = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { origin, inner }
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, None).await
    }

    /// # Panics
    /// When the server says 500.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.inner.request(method.clone(), format!("{}{path}", self.origin));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "the server failed at {method} {path}: {text}");
        Answer { status: status.as_u16(), headers, text }
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The header's value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body without the request's own number, which differs in every answer.
    pub fn but_for_its_number(&self) -> String {
        match self.header("x-request-id") {
            "" => self.text.clone(),
            number => self.text.replace(number, "req_…"),
        }
    }

    /// The resource's id.
    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("no id in {self:?}")).to_owned()
    }

    /// This answer, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}
