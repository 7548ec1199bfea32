//! The pages of a connection's test: what it is, and what it found. They tell of the person who signed in and of the
//! provider; what the organization's rules say is for its admins alone.

use super::{Page, Width};
use crate::{
    app::TestShown,
    model::{ConnectionTest, TestResult},
};
use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};
use serde_json::Value;

/// `GET /login/test/{token}`
pub(in crate::http) fn begin(shown: &TestShown, token: &str) -> Response {
    let body = html! {
        div class="card" {
            h1 { "Test the sign-in" }
            p class="lead" { "Connection " (shown.connection) " of " (shown.organization) "." }
            p { "You sign in at the provider as usual. Nobody's access changes by it, yours included, and you are not signed in here." }
            form method="post" action=(format!("/login/test/{token}")) {
                button class="fill" type="submit" { "Begin the test" }
            }
        }
    };
    respond("Test the sign-in", Some(&shown.organization), body)
}

/// Where the provider leads back to.
pub(in crate::http) fn result(test: &ConnectionTest) -> Response {
    let body = html! {
        div class="card" {
            @if let Some(result) = &test.result { h1 { (headline(result)) } (found(result)) } @else { h1 { "The test has not ended" } }
        }
    };
    respond("The test's result", None, body)
}

fn respond(title: &str, organization: Option<&str>, body: Markup) -> Response {
    Page { title, organization, width: Width::Narrow, go_to: None, body }.respond(StatusCode::OK)
}

/// What a test found, in a few words.
pub(in crate::http) fn headline(result: &TestResult) -> &'static str {
    if result.succeeded { "The sign-in works" } else { "The sign-in does not work yet" }
}

/// The rest of it, as far as it is for everybody.
pub(in crate::http) fn found(result: &TestResult) -> Markup {
    html! {
        @if result.succeeded {
            p class="lead" { "Whoever signs in so gets in. You can close this window." }
        } @else {
            @if let Some(failure) = result.entry.failure {
                p role="alert" data-failure=(failure) { (failure.meaning()) }
                p { (failure.remedy()) }
            }
            @if let Some(detail) = &result.entry.detail { p class="hint" { (detail) } }
        }
        @if !result.entry.derived.claims.is_empty() {
            h2 { "What the provider said" }
            dl class="facts" {
                @for (name, value) in &result.entry.derived.claims { dt { (name) } dd { (text(value)) } }
            }
        }
        @if !result.entry.derived.facts.is_empty() {
            h2 { "What is known from it" }
            dl class="facts" {
                @for (name, value) in &result.entry.derived.facts { dt { (name) } dd { (text(value)) } }
            }
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(several) if several.iter().all(Value::is_string) => {
            several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
