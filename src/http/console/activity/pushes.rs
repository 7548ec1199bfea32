//! The provisioning log: what providers pushed, and what came of it.

use super::{
    HTML, NEED, Tab,
    chart::{CHARTED, Came, over_time, reached},
    gather, head,
};
use crate::{
    app::{App, Ctx, Error, Names},
    http::{
        console::{
            ROWS,
            desk::{Answer, Desk},
            frame::{Page, Place},
            parts::{Before, address, empty, older},
            times::{prose, when},
        },
        doors::{Doors, get},
    },
    model::{Connection, Instant, Push},
};
use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

const PATH: &str = "/console/activity/provisioning";

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        get("/activity/provisioning", list)
            .summary("What providers pushed, the newest first")
            .needs(NEED)
            .answers_as(200, HTML),
    )
}

/// Which pushes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// A connection's id.
    pub(super) connection: String,
    /// `failed`, `changed`, or nothing.
    pub(super) outcome: String,
}

impl Wanted {
    fn is_of(&self, push: &Push) -> bool {
        self.connection.is_empty() || push.connection.as_str() == self.connection
    }

    /// Reads them from behind an id, at most so many.
    pub(super) async fn read(
        &self,
        (app, ctx): (&App, &Ctx),
        asked: (&str, usize),
    ) -> Result<(Vec<Push>, Option<String>), Error> {
        let fits = |push: &Push| {
            let outcome = match self.outcome.as_str() {
                "failed" => push.entry.status >= 400,
                "changed" => push.entry.change.is_some(),
                _ => true,
            };
            outcome && self.is_of(push)
        };
        let load = |before: String, most: i64| async move { app.provisioning_log(ctx, &before, most).await };
        gather(asked, load, (|push: &Push| push.id.to_string(), fits)).await
    }
}

/// `GET /console/activity/provisioning`
async fn list(
    State(app): State<App>,
    desk: Desk,
    Query(wanted): Query<Wanted>,
    Query(Before { before }): Query<Before>,
) -> Answer {
    let (pushes, next) = wanted.read((&app, &desk.ctx), (&before, ROWS)).await?;
    let connections = app.connections(&desk.ctx).await?;
    let newest = app.provisioning_log(&desk.ctx, "", i64::from(CHARTED)).await?;
    let came = |push: &Push| Came { at: push.at, good: push.entry.status < 400, times: push.entry.times };
    let reached = reached(&newest, |oldest| oldest.at);
    let charted: Vec<Came> = newest.iter().filter(|push| wanted.is_of(push)).map(came).collect();
    let names = app.names(&desk.ctx, pushes.iter().filter_map(|push| push.entry.resource.clone())).await?;
    let kept = [("connection", wanted.connection.as_str()), ("outcome", wanted.outcome.as_str())];
    let export = address("/console/activity/export", &[&[("what", "provisioning")], &kept[..]].concat());
    let body = html! {
        (head(Tab::Pushes, Some(&export)))
        (over_time((&charted, reached), desk.ctx.now, ("Pushes", "were taken", "refused")))
        (filter(&wanted, &connections))
        @if pushes.is_empty() {
            (empty("Nothing was pushed that fits", &html! { p { "What a provider asks for over SCIM stands here, whether it was taken or refused." } }))
        } @else {
            ul class="rows plain" { @for push in &pushes { (row(push, &names, desk.ctx.now)) } }
            (older(next.map(|next| address(PATH, &[&kept[..], &[("before", next.as_str())]].concat()))))
        }
    };
    Ok(Page::new(&desk, Place::Activity, "Provisioning", body).ok())
}

fn filter(wanted: &Wanted, connections: &[Connection]) -> Markup {
    html! {
        form class="row search-row" method="get" action=(PATH) {
            div class="field short" {
                label for="connection" { "Connection" }
                select id="connection" name="connection" {
                    option value="" { "All" }
                    @for one in connections { option value=(one.id) selected[one.id.as_str() == wanted.connection] { (one.name) } }
                }
            }
            div class="field short" {
                label for="outcome" { "What came of it" }
                select id="outcome" name="outcome" {
                    @for (value, words) in [("", "Everything"), ("failed", "Refused"), ("changed", "Changed something")] {
                        option value=(value) selected[value == wanted.outcome] { (words) }
                    }
                }
            }
            button type="submit" class="second" { "Show" }
        }
    }
}

fn row(push: &Push, names: &Names, now: Instant) -> Markup {
    let entry = &push.entry;
    // Whose id it is stands below by name.
    let known = entry.resource.as_deref().filter(|id| names.known(id).is_some());
    let path = known.map_or_else(|| entry.path.clone(), |id| entry.path.replace(id, "…"));
    html! {
        li {
            div {
                p {
                    @if entry.status < 400 { span class="state good" { (entry.status) } } @else { span class="state bad" { (entry.status) } }
                    " " strong { (entry.method) } " " code title=(entry.path) { (path) }
                    @if entry.times > 1 { " " span class="tag" { (entry.times) " times" } }
                }
                p class="quiet small" {
                    (names.of(push.connection.as_str()))
                    @if let Some(name) = entry.resource.as_deref().and_then(|id| names.known(id)) { " · " span dir="auto" { (name) } }
                    " · " (format!("{:.1}", entry.ms)) " ms"
                }
                @if let Some(message) = &entry.message { p class="small minus" { (prose(message)) } }
                @if let Some(change) = &entry.change {
                    p class="small" {
                        (change.events.iter().map(|kind| kind.replace(['.', '_'], " ")).collect::<Vec<_>>().join(", "))
                        @if !change.attributes.is_empty() { " (" (change.attributes.join(", ")) ")" }
                        @if change.members_added > 0 { ", " (change.members_added) " came into groups" }
                        @if change.members_removed > 0 { ", " (change.members_removed) " left groups" }
                        @if change.sessions_ended > 0 { ", " (change.sessions_ended) " sessions ended" }
                    }
                }
                @if let Some(access) = &entry.access {
                    details class="more small" { summary { (access.gained) " roles given, " (access.lost) " taken" } @for line in &access.lines { p { (prose(line)) } } }
                }
                @if !entry.tolerances.is_empty() {
                    p class="small tools" { "Got away with: " @for one in &entry.tolerances { code { (one.name) } " " } }
                }
            }
            p class="quiet small" { (when(push.at, now)) }
        }
    }
}
