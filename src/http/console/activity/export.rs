//! What a list shows, as a table to take along.

use super::{NEED, events, pushes, sign_ins};
use crate::{
    app::{App, Error, csv_line},
    http::{
        console::{
            desk::{Answer, Desk},
            parts::Before,
            words::actor,
        },
        doors::{Doors, get},
    },
};
use axum::{
    extract::{Query, State},
    http::header,
    response::IntoResponse as _,
};
use serde::Deserialize;

/// Lines of a table at most.
const MOST: usize = 10_000;

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        get("/activity/export", export)
            .summary("Events, pushes or sign-ins as CSV")
            .needs(NEED)
            .answers_as(200, Some("text/csv")),
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct What {
    what: String,
}

/// `GET /console/activity/export`
async fn export(
    State(app): State<App>,
    desk: Desk,
    Query(What { what }): Query<What>,
    Query(of_events): Query<events::Wanted>,
    Query(of_pushes): Query<pushes::Wanted>,
    Query(of_sign_ins): Query<sign_ins::Wanted>,
    Query(Before { before }): Query<Before>,
) -> Answer {
    let (name, rows) = match what.as_str() {
        "provisioning" => ("provisioning.csv", pushed((&app, &desk), &of_pushes, &before).await?),
        "sign-ins" => ("sign-ins.csv", signed_in((&app, &desk), &of_sign_ins, &before).await?),
        _ => ("events.csv", happened((&app, &desk), &of_events, &before).await?),
    };
    let text: String = rows.iter().map(|row| csv_line(row)).collect();
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, text).into_response())
}

type Rows = Vec<Vec<String>>;

fn heading(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn happened((app, desk): (&App, &Desk), wanted: &events::Wanted, before: &str) -> Result<Rows, Error> {
    let (found, _) = wanted.read((app, &desk.ctx), (before, MOST)).await?;
    let names = app.names(&desk.ctx, events::ids(&found)).await?;
    let mut rows = vec![heading(&["at", "what", "by", "about", "subjects", "request", "detail"])];
    rows.extend(found.iter().map(|event| {
        let about: Vec<&str> = event.subjects.iter().filter_map(|id| names.known(id)).collect();
        vec![
            event.at.to_string(),
            event.kind.name().to_owned(),
            actor(&event.actor, &names),
            about.join(", "),
            event.subjects.join(" "),
            event.request.to_string(),
            event.detail.to_string(),
        ]
    }));
    Ok(rows)
}

async fn pushed((app, desk): (&App, &Desk), wanted: &pushes::Wanted, before: &str) -> Result<Rows, Error> {
    let (found, _) = wanted.read((app, &desk.ctx), (before, MOST)).await?;
    let names = app.names(&desk.ctx, found.iter().filter_map(|push| push.entry.resource.clone())).await?;
    let mut rows = vec![heading(&[
        "at",
        "connection",
        "method",
        "path",
        "status",
        "times",
        "about",
        "message",
        "events",
        "request",
    ])];
    rows.extend(found.iter().map(|push| {
        let entry = &push.entry;
        let resource = entry.resource.as_deref().unwrap_or_default();
        vec![
            push.at.to_string(),
            names.of(push.connection.as_str()).to_owned(),
            entry.method.clone(),
            entry.path.clone(),
            entry.status.to_string(),
            entry.times.to_string(),
            names.of(resource).to_owned(),
            entry.message.clone().unwrap_or_default(),
            entry.change.as_ref().map(|change| change.events.join(" ")).unwrap_or_default(),
            entry.request.to_string(),
        ]
    }));
    Ok(rows)
}

async fn signed_in((app, desk): (&App, &Desk), wanted: &sign_ins::Wanted, before: &str) -> Result<Rows, Error> {
    let (found, _) = wanted.read((app, &desk.ctx), (before, MOST)).await?;
    let names = app
        .names(&desk.ctx, found.iter().filter_map(|trace| trace.entry.user.as_ref().map(ToString::to_string)))
        .await?;
    let mut rows = vec![heading(&["at", "code", "person", "address typed", "by", "outcome", "failure", "from"])];
    rows.extend(found.iter().map(|trace| {
        let entry = &trace.entry;
        let person = entry.user.as_ref().map(|id| names.of(id.as_str()).to_owned()).unwrap_or_default();
        vec![
            trace.at.to_string(),
            trace.code.to_string(),
            person,
            entry.email.clone().unwrap_or_default(),
            trace.connection.as_ref().map_or("link", |id| names.of(id.as_str())).to_owned(),
            format!("{:?}", entry.outcome),
            entry.failure.map(|failure| failure.name().to_owned()).unwrap_or_default(),
            entry.address.clone().unwrap_or_default(),
        ]
    }));
    Ok(rows)
}
