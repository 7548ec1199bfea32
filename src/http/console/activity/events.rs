//! Events: what happened, who did it, whom it is about.

use super::{HTML, NEED, PATH, Tab, gather, head};
use crate::{
    app::{App, Ctx, Error, Names},
    http::{
        console::{
            ROWS,
            desk::{Answer, Desk},
            frame::{Page, Place},
            parts::{Before, address, empty, older},
            times::when,
            words::{actor, event_name, unnamed},
        },
        doors::{Doors, get},
    },
    model::{Event, EventKind, Instant},
};
use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn doors(room: Doors) -> Doors {
    room.door(get("/activity", list).summary("Events, the newest first").needs(NEED).answers_as(200, HTML))
}

/// Which events.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// The noun of a kind: `user` for `user.suspended`.
    pub(super) about: String,
    /// An id that they are about.
    pub(super) subject: String,
}

impl Wanted {
    /// Reads them from behind an id, at most so many.
    pub(super) async fn read(
        &self,
        (app, ctx): (&App, &Ctx),
        asked: (&str, usize),
    ) -> Result<(Vec<Event>, Option<String>), Error> {
        let subject = Some(self.subject.trim()).filter(|subject| !subject.is_empty());
        let fits = |event: &Event| self.about.is_empty() || noun(event.kind) == self.about;
        let load = |before: String, most: i64| async move { app.events(ctx, subject, &before, most).await };
        gather(asked, load, (|event: &Event| event.id.to_string(), fits)).await
    }

    fn address(&self, path: &str, before: &str) -> String {
        address(path, &[("about", &self.about), ("subject", &self.subject), ("before", before)])
    }
}

/// What a kind of events is about.
fn noun(kind: EventKind) -> &'static str {
    kind.name().split('.').next().unwrap_or_default()
}

/// The ids that events speak of.
pub(super) fn ids(events: &[Event]) -> Vec<String> {
    let words = events.iter().flat_map(|event| event.actor.split_whitespace().map(str::to_owned));
    let mut all: Vec<String> = words.chain(events.iter().flat_map(|event| event.subjects.iter().cloned())).collect();
    for event in events {
        each_text(&event.detail, &mut |text| all.extend(is_id(text).then(|| text.to_owned())));
    }
    all
}

/// Whether a text is an id of ours.
fn is_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(kind, rest)| kind.len() == 3 && rest.len() == 26)
}

/// Every text of a document.
fn each_text(document: &Value, look: &mut dyn FnMut(&str)) {
    match document {
        Value::String(text) => look(text),
        Value::Array(all) => all.iter().for_each(|one| each_text(one, look)),
        Value::Object(all) => all.values().for_each(|one| each_text(one, look)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `GET /console/activity`
async fn list(
    State(app): State<App>,
    desk: Desk,
    Query(wanted): Query<Wanted>,
    Query(Before { before }): Query<Before>,
) -> Answer {
    let (events, next) = wanted.read((&app, &desk.ctx), (&before, ROWS)).await?;
    let names = app.names(&desk.ctx, ids(&events)).await?;
    let nouns: BTreeSet<&str> = EventKind::ALL.iter().map(|kind| noun(*kind)).collect();
    let export = address(
        "/console/activity/export",
        &[("what", "events"), ("about", &wanted.about), ("subject", &wanted.subject)],
    );
    let body = html! {
        (head(Tab::Events, Some(&export)))
        form class="row search-row" method="get" action=(PATH) {
            div class="field short" {
                label for="about" { "About" }
                select id="about" name="about" {
                    option value="" { "Everything" }
                    @for noun in &nouns { option value=(noun) selected[*noun == wanted.about] { (noun.replace('_', " ")) } }
                }
            }
            @if !wanted.subject.is_empty() { input type="hidden" name="subject" value=(wanted.subject); }
            button type="submit" class="second" { "Show" }
        }
        @if !wanted.subject.is_empty() {
            p { "Only what is about " strong dir="auto" { (names.known(&wanted.subject).unwrap_or(unnamed(&wanted.subject))) } ". " a href=(PATH) { "Show everything" } }
        }
        @if events.is_empty() { (empty("Nothing happened that fits", &html! { p { a href=(PATH) { "Show everything" } } })) }
        @else {
            ul class="rows plain" { @for event in &events { (row(event, &names, desk.ctx.now)) } }
            (older(next.map(|next| wanted.address(PATH, &next))))
        }
    };
    Ok(Page::new(&desk, Place::Activity, "Events", body).ok())
}

fn row(event: &Event, names: &Names, now: Instant) -> Markup {
    let subjects = event.subjects.iter().filter(|id| names.known(id).is_some());
    html! {
        li {
            div {
                p {
                    strong { (event_name(event.kind)) } " "
                    @for (place, id) in subjects.enumerate() {
                        @if place > 0 { ", " }
                        a class="small" href=(address(PATH, &[("subject", id)])) dir="auto" { (short(names.of(id))) }
                    }
                }
                @let by = html! { span class="quiet small" { "by " span dir="auto" { (short(&actor(&event.actor, names))) } } };
                @if event.detail.as_object().is_some_and(|detail| !detail.is_empty()) {
                    details class="more small" { summary { (by) span class="unseen" { ": details" } } pre { code { (pretty(event, names)) } } }
                } @else { p { (by) } }
            }
            p class="quiet small" { (when(event.at, now)) }
        }
    }
}

/// Names can be long; where it matters they stand whole.
fn short(name: &str) -> String {
    match name.char_indices().nth(80) {
        Some((place, _)) => format!("{}…", name.get(..place).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// The details, with names in the place of ids.
fn pretty(event: &Event, names: &Names) -> String {
    let mut text = serde_json::to_string_pretty(&event.detail).unwrap_or_default();
    each_text(&event.detail, &mut |one| {
        if let Some(name) = Some(one).filter(|one| is_id(one)).and_then(|one| names.known(one)) {
            text = text.replace(&Value::from(one).to_string(), &Value::from(name).to_string());
        }
    });
    text
}
