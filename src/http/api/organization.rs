//! The organization, its clusters, its events, and who asks.

use super::{List, limit};
use crate::{
    app::{App, Need},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, get, post},
        error::ApiFailure,
    },
    model::{Capability, Cluster, Event, EventKind, Organization},
};
use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn doors() -> Doors {
    Doors::at("/api/v1", "Organization", Caller::SessionOrKey)
        .door(get("/me", me).summary("Who asks, what they may do and why"))
        .door(get("/organization", organization).summary("The organization").needs(Need::Self_))
        .about("Clusters")
        .door(get("/clusters", clusters).summary("Every cluster").needs(Capability::ViewClusters))
        .door(
            post("/clusters", declare)
                .summary("Declare a cluster")
                .needs(Capability::ManageOrganization)
                .tells(&[EventKind::ClusterDeclared, EventKind::AccessChanged]),
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

async fn clusters(State(app): State<App>, caller: ApiCaller) -> Result<Json<List<Cluster>>, ApiFailure> {
    Ok(Json(List::whole(app.clusters(&caller.ctx).await?)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCluster {
    slug: String,
    name: Option<String>,
    external_id: Option<String>,
}

async fn declare(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(new): JsonBody<NewCluster>,
) -> Result<(StatusCode, Json<Cluster>), ApiFailure> {
    let cluster = app.declare_cluster(&caller.ctx, &new.slug, new.name.as_deref(), new.external_id.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(cluster)))
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
