//! Versions of the mapping: who published each and why, what changed from any to any, and the way back.

use super::{NEED, PATH, confirm};
use crate::{
    app::{App, Names},
    http::{
        console::{
            HTML, ROWS,
            desk::{Answer, Desk, Sent},
            frame::{Page, Place},
            parts::{address, empty, older, page_of},
            times::when,
            words::actor,
        },
        doors::{Doors, get, post},
    },
    plan::{DiffLine, Fate, TextDiff},
    store::MappingVersion,
};
use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;

/// Versions that are offered to compare with.
const MOST_OFFERED: i64 = 200;
/// Lines that are shown around what changed.
const AROUND: usize = 3;

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        get("/mapping/versions", list)
            .summary("Every version of the mapping, with author and reason")
            .needs(NEED)
            .answers_as(200, HTML),
    )
    .door(
        get("/mapping/versions/{version}", one)
            .summary("One version of the mapping, compared with another")
            .part::<i64>("version")
            .needs(NEED)
            .answers_as(200, HTML),
    )
    .door(
        post("/mapping/versions/{version}/revert", revert)
            .summary("What publishing an old version again would do; the confirmation comes next")
            .part::<i64>("version")
            .needs(NEED)
            .answers_as(200, HTML),
    )
}

/// The two pages of the mapping.
pub(super) fn tabs(is_history: bool) -> Markup {
    let current = |is: bool| is.then_some("page");
    html! {
        ul class="tabs" {
            li { a href=(PATH) aria-current=[current(!is_history)] { "Rules" } }
            li { a href=(format!("{PATH}/versions")) aria-current=[current(is_history)] { "History" } }
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    before: Option<i64>,
}

async fn names_of(app: &App, desk: &Desk, versions: &[MappingVersion]) -> Result<Names, crate::app::Error> {
    let ids = versions.iter().flat_map(|version| version.author.split_whitespace().map(str::to_owned));
    app.names(&desk.ctx, ids.collect::<Vec<_>>()).await
}

/// `GET /console/mapping/versions`
async fn list(State(app): State<App>, desk: Desk, Query(Wanted { before }): Query<Wanted>) -> Answer {
    let load = |most| app.mapping_versions(&desk.ctx, before, most);
    let (versions, next) = page_of(ROWS, load, |one| one.version.to_string()).await?;
    let names = names_of(&app, &desk, &versions).await?;
    let body = html! {
        div class="head" { div {
            h1 { "Mapping" }
            p class="lead" { "Every version that was published is kept. Going back is publishing an old one, with the same checks and the same plan." }
        } }
        (tabs(true))
        @if versions.is_empty() {
            (empty("No version is published yet", &html! { p { "Write rules, look at what they would do, and publish them." } p { a class="button" href=(PATH) { "To the rules" } } }))
        } @else {
            ul class="rows plain" {
                @for (place, version) in versions.iter().enumerate() { (row(version, place == 0 && before.is_none(), &desk, &names)) }
            }
            (older(next.map(|next| address(&format!("{PATH}/versions"), &[("before", &next)]))))
        }
    };
    Ok(Page::new(&desk, Place::Mapping, "History of the mapping", body).ok())
}

fn row(version: &MappingVersion, is_in_force: bool, desk: &Desk, names: &Names) -> Markup {
    html! {
        li {
            div {
                p class="title" { a href=(format!("{PATH}/versions/{}", version.version)) { "Version " (version.version) } @if is_in_force { " " span class="state good" { "In force" } } }
                @if version.reason.is_empty() { p class="quiet small" { "No reason was given." } }
                @else { p class="small long" dir="auto" { (version.reason) } }
            }
            p class="quiet small" { (when(version.published_at, desk.ctx.now)) " by " span dir="auto" { (actor(&version.author, names)) } }
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Since {
    from: Option<i64>,
}

/// `GET /console/mapping/versions/{version}?from=…`
async fn one(
    State(app): State<App>,
    Path(number): Path<i64>,
    desk: Desk,
    Query(Since { from }): Query<Since>,
) -> Answer {
    let ctx = &desk.ctx;
    let version = app.mapping_version(ctx, number).await?;
    let from = from.unwrap_or_else(|| number.saturating_sub(1));
    let diff = app.mapping_diff(ctx, from, number).await?;
    let all = app.mapping_versions(ctx, None, MOST_OFFERED).await?;
    let names = names_of(&app, &desk, std::slice::from_ref(&version)).await?;
    let is_in_force = all.first().is_some_and(|newest| newest.version == number);
    let path = format!("{PATH}/versions/{number}");
    let title = format!("Version {number} of the mapping");
    let body = html! {
        p class="crumbs" { a href=(format!("{PATH}/versions")) { "History of the mapping" } }
        div class="head" {
            div {
                h1 { (title) }
                p class="lead" {
                    "Published " (when(version.published_at, ctx.now)) " by " span dir="auto" { (actor(&version.author, &names)) } "."
                    @if is_in_force { " " span class="state good" { "In force" } }
                }
                @if !version.reason.is_empty() { p class="long" dir="auto" { "“" (version.reason) "”" } }
            }
        }
        section class="card" aria-labelledby="diff" {
            h2 id="diff" { "What changed" }
            form class="row field" method="get" action=(path) {
                div class="field short" {
                    label for="from" { "Compared with" }
                    select id="from" name="from" {
                        option value="0" selected[from == 0] { "nothing" }
                        @for other in all.iter().filter(|other| other.version != number) {
                            option value=(other.version) selected[other.version == from] { "version " (other.version) }
                        }
                    }
                }
                button type="submit" class="second" { "Compare" }
            }
            (compared(&diff))
        }
        @if !is_in_force {
            section class="card" aria-labelledby="back" {
                h2 id="back" { "Go back to this version" }
                p class="quiet" { "It is published again as a new version. First you see what that would do; nothing changes before you confirm it." }
                form method="post" action=(format!("{path}/revert")) {
                    (desk.token())
                    div class="field" { label for="reason" { "Why (for whoever reads the history)" } input id="reason" name="reason" type="text" maxlength="500" autocomplete="off" value=(format!("back to version {number}")); }
                    button type="submit" { "Publish it again…" }
                }
            }
        }
        div class="card" {
            h2 id="text" { "The whole text" }
            pre class="code" tabindex="0" role="region" aria-labelledby="text" { code { (version.text) } }
        }
    };
    Ok(Page::new(&desk, Place::Mapping, &title, body).ok())
}

/// The lines that changed, with some around them.
fn compared(diff: &TextDiff) -> Markup {
    let changed: Vec<usize> =
        diff.lines.iter().enumerate().filter(|(_, line)| line.fate != Fate::Stays).map(|(at, _)| at).collect();
    let is_near = |at: usize| {
        let next = changed.partition_point(|one| *one + AROUND < at);
        changed.get(next).is_some_and(|one| *one <= at + AROUND)
    };
    let shown: Vec<(usize, &DiffLine)> = diff.lines.iter().enumerate().filter(|(at, _)| is_near(*at)).collect();
    let gap = |place: usize, at: usize| match place.checked_sub(1).and_then(|before| shown.get(before)) {
        Some((before, _)) => before + 1 != at,
        None => at > 0,
    };
    html! {
        @if diff.is_empty() { p class="quiet" { "Nothing: the texts are the same." } }
        @else {
            pre class="code diff" tabindex="0" role="region" aria-label="What changed, line by line" {
                @for (place, (at, line)) in shown.iter().enumerate() {
                    @if gap(place, *at) { span class="gap" { "line " (line.to) "\n" } }
                    @match line.fate {
                        Fate::Stays => span { "  " (line.text) "\n" },
                        Fate::Comes => ins { "+ " (line.text) "\n" },
                        Fate::Goes => del { "− " (line.text) "\n" },
                    }
                }
            }
        }
    }
}

/// `POST /console/mapping/versions/{version}/revert`
async fn revert(State(app): State<App>, Path(number): Path<i64>, sent: Sent) -> Answer {
    let text = app.mapping_version(&sent.desk.ctx, number).await?.text;
    let reason = match sent.text("reason") {
        "" => format!("back to version {number}"),
        reason => reason.to_owned(),
    };
    confirm(&app, &sent.desk, (&text, &reason)).await
}
