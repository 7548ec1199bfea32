//! Sign-ins: who came in, who did not, and why.

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
        login::see_other,
    },
    model::{SignInOutcome, SignInTrace},
    store::SignInSearch,
};
use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value};

const PATH: &str = "/console/activity/sign-ins";

pub(super) fn doors(room: Doors) -> Doors {
    room.door(get("/activity/sign-ins", list).summary("Sign-ins, the newest first").needs(NEED).answers_as(200, HTML))
        .door(
            get("/activity/sign-ins/{code}", show)
                .summary("One sign-in, by its reference code: what was said, what followed, why it failed")
                .needs(NEED)
                .part::<String>("code")
                .answers_as(200, HTML),
        )
}

/// Which sign-ins.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// A reference code, or an address as it was typed.
    pub(super) person: String,
    /// `failed`, or nothing.
    pub(super) outcome: String,
}

impl Wanted {
    /// Reads them from behind an id, at most so many.
    pub(super) async fn read(
        &self,
        (app, ctx): (&App, &Ctx),
        asked: (&str, usize),
    ) -> Result<(Vec<SignInTrace>, Option<String>), Error> {
        let person = Some(self.person.trim()).filter(|person| !person.is_empty()).map(str::to_owned);
        let search = SignInSearch { person, ..SignInSearch::default() };
        let fits = |trace: &SignInTrace| self.outcome != "failed" || trace.entry.outcome == SignInOutcome::Failed;
        let search = &search;
        let load = |before: String, most: i64| async move { app.sign_ins(ctx, search, &before, most).await };
        gather(asked, load, (|trace: &SignInTrace| trace.id.to_string(), fits)).await
    }
}

/// `GET /console/activity/sign-ins`
async fn list(
    State(app): State<App>,
    desk: Desk,
    Query(wanted): Query<Wanted>,
    Query(Before { before }): Query<Before>,
) -> Answer {
    // What somebody reads over the phone leads to the one sign-in.
    if let Some(trace) = app.find_sign_in(&desk.ctx, wanted.person.trim()).await? {
        return Ok(see_other(&format!("{PATH}/{}", trace.code)));
    }
    let (traces, next) = wanted.read((&app, &desk.ctx), (&before, ROWS)).await?;
    let names = app
        .names(&desk.ctx, traces.iter().filter_map(|trace| trace.entry.user.as_ref().map(ToString::to_string)))
        .await?;
    let times = app.sign_in_times(&desk.ctx, i64::from(CHARTED)).await?;
    let reached = reached(&times, |(at, _)| *at);
    let came: Vec<Came> = times.into_iter().map(|(at, good)| Came { at, good, times: 1 }).collect();
    let kept = [("person", wanted.person.as_str()), ("outcome", wanted.outcome.as_str())];
    let export = address("/console/activity/export", &[&[("what", "sign-ins")], &kept[..]].concat());
    let body = html! {
        (head(Tab::SignIns, Some(&export)))
        (over_time((&came, reached), desk.ctx.now, ("Sign-ins", "came in", "did not")))
        form class="row search-row" method="get" action=(PATH) {
            div class="field" { label for="person" { "Reference code, or address as it was typed" } input id="person" name="person" type="text" value=(wanted.person) maxlength="300" autocapitalize="none" spellcheck="false"; }
            div class="field short" {
                label for="outcome" { "What came of it" }
                select id="outcome" name="outcome" { option value="" { "Everything" } option value="failed" selected[wanted.outcome == "failed"] { "Failed" } }
            }
            button type="submit" class="second" { "Show" }
        }
        @if traces.is_empty() {
            (empty("No sign-in that fits", &html! { p { "Whoever signs in, or tries to, leaves a trace here with a code that they can read to you." } }))
        } @else {
            ul class="rows plain" { @for trace in &traces { (row(&desk, trace, &names)) } }
            (older(next.map(|next| address(PATH, &[&kept[..], &[("before", next.as_str())]].concat()))))
        }
    };
    Ok(Page::new(&desk, Place::Activity, "Sign-ins", body).ok())
}

fn outcome(trace: &SignInTrace) -> Markup {
    html! {
        @match trace.entry.outcome {
            SignInOutcome::SignedIn => span class="state good" { "Signed in" },
            SignInOutcome::Held => span class="state wait" { "Waits for the terms" },
            SignInOutcome::Failed => span class="state bad" { "Failed" },
        }
    }
}

fn who<'a>(trace: &'a SignInTrace, names: &'a Names) -> &'a str {
    let known = trace.entry.user.as_ref().and_then(|id| names.known(id.as_str()));
    known.or(trace.entry.email.as_deref()).unwrap_or("somebody")
}

fn by<'a>(trace: &'a SignInTrace, names: &'a Names) -> &'a str {
    trace
        .connection
        .as_ref()
        .map_or("a one-time link", |id| names.known(id.as_str()).unwrap_or("a connection that is gone"))
}

fn row(desk: &Desk, trace: &SignInTrace, names: &Names) -> Markup {
    html! {
        li {
            div {
                p class="title long" { a href=(format!("{PATH}/{}", trace.code)) dir="auto" { (who(trace, names)) } }
                p class="small" { (outcome(trace)) " " span class="quiet" { "by " (by(trace, names)) ", " code { (trace.code) } } }
                @if let Some(failure) = trace.entry.failure { p class="small" { (failure.meaning()) } }
            }
            p class="quiet small" { (when(trace.at, desk.ctx.now)) }
        }
    }
}

/// `GET /console/activity/sign-ins/{code}`
async fn show(State(app): State<App>, Path(code): Path<String>, desk: Desk) -> Answer {
    let trace = app.sign_in(&desk.ctx, &code).await?;
    let names = app.names(&desk.ctx, trace.entry.user.iter().map(ToString::to_string).collect::<Vec<_>>()).await?;
    let (entry, derived) = (&trace.entry, &trace.entry.derived);
    let body = html! {
        p class="crumbs" { a href=(PATH) { "Sign-ins" } }
        div class="head" { div { h1 class="long" dir="auto" { (who(&trace, &names)) } p class="quiet" { (outcome(&trace)) " " (when(trace.at, desk.ctx.now)) " by " (by(&trace, &names)) } } }
        @if let Some(failure) = entry.failure {
            div class="notice bad" { p { strong { (failure.meaning()) } " " (failure.remedy()) } @if let Some(detail) = &entry.detail { p class="small" { (prose(detail)) } } }
        }
        section class="card" aria-labelledby="what" {
            h2 id="what" { "What was tried" }
            dl class="facts" {
                dt { "Reference code" } dd { code { (trace.code) } }
                dt { "Protocol" } dd { (entry.protocol.name()) }
                @if let Some(email) = &entry.email { dt { "Address, as typed" } dd dir="auto" { (email) } }
                @if let Some(from) = &entry.address { dt { "From" } dd { (from) } }
                @if let Some(seconds) = entry.seconds { dt { "It took" } dd { (seconds) " seconds" } }
                @if let Some(user) = &entry.user { dt { "Member" } dd { a href=(format!("/console/members/{user}")) dir="auto" { (names.known(user.as_str()).unwrap_or("a person who is gone")) } } }
            }
        }
        section class="card" aria-labelledby="followed" {
            h2 id="followed" { "What followed from it" }
            (values("What the provider said", &derived.claims))
            (values("What is known from it", &derived.facts))
            (lines("Groups", &derived.groups)) (lines("Rules that gave something", &derived.rules))
            (lines("Rules that nearly did", &derived.near_misses)) (lines("What they may do", &derived.access))
            @if derived.claims.is_empty() && derived.facts.is_empty() && derived.access.is_empty() { p class="quiet" { "It did not get that far." } }
        }
        @if !entry.messages.is_empty() {
            section class="card" aria-labelledby="messages" {
                h2 id="messages" { "What went to and fro" }
                @for message in &entry.messages {
                    h3 { (message.what) }
                    dl class="facts" { @for (name, value) in &message.parts { dt { (name) } dd { code { (value) } } } }
                }
            }
        }
    };
    Ok(Page::new(&desk, Place::Activity, "A sign-in", body).ok())
}

fn values(title: &str, all: &Map<String, Value>) -> Markup {
    html! {
        @if !all.is_empty() {
            h3 { (title) }
            dl class="facts" {
                @for (name, value) in all {
                    dt { (name) }
                    dd dir="auto" { @match value { Value::Null => span class="quiet" { "(not kept)" }, Value::String(text) => { (text) }, other => code { (other.to_string()) } } }
                }
            }
        }
    }
}

fn lines(title: &str, all: &[String]) -> Markup {
    html! { @if !all.is_empty() { h3 { (title) } ul { @for line in all { li { (prose(line)) } } } } }
}
