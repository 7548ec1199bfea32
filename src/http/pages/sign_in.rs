//! The pages before a session: e-mail, organization, provider, one-time link.

use super::{Page, Width};
use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};

/// What is known of a sign-in so far. It travels in the form; none of it is believed.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::http) struct SoFar<'a> {
    /// As typed.
    pub email: &'a str,
    /// As typed.
    pub organization: &'a str,
    /// Checked: a path of ours.
    pub return_to: &'a str,
}

/// What stands in the place of a connection's id for whoever signs in with a password.
pub(in crate::http) const PASSWORD: &str = "password";

/// What the sign-in page asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Ask {
    /// Only the e-mail address.
    Email,
    /// The organization's short name as well.
    Organization,
}

/// `GET /login`, and again when more is needed. `notice` says what went wrong before.
pub(in crate::http) fn sign_in(status: StatusCode, so_far: SoFar<'_>, ask: Ask, notice: Option<&str>) -> Response {
    let body = html! {
        div class="card" {
            h1 { "Sign in" }
            p class="lead" {
                @match ask {
                    Ask::Email => "Your organization's own sign-in takes it from there.",
                    Ask::Organization => "This e-mail address alone does not say where to go. Which organization is it?",
                }
            }
            @if let Some(notice) = notice { div class="notice" role="alert" { p { (notice) } } }
            form method="post" action="/login" {
                (return_to(so_far))
                div class="field" {
                    label for="email" { "Work e-mail" }
                    input id="email" name="email" type="email" autocomplete="username" required maxlength="254"
                        value=(so_far.email) autofocus[ask == Ask::Email];
                }
                @if ask == Ask::Organization {
                    div class="field" {
                        label for="organization" { "Organization" }
                        input id="organization" name="organization" type="text" autocapitalize="none" spellcheck="false"
                            autocomplete="organization" required maxlength="63" value=(so_far.organization)
                            aria-describedby="organization-hint" autofocus;
                        p id="organization-hint" class="hint" { "Its short name, such as acme. Your colleagues know it." }
                    }
                }
                button class="fill" type="submit" { "Continue" }
            }
            form method="post" action="/login" {
                (return_to(so_far))
                (with_password(so_far))
                button class="second" type="submit" { "Sign in with a password instead" }
            }
        }
    };
    Page { title: "Sign in", organization: None, width: Width::Narrow, go_to: None, body }.respond(status)
}

/// Somebody who is signed in and has to prove it again: to get where, and how.
#[derive(Debug)]
pub(in crate::http) struct Again<'a> {
    /// What to call them.
    pub person: &'a str,
    /// Checked: where they wanted to go.
    pub return_to: &'a str,
    /// Any one of these ways, between spaces.
    pub acr: &'a str,
    /// At most so many seconds ago.
    pub max_age: Option<u32>,
}

/// `GET /login/again`
pub(in crate::http) fn again(again: &Again<'_>) -> Response {
    let body = html! {
        div class="card" {
            h1 { "Please sign in again" }
            p class="lead" {
                "You are signed in as " strong { (again.person) } ". "
                @if again.acr.is_empty() { "What comes next asks for a sign-in that is more recent." }
                @else { "What comes next asks for a stronger sign-in, such as a second factor." }
            }
            form method="post" action="/login/again" {
                input type="hidden" name="return_to" value=(again.return_to);
                input type="hidden" name="acr" value=(again.acr);
                @if let Some(seconds) = again.max_age { input type="hidden" name="max_age" value=(seconds); }
                button class="fill" type="submit" { "Sign in again" }
            }
        }
    };
    Page { title: "Sign in again", organization: None, width: Width::Narrow, go_to: None, body }.respond(StatusCode::OK)
}

/// Several providers sign people in to the organization that was named.
pub(in crate::http) fn choose(so_far: SoFar<'_>, providers: &[(String, String)]) -> Response {
    let body = html! {
        div class="card" {
            h1 { "How do you sign in?" }
            p class="lead" { "Your organization has more than one way." }
            div class="stack" {
                @for (id, name) in providers {
                    form method="post" action="/login" {
                        (return_to(so_far))
                        input type="hidden" name="email" value=(so_far.email);
                        input type="hidden" name="organization" value=(so_far.organization);
                        input type="hidden" name="connection" value=(id);
                        button class="fill second" type="submit" { "Continue with " (name) }
                    }
                }
                form method="post" action="/login" {
                    (return_to(so_far))
                    (with_password(so_far))
                    button class="fill second" type="submit" { "Continue with a password" }
                }
            }
        }
    };
    Page { title: "Choose a way to sign in", organization: None, width: Width::Narrow, go_to: None, body }
        .respond(StatusCode::OK)
}

/// `GET /login/link`: looking at the link changes nothing, so that mail scanners and previews do not use it up.
pub(in crate::http) fn link(token: &str) -> Response {
    let body = html! {
        div class="card" {
            h1 { "Sign in with your link" }
            p class="lead" { "This link signs you in once. Use it only if you asked for it." }
            form method="post" action="/login/link" {
                input type="hidden" name="token" value=(token);
                button class="fill" type="submit" { "Sign in" }
            }
        }
    };
    Page { title: "Sign in with your link", organization: None, width: Width::Narrow, go_to: None, body }
        .respond(StatusCode::OK)
}

/// What is known so far, on the way to the form for passwords.
fn with_password(so_far: SoFar<'_>) -> Markup {
    html! {
        input type="hidden" name="email" value=(so_far.email);
        input type="hidden" name="organization" value=(so_far.organization);
        input type="hidden" name="connection" value=(PASSWORD);
    }
}

fn return_to(so_far: SoFar<'_>) -> Markup {
    html! {
        @if !so_far.return_to.is_empty() { input type="hidden" name="return_to" value=(so_far.return_to); }
    }
}
