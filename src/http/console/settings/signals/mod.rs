//! Signals: providers tell, connection by connection, that something happened to somebody (Shared Signals: CAEP, RISC).

mod acts;
mod show;

use super::{NEED, Tab, head};
use crate::{
    app::App,
    http::{
        console::{
            HTML,
            desk::{Answer, Desk},
            flash::Said,
            frame::{Page, Place},
            parts::empty,
            times::when,
        },
        doors::{Doors, get},
    },
    model::{Connection, ConnectionId, Instant, SignalStream},
};
use axum::extract::{Query, State};
use maud::{Markup, html};

const PATH: &str = "/console/settings/signals";

pub(super) fn doors(room: Doors) -> Doors {
    let room = room.door(
        get("/settings/signals", list)
            .summary("Which providers tell of security events, and how each stream stands")
            .needs(NEED)
            .answers_as(200, HTML),
    );
    acts::doors(show::doors(room))
}

/// Where a stream's page is.
fn address(id: &ConnectionId) -> String {
    format!("{PATH}/{id}")
}

/// `GET /console/settings/signals`
async fn list(State(app): State<App>, desk: Desk, Query(said): Query<Said>) -> Answer {
    let mut rows = Vec::new();
    for connection in app.connections(&desk.ctx).await? {
        let stream = app.signal_stream(&desk.ctx, &connection.id).await?;
        rows.push((connection, stream));
    }
    let body = html! {
        (head(Tab::Signals))
        p class="lead" {
            "A provider that speaks Shared Signals (CAEP, RISC) tells at once when a session was revoked or an account disabled, and castgate ends what that person has here. Without it, castgate learns of it with the next push or sign-in."
        }
        @if rows.is_empty() {
            (empty("No provider yet", &html! { p { "Signals come from a connection’s provider." } p { a class="button" href="/console/connections" { "Connect a provider" } } }))
        } @else {
            ul class="rows plain" {
                @for (connection, stream) in &rows {
                    li {
                        div {
                            p class="title long" { a href=(address(&connection.id)) dir="auto" { (connection.name) } }
                            p class="quiet small long" {
                                @match &connection.settings.signals { Some(pinned) => (pinned.issuer), None => "Not set up" }
                            }
                        }
                        div { (state(connection, stream.as_ref(), desk.ctx.now)) }
                    }
                }
            }
        }
    };
    Ok(Page::new(&desk, Place::Settings, "Signals", body).saying(&said).ok())
}

/// How a stream stands.
fn state(connection: &Connection, stream: Option<&SignalStream>, now: Instant) -> Markup {
    let refused = stream.and_then(|stream| Some((stream.refused_at?, stream.refused_why.as_deref()?)));
    let refused_last = refused.filter(|(at, _)| stream.and_then(|stream| stream.last_at).is_none_or(|last| *at > last));
    html! {
        @match (connection.enabled, &connection.settings.signals, stream) {
            (false, ..) => p { span class="state gone" { "The connection is disabled" } },
            (true, None, None) => p { span class="state gone" { "Not set up" } },
            (true, None, Some(_)) => p { span class="state wait" { "Say whom to believe" } },
            (true, Some(_), None) => p { span class="state wait" { "No token yet" } },
            (true, Some(_), Some(stream)) => {
                @match (refused_last, stream.last_at, stream.state.as_deref()) {
                    (Some((at, _)), ..) => p { span class="state bad" { "Refused " (when(at, now)) } },
                    (None, _, Some(said @ ("paused" | "disabled"))) => p { span class="state wait" { "The provider says: " (said) } },
                    (None, Some(at), _) => p { span class="state good" { "Received " (when(at, now)) } },
                    (None, None, _) => p { span class="state wait" { "Waiting for the first event" } },
                }
            },
        }
    }
}
