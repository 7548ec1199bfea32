//! The pages of signing in by e-mail and password: the form, the code, a link to choose another, choosing it.

use super::{Page, Width, sign_in::SoFar};
use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};

/// One sentence for every reason.
pub(in crate::http) const REFUSED: &str =
    "The e-mail address, the organization or the password is not right. Compare all three, or choose another password.";

/// `/login/password`: the form, and again with what went wrong.
pub(in crate::http) fn form(status: StatusCode, so_far: SoFar<'_>, notice: Option<&str>) -> Response {
    let known = !so_far.email.is_empty() && !so_far.organization.is_empty();
    let body = html! {
        div class="card" {
            h1 { "Sign in with your password" }
            @if let Some(notice) = notice { div class="notice" role="alert" { p { (notice) } } }
            form method="post" action="/login/password" {
                input type="hidden" name="return_to" value=(so_far.return_to);
                (whose(so_far, !known))
                div class="field" {
                    label for="password" { "Password" }
                    input id="password" name="password" type="password" autocomplete="current-password" required
                        maxlength="1024" autofocus[known];
                }
                button class="fill" type="submit" { "Sign in" }
            }
            p { a href="/login/forgot" { "No password yet, or forgotten?" } }
            p { a href="/login" { "Sign in by your company's own sign-in" } }
        }
    };
    narrow("Sign in with your password", body).respond(status)
}

/// Whose password: the address and the organization.
fn whose(so_far: SoFar<'_>, focus: bool) -> Markup {
    html! {
        div class="field" {
            label for="email" { "E-mail" }
            input id="email" name="email" type="email" autocomplete="username" required maxlength="254"
                value=(so_far.email) autofocus[focus];
        }
        div class="field" {
            label for="organization" { "Organization" }
            input id="organization" name="organization" type="text" autocapitalize="none" spellcheck="false"
                autocomplete="organization" required maxlength="63" value=(so_far.organization)
                aria-describedby="organization-hint";
            p id="organization-hint" class="hint" { "Its short name, such as acme. Your colleagues know it." }
        }
    }
}

/// The code of the authenticator app, after a password that was right.
pub(in crate::http) fn code(status: StatusCode, notice: Option<&str>) -> Response {
    let body = html! {
        div class="card" {
            h1 { "One more step" }
            p class="lead" { "Your authenticator app shows a code of six digits." }
            @if let Some(notice) = notice { div class="notice" role="alert" { p { (notice) } } }
            form method="post" action="/login/code" {
                div class="field" {
                    label for="code" { "Code" }
                    input id="code" name="code" type="text" inputmode="text" autocomplete="one-time-code" required
                        maxlength="64" autocapitalize="characters" spellcheck="false" aria-describedby="code-hint" autofocus;
                    p id="code-hint" class="hint" { "Without the app: one of your recovery codes. Each works once." }
                }
                button class="fill" type="submit" { "Sign in" }
            }
        }
    };
    narrow("One more step", body).respond(status)
}

/// `GET /login/forgot`
pub(in crate::http) fn forgot(so_far: SoFar<'_>) -> Response {
    let body = html! {
        div class="card" {
            h1 { "Choose a password" }
            p class="lead" { "We mail you a link by which you choose one." }
            form method="post" action="/login/forgot" {
                (whose(so_far, true))
                button class="fill" type="submit" { "Send the link" }
            }
        }
    };
    narrow("Choose a password", body).respond(StatusCode::OK)
}

/// The answer to whoever asked, whoever it is.
pub(in crate::http) fn asked() -> Response {
    let body = html! {
        div class="card" {
            h1 { "Look into your mail" }
            p class="lead" {
                "If there is somebody with this address here who signs in with a password, a link is on its way to them."
            }
            p class="hint" { "Nothing there? Look among the junk, and compare the address and the organization." }
            p { a class="button second" href="/login" { "Back to the sign-in" } }
        }
    };
    narrow("Look into your mail", body).respond(StatusCode::OK)
}

/// A password is chosen, by a link or with an invitation: where the form goes, and what goes along.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Choosing<'a> {
    /// Where the form goes.
    pub action: &'a str,
    /// The link's token, where the address does not have it.
    pub token: Option<&'a str>,
    /// Whose.
    pub email: &'a str,
    /// The fewest characters.
    pub fewest: usize,
}

/// The page of a link by which a password is chosen. Looking at it changes nothing.
pub(in crate::http) fn choose(status: StatusCode, choosing: Choosing<'_>, notice: Option<&str>) -> Response {
    let body = html! {
        div class="card" {
            h1 { "Choose your password" }
            @if let Some(notice) = notice { div class="notice" role="alert" { p { (notice) } } }
            form method="post" action=(choosing.action) {
                @if let Some(token) = choosing.token { input type="hidden" name="token" value=(token); }
                // For password managers, which keep both together.
                div class="field" {
                    label for="email" { "E-mail" }
                    input id="email" name="email" type="email" autocomplete="username" value=(choosing.email) readonly;
                }
                (new_password(choosing.fewest, true))
                button class="fill" type="submit" { "Take this password" }
            }
        }
    };
    narrow("Choose your password", body).respond(status)
}

/// The fields of a new password.
pub(in crate::http) fn new_password(fewest: usize, focus: bool) -> Markup {
    html! {
        div class="field" {
            label for="password" { "New password" }
            input id="password" name="password" type="password" autocomplete="new-password" required minlength=(fewest)
                maxlength="1024" aria-describedby="password-hint" autofocus[focus];
            p id="password-hint" class="hint" {
                "At least " (fewest) " characters, of whatever kind. Several words that nobody would expect are good."
            }
        }
        div class="field" {
            label for="again" { "The same again" }
            input id="again" name="again" type="password" autocomplete="new-password" required maxlength="1024";
        }
    }
}

/// The password is another one.
pub(in crate::http) fn chosen() -> Response {
    let body = html! {
        div class="card" {
            h1 { "Your password is chosen" }
            p class="lead" { "Wherever you were signed in you are not any more. Sign in with the new one." }
            p { a class="button fill" href="/login/password" { "Sign in" } }
        }
    };
    narrow("Your password is chosen", body).respond(StatusCode::OK)
}

fn narrow(title: &str, body: Markup) -> Page<'_> {
    Page { title, organization: None, width: Width::Narrow, go_to: None, body }
}
