//! The access graph: from providers over groups and people to roles and places, as a picture that can be walked from either end.

mod picture;

use super::{
    HTML,
    desk::{Answer, Desk},
    frame::{Page, Place},
    parts::{address, empty},
    words::{built_in, place, role_name, source_of},
};
use crate::{
    app::{App, BindingSearch, Error, Names},
    http::doors::{Doors, get},
    model::{Binding, BuiltInRole, Capability, Role, Scope, Source, Subject},
};
use axum::extract::{Query, State};
use maud::{Markup, html};
use picture::{Node, Picture};
use serde::Deserialize;

const PATH: &str = "/console/graph";
/// Bindings of one picture: more is no picture.
const MOST: i64 = 80;

pub(super) fn doors(room: Doors) -> Doors {
    let need = Capability::ManageMembers;
    room.door(
        get("/graph", show)
            .summary("The access graph: who holds what, where, and by what")
            .needs(need)
            .answers_as(200, HTML),
    )
}

/// From which end it is walked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    subject: String,
    role: String,
    scope: String,
    source: String,
}

impl Wanted {
    fn search(&self) -> Result<BindingSearch, Error> {
        let some = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        let subject = some(&self.subject).map(|text| text.parse::<Subject>()).transpose();
        let role = some(&self.role).map(|text| text.parse::<Role>()).transpose();
        Ok(BindingSearch {
            subject: subject.map_err(|error| Error::invalid("subject", error.to_string()))?,
            role: role.map_err(|error| Error::invalid("role", error.to_string()))?,
            scope: some(&self.scope),
            source: some(&self.source),
        })
    }

    fn is_everything(&self) -> bool {
        [&self.subject, &self.role, &self.scope, &self.source].iter().all(|text| text.is_empty())
    }
}

/// `GET /console/graph`
async fn show(State(app): State<App>, desk: Desk, Query(wanted): Query<Wanted>) -> Answer {
    let mut bindings = app.bindings(&desk.ctx, &wanted.search()?, "", MOST + 1).await?;
    let shown = usize::try_from(MOST).unwrap_or(usize::MAX);
    let is_more = bindings.len() > shown;
    bindings.truncate(shown);
    let invitations = bindings.iter().filter_map(|one| match &one.terms.source {
        Source::Invitation { id } => Some(id.to_string()),
        Source::Person | Source::Rule { .. } | Source::File | Source::Floor => None,
    });
    let ids: Vec<String> = bindings.iter().map(|one| one.terms.subject.to_string()).chain(invitations).collect();
    let names = app.names(&desk.ctx, ids).await?;
    let body = html! {
        div class="head" {
            div {
                h1 { "Access graph" }
                p class="lead" { "Who holds what, where, and by what. Each part leads to the picture of that part alone; the line under it is the same in words." }
            }
            @if desk.can(Capability::ManageOrganization) {
                div class="acts" { a class="button second" href="/console/owners" { "All ways to become Owner" } }
            }
        }
        (filter(&wanted))
        @if bindings.is_empty() {
            (empty("Nobody holds anything that fits", &html! { p { a href=(PATH) { "Show everything" } } }))
        } @else {
            div class="card" { div class="scroll" role="region" aria-label="The picture" tabindex="0" { (drawn(&bindings, &names).svg()) } }
            @if is_more { p class="quiet" { "These are the first " (shown) ". Walk from a role, a person or a group to see the others." } }
            section class="card" aria-labelledby="words" {
                h2 id="words" { "The same in words" }
                ul class="rows plain" { @for one in &bindings { (said(one, &names)) } }
            }
        }
    };
    Ok(Page::new(&desk, Place::Graph, "Access graph", body).ok())
}

fn filter(wanted: &Wanted) -> Markup {
    html! {
        form class="row search-row" method="get" action=(PATH) {
            div class="field short" {
                label for="role" { "From the role" }
                select id="role" name="role" {
                    option value="" { "Every role" }
                    @for role in BuiltInRole::ALL { option value=(role.name()) selected[role.name() == wanted.role] { (built_in(role)) } }
                }
            }
            div class="field short" {
                label for="source" { "By what" }
                select id="source" name="source" {
                    @for (value, words) in [("", "Anything"), ("rule", "Rules"), ("person", "People"), ("invitation", "Invitations"), ("floor", "The owner floor")] {
                        option value=(value) selected[value == wanted.source] { (words) }
                    }
                }
            }
            button type="submit" class="second" { "Show" }
            @if !wanted.is_everything() { a class="button second" href=(PATH) { "Show everything" } }
        }
    }
}

/// What a place is called in a search.
fn scope_text(scope: &Scope) -> String {
    match scope {
        Scope::Organization => "organization".to_owned(),
        Scope::Cluster { id } => id.to_string(),
        Scope::Resource { id, .. } => id.clone(),
    }
}

/// What a box says of somebody: what they are where they are no person.
fn called(subject: &Subject, name: &str) -> String {
    match subject {
        Subject::User(_) => name.to_owned(),
        Subject::Group(_) => format!("group {name}"),
        Subject::ServiceAccount(_) => format!("machine {name}"),
    }
}

fn drawn(bindings: &[Binding], names: &Names) -> Picture {
    let mut picture = Picture::new(["By what", "Who", "Role", "Where"]);
    for one in bindings {
        let terms = &one.terms;
        let subject = terms.subject.to_string();
        let source = Node {
            label: source_of(&terms.source, names),
            address: address(PATH, &[("source", terms.source.kind())]),
            kind: "source",
        };
        let who = Node {
            label: called(&terms.subject, names.of(&subject)),
            address: address(PATH, &[("subject", &subject)]),
            kind: "who",
        };
        let role = Node {
            label: role_name(&terms.role, names).to_owned(),
            address: address(PATH, &[("role", &terms.role.to_string())]),
            kind: "role",
        };
        let place = Node {
            label: place(&terms.scope, names),
            address: address(PATH, &[("scope", &scope_text(&terms.scope))]),
            kind: "place",
        };
        picture.way([source, who, role, place]);
    }
    picture
}

fn said(one: &Binding, names: &Names) -> Markup {
    let subject = one.terms.subject.to_string();
    let page = match &one.terms.subject {
        Subject::User(id) => format!("/console/members/{id}"),
        Subject::Group(id) => format!("/console/groups/{id}"),
        Subject::ServiceAccount(id) => format!("/console/service-accounts/{id}"),
    };
    html! {
        li {
            p class="long" { a href=(page) dir="auto" { (names.of(&subject)) } " holds " strong { (role_name(&one.terms.role, names)) } " of " (place(&one.terms.scope, names)) }
            p class="quiet small" { (source_of(&one.terms.source, names)) }
        }
    }
}
