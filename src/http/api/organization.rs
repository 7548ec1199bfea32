//! The organization, its clusters, its events, and who asks.

use super::{List, limit};
use crate::{
    app::App,
    http::{body::JsonBody, caller::ApiCaller, error::ApiFailure},
    model::{Cluster, Event, Organization},
};
use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/me", get(me))
        .route("/organization", get(organization))
        .route("/clusters", get(clusters).post(declare))
        .route("/events", get(events))
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
