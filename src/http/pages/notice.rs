//! Pages that say one thing: an error, signed out, on the way elsewhere.

use super::{Page, Width};
use axum::{http::StatusCode, response::Response};
use maud::html;

/// Something did not work.
///
/// `detail` is a sentence for the reader; `reference` lets an administrator find the reason in the log.
pub(in crate::http) fn error(status: StatusCode, title: &str, detail: &str, reference: Option<&str>) -> Response {
    let body = html! {
        div class="card" {
            h1 { (title) }
            p class="lead" { (detail) }
            @if let Some(reference) = reference {
                p class="quiet small" { "If you ask for help, say this: " code { (reference) } }
            }
            p { a class="button second" href="/account" { "Go to your account" } }
        }
    };
    Page { title, organization: None, width: Width::Narrow, go_to: None, body }.respond(status)
}

/// The session is over.
pub(in crate::http) fn signed_out() -> Response {
    let body = html! {
        div class="card" {
            h1 { "You are signed out" }
            p class="lead" { "Your session here has ended. Close the browser if others use this computer." }
            p { a class="button" href="/login" { "Sign in again" } }
        }
    };
    Page { title: "Signed out", organization: None, width: Width::Narrow, go_to: None, body }.respond(StatusCode::OK)
}

/// The browser goes on to `target` by itself.
///
/// Not a redirect: Chromium holds the whole chain of redirects behind a form to the page's `form-action`, and where
/// the provider lives is not known when the form is shown. A page that moves on is a navigation of its own.
pub(in crate::http) fn on_the_way(title: &str, to: &str, target: &str) -> Response {
    let body = html! {
        div class="card" {
            h1 { (title) }
            p class="lead" { "You are being taken there. If nothing happens, use the button." }
            p { a class="button fill" href=(target) rel="noreferrer" { "Continue to " (to) } }
        }
    };
    Page { title, organization: None, width: Width::Narrow, go_to: Some(target), body }.respond(StatusCode::OK)
}
