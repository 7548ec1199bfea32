//! Webhooks: the organization's own addresses that are told what happens.

mod acts;
mod show;

use super::{NEED, Tab, head};
use crate::{
    app::{App, WebhookWish},
    http::{
        console::{
            HTML,
            desk::{Answer, Desk, Sent},
            flash::Said,
            frame::{Page, Place},
            parts::empty,
            times::when,
            words::event_name,
        },
        doors::{Doors, get, post},
    },
    model::{EventKind, Instant, Webhook, WebhookId},
};
use axum::extract::{Query, State};
use maud::{Markup, html};

const PATH: &str = "/console/settings/webhooks";

pub(super) fn doors(room: Doors) -> Doors {
    let room = room
        .door(
            get("/settings/webhooks", list).summary("Webhooks, and how each stands").needs(NEED).answers_as(200, HTML),
        )
        .door(
            post("/settings/webhooks", create)
                .summary("Have an address told what happens; its secret is shown once")
                .needs(NEED)
                .tells(&[EventKind::WebhookCreated])
                .answers_as(201, HTML),
        );
    acts::doors(show::doors(room))
}

/// Where a webhook's page is.
fn address(id: &WebhookId) -> String {
    format!("{PATH}/{id}")
}

/// `GET /console/settings/webhooks`
async fn list(State(app): State<App>, desk: Desk, Query(said): Query<Said>) -> Answer {
    let webhooks = app.webhooks(&desk.ctx).await?;
    let body = html! {
        (head(Tab::Webhooks))
        p class="lead" { "castgate tells these addresses what happens here, event by event and in order: a SIEM, a chat, a program of your own." }
        @if webhooks.is_empty() {
            (empty("Nobody is told yet", &html! { p { "Add the address of your SIEM or of a program below. It is told what happens from then on, in messages that it can verify." } }))
        } @else {
            ul class="rows plain" { @for webhook in &webhooks { (row(webhook, desk.ctx.now)) } }
        }
        section class="card" aria-labelledby="new" {
            h2 id="new" { "Add a webhook" }
            form method="post" action=(PATH) {
                (desk.token())
                (fields("", "", &[]))
                button type="submit" { "Add it" }
                p class="hint" { "Its secret is shown once, on the next page." }
            }
        }
    };
    Ok(Page::new(&desk, Place::Settings, "Webhooks", body).saying(&said).ok())
}

fn row(webhook: &Webhook, now: Instant) -> Markup {
    html! {
        li {
            div {
                p class="title long" { a href=(address(&webhook.id)) dir="auto" { (webhook.name) } }
                p class="quiet small long" { (webhook.url) }
                p class="quiet small" { "Told of " (told_of(webhook)) }
            }
            div { (state(webhook, now)) }
        }
    }
}

/// “everything that happens”, “3 kinds of events”.
fn told_of(webhook: &Webhook) -> String {
    match webhook.kinds.as_slice() {
        [] => "everything that happens".to_owned(),
        [kind] => format!("one kind of event: {}", event_name(*kind)),
        kinds => format!("{} kinds of events", kinds.len()),
    }
}

/// How it stands: whether it takes what it is told, and why not.
fn state(webhook: &Webhook, now: Instant) -> Markup {
    html! {
        @match (webhook.active, &webhook.disabled_why, webhook.failing_since) {
            (false, Some(why), _) => { p { span class="state bad" { "Switched off by castgate" } } p class="quiet small" { (why) } },
            (false, None, _) => p { span class="state gone" { "Paused" } },
            (true, _, Some(since)) => {
                p { span class="state bad" { "Not taken since " (when(since, now)) } }
                p class="quiet small" { (counted(webhook.failures, "failure")) ", tried again " @if webhook.due_at > now { (when(webhook.due_at, now)) } @else { "at once" } }
            },
            (true, _, None) => p { span class="state good" { "Active" } },
        }
    }
}

fn counted(count: i64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The fields of a webhook; `kinds`: the ones that are ticked.
fn fields(name: &str, url: &str, kinds: &[EventKind]) -> Markup {
    html! {
        div class="row field" {
            div class="field" { label for="name" { "Name" } input id="name" name="name" type="text" required maxlength="100" autocomplete="off" value=(name) placeholder="SIEM"; }
            div class="field" {
                label for="url" { "Address that is told" }
                input id="url" name="url" type="url" required maxlength="2000" autocapitalize="none" autocomplete="off" spellcheck="false" value=(url) placeholder="https://siem.example.com/castgate";
            }
        }
        details class="more field" {
            summary {
                "Only some kinds of events " span class="quiet" { @if kinds.is_empty() { "(none chosen: everything that happens)" } @else { "(" (kinds.len()) " chosen)" } }
            }
            p class="hint" { "Nothing ticked: everything that happens." }
            @for (noun, of_it) in by_noun() {
                fieldset {
                    legend { (noun) }
                    div class="boxes" {
                        @for kind in of_it {
                            label class="check" {
                                input type="checkbox" name="kind" value=(kind.name()) checked[kinds.contains(&kind)];
                                span { (event_name(kind)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The kinds of events, by what they are about.
fn by_noun() -> Vec<(String, Vec<EventKind>)> {
    let mut all: Vec<(String, Vec<EventKind>)> = Vec::new();
    for kind in EventKind::ALL {
        let noun = kind.name().split('.').next().unwrap_or_default().replace('_', " ");
        match all.iter_mut().find(|(known, _)| *known == noun) {
            Some((_, kinds)) => kinds.push(*kind),
            None => all.push((noun, vec![*kind])),
        }
    }
    all
}

/// What a form wishes of a webhook.
fn wish(sent: &Sent) -> WebhookWish {
    let ticked: Vec<&str> = sent.all("kind").collect();
    let kinds = EventKind::ALL.iter().copied().filter(|kind| ticked.contains(&kind.name())).collect();
    WebhookWish {
        name: Some(sent.text("name").to_owned()),
        url: Some(sent.text("url").to_owned()),
        kinds: Some(kinds),
        active: None,
    }
}

/// `POST /console/settings/webhooks`. The answer is the page with the secret: it is shown once and kept nowhere.
async fn create(State(app): State<App>, sent: Sent) -> Answer {
    let made = app.create_webhook(&sent.desk.ctx, wish(&sent)).await?;
    show::page((&app, &sent.desk), (&made.webhook.id, ""), &show::Came::Made(made.secret)).await
}
