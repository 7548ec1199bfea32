//! The page on which somebody lets a command line act for them.

use super::{Page, Width, form_token};
use crate::app::{Visit, role_names};
use axum::{http::StatusCode, response::Response};
use maud::html;

/// What the page shows.
#[derive(Debug)]
pub(in crate::http) struct ConfirmPage<'a> {
    /// Who is asked.
    pub visit: &'a Visit,
    /// What the key will be called.
    pub key_name: &'a str,
    /// The machine, as its command line calls it.
    pub device: &'a str,
    /// Where that command line listens.
    pub port: u16,
    /// What only it can answer.
    pub challenge: &'a str,
    /// What it knows its own question by.
    pub state: &'a str,
    /// Where a refusal goes.
    pub refuse: &'a str,
    /// The session's form token.
    pub csrf: &'a str,
}

/// `GET /cli`.
pub(in crate::http) fn confirm(page: &ConfirmPage<'_>) -> Response {
    let visit = page.visit;
    let roles = role_names(&visit.access);
    let body = html! {
        div class="card" {
            h1 { "Let a command line act for you?" }
            p class="lead" {
                "The castgate command line on " strong { (page.device) } " asks for a key of yours at "
                strong { (visit.organization_name) } " (" (visit.slug) ")."
            }
            div class="notice" role="status" {
                p {
                    "Go on only if you typed " code { "castgate login" } " on that machine just now. The key will be called “"
                    (page.key_name) "”."
                }
            }
            dl class="facts" {
                dt { "Machine" } dd { (page.device) }
                dt { "Organization" } dd { (visit.organization_name) " (" (visit.slug) ")" }
                dt { "You" }
                dd {
                    (visit.visitor.label)
                    @if visit.visitor.label != visit.visitor.user_name { " (" (visit.visitor.user_name) ")" }
                }
                dt { "It may" }
                dd {
                    "what you may do, for as long as you may do it: "
                    @if roles.is_empty() { "nothing yet" } @else { (roles.join(", ")) }
                }
                dt { "Until" } dd { "30 days from now, or until you delete the key on your account page" }
            }
            div class="stack" {
                form method="post" action="/cli" {
                    (form_token(page.csrf))
                    input type="hidden" name="port" value=(page.port);
                    input type="hidden" name="challenge" value=(page.challenge);
                    input type="hidden" name="state" value=(page.state);
                    input type="hidden" name="device" value=(page.device);
                    button class="fill" type="submit" { "Let it act for me" }
                }
                a class="button second fill" href=(page.refuse) rel="noreferrer" { "No, this was not me" }
            }
        }
    };
    Page {
        title: "Let a command line act for you?",
        organization: Some(&visit.organization_name),
        width: Width::Narrow,
        go_to: None,
        body,
    }
    .respond(StatusCode::OK)
}
