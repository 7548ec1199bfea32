//! Members: everybody of the organization, with what they may do and since when they were not seen.

mod add;
mod invitations;
mod person;
mod row;
mod several;

use super::{
    HTML, ROWS,
    desk::{Answer, Desk},
    flash::Said,
    frame::{Page, Place},
    parts::{Asked, empty},
};
use crate::{
    app::{App, Ctx, Error, RosterOf, RosterRow},
    http::doors::{Doors, get},
    model::Capability,
};
use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use std::time::{Duration, Instant};

const PATH: &str = "/console/members";
/// How long it is looked on, where a filter found nobody yet. The next page goes on from there.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn doors(room: Doors) -> Doors {
    let list =
        get("/members", list).summary("Members, with state, roles and their reasons").needs(Capability::ManageMembers);
    let room = room.door(list.answers_as(200, HTML));
    let room = several::doors(add::doors(room));
    invitations::doors(person::doors(room))
}

/// The two lists of people.
pub(super) fn tabs(invited: bool) -> Markup {
    let current = |is: bool| is.then_some("page");
    html! {
        ul class="tabs" {
            li { a href=(PATH) aria-current=[current(!invited)] { "Members" } }
            li { a href="/console/invitations" aria-current=[current(invited)] { "Invitations" } }
        }
    }
}

/// The head of both.
pub(super) fn head() -> Markup {
    html! {
        div class="head" {
            div { h1 { "Members" } p class="lead" { "Who belongs to the organization, what they may do, and why." } }
            div class="acts" { a class="button" href="/console/members/add" { "Add new members" } }
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    filter: Option<String>,
    after: Option<String>,
}

/// `GET /console/members`
async fn list(State(app): State<App>, desk: Desk, Query(wanted): Query<Wanted>, Query(said): Query<Said>) -> Answer {
    let typed = (wanted.filter.as_deref(), wanted.after.as_deref());
    let asked = Asked::read((&app, &desk.ctx), "members", typed, &["displayName", "userName", "emails"])?;
    let (people, next) = match asked.problem {
        None => found(&app, &desk.ctx, &asked).await?,
        Some(_) => (Vec::new(), None),
    };
    let names = app.names(&desk.ctx, row::ids(&people)).await?;
    let custom = app.custom_roles(&desk.ctx).await?;
    let body = html! {
        (head())
        (tabs(false))
        (asked.search(PATH, "members", r#"department eq "Finance" and active eq true"#))
        @if people.is_empty() {
            (empty("Nobody is found", &html! {
                @if next.is_some() { p { "Nobody among the many who were looked at so far. There are more: go on with the next page." } }
                @else if asked.text.is_empty() { p { "Invite people, or connect the identity provider that knows them." } }
                @else { p { "No member fits the search. " a href=(PATH) { "Show everybody" } "." } }
            }))
        } @else {
            (several::bar())
            ul class="rows people" {
                @for person in &people { (row::row(&desk, person, (&names, &custom))) }
            }
        }
        (asked.pager(PATH, next.as_deref())?)
    };
    Ok(Page::new(&desk, Place::Members, "Members", body).saying(&said).ok())
}

/// The people of the page. What only each person's own attributes can answer is looked for a while before a page is empty.
async fn found(app: &App, ctx: &Ctx, asked: &Asked<'_>) -> Result<(Vec<RosterRow>, Option<String>), Error> {
    let whom = match asked.is_words {
        true => RosterOf::Called(&asked.text),
        false => RosterOf::Matching(asked.filter.as_ref()),
    };
    let began = Instant::now();
    let mut found = app.roster(ctx, whom, (&asked.after, ROWS)).await?;
    while found.0.is_empty() && began.elapsed() < PATIENCE {
        let Some(next) = found.1.clone() else { break };
        found = app.roster(ctx, whom, (&next, ROWS)).await?;
    }
    Ok(found)
}
