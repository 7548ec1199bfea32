//! Connections: the identity providers that people come from.

mod dialect;
mod domains;
mod kind;
mod removal;
mod saml;
mod scim;
mod show;
mod sign_in;
mod status;

use super::{
    HTML,
    desk::{Answer, Desk, Sent},
    flash::Said,
    frame::{Page, Place},
    parts::empty,
};
use crate::{
    app::{App, Ctx, Error, NewConnection},
    http::{
        api::TOLD_OF_ACCESS,
        doors::{Doors, get, post},
        login::see_other,
    },
    model::{Capability, Connection, ConnectionId, EventKind},
};
use axum::extract::{Query, State};
use kind::Kind;
use maud::{Markup, html};

const PATH: &str = "/console/connections";
/// What each page of a connection takes.
const NEED: Capability = Capability::ManageOrganization;

pub(super) fn doors(room: Doors) -> Doors {
    let created = [&[EventKind::ConnectionCreated], TOLD_OF_ACCESS.as_slice()].concat();
    let room = room
        .door(
            get("/connections", list)
                .summary("Connections, with what last came of each")
                .needs(NEED)
                .answers_as(200, HTML),
        )
        .door(
            post("/connections", create)
                .summary("Begin a connection to an identity provider")
                .needs(NEED)
                .tells(&created)
                .answers_as(303, None),
        );
    let room = scim::doors(sign_in::doors(show::doors(room)));
    removal::doors(domains::doors(dialect::doors(saml::doors(room))))
}

/// What last came of a connection, in half a line.
pub(super) async fn connection_status(app: &App, ctx: &Ctx, connection: &Connection) -> Result<Markup, Error> {
    Ok(status::of(app, ctx, connection).await?.short(connection, ctx.now))
}

/// A value that somebody carries to the provider.
pub(super) fn copied(label: &str, value: &str) -> Markup {
    html! {
        div class="copied" {
            span class="label" { (label) }
            code class="secret" data-copy="" { (value) }
        }
    }
}

/// Where a connection's page is.
fn address(id: &ConnectionId) -> String {
    format!("{PATH}/{id}")
}

/// `GET /console/connections`
async fn list(State(app): State<App>, desk: Desk, Query(said): Query<Said>) -> Answer {
    let connections = app.connections(&desk.ctx).await?;
    let mut rows = Vec::new();
    for connection in connections {
        let status = status::of(&app, &desk.ctx, &connection).await?;
        rows.push((connection, status));
    }
    let body = html! {
        div class="head" {
            div { h1 { "Connections" } p class="lead" { "The identity providers that sign people in and push who they are." } }
        }
        @if rows.is_empty() {
            (empty("No connection yet", &html! { p { "Connect the provider that your people sign in with. It takes a few minutes: each step says what to copy where." } }))
        } @else {
            ul class="rows plain" { @for (connection, status) in &rows { (row(&desk, connection, status)) } }
        }
        (begin(&desk))
    };
    Ok(Page::new(&desk, Place::Connections, "Connections", body).saying(&said).ok())
}

fn row(desk: &Desk, connection: &Connection, status: &status::Status) -> Markup {
    html! {
        li {
            div {
                p class="title" { a href=(address(&connection.id)) { (connection.name) } }
                p class="quiet small" { (Kind::of(connection).name()) @for domain in &connection.settings.domains { " · " (domain) } }
            }
            (status.short(connection, desk.ctx.now))
        }
    }
}

/// The kinds of providers, each with a form of its own to begin.
fn begin(desk: &Desk) -> Markup {
    html! {
        section class="card" aria-labelledby="begin" {
            h2 id="begin" { "Add a connection" }
            form method="post" action=(PATH) {
                (desk.token())
                fieldset {
                    legend { "Which provider?" }
                    @for (place, kind) in Kind::ALL.into_iter().enumerate() {
                        label class="check" {
                            input type="radio" name="kind" value=(kind.word()) required checked[place == 0];
                            span { strong { (kind.name()) } br; span class="quiet small" { (kind.what()) } }
                        }
                    }
                }
                div class="row field" {
                    div class="field" {
                        label for="name" { "Name, as the mapping says it" }
                        input id="name" name="name" type="text" required maxlength="60" pattern="[A-Za-z0-9_-]+" autocapitalize="none"
                            autocomplete="off" spellcheck="false" placeholder="okta" aria-describedby="name-hint";
                    }
                    div class="field" {
                        label for="domains" { "E-mail domains of its people (may be empty)" }
                        input id="domains" name="domains" type="text" maxlength="1000" autocapitalize="none" autocomplete="off"
                            spellcheck="false" placeholder="example.com";
                    }
                }
                p id="name-hint" class="hint" { "Letters, digits, - and _: groups are then " code { "okta/engineering" } " in the mapping." }
                button type="submit" { "Go on" }
            }
        }
    }
}

/// Domains as people type them.
fn typed_domains(text: &str) -> Vec<String> {
    text.split([',', ' ', ';', '\n']).map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

/// `POST /console/connections`
async fn create(State(app): State<App>, sent: Sent) -> Answer {
    let kind = Kind::from_word(sent.text("kind"));
    let mut settings = kind.settings();
    settings.domains = typed_domains(sent.text("domains"));
    let new = NewConnection { name: sent.text("name").to_owned(), settings, client_secret: None };
    let made = app.create_connection(&sent.desk.ctx, new).await?;
    Ok(see_other(&format!("{}?said=created&kind={}", address(&made.id), kind.word())))
}
