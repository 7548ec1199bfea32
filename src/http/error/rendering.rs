//! The four ways in which a refusal is said.

use super::{super::pages, Refusal};
use crate::scim::{ScimError, ScimType};
use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::Response,
};
use maud::{Markup, html};
use serde_json::{Value, json};

/// Seconds until a caller may try again while the store is away.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// Who is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Room {
    /// Identity providers.
    Scim,
    /// Programs.
    Api,
    /// Programs that speak OAuth.
    OAuth,
    /// People with a browser.
    Page,
    /// People who are about to sign in.
    SignIn,
}

impl Room {
    /// Its name among the metrics.
    pub(in crate::http) fn name(self) -> &'static str {
        match self {
            Self::Scim => "scim",
            Self::Api => "api",
            Self::OAuth => "oauth",
            Self::Page => "page",
            Self::SignIn => "sign_in",
        }
    }

    /// The room that a path leads to.
    pub(in crate::http) fn of(path: &str) -> Self {
        let under =
            |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if under("/scim") {
            Self::Scim
        } else if ["/api", "/auth", "/.well-known", "/healthz", "/readyz"].into_iter().any(under) {
            Self::Api
        } else if under("/oauth2") || under("/oidc") || under("/ssf") {
            Self::OAuth
        } else if under("/login") {
            Self::SignIn
        } else {
            Self::Page
        }
    }
}

/// Marks an answer that says what it has to say. In the answer's extensions.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Rendered;

/// What a provider is told of a refusal. In the answer's extensions, for the provisioning log.
#[derive(Debug, Clone)]
pub(in crate::http) struct Said {
    /// SCIM's keyword.
    pub(in crate::http) keyword: Option<&'static str>,
    /// The sentence.
    pub(in crate::http) detail: String,
}

/// A problem that is still to be told which request it is about. In the answer's extensions.
#[derive(Debug, Clone)]
pub(in crate::http) struct Problem(Value);

impl Problem {
    /// The body, with the number of the request (RFC 9457 §3.1.5).
    pub(in crate::http) fn of_request(mut self, request: &str) -> String {
        self.0["instance"] = json!(request);
        self.0.to_string()
    }
}

/// What the log is told of an answer, and nobody else. In the answer's extensions.
#[derive(Debug, Clone)]
pub(in crate::http) struct Internals(pub(in crate::http) String);

pub(super) fn render(mut refusal: Refusal, room: Room) -> Response {
    let (status, internals) = (refusal.status, refusal.internals.take());
    let challenge = challenge(&mut refusal, room);
    let problem = (room == Room::Api).then(|| problem_json(&refusal));
    let keyword = refusal.scim_type.map(ScimType::as_str);
    let told = (room == Room::Scim).then(|| Said { keyword, detail: refusal.detail.clone() });
    let (kind, text) = match room {
        Room::Scim => ("application/scim+json", scim_json(refusal)),
        Room::Api => ("application/problem+json", json!(problem).to_string()),
        Room::OAuth => ("application/json", oauth_json(&refusal).to_string()),
        Room::Page => ("text/html; charset=utf-8", page(&refusal).into_string()),
        Room::SignIn => ("text/html; charset=utf-8", sign_in_page(&refusal).into_string()),
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, RETRY_SECONDS);
    }
    if let Some(challenge) = challenge {
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
    response.extensions_mut().insert(Rendered);
    if let Some(told) = told {
        response.extensions_mut().insert(told);
    }
    if let Some(problem) = problem {
        response.extensions_mut().insert(Problem(problem));
    }
    if let Some(internals) = internals {
        response.extensions_mut().insert(Internals(internals.into_string()));
    }
    response
}

/// RFC 9110 §15.5.2: "The server generating a 401 response MUST send a WWW-Authenticate header field". Browsers would ask for a
/// password by a window of their own, so a page sends none.
fn challenge(refusal: &mut Refusal, room: Room) -> Option<HeaderValue> {
    let usual = match room {
        Room::Scim | Room::Api => "Bearer",
        Room::OAuth => "Basic realm=\"castgate\"",
        Room::Page | Room::SignIn => return None,
    };
    let own = refusal.challenge.take().and_then(|own| HeaderValue::try_from(own.0).ok());
    (refusal.status == StatusCode::UNAUTHORIZED).then(|| own.unwrap_or(HeaderValue::from_static(usual)))
}

/// RFC 6749 §5.2. The words of OAuth where they are said, and else the one that fits the status.
fn oauth_json(refusal: &Refusal) -> Value {
    const WORDS: [&str; 5] =
        ["invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type", "invalid_scope"];
    let word = match refusal.status {
        _ if WORDS.contains(&refusal.code) => refusal.code,
        status if status.is_server_error() => "server_error",
        StatusCode::TOO_MANY_REQUESTS => "temporarily_unavailable",
        StatusCode::UNAUTHORIZED => "invalid_client",
        _ => "invalid_request",
    };
    // RFC 6749 §5.2: the description is ASCII without quotes.
    let plain = |letter: char| match letter {
        '“' | '”' | '"' => '\'',
        '…' => '.',
        letter if letter.is_ascii() && letter != '\\' && !letter.is_control() => letter,
        _ => '?',
    };
    json!({"error": word, "error_description": refusal.detail.chars().map(plain).collect::<String>()})
}

fn scim_json(refusal: Refusal) -> String {
    let Refusal { status, scim_type, detail, .. } = refusal;
    ScimError { status: status.as_u16(), scim_type, detail }.to_json().to_string()
}

/// RFC 9457. `code` is the stable word, and `type` where it is explained.
fn problem_json(refusal: &Refusal) -> Value {
    debug_assert!(super::codes::is_listed(refusal.code), "{} is not in the list of codes", refusal.code);
    let mut problem = json!({
        "type": format!("/docs/api#{}", refusal.code),
        "title": refusal.status.canonical_reason().unwrap_or("Error"),
        "status": refusal.status.as_u16(),
        "code": refusal.code,
        "detail": refusal.detail,
    });
    if !refusal.diagnostics.is_empty() {
        problem["diagnostics"] = json!(refusal.diagnostics);
        let file = if refusal.code == "configuration_invalid" { "configuration.yaml" } else { "mapping.yaml" };
        let text: Vec<String> = refusal.diagnostics.iter().map(|found| found.told(file)).collect();
        problem["text"] = json!(text.join("\n"));
    }
    problem
}

fn page(refusal: &Refusal) -> Markup {
    let title = title(refusal.status);
    let body = html! {
        (sentence(refusal))
        p { a class="button second" href="/account" { "Go to your account" } }
    };
    pages::page(title, &body)
}

fn sign_in_page(refusal: &Refusal) -> Markup {
    let body = html! {
        (sentence(refusal))
        @if let Some(code) = &refusal.reference {
            p { "If it happens again, tell your administrator this reference code:" }
            p class="lead" { code id="reference" { (code) } }
        }
        p { a class="button fill" href="/login" { "Try again" } }
    };
    pages::page("You are not signed in", &body)
}

fn sentence(refusal: &Refusal) -> Markup {
    html! { p role="alert" data-code=(refusal.code) { (as_sentence(refusal.sentence.unwrap_or(&refusal.detail))) } }
}

/// The errors of `app` begin in lower case, as they may stand inside a sentence. On a page they are one.
pub(in crate::http) fn as_sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let stop = if text.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => "Nothing here",
        StatusCode::UNAUTHORIZED => "Please sign in",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::SERVICE_UNAVAILABLE => "Not available now",
        status if status.is_server_error() => "Something went wrong",
        _ => "That did not work",
    }
}
