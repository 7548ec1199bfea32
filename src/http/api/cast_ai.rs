//! Clusters read from Cast AI: the key, how the reading stands, and reading now.

use super::bindings::TOLD_OF_ACCESS;
use crate::{
    app::{App, CastAiReading},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, delete, get, post, put},
        error::ApiFailure,
    },
    model::{Capability, CastAiLink, EventKind},
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

const READ: &str = "New clusters are declared, one that was declared without an id is adopted by its name, names follow. A cluster \
                    that is listed no more is marked (`gone_since`), and everything that is held on it stays. What a name alone would \
                    decide and cannot is `undecided`. Rules are evaluated again as when a cluster is declared.";

/// What a reading may tell of.
pub(in crate::http) fn told_of_reading() -> Vec<EventKind> {
    let kinds =
        [EventKind::ClusterDeclared, EventKind::ClusterChanged, EventKind::ClusterVanished, EventKind::ClusterReturned];
    kinds.into_iter().chain(TOLD_OF_ACCESS).collect()
}

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    Doors::at("/api/v1", "Clusters", Caller::SessionOrKey)
        .door(
            get("/cast-ai", show)
                .answers::<Shown>(200)
                .summary("Whether clusters are read from Cast AI, and how that stands")
                .needs(need),
        )
        .door(
            put("/cast-ai", connect)
                .takes::<New>(|| json!({"api_key": "castai_v1_"}))
                .answers::<Shown>(200)
                .summary("Give a key of Cast AI's by which clusters are read from now on; it is sealed and never shown again")
                .needs(need)
                .tells(&[EventKind::CastAiConnected]),
        )
        .door(
            delete("/cast-ai", disconnect)
                .answers_as(204, None)
                .refuses(&["not_connected"])
                .summary("Forget the key; what was read stays as it is")
                .needs(need)
                .tells(&[EventKind::CastAiDisconnected]),
        )
        .door(
            post("/cast-ai/sync", sync)
                .reads(BodyLimit::Unread)
                .answers::<CastAiReading>(200)
                .refuses(&["not_connected"])
                .summary("Read the clusters at Cast AI now; where nothing can be read the answer says why")
                .detail(READ)
                .needs(need)
                .tells(&told_of_reading()),
        )
}

/// How reading from Cast AI stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CastAi")]
struct Shown {
    /// Where it is asked.
    url: String,
    /// How it stands; nothing: no key was given.
    link: Option<CastAiLink>,
}

impl Shown {
    fn of(app: &App, link: Option<CastAiLink>) -> Json<Self> {
        let url = app.settings().cast_ai.url.as_str().trim_end_matches('/').to_owned();
        Json(Self { url, link })
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CastAiRequest")]
struct New {
    /// As Cast AI shows it. It needs to see clusters there, and nothing else.
    api_key: String,
}

async fn show(State(app): State<App>, caller: ApiCaller) -> Result<Json<Shown>, ApiFailure> {
    let link = app.cast_ai(&caller.ctx).await?;
    Ok(Shown::of(&app, link))
}

async fn connect(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(New { api_key }): JsonBody<New>,
) -> Result<Json<Shown>, ApiFailure> {
    let link = app.connect_cast_ai(&caller.ctx, &api_key).await?;
    Ok(Shown::of(&app, Some(link)))
}

async fn disconnect(State(app): State<App>, caller: ApiCaller) -> Result<StatusCode, ApiFailure> {
    app.disconnect_cast_ai(&caller.ctx).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn sync(State(app): State<App>, caller: ApiCaller) -> Result<Json<CastAiReading>, ApiFailure> {
    Ok(Json(app.read_clusters(&caller.ctx).await?))
}
