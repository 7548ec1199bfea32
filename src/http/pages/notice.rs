//! Pages that say one thing: an error, signed out, on the way elsewhere.

use super::{Page, Width};
use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};

/// Something did not work: a title, a sentence, a way on.
pub(in crate::http) fn page(title: &str, body: &Markup) -> Markup {
    let body = html! { div class="card" { h1 { (title) } (body) } };
    Page { title, organization: None, width: Width::Narrow, go_to: None, body }.markup()
}

/// The session is over; at the provider too, if that is known.
pub(in crate::http) fn signed_out(at_the_provider_too: bool) -> Response {
    let body = html! {
        div class="card" {
            h1 { "You are signed out" }
            p class="lead" {
                @if at_the_provider_too { "Your sessions here and at your provider have ended." } @else { "Your session here has ended." }
                " Close the browser if others use this computer."
            }
            p { a class="button" href="/login" { "Sign in again" } }
        }
    };
    Page { title: "Signed out", organization: None, width: Width::Narrow, go_to: None, body }.respond(StatusCode::OK)
}

/// The session here is over; the provider could not end all of its own.
pub(in crate::http) fn signed_out_in_part() -> Response {
    let body = html! {
        div class="card" {
            h1 { "You are signed out here" }
            p class="lead" { "Your provider says that you may still be signed in elsewhere. Close the browser to be sure." }
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
            p class="lead" { "Your browser goes on to " (to) " by itself. If nothing happens, use the button." }
            p { a class="button fill" href=(target) rel="noreferrer" { "Continue to " (to) } }
        }
    };
    Page { title, organization: None, width: Width::Narrow, go_to: Some(target), body }.respond(StatusCode::OK)
}
