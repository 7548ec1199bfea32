//! The organization, its clusters, its events, and who asks.

use super::{List, Paging, versions::tagged};
use crate::{
    access::Derivation,
    app::{App, Error, Need, TermsState, Visitor},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, get, post},
        error::ApiFailure,
    },
    model::{Capability, Cluster, ClusterId, Event, EventKind, Organization, OrganizationId},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) fn doors() -> Doors {
    Doors::at("/api/v1", "Organization", Caller::SessionOrKey)
        .door(get("/me", me).summary("Who asks, what they may do and why").answers::<Me>(200))
        .door(
            get("/organization", organization)
                .summary("The organization")
                .needs(Need::Self_)
                .answers::<Organization>(200)
                .answers_as(304, None),
        )
        .about("Clusters")
        .door(
            get("/clusters", clusters)
                .summary("Every cluster")
                .needs(Capability::ViewClusters)
                .query::<Paging>()
                .answers::<List<Cluster>>(200),
        )
        .door(
            post("/clusters", declare)
                .summary("Declare a cluster")
                .detail("Rules whose group names speak of it are evaluated again, and give what they could not give before.")
                .needs(Capability::ManageOrganization)
                .tells(&[EventKind::ClusterDeclared, EventKind::AccessChanged])
                .takes::<NewCluster>(|| json!({"slug": "prod-eu", "name": "Production, Europe"}))
                .answers::<Cluster>(201)
                .refuses(&["taken"]),
        )
        .door(
            get("/clusters/{id}", cluster)
                .summary("One cluster")
                .needs(Capability::ViewClusters)
                .part::<ClusterId>("id")
                .answers::<Cluster>(200)
                .answers_as(304, None),
        )
        .about("Events")
        .door(
            get("/events", events)
                .summary("What happened, the newest first")
                .needs(Capability::ManageOrganization)
                .query::<Wanted>()
                .answers::<List<Event>>(200),
        )
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

/// The answer of `/me`, for the document: it is made by `app`.
#[derive(Debug, Serialize, JsonSchema)]
struct Me {
    /// Who.
    user: Visitor,
    /// Their organization.
    organization: OwnOrganization,
    /// What they hold, one word for each: `owner`, or `member@cls_…` on one cluster.
    roles: Vec<String>,
    /// What they hold, and why.
    access: Vec<Derivation>,
    /// Where they stand with the terms.
    terms: TermsState,
    /// By what they came: `user` or `key`.
    actor: String,
    /// The token that a session's changes carry in `X-Castgate-Csrf`.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct OwnOrganization {
    id: OrganizationId,
    slug: String,
    name: String,
}

async fn organization(State(app): State<App>, caller: ApiCaller, headers: HeaderMap) -> Result<Response, ApiFailure> {
    let organization = app.organization(&caller.ctx).await?;
    Ok(tagged(&headers, "1", &organization))
}

async fn clusters(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Cluster>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "clusters")?;
    Ok(Json(asked.of_all(app.clusters(&caller.ctx).await?, |cluster| cluster.id.to_string())?))
}

async fn cluster(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ClusterId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let found = app.clusters(&caller.ctx).await?.into_iter().find(|cluster| cluster.id == id);
    let cluster = found.ok_or_else(|| Error::not_found("cluster", id.as_str()))?;
    Ok(tagged(&headers, "1", &cluster))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewCluster {
    /// Lower-case letters, digits and hyphens; what the mapping calls it.
    #[schemars(regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    slug: String,
    /// The name that people read; the slug if nothing is said.
    name: Option<String>,
    /// Its id at Cast AI.
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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only what is about this id.
    subject: Option<String>,
    /// The `next` of the page before; nothing: the newest.
    after: Option<String>,
    /// How many at most; 100 if nothing is said.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<i64>,
    /// A filter as in RFC 7644 §3.4.2.2 over the fields of the answer: `kind sw "user." and at gt "2026-01-01"`.
    filter: Option<String>,
}

/// The newest first.
async fn events(
    State(app): State<App>,
    caller: ApiCaller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<List<Event>>, ApiFailure> {
    let Wanted { subject, after, limit, filter } = wanted;
    let list = format!("events/{}", subject.as_deref().unwrap_or_default());
    let paging = Paging { after, limit, filter };
    let asked = paging.read(&app, &caller.ctx, &list)?;
    let (app, ctx, subject) = (&app, &caller.ctx, subject.as_deref());
    let load = |before: String, most: usize| async move {
        app.events(ctx, subject, &before, i64::try_from(most).unwrap_or(i64::MAX)).await
    };
    Ok(Json(asked.in_pieces(load, |event: &Event| event.id.to_string()).await?))
}
