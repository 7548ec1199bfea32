//! Pages of a sign-in over SAML: a form that goes to the provider by itself, and the question before a sign-in that began there.

use super::{Page, Width};
use crate::{model::ConnectionId, sso::saml::PostForm};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use maud::html;

/// Where the one script lies that sends a form by itself.
pub(in crate::http) const SUBMIT_ADDRESS: &str = "/assets/submit.js";

/// What it does.
pub(in crate::http) const SUBMIT: &str = "document.forms[0].submit();\n";

/// As for every page, but a form may go elsewhere: browsers hold the redirects that follow to it too, and where a provider's lead
/// nobody knows. And our own script may send it.
const MAY_POST: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// The browser takes a form to the provider; by itself, or by the button where there is no script.
pub(in crate::http) fn posts_itself(title: &str, to: &str, form: &PostForm) -> Response {
    let body = html! {
        div class="card" {
            h1 { (title) }
            p class="lead" { "Your browser goes on to " (to) " by itself. If nothing happens, use the button." }
            form method="post" action=(form.action) {
                input type="hidden" name=(form.field) value=(form.value);
                @if let Some(relay) = &form.relay_state {
                    input type="hidden" name="RelayState" value=(relay);
                }
                p { button class="button fill" type="submit" { "Continue to " (to) } }
            }
            script src=(SUBMIT_ADDRESS) defer {}
        }
    };
    let mut page = Page { title, organization: None, width: Width::Narrow, go_to: None, body }.respond(StatusCode::OK);
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, MAY_POST);
    page
}

/// The provider sent somebody whom nobody had sent to it: whoever sits there is asked.
pub(in crate::http) fn confirm(id: &ConnectionId, person: &str, organization: &str, answer: &str) -> Response {
    let body = html! {
        div class="card" {
            h1 { "Sign in to " (organization) "?" }
            p class="lead" { "Your organization's sign-in sent you here as " strong { (person) } "." }
            form method="post" action=(format!("/login/saml/{id}/confirm")) {
                input type="hidden" name="SAMLResponse" value=(answer);
                p { button class="button fill" type="submit" { "Sign in as " (person) } }
            }
            p { "If you did not mean to sign in, or this is not you, close this page." }
        }
    };
    Page { title: "Sign in", organization: None, width: Width::Narrow, go_to: None, body }.respond(StatusCode::OK)
}
