//! Versions of the mapping, what changed between them, the way back; and all ways to become Owner.

use super::{
    List, Paging,
    mapping::{PUBLISHED, REFUSED},
    worded::Worded,
};
use crate::{
    app::{App, MappingPlan, OwnerWay},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, get, post},
        error::ApiFailure,
    },
    model::{Capability, Instant, PlanId},
    plan::{Replay, TextDiff},
    store::MappingVersion,
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    Doors::at("/api/v1", "Mapping", Caller::SessionOrKey)
        .door(
            get("/mapping/versions", versions)
                .summary("Every version that was published, the newest first: who, when and why")
                .needs(need)
                .query::<Paging>()
                .answers::<List<Entry>>(200),
        )
        .door(
            get("/mapping/versions/{version}", version)
                .summary("One version with its text")
                .needs(need)
                .part::<i64>("version")
                .answers::<Whole>(200)
                .refuses(&["not_found"]),
        )
        .door(
            get("/mapping/versions/{version}/diff", diff)
                .summary("What changed in a version")
                .needs(need)
                .part::<i64>("version")
                .query::<Since>()
                .answers::<Compared>(200)
                .refuses(&["not_found"]),
        )
        .door(
            post("/mapping/versions/{version}/revert", revert)
                .summary("Put an old version into force again, as a new one")
                .detail("The same as publishing its text: it is checked, planned and guarded like any other.")
                .needs(need)
                .part::<i64>("version")
                .takes::<Reverting>(|| json!({"reason": "The team of yesterday is back"}))
                .tells(&PUBLISHED)
                .answers::<Worded<MappingPlan>>(200)
                .refuses(REFUSED),
        )
        .door(
            post("/mapping/replay", replay)
                .summary("What people would have had for a while under a mapping, in the last days, and not any more")
                .detail("Runs the recorded pushes and sign-ins under the text. Groups are known by the names that they have now.")
                .needs(need)
                .takes::<Replaying>(|| json!({"text": "rules: []\n", "days": 7}))
                .answers::<Worded<Replay>>(200)
                .refuses(&["mapping_invalid"]),
        )
        .door(
            get("/mapping/owners", owners)
                .summary("All ways to become Owner of the organization: rules, bindings, invitations")
                .needs(need)
                .answers::<List<Worded<OwnerWay>>>(200),
        )
}

/// A version without its text.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MappingVersion")]
struct Entry {
    version: i64,
    author: String,
    published_at: Instant,
    /// Why, in the author's words; empty when nobody said.
    reason: String,
}

impl From<MappingVersion> for Entry {
    fn from(stored: MappingVersion) -> Self {
        let MappingVersion { version, author, published_at, reason, text: _, connections: _ } = stored;
        Self { version, author, published_at, reason }
    }
}

/// A version.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MappingVersionWithText")]
struct Whole {
    #[serde(flatten)]
    entry: Entry,
    /// The YAML.
    text: String,
}

async fn versions(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Entry>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "mapping-versions")?;
    let (app, ctx) = (&app, &caller.ctx);
    let load = |before: String, most: usize| async move {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let found = app.mapping_versions(ctx, before.parse().ok(), most).await?;
        Ok(found.into_iter().map(Entry::from).collect())
    };
    Ok(Json(asked.in_pieces(load, |entry: &Entry| entry.version.to_string()).await?))
}

async fn version(
    State(app): State<App>,
    caller: ApiCaller,
    Path(version): Path<i64>,
) -> Result<Json<Whole>, ApiFailure> {
    let stored = app.mapping_version(&caller.ctx, version).await?;
    Ok(Json(Whole { text: stored.text.clone(), entry: stored.into() }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MappingDiffQuery")]
struct Since {
    /// The version that it is compared with; the one before, if nothing is said. 0: no mapping at all.
    from: Option<i64>,
}

/// Two versions, compared.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MappingDiff")]
struct Compared {
    from: i64,
    to: i64,
    #[serde(flatten)]
    diff: TextDiff,
    /// The same for people: a unified diff.
    text: String,
}

async fn diff(
    State(app): State<App>,
    caller: ApiCaller,
    Path(to): Path<i64>,
    Query(Since { from }): Query<Since>,
) -> Result<Json<Compared>, ApiFailure> {
    let from = from.unwrap_or_else(|| to.saturating_sub(1));
    let diff = app.mapping_diff(&caller.ctx, from, to).await?;
    Ok(Json(Compared { from, to, text: diff.to_string(), diff }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MappingRevert")]
struct Reverting {
    /// The plan of that text that somebody has seen: what has become worse since is refused.
    plan: Option<PlanId>,
    /// Why.
    reason: Option<String>,
}

async fn revert(
    State(app): State<App>,
    caller: ApiCaller,
    Path(version): Path<i64>,
    JsonBody(Reverting { plan, reason }): JsonBody<Reverting>,
) -> Result<Json<Worded<MappingPlan>>, ApiFailure> {
    Ok(Json(app.revert_mapping(&caller.ctx, version, (plan, reason)).await?.into()))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MappingReplayRequest")]
struct Replaying {
    /// The YAML.
    text: String,
    /// How many days.
    #[schemars(range(min = 1, max = 90))]
    days: u32,
}

async fn replay(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(Replaying { text, days }): JsonBody<Replaying>,
) -> Result<Json<Worded<Replay>>, ApiFailure> {
    Ok(Json(app.replay_mapping(&caller.ctx, &text, days).await?.into()))
}

async fn owners(State(app): State<App>, caller: ApiCaller) -> Result<Json<List<Worded<OwnerWay>>>, ApiFailure> {
    let ways = app.owner_ways(&caller.ctx).await?;
    Ok(Json(List::whole(ways.into_iter().map(Worded::from).collect())))
}
