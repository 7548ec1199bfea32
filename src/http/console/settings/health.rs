//! How what castgate rests on does: database, cache, mail, providers, Cast AI.

use super::{NEED, Tab, head};
use crate::{
    app::{App, Health},
    cache::Feed,
    config::{Engine, MailTransport, Settings},
    http::{
        console::{
            HTML,
            clusters::standing,
            connections::connection_status,
            desk::{Answer, Desk},
            frame::{Page, Place},
            times::when,
        },
        doors::{Doors, get},
    },
    model::{CastAiLink, Connection, Instant},
};
use axum::extract::State;
use maud::{Markup, html};

/// A letter that waits longer than this waits for something.
const LONG_WAIT: i64 = 600;

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        get("/settings/health", show)
            .summary("How database, cache, mail, providers and Cast AI do")
            .needs(NEED)
            .answers_as(200, HTML),
    )
}

/// `GET /console/settings/health`
async fn show(State(app): State<App>, desk: Desk) -> Answer {
    let health = app.health(&desk.ctx).await?;
    let connections = app.connections(&desk.ctx).await?;
    let mut statuses = Vec::with_capacity(connections.len());
    for connection in connections {
        let status = connection_status(&app, &desk.ctx, &connection).await?;
        statuses.push((connection, status));
    }
    let now = desk.ctx.now;
    let link = app.cast_ai(&desk.ctx).await?;
    let body = html! {
        (head(Tab::Health))
        section class="card" aria-labelledby="rests" {
            h2 id="rests" { "What castgate rests on" }
            ul class="rows plain" { (database(&health)) (cache(&health, app.settings())) (mail(&health, app.settings(), now)) }
            p class="quiet small" { "Seen from the node that made this page, which runs since " (when(health.began, now)) ", version " (env!("CARGO_PKG_VERSION")) "." }
        }
        (castai(link.as_ref(), now))
        section class="card" aria-labelledby="providers" {
            h2 id="providers" { "Identity providers" }
            @if statuses.is_empty() { p class="quiet" { "None is connected. " a href="/console/connections" { "Connect one" } "." } }
            @else { ul class="rows plain" { @for (connection, status) in &statuses { (provider(connection, status)) } } }
        }
    };
    Ok(Page::new(&desk, Place::Settings, "Health", body).ok())
}

fn line(name: &str, said: &str, state: (&str, &str), more: &Markup) -> Markup {
    html! {
        li {
            div { p class="title" { (name) } p class="quiet small" { (said) } }
            div { p { span class=(format!("state {}", state.0)) { (state.1) } } p class="quiet small" { (more) } }
        }
    }
}

fn database(health: &Health) -> Markup {
    let said = match health.engine {
        Engine::Sqlite => "SQLite: one file, one node",
        Engine::Postgres => "PostgreSQL",
    };
    let took = html! { "in " (format!("{:.1}", health.answered_in.as_secs_f64() * 1000.0)) " ms" };
    line("Database", said, ("good", "Answers"), &took)
}

fn cache(health: &Health, settings: &Settings) -> Markup {
    let lease = settings.cache.lease;
    let bound = html! { "an ended session lives at most " (lease) " elsewhere" };
    match health.feed {
        Feed::None => line("Cache", "Each node’s own memory, without Redis", ("good", "Works"), &bound),
        Feed::Alive => {
            line("Cache", "Redis", ("good", "Hears the other nodes"), &html! { "what ends here ends there at once" })
        }
        Feed::Silent => line(
            "Cache",
            "Redis",
            ("bad", "Does not answer"),
            &html! { "everything is read from the database until it does" },
        ),
    }
}

fn mail(health: &Health, settings: &Settings, now: Instant) -> Markup {
    let said = match health.mail {
        MailTransport::Smtp => format!("To {}", settings.mail.smtp_host),
        MailTransport::Folder => "Into a folder on the machine itself: nobody is sent anything".to_owned(),
    };
    let letters = &health.letters;
    let waits_long = letters.oldest.is_some_and(|oldest| now.seconds().saturating_sub(oldest.seconds()) > LONG_WAIT);
    let state = match (letters.count, waits_long) {
        (0, _) => ("good", "Nothing waits"),
        (_, false) => ("good", "On their way"),
        (_, true) => ("bad", "Letters wait"),
    };
    let more = html! {
        @if let Some(oldest) = letters.oldest {
            (letters.count) @if letters.count == 1 { " letter" } @else { " letters" } ", the oldest written " (when(oldest, now))
            @if letters.attempts > 0 { ", tried " (letters.attempts) @if letters.attempts == 1 { " time" } @else { " times" } }
        }
    };
    line("Mail", &said, state, &more)
}

/// Clusters are read there. There is no way yet to hand roles on to Cast AI itself: this says what follows from that, and what
/// somebody can do.
fn castai(link: Option<&CastAiLink>, now: Instant) -> Markup {
    html! {
        section class="card" aria-labelledby="castai" {
            h2 id="castai" { "Cast AI" }
            h3 { "Clusters" }
            (standing(link, now))
            p { a href="/console/clusters#cast-ai" { @if link.is_some() { "See what was read" } @else { "Give a key to read clusters by" } } }
            h3 { "Roles and people" }
            p { span class="state gone" { "Not handed on" } " This castgate hands nothing on to Cast AI’s own API." }
            p { "Roles, groups and API keys of this console hold wherever castgate is asked, and nowhere else: people and roles in Cast AI’s own console stay as somebody set them there." }
            dl class="facts" {
                dt { "Services of yours" }
                dd { "Let them, or the proxy in front of them, ask castgate with each request (" code { "/auth/verify" } ", " code { "/auth/introspect" } "), or read the signed token that it hands them." }
                dt { "Cast AI itself" }
                dd { "Enter people there by hand or by its own SSO until then. A cluster’s id there can be kept beside it, under " a href="/console/clusters" { "Clusters" } "." }
                dt { "Keys made there" }
                dd { "Programs can name them to castgate, so that a role change here also asks about them: " code { "PUT /api/v1/mirrored-keys" } "." }
            }
        }
    }
}

fn provider(connection: &Connection, status: &Markup) -> Markup {
    html! {
        li {
            p class="title long" { a href=(format!("/console/connections/{}", connection.id)) dir="auto" { (connection.name) } }
            (status)
        }
    }
}
