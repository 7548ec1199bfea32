//! Clusters read from Cast AI: the key, how the reading stands, reading now.

use super::PATH;
use crate::{
    app::App,
    http::{
        api::told_of_reading,
        console::{
            desk::{Answer, Desk, Sent},
            parts::press,
            times::{when, when_or},
        },
        doors::{Doors, post},
        login::see_other,
    },
    model::{Capability, CastAiLink, EventKind, Instant, UndecidedCluster},
};
use axum::extract::State;
use maud::{Markup, html};

pub(super) fn doors(room: Doors) -> Doors {
    let need = Capability::ManageOrganization;
    let connected: Vec<EventKind> = [EventKind::CastAiConnected].into_iter().chain(told_of_reading()).collect();
    room.door(
        post("/clusters/cast-ai", connect)
            .summary("Give a key of Cast AI's, and read the clusters there")
            .needs(need)
            .tells(&connected)
            .answers_as(303, None),
    )
    .door(
        post("/clusters/cast-ai/read", read)
            .summary("Read the clusters at Cast AI now")
            .needs(need)
            .tells(&told_of_reading())
            .answers_as(303, None),
    )
    .door(
        post("/clusters/cast-ai/end", end)
            .summary("Forget the key of Cast AI's")
            .needs(need)
            .tells(&[EventKind::CastAiDisconnected])
            .answers_as(303, None),
    )
}

/// How it stands: a word with its colour, and a sentence.
pub(in crate::http::console) fn standing(link: Option<&CastAiLink>, now: Instant) -> Markup {
    html! {
        @match link {
            None => p { span class="state gone" { "Not connected" } " No key was given: nothing is read there." },
            Some(link) => {
                p {
                    @match (&link.problem, link.tried_at) {
                        (Some(problem), _) => { span class="state bad" { "Cannot be read" } " " (problem.detail) },
                        (None, None) => { span class="state wait" { "Not read yet" } },
                        (None, Some(_)) => {
                            span class="state good" { "Read" } " " (link.clusters)
                            @if link.clusters == 1 { " cluster is listed there" } @else { " clusters are listed there" }
                        },
                    }
                }
                p class="quiet small" {
                    "Last read with success: " (when_or(link.succeeded_at, now, "never"))
                    @if let Some(tried) = link.tried_at { "; last tried " (when(tried, now)) }
                    "; tried next " (when(link.due_at, now)) "."
                    @if link.failures > 1 { " It failed " (link.failures) " times in a row." }
                }
            },
        }
    }
}

/// The part of the page of clusters that is about it.
pub(super) fn section(desk: &Desk, link: Option<&CastAiLink>, url: &str) -> Markup {
    html! {
        section class="card" aria-labelledby="cast-ai" {
            h2 id="cast-ai" { "Read from Cast AI" }
            (standing(link, desk.ctx.now))
            @if let Some(link) = link {
                (undecided(&link.undecided))
                div class="acts" {
                    (press(desk, &format!("{PATH}/cast-ai/read"), "second", "Read now", &[]))
                    (press(desk, &format!("{PATH}/cast-ai/end"), "danger", "Forget the key", &[]))
                }
            }
            form method="post" action=(format!("{PATH}/cast-ai")) {
                (desk.token())
                div class="field" {
                    label for="api-key" { @if link.is_some() { "Another API key" } @else { "API key of Cast AI" } }
                    input id="api-key" name="api_key" type="password" required maxlength="500" autocomplete="off" spellcheck="false" aria-describedby="api-key-hint";
                    p id="api-key-hint" class="hint" {
                        "Asked at " code { (url) } ". It needs to see clusters there, and nothing else. It is sealed here and never shown again."
                        @if let Some(link) = link { @if !link.hint.is_empty() { " The one that is here begins with " code { (link.hint) } "." } }
                    }
                }
                button type="submit" class="second" { @if link.is_some() { "Replace the key" } @else { "Read clusters from there" } }
            }
        }
    }
}

fn undecided(all: &[UndecidedCluster]) -> Markup {
    html! {
        @if !all.is_empty() {
            div class="notice" role="status" {
                p { strong { "Only a person can say what these are here:" } }
                ul {
                    @for one in all {
                        li { span dir="auto" { (one.name) } " (" code { (one.external_id) } "): " (one.why) "." }
                    }
                }
            }
        }
    }
}

/// Reads, and says on the page of clusters how it went.
async fn look(app: &App, desk: &Desk) -> Answer {
    let reading = app.read_clusters(&desk.ctx).await?;
    let said = if reading.problem.is_none() { "clusters-read" } else { "clusters-unread" };
    Ok(see_other(&format!("{PATH}?said={said}")))
}

/// `POST /console/clusters/cast-ai`
async fn connect(State(app): State<App>, sent: Sent) -> Answer {
    app.connect_cast_ai(&sent.desk.ctx, sent.text("api_key")).await?;
    look(&app, &sent.desk).await
}

/// `POST /console/clusters/cast-ai/read`
async fn read(State(app): State<App>, sent: Sent) -> Answer {
    look(&app, &sent.desk).await
}

/// `POST /console/clusters/cast-ai/end`
async fn end(State(app): State<App>, sent: Sent) -> Answer {
    app.disconnect_cast_ai(&sent.desk.ctx).await?;
    Ok(see_other(&format!("{PATH}?said=cast-ai-ended")))
}
