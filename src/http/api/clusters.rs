//! Clusters: what roles are scoped to.

use super::{List, bindings::TOLD_OF_ACCESS};
use crate::{
    app::{App, ClusterChange, ExternalIdChange},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, delete, get, patch, post},
        error::ApiFailure,
    },
    model::{Capability, Cluster, ClusterId, EventKind},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    let with = |kind: EventKind| [&[kind], TOLD_OF_ACCESS.as_slice()].concat();
    Doors::at("/api/v1", "Clusters", Caller::SessionOrKey)
        .door(get("/clusters", list).summary("Every cluster").needs(Capability::ViewClusters))
        .door(
            post("/clusters", declare)
                .summary("Declare a cluster; rules that speak of it are evaluated again")
                .needs(need)
                .tells(&with(EventKind::ClusterDeclared)),
        )
        .door(get("/clusters/{id}", one).summary("One cluster").needs(Capability::ViewClusters))
        .door(
            patch("/clusters/{id}", change)
                .summary("Rename a cluster or give it another external id; rules are evaluated again")
                .needs(need)
                .tells(&with(EventKind::ClusterChanged)),
        )
        .door(
            delete("/clusters/{id}", remove)
                .summary("Remove a cluster; every binding at its scope ends, and the answer says how many")
                .needs(need)
                .tells(&with(EventKind::ClusterRemoved)),
        )
}

async fn list(State(app): State<App>, caller: ApiCaller) -> Result<Json<List<Cluster>>, ApiFailure> {
    Ok(Json(List::whole(app.clusters(&caller.ctx).await?)))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ClusterId>,
) -> Result<Json<Cluster>, ApiFailure> {
    Ok(Json(app.cluster(&caller.ctx, &id).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    slug: String,
    name: Option<String>,
    external_id: Option<String>,
}

async fn declare(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(new): JsonBody<New>,
) -> Result<(StatusCode, Json<Cluster>), ApiFailure> {
    let cluster = app.declare_cluster(&caller.ctx, &new.slug, new.name.as_deref(), new.external_id.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(cluster)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    slug: Option<String>,
    name: Option<String>,
    /// `null`: it has none.
    #[serde(default, deserialize_with = "said")]
    external_id: ExternalIdChange,
}

/// What was said, `null` included; left out is something else.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ExternalIdChange, D::Error> {
    let said: Option<String> = Option::deserialize(deserializer)?;
    Ok(said.map_or(ExternalIdChange::Clear, ExternalIdChange::Set))
}

async fn change(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ClusterId>,
    JsonBody(Change { slug, name, external_id }): JsonBody<Change>,
) -> Result<Json<Cluster>, ApiFailure> {
    let change = ClusterChange { slug, name, external_id };
    Ok(Json(app.change_cluster(&caller.ctx, &id, change).await?))
}

async fn remove(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ClusterId>,
) -> Result<Json<Value>, ApiFailure> {
    let gone = app.remove_cluster(&caller.ctx, &id).await?;
    Ok(Json(json!({"id": id, "slug": gone.cluster.slug, "bindings": gone.bindings})))
}
