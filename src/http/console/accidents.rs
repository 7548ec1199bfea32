//! Accidents of providers: what the breaker noticed, what taking a span back would restore, and taking it back.

use super::{
    HTML, ROWS,
    activity::{Tab, head},
    desk::{Answer, Desk, Sent},
    flash::Said,
    frame::{Page, Place},
    guard::told,
    parts::{Before, address, empty, older, page_of},
    times::{exact, when},
    words::unnamed,
};
use crate::{
    app::{Accident, App, Error, Names, Restored, Undo, UndoWish},
    http::{
        api::TOLD_OF_UNDO,
        doors::{Doors, get, post},
        login::see_other,
    },
    model::{Capability, Connection, Instant},
};
use axum::{
    extract::{Query, State},
    http::StatusCode,
};
use maud::{Markup, html};
use serde::Deserialize;

const PATH: &str = "/console/accidents";
const NEED: Capability = Capability::ManageOrganization;

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        get("/accidents", list)
            .summary("Unusual spans of removals that were noticed, and the form to take one back")
            .needs(NEED)
            .answers_as(200, HTML),
    )
    .door(
        get("/accidents/undo", look)
            .summary("What taking back a span of one source's removals would restore")
            .needs(NEED)
            .answers_as(200, HTML),
    )
    .door(
        post("/accidents/undo", undo)
            .summary("Take a span of one source's removals back, as it was looked at")
            .needs(NEED)
            .tells(TOLD_OF_UNDO)
            .answers_as(303, HTML),
    )
}

/// A span, as the form says it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Span {
    source: String,
    from: String,
    to: String,
}

impl Span {
    /// What it means: whole instants, or minutes of UTC as browsers write them.
    fn wish(&self) -> Result<UndoWish, Error> {
        let instant = |field: &'static str, text: &str| -> Result<Instant, Error> {
            let text = text.trim();
            let whole = if text.len() == 16 { format!("{text}:00Z") } else { text.to_owned() };
            let whole = if whole.len() == 19 { format!("{whole}Z") } else { whole };
            whole.parse().map_err(|_| Error::invalid(field, "give a day and a time in UTC, such as 2026-11-21T08:00"))
        };
        if self.source.is_empty() {
            return Err(Error::invalid("source", "choose whose removals are to be taken back"));
        }
        Ok(UndoWish { source: self.source.clone(), from: instant("from", &self.from)?, to: instant("to", &self.to)? })
    }
}

/// The span as the store says it.
fn span_of(source: &str, from: Instant, to: Instant) -> String {
    address(&format!("{PATH}/undo"), &[("source", source), ("from", &from.to_string()), ("to", &to.to_string())])
}

/// `GET /console/accidents`
async fn list(
    State(app): State<App>,
    desk: Desk,
    Query(Before { before }): Query<Before>,
    Query(said): Query<Said>,
) -> Answer {
    page((&app, &desk), (&before, &said), None).await
}

async fn page((app, desk): (&App, &Desk), (before, said): (&str, &Said), wrong: Option<(Span, String)>) -> Answer {
    let load = |most| app.accidents(&desk.ctx, before, most);
    let (accidents, next) = page_of(ROWS, load, |one| one.id.to_string()).await?;
    let connections = app.connections(&desk.ctx).await?;
    let names = app.names(&desk.ctx, []).await?;
    let settings = &app.settings().accidents;
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let body = html! {
        (head(Tab::Accidents, None))
        @if accidents.is_empty() {
            (empty("No accident was noticed", &html! {
                p { "When a provider takes away an unusual share of people, groups or memberships (" (settings.share) " % and at least " (settings.count) "), the owners get a letter and it stands here. Nothing is held back; everything can be taken back for 30 days." }
            }))
        } @else {
            ul class="rows plain" { @for one in &accidents { (row(one, &names, desk.ctx.now)) } }
            (older(next.map(|next| address(PATH, &[("before", &next)]))))
        }
        (form(&connections, desk.ctx.now, wrong.as_ref()))
    };
    Ok(Page::new(desk, Place::Activity, "Accidents", body).saying(said).respond(status))
}

fn row(one: &Accident, names: &Names, now: Instant) -> Markup {
    let count = |what: &str| one.counts.get(what).and_then(serde_json::Value::as_u64).unwrap_or_default();
    let connection = one.connection.as_str();
    html! {
        li {
            div {
                p class="title" dir="auto" { (names.known(connection).unwrap_or(unnamed(connection))) " took an unusual share away" }
                p class="small" { (count("groups")) " groups deleted, " (count("members")) " memberships ended, " (count("people")) " people suspended or deleted" }
                p class="quiet small" { "from " (exact(one.from)) " to " (exact(one.to)) ", noticed " (when(one.noticed_at, now)) }
            }
            a class="button second little" href=(span_of(&format!("scim:{connection}"), one.from, one.to)) { "What would come back…" }
        }
    }
}

/// The form for a span of one's own.
fn form(connections: &[Connection], now: Instant, wrong: Option<&(Span, String)>) -> Markup {
    let minute = |instant: Instant| instant.to_string().get(..16).unwrap_or_default().to_owned();
    let usual =
        || Span { source: String::new(), from: minute(now.minus(std::time::Duration::from_hours(1))), to: minute(now) };
    let typed = wrong.map_or_else(usual, |(span, _)| span.clone());
    html! {
        section class="card" aria-labelledby="span" {
            h2 id="span" { "Take a span back" }
            p class="quiet" { "Groups, people, memberships and the bindings of rules that one provider took away in a span of the last 30 days come back. What it added stays; sessions never come back. First you see what that would be." }
            @if let Some((_, problem)) = wrong { div class="notice bad" role="alert" { p { (problem) } } }
            @if connections.is_empty() { p { "There is no connection yet." } }
            @else {
                form method="get" action=(format!("{PATH}/undo")) {
                    div class="row field" {
                        div class="field" {
                            label for="source" { "Whose removals" }
                            select id="source" name="source" {
                                @for one in connections {
                                    @let source = format!("scim:{}", one.id);
                                    option value=(source) selected[source == typed.source] { (one.name) }
                                }
                            }
                        }
                        div class="field short" { label for="from" { "From (UTC)" } input id="from" name="from" type="datetime-local" required value=(typed.from); }
                        div class="field short" { label for="to" { "To (UTC)" } input id="to" name="to" type="datetime-local" required value=(typed.to); }
                        button type="submit" class="second" { "What would come back…" }
                    }
                }
            }
        }
    }
}

/// `GET /console/accidents/undo`: it is made, looked at and dropped.
async fn look(State(app): State<App>, desk: Desk, Query(span): Query<Span>) -> Answer {
    desk.needs(NEED)?;
    preview((&app, &desk), span, None).await
}

async fn preview((app, desk): (&App, &Desk), span: Span, notice: Option<String>) -> Answer {
    let looked = match span.wish() {
        Ok(wish) => app.preview_undo(&desk.ctx, &wish).await,
        Err(error) => Err(error),
    };
    let undo = match looked {
        Ok(undo) => undo,
        Err(error @ (Error::Invalid { .. } | Error::Conflict { .. })) => {
            let problem = told(error)?;
            return page((app, desk), ("", &Said::default()), Some((span, problem))).await;
        }
        Err(error) => return Err(error.into()),
    };
    let source = undo.wish.source.strip_prefix("scim:").unwrap_or_default();
    let names = app.names(&desk.ctx, []).await?;
    let status = if notice.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let body = html! {
        p class="crumbs" { a href=(PATH) { "Accidents" } }
        h1 { "Take back what " span dir="auto" { (names.known(source).unwrap_or(source)) } " took away" }
        p class="lead" { "From " (exact(undo.wish.from)) " to " (exact(undo.wish.to)) "." }
        @if let Some(notice) = notice { div class="notice bad" role="alert" { p { (notice) } } }
        (restored(desk, &undo))
    };
    Ok(Page::new(desk, Place::Activity, "Take a span back", body).respond(status))
}

fn restored(desk: &Desk, undo: &Undo) -> Markup {
    let Undo { wish, preview, groups, people, activated, memberships, bindings, some, skipped, access } = undo;
    let named =
        |all: &[Restored]| html! { ul class="names" { @for one in all { li class="long" dir="auto" { (one.name) } } } };
    html! {
        @if undo.is_empty() {
            (empty("Nothing would come back", &html! { p { "In that span this source took nothing away that is still gone." } p { a class="button second" href=(PATH) { "Choose another span" } } }))
        } @else {
            section class="card" aria-labelledby="back" {
                h2 id="back" { "What comes back" }
                dl class="figures" {
                    div { dt { "deleted groups" } dd { (groups) } }
                    div { dt { "deleted people" } dd { (people) } }
                    div { dt { "suspended people" } dd { (activated) } }
                    div { dt { "memberships" } dd { (memberships) } }
                    div { dt { "bindings of rules" } dd { (bindings) } }
                }
                @if !some.is_empty() { (named(some)) }
                @if !skipped.is_empty() { p { span class="state wait" { "These stay away" } " another has that name by now" } (named(skipped)) }
                @if !access.is_empty() { details class="more" { summary { "What rules give and take because of it" } pre class="code" { @for line in access { (line) "\n" } } } }
            }
            div class="notice" { p { "Sessions do not come back: people sign in again. Deleted keys stay deleted. If anything moves before you confirm, nothing happens and this page is shown again." } }
            form method="post" action=(format!("{PATH}/undo")) {
                (desk.token())
                input type="hidden" name="source" value=(wish.source);
                input type="hidden" name="from" value=(wish.from);
                input type="hidden" name="to" value=(wish.to);
                input type="hidden" name="preview" value=(preview);
                div class="acts" { button type="submit" { "Take it back" } a class="button second" href=(PATH) { "Cancel" } }
            }
        }
    }
}

/// `POST /console/accidents/undo`
async fn undo(State(app): State<App>, sent: Sent) -> Answer {
    let text = |name: &str| sent.text(name).to_owned();
    let span = Span { source: text("source"), from: text("from"), to: text("to") };
    let desk = &sent.desk;
    match app.undo(&desk.ctx, &span.wish()?, sent.text("preview")).await {
        Ok(_) => Ok(see_other(&format!("{PATH}?said=undone"))),
        Err(error @ Error::Conflict { .. }) => {
            let notice = told(error)?;
            preview((&app, desk), span, Some(notice)).await
        }
        Err(error) => Err(error.into()),
    }
}
