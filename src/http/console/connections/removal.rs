//! Deleting a connection: what it would do, then exactly that.

use super::{HTML, NEED, PATH, address, show::Shown};
use crate::{
    app::{App, ConnectionRemoval},
    http::{
        api::TOLD_OF_ACCESS,
        console::{
            desk::{Answer, Desk, Sent},
            frame::{Page, Place},
            guard::told,
            words::{place, role_name},
        },
        doors::{Doors, get, post},
        login::see_other,
    },
    model::{ConnectionId, EventKind},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use maud::{Markup, html};

/// People whose loss is shown one by one.
const MOST_SHOWN: usize = 50;

pub(super) fn doors(room: Doors) -> Doors {
    let told = [
        EventKind::ConnectionDeleted,
        EventKind::UserRemoved,
        EventKind::GroupRemoved,
        EventKind::SessionEnded,
        EventKind::TokenRevoked,
        EventKind::KeyRotationDue,
        EventKind::GroupMembersChanged,
    ];
    room.door(
        get("/connections/{id}/delete", show)
            .summary("What deleting a connection would do")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .answers_as(200, HTML),
    )
    .door(
        post("/connections/{id}/delete", delete)
            .summary("Delete a connection as it was looked at")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .tells(&[&told[..], TOLD_OF_ACCESS.as_slice()].concat())
            .answers_as(303, HTML),
    )
}

pub(super) fn section(shown: &Shown<'_>) -> Markup {
    html! {
        section class="card" aria-labelledby="delete" {
            h2 id="delete" { "Delete the connection" }
            p { "Everybody whom it brought is removed with it. What that means is shown before anything happens." }
            p { a class="button danger" href=(format!("{}/delete", address(&shown.connection.id))) { "Look at what it would do…" } }
        }
    }
}

/// `GET /console/connections/{id}/delete`
async fn show(State(app): State<App>, Path(id): Path<ConnectionId>, desk: Desk) -> Answer {
    plan(&app, &desk, &id, None).await
}

async fn plan(app: &App, desk: &Desk, id: &ConnectionId, notice: Option<String>) -> Answer {
    let removal = match app.plan_connection_removal(&desk.ctx, id).await {
        Ok(removal) => removal,
        Err(error) => {
            let body = html! {
                p class="crumbs" { a href=(address(id)) { "Back" } }
                h1 { "The connection cannot be deleted" }
                div class="notice bad" role="alert" { p { (told(error)?) } }
            };
            return Ok(Page::new(desk, Place::Connections, "Delete a connection", body).respond(StatusCode::CONFLICT));
        }
    };
    let names = app.names(&desk.ctx, []).await?;
    let status = if notice.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let body = html! {
        p class="crumbs" { a href=(address(id)) { "Back" } }
        h1 { "Delete the connection " (removal.name) }
        @if let Some(notice) = notice { div class="notice bad" role="alert" { p { (notice) } } }
        div class="notice" { p {
            strong { (removal.people) " people and " (removal.groups) " groups" } " go with it, with their sessions and keys."
            @if !removal.domains.is_empty() { " The domains " (removal.domains.join(", ")) " are no longer claimed." }
        } }
        (losses(&removal, &names))
        form method="post" action=(format!("{}/delete", address(id))) {
            (desk.token())
            input type="hidden" name="plan" value=(removal.plan);
            div class="acts" { button type="submit" class="harm" { "Delete the connection" } a class="button second" href=(address(id)) { "Cancel" } }
        }
    };
    Ok(Page::new(desk, Place::Connections, "Delete a connection", body).respond(status))
}

fn losses(removal: &ConnectionRemoval, names: &crate::app::Names) -> Markup {
    let people = &removal.impact.people;
    html! {
        @if !people.is_empty() {
            section class="card" aria-labelledby="losses" {
                h2 id="losses" { "Who loses what" }
                ul class="rows plain" {
                    @for person in people.iter().take(MOST_SHOWN) {
                        li { p class="long" dir="auto" { (person.label) } p class="small minus" {
                            (person.loses.iter().map(|lost| format!("{} of {}", role_name(&lost.role, names), place(&lost.scope, names))).collect::<Vec<_>>().join(", "))
                        } }
                    }
                }
                @if people.len() > MOST_SHOWN { p { "and " (people.len() - MOST_SHOWN) " more." } }
            }
        }
    }
}

/// `POST /console/connections/{id}/delete`
async fn delete(State(app): State<App>, Path(id): Path<ConnectionId>, sent: Sent) -> Answer {
    match app.remove_connection(&sent.desk.ctx, &id, sent.text("plan")).await {
        Ok(_) => Ok(see_other(&format!("{PATH}?said=deleted"))),
        Err(error) => {
            let notice = told(error)?;
            plan(&app, &sent.desk, &id, Some(notice)).await
        }
    }
}
