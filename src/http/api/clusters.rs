//! Clusters: what roles are scoped to.

use super::{
    List, Paging,
    bindings::TOLD_OF_ACCESS,
    versions::{IfMatch, tagged},
};
use crate::{
    app::{App, ClusterChange, ExternalIdChange, shown_revision},
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
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    let with = |kind: EventKind| [&[kind], TOLD_OF_ACCESS.as_slice()].concat();
    Doors::at("/api/v1", "Clusters", Caller::SessionOrKey)
        .door(
            get("/clusters", list)
                .query::<Paging>()
                .answers::<List<Cluster>>(200)
                .summary("Every cluster")
                .needs(Capability::ViewClusters),
        )
        .door(
            post("/clusters", declare)
                .takes::<New>(|| json!({"slug": "prod-eu", "name": "Production, Europe"}))
                .answers::<Cluster>(201)
                .refuses(&["taken"])
                .summary("Declare a cluster; rules that speak of it are evaluated again")
                .needs(need)
                .tells(&with(EventKind::ClusterDeclared)),
        )
        .door(
            get("/clusters/{id}", one)
                .part::<ClusterId>("id")
                .answers::<Cluster>(200)
                .answers_as(304, None)
                .summary("One cluster")
                .needs(Capability::ViewClusters),
        )
        .door(
            patch("/clusters/{id}", change)
                .part::<ClusterId>("id")
                .takes::<Change>(|| json!({"name": "Production, Frankfurt"}))
                .answers::<Cluster>(200)
                .refuses(&["taken"])
                .summary("Rename a cluster or give it another external id; rules are evaluated again")
                .needs(need)
                .tells(&with(EventKind::ClusterChanged)),
        )
        .door(
            delete("/clusters/{id}", remove)
                .part::<ClusterId>("id")
                .answers::<Removed>(200)
                .refuses(&["last_owner"])
                .summary("Remove a cluster; every binding at its scope ends, and the answer says how many")
                .needs(need)
                .tells(&with(EventKind::ClusterRemoved)),
        )
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Cluster>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "clusters")?;
    Ok(Json(asked.of_all(app.clusters(&caller.ctx).await?, |cluster| cluster.id.to_string())?))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ClusterId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let cluster = app.cluster(&caller.ctx, &id).await?;
    Ok(tagged(&headers, &shown_revision(&cluster), &cluster))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClusterRequest")]
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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClusterChange")]
struct Change {
    slug: Option<String>,
    name: Option<String>,
    /// `null`: it has none.
    #[serde(default, deserialize_with = "said")]
    #[schemars(with = "Option<String>")]
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
    headers: HeaderMap,
    JsonBody(Change { slug, name, external_id }): JsonBody<Change>,
) -> Result<Response, ApiFailure> {
    let (change, if_match) = (ClusterChange { slug, name, external_id }, IfMatch::of(&headers)?);
    let cluster = app.change_cluster(&caller.ctx, &id, (change, if_match.seen())).await?;
    Ok(tagged(&HeaderMap::new(), &shown_revision(&cluster), &cluster))
}

/// What went with a cluster.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RemovedCluster")]
struct Removed {
    id: ClusterId,
    slug: String,
    /// How many bindings ended.
    bindings: i64,
}

async fn remove(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ClusterId>,
    headers: HeaderMap,
) -> Result<Json<Removed>, ApiFailure> {
    let gone = app.remove_cluster(&caller.ctx, &id, IfMatch::of(&headers)?.seen()).await?;
    Ok(Json(Removed { id, slug: gone.cluster.slug, bindings: i64::try_from(gone.bindings).unwrap_or(i64::MAX) }))
}
