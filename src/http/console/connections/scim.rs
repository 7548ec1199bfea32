//! Pushing over SCIM: the address, and tokens with their ends.

use super::{HTML, NEED, address, copied, show, show::Shown, sign_in};
use crate::{
    app::{App, Error, NewToken},
    http::{
        console::{
            desk::{Answer, Sent},
            flash::Said,
            guard::told,
            keys,
            parts::{press, sure},
            times::{when, when_or},
        },
        doors::{Doors, post},
    },
    model::{ConnectionId, EventKind, TokenId},
};
use axum::extract::{Path, State};
use maud::{Markup, html};
use std::time::Duration;

/// How long both tokens hold.
const OVERLAP: Duration = Duration::from_hours(24);
/// A year.
const LIFE: Duration = Duration::from_hours(24 * 365);

/// What is lost with a token.
const REVOKED: &str = "The provider’s next push by it is refused, and that cannot be taken back: people who leave would stay here until it has another. To change it without a gap, rotate it.";

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        post("/connections/{id}/tokens", create)
            .summary("Make a SCIM token, shown once")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .tells(&[EventKind::TokenCreated, EventKind::TokenRevoked])
            .answers_as(201, HTML),
    )
    .door(
        post("/connections/{id}/tokens/{token}/rotate", rotate)
            .summary("Make a SCIM token in the place of another; both hold for a day")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .part::<TokenId>("token")
            .tells(&[EventKind::TokenReplaced])
            .answers_as(201, HTML),
    )
    .door(
        post("/connections/{id}/tokens/{token}/revoke", revoke)
            .summary("Revoke a SCIM token")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .part::<TokenId>("token")
            .tells(&[EventKind::TokenRevoked])
            .answers_as(303, HTML),
    )
}

/// A token that is shown this once.
pub(super) fn shown_once(new: &NewToken) -> Markup {
    html! {
        div class="flash" role="status" {
            p { strong { "The token is made. Copy it now: it is not shown again." } }
            div class="copied" { span class="unseen" { "The new token" } code class="secret" data-copy="" { (new.secret.expose()) } }
        }
    }
}

pub(super) fn section(shown: &Shown<'_>) -> Markup {
    let (connection, now) = (&shown.connection, shown.desk.ctx.now);
    let path = address(&connection.id);
    html! {
        section class="card" aria-labelledby="scim" {
            h2 id="scim" { "Pushing people and groups (SCIM)" }
            p { (shown.kind.pushing()) }
            (copied("SCIM address (base URL, tenant URL)", &shown.app.scim_url(connection)))
            h3 { "Tokens" }
            @if shown.tokens.is_empty() { p class="quiet" { "None yet. There is room for two, so that one can be rotated without a gap." } }
            ul class="rows plain" {
                @for token in &shown.tokens {
                    li {
                        div {
                            p class="title" { code { (token.hint) "…" } @if token.replaced_by.is_some() { " " span class="state wait" { "Replaced" } } }
                            p class="quiet small" {
                                "made " (when(token.created_at, now)) ", last used " (when_or(token.uses.last_used_at, now, "never"))
                                @match token.expires_at { Some(end) => { ", ends " (when(end, now)) }, None => ", without end" }
                            }
                            @if let Some(days) = token.warned_days { p class="small" { span class="state wait" { "Ends within " (days) " days" } ": rotate it, and give the provider the new one." } }
                        }
                        div class="acts" {
                            @if token.replaced_by.is_none() { (press(shown.desk, &format!("{path}/tokens/{}/rotate", token.id), "second little", "Rotate", &[])) }
                            (sure(("Revoke", &token.hint), REVOKED, &press(shown.desk, &format!("{path}/tokens/{}/revoke", token.id), "harm little", "Revoke the token", &[])))
                        }
                    }
                }
            }
            @if shown.tokens.len() < 2 {
                form method="post" action=(format!("{path}/tokens")) {
                    (shown.desk.token())
                    div class="row" {
                        div class="field short" {
                            label for="days" { "Life" }
                            select id="days" name="days" { option value="365" { "1 year" } option value="90" { "90 days" } option value="" { "No end" } }
                        }
                        button type="submit" class="second" { "Make a token" }
                    }
                }
            }
        }
    }
}

/// The page with the secret: it is shown once and kept nowhere.
async fn made((app, sent): (&App, &Sent), id: &ConnectionId, outcome: Result<NewToken, Error>) -> Answer {
    match outcome {
        Ok(new) => show::page((app, &sent.desk), (id, None), (&Said::default(), Some(&new)), None).await,
        Err(error) => {
            let notice = told(error)?;
            show::page((app, &sent.desk), (id, None), (&Said::default(), None), Some(notice)).await
        }
    }
}

/// `POST /console/connections/{id}/tokens`
async fn create(State(app): State<App>, Path(id): Path<ConnectionId>, sent: Sent) -> Answer {
    let new = app.create_scim_token(&sent.desk.ctx, &id, keys::life(&sent)?).await;
    made((&app, &sent), &id, new).await
}

/// `POST /console/connections/{id}/tokens/{token}/rotate`
async fn rotate(State(app): State<App>, Path((id, token)): Path<(ConnectionId, TokenId)>, sent: Sent) -> Answer {
    let new = app.rotate_scim_token(&sent.desk.ctx, (&id, &token), (Some(LIFE), OVERLAP)).await;
    made((&app, &sent), &id, new).await
}

/// `POST /console/connections/{id}/tokens/{token}/revoke`
async fn revoke(State(app): State<App>, Path((id, token)): Path<(ConnectionId, TokenId)>, sent: Sent) -> Answer {
    let done = app.revoke_scim_token(&sent.desk.ctx, &id, &token).await;
    sign_in::said((&app, &sent), &id, done).await
}
