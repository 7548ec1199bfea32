//! The page of an invitation: who invites, to what, until when, and one button.

use super::{Page, Width};
use crate::app::InvitationShown;
use axum::{http::StatusCode, response::Response};
use maud::html;

/// `GET /invitations/{token}`, and again where somebody has to choose how to sign in.
pub(in crate::http) fn invitation(
    status: StatusCode,
    shown: &InvitationShown,
    token: &str,
    (providers, takes_password): (&[(String, String)], bool),
    notice: Option<&str>,
) -> Response {
    let action = format!("/invitations/{token}");
    let body = html! {
        div class="card" {
            h1 { "Join " (shown.organization) }
            p class="lead" { (shown.inviter) " invites you. You are offered:" }
            ul { @for line in &shown.offer { li { (line) } } }
            @if let Some(notice) = notice { div class="notice" role="alert" { p { (notice) } } }
            p class="hint" { "For " (shown.email) ", until " (shown.until) "." }
            @if providers.is_empty() {
                form method="post" action=(action) {
                    button class="fill" type="submit" { "Accept, and sign in" }
                }
            } @else {
                p { "Your organization has more than one way to sign in." }
                div class="stack" {
                    @for (id, name) in providers {
                        form method="post" action=(action) {
                            input type="hidden" name="connection" value=(id);
                            button class="fill second" type="submit" { "Accept, and continue with " (name) }
                        }
                    }
                }
            }
            @if takes_password {
                p { a class="button second fill" href=(format!("{action}/password")) { "Accept, and choose a password" } }
            }
        }
    };
    Page { title: "Invitation", organization: Some(&shown.organization), width: Width::Narrow, go_to: None, body }
        .respond(status)
}
