//! One stream: whom it believes, where the provider delivers, what came and what was refused.

use super::{NEED, address, state};
use crate::{
    app::{App, Names, NewSignalToken},
    http::{
        console::{
            HTML, ROWS,
            connections::copied,
            desk::{Answer, Desk},
            flash::Said,
            frame::{Page, Place},
            parts::{self, Before, older, page_of, press},
            times::when,
            words::unnamed,
        },
        doors::{Doors, get},
        error::as_sentence,
    },
    model::{Connection, ConnectionId, Instant, Signal, SignalSettings, SignalStream, SignalledEvent},
};
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
};
use maud::{Markup, html};

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        get("/settings/signals/{id}", show)
            .summary("A provider's stream of security events: its set-up, what came, what was refused")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .answers_as(200, HTML),
    )
}

/// `GET /console/settings/signals/{id}`
async fn show(
    State(app): State<App>,
    Path(id): Path<ConnectionId>,
    desk: Desk,
    Query(Before { before }): Query<Before>,
    Query(said): Query<Said>,
) -> Answer {
    page((&app, &desk), (&id, &before), (&said, None)).await
}

/// The page, with a token that was made just now.
pub(super) async fn page(
    (app, desk): (&App, &Desk),
    (id, before): (&ConnectionId, &str),
    (said, new): (&Said, Option<&NewSignalToken>),
) -> Answer {
    let connection = app.connection(&desk.ctx, id).await?;
    let stream = app.signal_stream(&desk.ctx, id).await?;
    let load = |most| app.signals(&desk.ctx, id, (before, most));
    let (signals, next) = page_of(ROWS, load, |one| one.id.to_string()).await?;
    let next = next.map(|next| parts::address(&address(id), &[("before", &next)]));
    let people = signals.iter().flat_map(|signal| &signal.entry.events).filter_map(|event| event.user.as_ref());
    let names = app.names(&desk.ctx, people.map(ToString::to_string).collect::<Vec<_>>()).await?;
    let (path, now) = (address(id), desk.ctx.now);
    let body = html! {
        p class="crumbs" { a href=(super::PATH) { "Signals" } }
        div class="head" { div { h1 class="long" dir="auto" { "Signals of " (connection.name) } (state(&connection, stream.as_ref(), now)) } }
        @if let Some(new) = new {
            div class="flash" role="status" {
                p { strong { "The token is made. Copy it now: it is not shown again." } }
                div class="copied" { span class="unseen" { "The new token" } code class="secret" data-copy="" { (new.secret.expose()) } }
            }
        }
        (set_up((desk, app), &connection, stream.as_ref()))
        (came(&signals, (&names, now), next))
        @if let Some(stream) = &stream { (refused(stream, now)) }
        @if stream.is_some() || connection.settings.signals.is_some() {
            section class="card" aria-labelledby="end" {
                h2 id="end" { "End it" }
                p { "The token is dead at once, and nobody’s security events are believed any more. What came stays in the list of events. People are still signed out by a push or by the provider’s own logout." }
                (press(desk, &format!("{path}/end"), "harm", "End the stream", &[]))
            }
        }
    };
    let status = if new.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Page::new(desk, Place::Settings, &format!("Signals of {}", connection.name), body).saying(said).respond(status))
}

fn set_up((desk, app): (&Desk, &App), connection: &Connection, stream: Option<&SignalStream>) -> Markup {
    let path = address(&connection.id);
    let now = desk.ctx.now;
    html! {
        section class="card" aria-labelledby="set-up" {
            h2 id="set-up" { "Set-up" }
            ol class="steps" {
                li { p { "Say whom to believe. All three are compared exactly; nothing of it is learnt from a message." } (pinned(desk, app, connection)) }
                li {
                    p { "Make a token, and give both to the provider as the receiver of a push stream:" }
                    (copied("Endpoint (push delivery)", &app.signal_url(&connection.id)))
                    @match stream {
                        Some(stream) => {
                            p { "Its token begins with " code { (stream.hint) "…" } ", made " (when(stream.created_at, now)) "." }
                            (press(desk, &format!("{path}/token"), "second", "Make another token", &[]))
                            p class="hint" { "The one before is dead at once." }
                        },
                        None => (press(desk, &format!("{path}/token"), "", "Make a token", &[])),
                    }
                }
                li {
                    p { "Have the provider send a verification event." }
                    p class="small" {
                        @match stream.and_then(|stream| stream.verified_at) {
                            Some(at) => { span class="state good" { "Verified" } " " (when(at, now)) },
                            None => span class="state wait" { "None came yet" },
                        }
                    }
                }
            }
        }
    }
}

fn pinned(desk: &Desk, app: &App, connection: &Connection) -> Markup {
    let issuer = connection.settings.oidc.as_ref().map_or("", |oidc| oidc.issuer.as_str());
    let suggested = SignalSettings {
        issuer: issuer.to_owned(),
        audience: app.settings().server.origin().to_owned(),
        jwks_url: String::new(),
    };
    let pinned = connection.settings.signals.as_ref().unwrap_or(&suggested);
    html! {
        form method="post" action=(address(&connection.id)) {
            (desk.token())
            input type="hidden" name="seen" value=(connection.version);
            div class="field" {
                label for="issuer" { "Issuer" }
                input id="issuer" name="issuer" type="text" required maxlength="2048" value=(pinned.issuer) autocapitalize="none" autocomplete="off" spellcheck="false" placeholder="https://example.okta.com";
            }
            div class="field" {
                label for="audience" { "Audience" }
                input id="audience" name="audience" type="text" required maxlength="2048" value=(pinned.audience) autocapitalize="none" autocomplete="off" spellcheck="false" aria-describedby="audience-hint";
                p id="audience-hint" class="hint" { "What the provider calls this receiver." }
            }
            div class="field" {
                label for="jwks_url" { "Address of its keys (JWKS)" }
                input id="jwks_url" name="jwks_url" type="url" required maxlength="2048" value=(pinned.jwks_url) autocapitalize="none" autocomplete="off" spellcheck="false" aria-describedby="jwks-hint" placeholder="https://example.okta.com/oauth2/v1/keys";
                p id="jwks-hint" class="hint" { "The provider’s transmitter metadata has it as “jwks_uri”." }
            }
            button type="submit" class=(if connection.settings.signals.is_some() { "second" } else { "" }) { "Save" }
        }
    }
}

fn came(signals: &[Signal], (names, now): (&Names, Instant), next: Option<String>) -> Markup {
    html! {
        section class="card" aria-labelledby="came" {
            h2 id="came" { "What came" }
            @if signals.is_empty() { p class="quiet" { "Nothing yet." } }
            @else {
                ul class="rows plain" {
                    @for signal in signals {
                        li {
                            div { @for event in &signal.entry.events { (told(event, names)) } }
                            p class="quiet small" { (when(signal.at, now)) }
                        }
                    }
                }
            }
            (older(next))
        }
    }
}

fn told(event: &SignalledEvent, names: &Names) -> Markup {
    html! {
        p class="title" {
            (said(&event.event))
            @if let Some(user) = &event.user {
                ": " @match names.known(user.as_str()) {
                    Some(name) => a href=(format!("/console/members/{user}")) dir="auto" { (name) },
                    None => (unnamed(user.as_str())),
                }
            }
        }
        p class="quiet small" { (effect(event)) @if let Some(reason) = &event.reason { " It said why: " span dir="auto" { (reason) } } }
    }
}

/// “Session revoked”, from the last part of the event's address.
fn said(uri: &str) -> String {
    let words = uri.rsplit('/').next().unwrap_or(uri).replace('-', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>());
    first.map(|first| first + letters.as_str()).unwrap_or_default()
}

/// What came of it, in a sentence.
fn effect(event: &SignalledEvent) -> String {
    match (event.effect.as_str(), event.sessions) {
        ("sessions_ended", 0) => "There was no session to end.".to_owned(),
        ("sessions_ended", 1) => "One session was ended.".to_owned(),
        ("sessions_ended", count) => format!("{count} sessions were ended."),
        ("suspended", _) => "They were suspended: sessions have ended and keys are refused.".to_owned(),
        ("activated", _) => "They are active again.".to_owned(),
        ("removed", _) => "They were removed.".to_owned(),
        ("noted", _) => "It was noted; nothing had to be done.".to_owned(),
        ("nobody", _) => "It names nobody whom this connection knows: nothing was done.".to_owned(),
        ("ambiguous", _) => "It may mean several people: nothing was done.".to_owned(),
        ("not_understood", _) => "castgate does not know this kind of event: nothing was done.".to_owned(),
        (other, _) => other.replace('_', " "),
    }
}

fn refused(stream: &SignalStream, now: Instant) -> Markup {
    html! {
        section class="card" aria-labelledby="refused" {
            h2 id="refused" { "What was refused" }
            @match (stream.refused_at, &stream.refused_why) {
                (Some(at), Some(why)) => {
                    p { span class="state bad" { "Last refused" } " " (when(at, now)) }
                    p { (as_sentence(why)) }
                    p class="quiet small" { "Somebody who has the token sent it. Look at the issuer, the audience and the keys above." }
                },
                (Some(_) | None, Some(_) | None) => p class="quiet" { "Nothing: every message could be believed." },
            }
        }
    }
}
