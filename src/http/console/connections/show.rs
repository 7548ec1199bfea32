//! One connection: what is received, how it is set up step by step, what it got away with.

use super::{HTML, NEED, address, dialect, domains, kind::Kind, removal, saml, scim, sign_in, status};
use crate::{
    app::{App, NewToken, SamlShown, ShownDomain},
    http::{
        api::TOLD_OF_ACCESS,
        console::{
            desk::{Answer, Desk, Sent},
            flash::Said,
            frame::{Page, Place},
            parts::{press, sure},
            times::when,
        },
        doors::{Doors, get, post},
        login::see_other,
    },
    model::{Connection, ConnectionId, ConnectionTest, EventKind, ScimToken, ToleranceCount},
};
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{Html, IntoResponse as _},
};
use maud::{Markup, html};
use serde::Deserialize;

/// Tests that are shown.
const MOST_TESTS: i64 = 5;

/// What is lost when a connection is disabled.
const DISABLED: &str = "Its sessions end at once and its SCIM tokens are dead for good: enabled again, it needs new ones. Its people stay, and cannot sign in by it meanwhile.";

pub(super) fn doors(room: Doors) -> Doors {
    let state = [&[EventKind::ConnectionEnabled, EventKind::ConnectionDisabled], TOLD_OF_ACCESS.as_slice()].concat();
    room.door(
        get("/connections/{id}", show)
            .summary("One connection: its set-up, its tokens, what is received")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .answers_as(200, HTML),
    )
    .door(
        get("/connections/{id}/status", live)
            .summary("What last came of a connection, as a piece of its page")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .answers_as(200, HTML),
    )
    .door(
        post("/connections/{id}/state", set_state)
            .summary("Enable or disable a connection")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .tells(&state)
            .answers_as(303, None),
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    kind: Option<String>,
}

/// Everything that the page shows.
pub(super) struct Shown<'a> {
    pub(super) desk: &'a Desk,
    pub(super) app: &'a App,
    pub(super) connection: Connection,
    pub(super) kind: Kind,
    pub(super) status: status::Status,
    pub(super) tokens: Vec<ScimToken>,
    pub(super) tests: Vec<ConnectionTest>,
    pub(super) tolerances: Vec<ToleranceCount>,
    pub(super) domains: Vec<ShownDomain>,
    pub(super) saml: Option<SamlShown>,
}

/// `GET /console/connections/{id}`
async fn show(
    State(app): State<App>,
    Path(id): Path<ConnectionId>,
    desk: Desk,
    Query(wanted): Query<Wanted>,
    Query(said): Query<Said>,
) -> Answer {
    let kind = wanted.kind.as_deref().map(Kind::from_word);
    page((&app, &desk), (&id, kind), (&said, None), None).await
}

/// The page, with a token that was made just now, or with what was wrong with a form.
pub(super) async fn page(
    (app, desk): (&App, &Desk),
    (id, kind): (&ConnectionId, Option<Kind>),
    (said, new): (&Said, Option<&NewToken>),
    notice: Option<String>,
) -> Answer {
    let ctx = &desk.ctx;
    let connection = app.connection(ctx, id).await?;
    let mut domains = app.domains(ctx).await?;
    domains.retain(|domain| domain.claim.connection == *id);
    let shown = Shown {
        desk,
        app,
        kind: kind
            .filter(|_| connection.settings.oidc.is_none() && connection.settings.saml.is_none())
            .unwrap_or(Kind::of(&connection)),
        status: status::of(app, ctx, &connection).await?,
        tokens: app.scim_tokens(ctx, id).await?,
        tests: app.connection_tests(ctx, id, "", MOST_TESTS).await?,
        tolerances: app.tolerances(ctx, id).await?,
        domains,
        saml: app.saml_shown(ctx, &connection).await?,
        connection,
    };
    let status = match (&notice, new) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, Some(_)) => StatusCode::CREATED,
        (None, None) => StatusCode::OK,
    };
    let title = shown.connection.name.clone();
    Ok(Page::new(desk, Place::Connections, &title, shown.body(new, notice)).saying(said).respond(status))
}

impl Shown<'_> {
    fn body(&self, new: Option<&NewToken>, notice: Option<String>) -> Markup {
        let (connection, now) = (&self.connection, self.desk.ctx.now);
        let path = address(&connection.id);
        html! {
            p class="crumbs" { a href="/console/connections" { "Connections" } }
            div class="head" {
                div { h1 { (connection.name) } p class="quiet" { (self.kind.name()) ", made " (when(connection.created_at, now)) } (self.guides()) }
                div class="acts" {
                    @if connection.enabled { (sure(("Disable", &connection.name), DISABLED, &press(self.desk, &format!("{path}/state"), "harm little", "Disable the connection", &[("enabled", "no")]))) }
                    @else { (press(self.desk, &format!("{path}/state"), "", "Enable", &[("enabled", "yes")])) }
                }
            }
            @if let Some(notice) = notice { div class="notice bad" role="alert" { p { (notice) } } }
            @if let Some(new) = new { (scim::shown_once(new)) }
            section class="card" aria-labelledby="status" {
                h2 id="status" { "Status" }
                div id="live" data-live=(format!("{path}/status?kind={}", self.kind.word())) aria-live="polite" { (self.status.long(connection, self.kind.caller(), now)) }
            }
            @match self.kind {
                Kind::Saml => { (saml::section(self)) (sign_in::test(self)) (scim::section(self)) },
                Kind::Okta | Kind::Entra | Kind::Google | Kind::Oidc => { (sign_in::section(self)) (sign_in::test(self)) (scim::section(self)) },
                Kind::Scim => { (scim::section(self)) },
            }
            (dialect::section(self))
            (domains::section(self))
            (self.got_away_with())
            (removal::section(self))
        }
    }

    /// Whose steps are shown, where the settings do not say it yet.
    fn guides(&self) -> Markup {
        let kinds = [Kind::Google, Kind::Oidc, Kind::Scim];
        let settings = &self.connection.settings;
        let is_open = kinds.contains(&self.kind) && settings.oidc.is_none() && settings.saml.is_none();
        html! {
            @if is_open {
                p class="small" {
                    "Steps for: "
                    @for (place, kind) in kinds.into_iter().enumerate() {
                        @if place > 0 { " · " }
                        a href=(format!("{}?kind={}", address(&self.connection.id), kind.word())) aria-current=[(kind == self.kind).then_some("true")] { (kind.name()) }
                    }
                }
            }
        }
    }

    fn got_away_with(&self) -> Markup {
        html! {
            section class="card" aria-labelledby="tolerances" {
                h2 id="tolerances" { "What it got away with" }
                @if self.tolerances.is_empty() {
                    p class="quiet" { "Nothing: everything that it pushed was as the standard has it." }
                } @else {
                    p class="quiet" { "What was pushed in another way than the standard has it, and taken all the same." }
                    ul class="rows plain" {
                        @for one in &self.tolerances {
                            li { div {
                                p class="title" { code { (one.tolerance) } " · " (one.times) (if one.times == 1 { " time" } else { " times" }) }
                                p class="quiet small" {
                                    "last " (when(one.last_at, self.desk.ctx.now))
                                    @if let Some(example) = &one.example { ", such as " code { (example) } }
                                }
                            } }
                        }
                    }
                }
            }
        }
    }
}

/// `GET /console/connections/{id}/status`: what the page asks for again while somebody looks.
async fn live(
    State(app): State<App>,
    Path(id): Path<ConnectionId>,
    desk: Desk,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let connection = app.connection(&desk.ctx, &id).await?;
    let status = status::of(&app, &desk.ctx, &connection).await?;
    let kind = wanted.kind.as_deref().map_or_else(|| Kind::of(&connection), Kind::from_word);
    let piece = status.long(&connection, kind.caller(), desk.ctx.now);
    Ok(Html(piece.into_string()).into_response())
}

/// `POST /console/connections/{id}/state`
async fn set_state(State(app): State<App>, Path(id): Path<ConnectionId>, sent: Sent) -> Answer {
    let enabled = sent.text("enabled") == "yes";
    match app.set_connection_enabled(&sent.desk.ctx, &id, enabled).await {
        Ok(_) => Ok(see_other(&format!("{}?said={}", address(&id), if enabled { "enabled" } else { "disabled" }))),
        Err(error) => {
            let notice = crate::http::console::guard::told(error)?;
            page((&app, &sent.desk), (&id, None), (&Said::default(), None), Some(notice)).await
        }
    }
}
