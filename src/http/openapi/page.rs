//! The API, to be read: one page, grouped by noun, without script.

use super::{DOCUMENT, operation::refusals};
use crate::{
    app::Need,
    http::{
        doors::{Caller, Declared},
        error::codes::CODES,
        pages,
    },
};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;
use std::sync::LazyLock;

/// The page, made once: it is the same for everybody.
static PAGE: LazyLock<Markup> = LazyLock::new(|| {
    let routes = crate::http::routes();
    let listed: Vec<&Declared> = routes.iter().filter(|declared| super::is_listed(declared)).collect();
    body(&listed, &DOCUMENT.0)
});

/// `GET /docs/api`
pub(super) async fn show() -> Response {
    pages::document("The API", PAGE.clone())
}

fn body(routes: &[&Declared], document: &Value) -> Markup {
    let mut nouns: Vec<&str> = Vec::new();
    for declared in routes {
        if !nouns.contains(&declared.noun) {
            nouns.push(declared.noun);
        }
    }
    let about = super::ABOUT.split("\n\n");
    html! {
        h1 { "The API" }
        p class="lead" { "castgate " (env!("CARGO_PKG_VERSION")) ", for programs. As a document: " a href="/openapi.json" { "openapi.json" } "." }
        section class="card" aria-label="How it works" { @for paragraph in about { p { (marked(paragraph)) } } }
        nav class="card" aria-label="Nouns" {
            p class="row" {
                @for noun in &nouns { a href=(format!("#{}", anchor(noun))) { (noun) } }
                a href="#codes" { "Codes of refusals" }
            }
        }
        @for noun in &nouns {
            section class="card" aria-labelledby=(anchor(noun)) {
                h2 id=(anchor(noun)) { (noun) }
                @for declared in routes.iter().filter(|declared| declared.noun == *noun) { (route(declared, document)) }
            }
        }
        (codes())
    }
}

fn anchor(noun: &str) -> String {
    noun.to_ascii_lowercase().replace(' ', "-")
}

fn route(declared: &Declared, document: &Value) -> Markup {
    let operation = &document["paths"][&declared.path][declared.method.to_ascii_lowercase()];
    html! {
        details class="route" {
            summary {
                span class="tag" { (declared.method) } " " code { (declared.path) }
                span class="quiet small" { (declared.summary) }
            }
            @if !declared.detail.is_empty() { p { (declared.detail) } }
            dl class="facts" {
                dt { "Who" } dd { (who(declared)) }
                (parameters(operation))
                @if let Some(example) = declared.example {
                    dt { "Body" } dd { pre class="secret" { (format!("{:#}", example())) } }
                }
                dt { "Answers" } dd { (answers(declared)) }
                dt { "Refusals" }
                dd {
                    @for (status, codes) in refusals(declared) {
                        p class="small" {
                            (status) " "
                            @for code in codes { a href=(format!("#{code}")) { code { (code) } } " " }
                        }
                    }
                }
                @if declared.is_change() {
                    dt { "Events" }
                    dd class="small" { @for kind in &declared.tells { code { (kind.name()) } " " } }
                }
            }
        }
    }
}

fn who(declared: &Declared) -> String {
    let who = match declared.who {
        Caller::Anyone => "everybody",
        Caller::SignedIn => "somebody signed in",
        Caller::SessionOrKey => "a session or an API key",
        Caller::Key => "an API key",
        Caller::ScimToken => "a connection's token",
    };
    match declared.need {
        Some(Need::Capability(capability)) => format!("{who}, with {capability} on the whole organization"),
        Some(Need::Self_ | Need::Directory | Need::Operator) | None => who.to_owned(),
    }
}

fn parameters(operation: &Value) -> Markup {
    let none = Vec::new();
    let all = operation["parameters"].as_array().unwrap_or(&none);
    html! {
        @if !all.is_empty() {
            dt { "Parameters" }
            dd {
                @for one in all {
                    p class="small" {
                        code { (one["name"].as_str().unwrap_or_default()) } " "
                        span class="quiet" { "(" (one["in"].as_str().unwrap_or_default()) ")" } " "
                        (marked(one["description"].as_str().unwrap_or_default()))
                    }
                }
            }
        }
    }
}

fn answers(declared: &Declared) -> String {
    let one = |answer: &crate::http::doors::Answered| match answer.media {
        Some(media) => format!("{} {media}", answer.status),
        None => answer.status.to_string(),
    };
    declared.answers.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn codes() -> Markup {
    html! {
        section class="card" aria-labelledby="codes" {
            h2 id="codes" { "Codes of refusals" }
            dl class="facts" {
                @for known in CODES {
                    dt id=(known.word) { code { (known.word) } " " (known.status) }
                    dd { (known.meaning) }
                }
            }
        }
    }
}

/// Text with `code` between backticks.
fn marked(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
