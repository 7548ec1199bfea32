//! The organization, its people's standing with the terms, its events, and who asks.

use super::{List, Paging, limit};
use crate::{
    app::{App, Need},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, get, patch},
        error::ApiFailure,
    },
    model::{Capability, Event, EventKind, Organization},
};
use axum::{
    Json,
    extract::{Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn doors() -> Doors {
    Doors::at("/api/v1", "Organization", Caller::SessionOrKey)
        .door(get("/me", me).summary("Who asks, what they may do and why"))
        .door(get("/organization", organization).summary("The organization").needs(Need::Self_))
        .door(
            patch("/organization", rename)
                .summary("Give the organization another name; its slug is the operator's")
                .needs(Capability::ManageOrganization)
                .tells(&[EventKind::OrganizationChanged]),
        )
        .about("Terms")
        .door(get("/terms", terms).summary("The documents in force").needs(Need::Self_))
        .door(
            get("/terms/people", terms_of_people)
                .summary("Where the organization's people stand with them")
                .needs(Capability::ManageMembers),
        )
        .about("Events")
        .door(get("/events", events).summary("What happened, the newest first").needs(Capability::ManageOrganization))
}

/// Who asks, what they may do and why. A session learns the token that its changes carry.
async fn me(State(app): State<App>, caller: ApiCaller) -> Json<Value> {
    let mut told = app.introduce(&caller.guest.visit);
    told["actor"] = json!(caller.ctx.actor.kind());
    if let Some(token) = caller.guest.csrf() {
        told["csrf"] = json!(token);
    }
    Json(told)
}

async fn organization(State(app): State<App>, caller: ApiCaller) -> Result<Json<Organization>, ApiFailure> {
    Ok(Json(app.organization(&caller.ctx).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

async fn rename(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(Name { name }): JsonBody<Name>,
) -> Result<Json<Organization>, ApiFailure> {
    Ok(Json(app.name_organization(&caller.ctx, &name).await?))
}

/// The documents in force, without their texts, which stand at `/terms`.
async fn terms(State(app): State<App>, caller: ApiCaller) -> Result<Json<List<Value>>, ApiFailure> {
    let shown = app.terms().await?.into_iter().map(|document| {
        json!({"document": document.kind, "version": document.version, "binding_from": document.binding_from})
    });
    drop(caller);
    Ok(Json(List::whole(shown.collect())))
}

async fn terms_of_people(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Value>>, ApiFailure> {
    let limit = paging.limit()?;
    let people = app.terms_of_people(&caller.ctx, &paging.after, limit).await?;
    let shown = people.into_iter().map(|person| {
        let accepted = person.accepted.iter().map(|(kind, version)| json!({"document": kind, "version": version}));
        let accepted: Vec<Value> = accepted.collect();
        json!({"user": person.user, "label": person.label, "state": person.state, "accepted": accepted})
    });
    let id = |person: &Value| person["user"].as_str().unwrap_or_default().to_owned();
    Ok(Json(List::page(shown.collect(), limit, id)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only what is about this id.
    subject: Option<String>,
    /// Only what is older than this event.
    #[serde(default)]
    before: String,
    limit: Option<i64>,
}

/// The newest first.
async fn events(
    State(app): State<App>,
    caller: ApiCaller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<List<Event>>, ApiFailure> {
    let limit = limit(wanted.limit)?;
    let events = app.events(&caller.ctx, wanted.subject.as_deref(), &wanted.before, limit).await?;
    Ok(Json(List::page(events, limit, |event| event.id.to_string())))
}
