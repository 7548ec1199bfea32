//! The page of one's own password and authenticator app. The picture is drawn here: no script, no image from elsewhere.

use super::{Page, Width, form_token, password::new_password};
use crate::{
    app::{Enrolment, PasswordShown, RecoveryCodes},
    model::Instant,
};
use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};
use secrecy::ExposeSecret;
use std::fmt::Write as _;

/// Light squares around the picture (ISO/IEC 18004 §6.3.8).
const QUIET: i32 = 4;

/// What the page shows.
#[derive(Debug)]
pub(in crate::http) struct OwnPassword<'a> {
    /// Whose organization.
    pub organization: &'a str,
    /// How they sign in.
    pub shown: &'a PasswordShown,
    /// An app that is to be confirmed.
    pub offered: Option<&'a Enrolment>,
    /// Codes made just now, shown this once.
    pub codes: Option<&'a RecoveryCodes>,
    /// The fewest characters of a password.
    pub fewest: usize,
    /// The session's form token.
    pub csrf: &'a str,
    /// What happened, or went wrong.
    pub notice: Option<&'a str>,
}

/// `/account/password`
pub(in crate::http) fn own_password(status: StatusCode, page: &OwnPassword<'_>) -> Response {
    let body = html! {
        h1 { "How you sign in" }
        @if let Some(notice) = page.notice { div class="notice" role="alert" { p { (notice) } } }
        @if page.shown.may {
            (codes(page))
            (password(page))
            @if page.shown.changed_at.is_some() { (app(page)) }
        } @else {
            section class="card" { p { "You sign in by your company's own sign-in. There is no password here." } }
        }
        p { a href="/account" { "Back to your account" } }
    };
    let (organization, width) = (Some(page.organization), Width::Wide);
    Page { title: "How you sign in", organization, width, go_to: None, body }.respond(status)
}

fn password(page: &OwnPassword<'_>) -> Markup {
    let shown = page.shown;
    html! {
        section class="card" aria-labelledby="password-title" {
            h2 id="password-title" { "Your password" }
            @if let Some(at) = shown.changed_at {
                p class="quiet" { "Chosen " (moment(at)) ". Another one ends your sessions in other browsers." }
                form method="post" action="/account/password" {
                    (form_token(page.csrf))
                    (current("password-current"))
                    (new_password(page.fewest, false))
                    button type="submit" { "Change it" }
                }
            } @else if let Some(email) = &shown.email {
                p { "You have none. We mail a link to " (email) ", by which you choose one." }
                form method="post" action="/account/password/link" {
                    (form_token(page.csrf))
                    button type="submit" { "Send the link" }
                }
            } @else {
                p { "You have none, and no e-mail address that a link to choose one could go to." }
            }
        }
    }
}

fn app(page: &OwnPassword<'_>) -> Markup {
    html! {
        section class="card" aria-labelledby="app-title" {
            h2 id="app-title" { "Authenticator app" }
            @if let Some(since) = page.shown.second_factor {
                p { "Your sign-in asks for the code of your app since " (moment(since)) "." }
                p class="quiet" { (page.shown.codes_left) " recovery codes are left." }
                form method="post" action="/account/second-factor/codes" {
                    (form_token(page.csrf)) (current("codes-current"))
                    button class="second" type="submit" { "Make new recovery codes" }
                }
                form method="post" action="/account/second-factor/end" {
                    (form_token(page.csrf)) (current("end-current"))
                    button class="danger" type="submit" { "Remove the app" }
                }
            } @else if let Some(offered) = page.offered {
                p { "Scan this with your app, or type the secret into it. Then confirm with the code that it shows." }
                (picture(offered.uri.expose_secret()))
                p { "The secret:" }
                p class="secret" id="app-secret" { (offered.text.expose_secret()) }
                form method="post" action="/account/second-factor/confirm" {
                    (form_token(page.csrf))
                    div class="field" {
                        label for="code" { "Code" }
                        input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" required
                            maxlength="16" autofocus;
                    }
                    button type="submit" { "Confirm" }
                }
            } @else {
                p { "With an app on your phone a stolen password alone opens nothing." }
                form method="post" action="/account/second-factor" {
                    (form_token(page.csrf)) (current("app-current"))
                    button type="submit" { "Add an app" }
                }
            }
        }
    }
}

fn codes(page: &OwnPassword<'_>) -> Markup {
    html! {
        @if let Some(RecoveryCodes(codes)) = page.codes {
            section class="card" aria-labelledby="codes-title" {
                h2 id="codes-title" { "Your recovery codes" }
                p { "Each signs you in once without the app. Print them or write them down: they are not shown again." }
                ul id="recovery-codes" { @for code in codes { li { code { (code.expose_secret()) } } } }
            }
        }
    }
}

fn current(id: &str) -> Markup {
    html! {
        div class="field" {
            label for=(id) { "Your password now" }
            input id=(id) name="current" type="password" autocomplete="current-password" required maxlength="1024";
        }
    }
}

/// The text as a QR code: one path of dark squares on a light ground, whatever colours the page has.
fn picture(text: &str) -> Markup {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else {
        return html! { p class="hint" { "Too long for a picture: please type the secret." } };
    };
    let side = code.size() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let _ = write!(path, "M{},{}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    html! {
        svg xmlns="http://www.w3.org/2000/svg" width="220" height="220" viewBox=(format!("0 0 {side} {side}"))
            role="img" aria-label="The secret as a QR code" shape-rendering="crispEdges" {
            rect width="100%" height="100%" fill="#ffffff" {}
            path d=(path) fill="#000000" {}
        }
    }
}

fn moment(instant: Instant) -> String {
    let text = instant.to_string();
    text.get(..10).map_or_else(|| text.clone(), str::to_owned)
}
