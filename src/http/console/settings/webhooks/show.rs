//! One webhook: how it stands, what it was sent and what came of it.

use super::{NEED, address, counted, fields, state, told_of};
use crate::{
    app::{App, Sent as Attempt},
    http::{
        console::{
            HTML, ROWS,
            desk::{Answer, Desk},
            flash::Said,
            frame::{Page, Place},
            parts::{self, Before, older, page_of, press},
            times::when,
            words::event_name,
        },
        doors::{Doors, get},
    },
    model::{Instant, Webhook, WebhookDelivery, WebhookId},
};
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
};
use maud::{Markup, html};
use secrecy::{ExposeSecret as _, SecretString};

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        get("/settings/webhooks/{id}", show)
            .summary("One webhook: how it stands, what it was sent")
            .needs(NEED)
            .part::<WebhookId>("id")
            .answers_as(200, HTML),
    )
}

/// What came of the form that led to the page.
#[derive(Debug)]
pub(super) enum Came {
    /// It was looked at, or something was changed.
    Nothing(Said),
    /// It was made: its secret.
    Made(SecretString),
    /// It has another secret; the one before signs as well until then.
    Rotated(SecretString, Option<Instant>),
    /// Something was sent.
    Tried(&'static str, Attempt),
    /// It could not be done.
    Not(String),
}

/// `GET /console/settings/webhooks/{id}`
async fn show(
    State(app): State<App>,
    Path(id): Path<WebhookId>,
    desk: Desk,
    Query(Before { before }): Query<Before>,
    Query(said): Query<Said>,
) -> Answer {
    page((&app, &desk), (&id, &before), &Came::Nothing(said)).await
}

/// The page, with what came of a form; deliveries from behind `before`.
pub(super) async fn page((app, desk): (&App, &Desk), (id, before): (&WebhookId, &str), came: &Came) -> Answer {
    let webhook = app.webhook(&desk.ctx, id).await?;
    let load = |most| app.deliveries(&desk.ctx, id, (before, most));
    let (deliveries, next) = page_of(ROWS, load, |one| one.id.to_string()).await?;
    let next = next.map(|next| parts::address(&address(id), &[("before", &next)]));
    let path = address(id);
    let body = html! {
        p class="crumbs" { a href=(super::PATH) { "Webhooks" } }
        div class="head" {
            div { h1 class="long" dir="auto" { (webhook.name) } (state(&webhook, desk.ctx.now)) }
            div class="acts" {
                (press(desk, &format!("{path}/test"), "second", "Send a test", &[]))
                @if webhook.active { (press(desk, &format!("{path}/state"), "danger", "Pause", &[("active", "no")])) }
                @else { (press(desk, &format!("{path}/state"), "", "Resume", &[("active", "yes")])) }
            }
        }
        (said(came, desk.ctx.now))
        (about(&webhook, desk.ctx.now))
        (sent((desk, &webhook), &deliveries, next))
        (change(desk, &webhook))
        (secret(desk, &webhook))
        section class="card" aria-labelledby="delete" {
            h2 id="delete" { "Delete it" }
            p { "Nothing is sent there any more, also not what waits, and the list of what was sent goes with it. That cannot be taken back." }
            (press(desk, &format!("{path}/delete"), "harm", "Delete the webhook", &[]))
        }
    };
    let status = match came {
        Came::Nothing(_) | Came::Tried(..) => StatusCode::OK,
        Came::Made(_) | Came::Rotated(..) => StatusCode::CREATED,
        Came::Not(_) => StatusCode::CONFLICT,
    };
    let page = Page::new(desk, Place::Settings, &webhook.name, body);
    Ok(match came {
        Came::Nothing(said) => page.saying(said).respond(status),
        Came::Made(_) | Came::Rotated(..) | Came::Tried(..) | Came::Not(_) => page.respond(status),
    })
}

fn said(came: &Came, now: Instant) -> Markup {
    let shown = |words: &Markup, secret: &SecretString| {
        html! {
            div class="flash" role="status" {
                p { strong { (words) " Copy its secret now: it is not shown again." } }
                div class="copied" { span class="unseen" { "The secret" } code class="secret" data-copy="" { (secret.expose_secret()) } }
                p class="small" { "Whoever is told verifies each message with it, as Standard Webhooks has it." }
            }
        }
    };
    match came {
        Came::Nothing(_) => html! {},
        Came::Made(secret) => shown(&html! { "The webhook is made." }, secret),
        Came::Rotated(secret, until) => {
            let until = until.filter(|until| *until > now);
            shown(
                &html! { "It has another secret. " @match until { Some(until) => { "The one before signs as well until " (when(until, now)) "." }, None => "The one before signs nothing any more." } },
                secret,
            )
        }
        Came::Tried(what, attempt) => html! {
            div class=(if attempt.delivered { "flash" } else { "notice bad" }) role=(if attempt.delivered { "status" } else { "alert" }) {
                p {
                    (what) @if attempt.delivered { " was taken" } @else { " was not taken" }
                    @match (&attempt.error, attempt.status) {
                        (Some(error), _) => { ": " (error) "." },
                        (None, Some(status)) => { ": it answered " (status) "." },
                        (None, None) => ".",
                    }
                }
            }
        },
        Came::Not(why) => html! { div class="notice bad" role="alert" { p { (why) } } },
    }
}

fn about(webhook: &Webhook, now: Instant) -> Markup {
    html! {
        section class="card" aria-labelledby="about" {
            h2 id="about" { "How it stands" }
            dl class="facts" {
                dt { "Address" } dd { code { (webhook.url) } }
                dt { "Told of" }
                dd {
                    @if webhook.kinds.is_empty() { (told_of(webhook)) }
                    @for (place, kind) in webhook.kinds.iter().enumerate() { @if place > 0 { ", " } (event_name(*kind)) }
                }
                dt { "Since" } dd { (when(webhook.created_at, now)) }
                @if let Some(since) = webhook.failing_since.filter(|_| webhook.active) {
                    dt { "Not taken" }
                    dd {
                        (counted(webhook.failures, "time")) " since " (when(since, now)) ". It is tried again " @if webhook.due_at > now { (when(webhook.due_at, now)) } @else { "at once" }
                        ", later and later; the events behind it wait, and none is lost."
                    }
                }
                @if !webhook.active { dt { "While it is paused" } dd { "Nothing is sent. What happens meanwhile waits, and is sent when it goes on." } }
                @if let Some(until) = webhook.old_secret_until.filter(|until| *until > now) {
                    dt { "Secrets" } dd { "Two sign each message until " (when(until, now)) "; then the new one alone." }
                }
                @if let Some(at) = webhook.tried_at { dt { "Last tried by hand" } dd { (when(at, now)) } }
            }
        }
    }
}

fn sent((desk, webhook): (&Desk, &Webhook), deliveries: &[WebhookDelivery], next: Option<String>) -> Markup {
    html! {
        section class="card" aria-labelledby="sent" {
            h2 id="sent" { "What it was sent" }
            @if deliveries.is_empty() { p class="quiet" { "Nothing yet. It is told of what happens next; “Send a test” shows whether messages arrive." } }
            @else { ul class="rows plain" { @for one in deliveries { (delivery((desk, webhook), one)) } } }
            (older(next))
        }
    }
}

fn delivery((desk, webhook): (&Desk, &Webhook), one: &WebhookDelivery) -> Markup {
    let now = desk.ctx.now;
    html! {
        li {
            div {
                p class="title" { (event_name(one.kind)) " " span class="quiet small" { "no. " (one.number) } }
                p class="small" {
                    @match one.delivered_at {
                        Some(at) => { span class="state good" { "Taken" } " " (when(at, now)) },
                        None => { span class="state bad" { "Not taken" } " last tried " (when(one.last_at, now)) },
                    }
                    @if let Some(status) = one.status.filter(|_| one.error.is_none()) { ", it answered " (status) }
                    @if one.attempts > 1 { ", tried " (counted(one.attempts, "time")) }
                }
                @if let Some(error) = &one.error { p class="quiet small" { (error) } }
            }
            (press(desk, &format!("{}/deliveries/{}/redeliver", address(&webhook.id), one.id), "second little", "Send again", &[]))
        }
    }
}

fn change(desk: &Desk, webhook: &Webhook) -> Markup {
    html! {
        section class="card" aria-labelledby="change" {
            h2 id="change" { "Change it" }
            form method="post" action=(address(&webhook.id)) {
                (desk.token())
                input type="hidden" name="seen" value=(webhook.version);
                (fields(&webhook.name, &webhook.url, &webhook.kinds))
                button type="submit" class="second" { "Save" }
            }
        }
    }
}

fn secret(desk: &Desk, webhook: &Webhook) -> Markup {
    html! {
        section class="card" aria-labelledby="rotate" {
            h2 id="rotate" { "Another secret" }
            p { "The new one is shown once. So that no message is refused while you carry it over, the one before signs as well for a while." }
            form method="post" action=(format!("{}/rotate", address(&webhook.id))) {
                (desk.token())
                div class="row" {
                    div class="field short" {
                        label for="hours" { "Both sign for" }
                        select id="hours" name="hours" {
                            option value="24" { "1 day" } option value="168" { "7 days" } option value="0" { "No time: it leaked" }
                        }
                    }
                    button type="submit" class="second" { "Make another secret" }
                }
            }
        }
    }
}
