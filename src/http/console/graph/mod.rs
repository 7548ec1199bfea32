//! The access graph: from providers over groups and people, rules and roles to places, as a picture that can be walked from either
//! end.

mod picture;
mod ways;

use super::{
    HTML,
    desk::{Answer, Desk},
    frame::{Page, Place},
    parts::{address, empty},
    words::{built_in, place, role_name, source_of, unnamed},
};
use crate::{
    app::{App, BindingSearch, Error, Names},
    http::doors::{Doors, get},
    model::{BuiltInRole, Capability, Cluster, Connection, ConnectionId, CustomRole, Role, Scope, Source, Subject},
};
use axum::extract::{Query, State};
use maud::{Markup, html};
use picture::{Node, Picture};
use serde::Deserialize;
use std::collections::HashMap;
use ways::Way;

const PATH: &str = "/console/graph";
/// What gives somebody something, by its kind.
const SOURCES: [(&str, &str); 6] = [
    ("", "Anything"),
    ("rule", "Rules"),
    ("person", "People"),
    ("invitation", "Invitations"),
    ("file", "Configuration files"),
    ("floor", "The owner floor"),
];

pub(super) fn doors(room: Doors) -> Doors {
    let need = Capability::ManageMembers;
    room.door(
        get("/graph", show)
            .summary("The access graph: who holds what, where, and by what")
            .needs(need)
            .answers_as(200, HTML),
    )
}

/// Where the picture of one end alone is.
pub(super) fn from(end: &str, id: &str) -> String {
    address(PATH, &[(end, id)])
}

/// From which end it is walked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    connection: String,
    subject: String,
    role: String,
    scope: String,
    source: String,
}

impl Wanted {
    fn search(&self) -> Result<BindingSearch, Error> {
        let some = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        let connection = some(&self.connection).map(|text| text.parse::<ConnectionId>()).transpose();
        let subject = some(&self.subject).map(|text| text.parse::<Subject>()).transpose();
        let role = some(&self.role).map(|text| text.parse::<Role>()).transpose();
        Ok(BindingSearch {
            connection: connection.map_err(|error| Error::invalid("connection", error.to_string()))?,
            subject: subject.map_err(|error| Error::invalid("subject", error.to_string()))?,
            role: role.map_err(|error| Error::invalid("role", error.to_string()))?,
            scope: some(&self.scope),
            source: some(&self.source),
        })
    }

    fn is_everything(&self) -> bool {
        [&self.connection, &self.subject, &self.role, &self.scope, &self.source].iter().all(|text| text.is_empty())
    }
}

/// What may be walked from.
struct Ends {
    connections: Vec<Connection>,
    clusters: Vec<Cluster>,
    custom: Vec<CustomRole>,
}

impl Ends {
    async fn of(app: &App, desk: &Desk) -> Result<Self, Error> {
        let ctx = &desk.ctx;
        let sees = desk.can(Capability::ManageOrganization);
        Ok(Self {
            connections: if sees { app.connections(ctx).await? } else { Vec::new() },
            clusters: if desk.can(Capability::ViewClusters) { app.clusters(ctx).await? } else { Vec::new() },
            custom: app.custom_roles(ctx).await?,
        })
    }
}

/// `GET /console/graph`
async fn show(State(app): State<App>, desk: Desk, Query(wanted): Query<Wanted>) -> Answer {
    let (ways, is_more) = ways::ways(&app, &desk, &wanted).await?;
    let ends = Ends::of(&app, &desk).await?;
    let invitations = ways.iter().filter_map(|one| match &one.source {
        Some(Source::Invitation { id }) => Some(id.to_string()),
        Some(Source::Person | Source::Rule { .. } | Source::File | Source::Floor) | None => None,
    });
    let subjects: Vec<String> =
        ways.iter().map(|one| one.subject.to_string()).chain([wanted.subject.clone()]).collect();
    let names = app.names(&desk.ctx, subjects.iter().cloned().chain(invitations)).await?;
    let from = app.connections_of(&desk.ctx, &subjects).await?;
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
        (filter(&wanted, &ends))
        @if !wanted.subject.is_empty() {
            p { "Only what reaches " strong dir="auto" { (names.known(&wanted.subject).unwrap_or(unnamed(&wanted.subject))) } ", by itself and by groups." }
        }
        @if ways.is_empty() {
            (empty("Nobody holds anything that fits", &html! { p { a href=(PATH) { "Show everything" } } }))
        } @else {
            div class="card" { div class="scroll" role="region" aria-label="The picture" tabindex="0" { (drawn(&ways, &from, &names).svg()) } }
            @if is_more { p class="quiet" { "These are the first " (ways.len()) ". Walk from a provider, a role, a person or a group to see the others." } }
            section class="card" aria-labelledby="words" {
                h2 id="words" { "The same in words" }
                ul class="rows plain" { @for one in &ways { (said(one, &names)) } }
            }
        }
    };
    Ok(Page::new(&desk, Place::Graph, "Access graph", body).ok())
}

fn filter(wanted: &Wanted, ends: &Ends) -> Markup {
    html! {
        form class="row search-row" method="get" action=(PATH) {
            @if !wanted.subject.is_empty() { input type="hidden" name="subject" value=(wanted.subject); }
            @if !ends.connections.is_empty() {
                div class="field short" {
                    label for="connection" { "From the provider" }
                    select id="connection" name="connection" {
                        option value="" { "Every one" }
                        @for one in &ends.connections { option value=(one.id) selected[one.id.as_str() == wanted.connection] { (one.name) } }
                    }
                }
            }
            div class="field short" {
                label for="source" { "By what" }
                select id="source" name="source" {
                    @for (value, words) in SOURCES { option value=(value) selected[value == wanted.source] { (words) } }
                }
            }
            div class="field short" {
                label for="role" { "From the role" }
                select id="role" name="role" {
                    option value="" { "Every role" }
                    @for role in BuiltInRole::ALL { option value=(role.name()) selected[role.name() == wanted.role] { (built_in(role)) } }
                    @for role in &ends.custom { option value=(role.id) selected[role.id.as_str() == wanted.role] { (role.name) } }
                }
            }
            div class="field short" {
                label for="scope" { "From the place" }
                select id="scope" name="scope" {
                    option value="" { "Every place" }
                    option value="organization" selected[wanted.scope == "organization"] { "The whole organization" }
                    @for cluster in &ends.clusters { option value=(cluster.id) selected[cluster.id.as_str() == wanted.scope] { "Cluster " (cluster.slug) } }
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

/// Where somebody comes from: their provider, where they have one.
fn origin(subject: &Subject, from: &HashMap<String, ConnectionId>, names: &Names) -> Node {
    let id = subject.to_string();
    let (label, address) = match (from.get(&id), subject) {
        (Some(connection), _) => (
            names.known(connection.as_str()).unwrap_or(unnamed(connection.as_str())).to_owned(),
            self::from("connection", connection.as_str()),
        ),
        (None, Subject::User(_) | Subject::Group(_)) => ("castgate itself".to_owned(), PATH.to_owned()),
        (None, Subject::ServiceAccount(_)) => ("service accounts".to_owned(), "/console/service-accounts".to_owned()),
    };
    Node { label, address, kind: "source" }
}

fn by_what(source: Option<&Source>, names: &Names) -> Node {
    let (label, address) = match source {
        Some(source) => (source_of(source, names), from("source", source.kind())),
        None => ("the default".to_owned(), "/console/mapping".to_owned()),
    };
    Node { label, address, kind: "source" }
}

fn drawn(ways: &[Way], from: &HashMap<String, ConnectionId>, names: &Names) -> Picture {
    let mut picture = Picture::new(["From", "Who", "By what", "Role", "Where"]);
    for way in ways {
        let subject = way.subject.to_string();
        let who = Node {
            label: called(&way.subject, names.known(&subject).unwrap_or(unnamed(&subject))),
            address: self::from("subject", &subject),
            kind: "who",
        };
        let role = Node {
            label: role_name(&way.role, names).to_owned(),
            address: self::from("role", &way.role.to_string()),
            kind: "role",
        };
        let place = Node {
            label: place(&way.scope, names),
            address: self::from("scope", &scope_text(&way.scope)),
            kind: "place",
        };
        picture.way([origin(&way.subject, from, names), who, by_what(way.source.as_ref(), names), role, place]);
    }
    picture
}

fn said(way: &Way, names: &Names) -> Markup {
    let subject = way.subject.to_string();
    let page = match &way.subject {
        Subject::User(id) => format!("/console/members/{id}"),
        Subject::Group(id) => format!("/console/groups/{id}"),
        Subject::ServiceAccount(id) => format!("/console/service-accounts/{id}"),
    };
    html! {
        li {
            p class="long" { a href=(page) dir="auto" { (names.known(&subject).unwrap_or(unnamed(&subject))) } " holds " strong { (role_name(&way.role, names)) } " of " (place(&way.scope, names)) }
            p class="quiet small" {
                @match &way.source { Some(source) => (source_of(source, names)), None => "the default for people whom no rule gives anything" }
            }
        }
    }
}
