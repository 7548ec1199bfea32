//! The terms: both documents, and one button.

use super::{Page, Width, form_token, markdown};
use crate::store::TermsDocument;
use axum::{http::StatusCode, response::Response};
use maud::html;

/// What the terms page shows.
#[derive(Debug)]
pub(in crate::http) struct TermsPage<'a> {
    /// Whose terms gate it is.
    pub organization: &'a str,
    /// The documents in force.
    pub documents: &'a [TermsDocument],
    /// Whether everything is accepted already: then there is nothing to press.
    pub accepted: bool,
    /// The session's form token.
    pub csrf: &'a str,
    /// Checked: a path of ours.
    pub return_to: &'a str,
    /// Something to know first.
    pub notice: Option<&'a str>,
}

/// `GET /terms`.
pub(in crate::http) fn terms(status: StatusCode, page: &TermsPage<'_>) -> Response {
    let body = html! {
        h1 { @if page.accepted { "The terms you accepted" } @else { "Before you go on" } }
        @if !page.accepted {
            p class="lead" { "Please read both documents. Nothing else opens before you accept them." }
        }
        @if let Some(notice) = page.notice { div class="notice" role="alert" { p { (notice) } } }
        @for document in page.documents {
            section class="card" aria-label=(name(&document.kind)) {
                div class="document" tabindex="0" { (markdown::render(&document.text)) }
                p class="hint" { "Version " (document.version) }
            }
        }
        @if page.accepted {
            p { a class="button" href=(page.return_to) { "Go on" } }
        } @else {
            form method="post" action="/terms" {
                (form_token(page.csrf))
                input type="hidden" name="return_to" value=(page.return_to);
                @for document in page.documents {
                    input type="hidden" name=(document.kind) value=(document.version);
                }
                button type="submit" class="fill" { "I accept both documents" }
            }
        }
    };
    Page { title: "Terms", organization: Some(page.organization), width: Width::Wide, go_to: None, body }
        .respond(status)
}

fn name(kind: &str) -> &str {
    match kind {
        "terms" => "Terms of service",
        "privacy" => "Privacy policy",
        other => other,
    }
}
