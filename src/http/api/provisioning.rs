//! What providers asked for over SCIM, what came of it, and what they got away with.

use super::{List, Paging};
use crate::{
    app::App,
    http::{
        caller::ApiCaller,
        doors::{Caller, Doors, get},
        error::ApiFailure,
    },
    model::{Capability, ConnectionId, Instant, Push, ToleranceCount},
    scim::Tolerance,
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    Doors::at("/api/v1", "Provisioning", Caller::SessionOrKey)
        .door(
            get("/provisioning-log", log)
                .summary("What providers asked for over SCIM and what came of it, the newest first")
                .detail(
                    "Every request of a connection: the verdict, what it changed, the roles that were given and taken, what it \
                     got away with. Kept for 30 days unless the operator says otherwise. Find refusals by `status ge 400`, \
                     one person by `resource eq \"usr_…\"`, changes of access by `access.lost gt 0`.",
                )
                .needs(need)
                .query::<Paging>()
                .answers::<List<Push>>(200),
        )
        .door(
            get("/connections/{id}/tolerances", tolerances)
                .summary("What a provider sends that the RFC does not allow, and how often")
                .detail("Each request counts, however it ended. A connection of the strict dialect refuses most of these.")
                .needs(need)
                .part::<ConnectionId>("id")
                .query::<Paging>()
                .answers::<List<Shown>>(200),
        )
}

async fn log(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Push>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "provisioning-log")?;
    let (app, ctx) = (&app, &caller.ctx);
    let load = |before: String, most: usize| async move {
        app.provisioning_log(ctx, &before, i64::try_from(most).unwrap_or(i64::MAX)).await
    };
    Ok(Json(asked.in_pieces(load, |push: &Push| push.id.to_string()).await?))
}

/// A tolerance with how often it was used.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Tolerance")]
struct Shown {
    /// What it is called, such as `string_boolean`.
    tolerance: String,
    /// What it is.
    meaning: &'static str,
    /// How often, since the connection was made.
    times: u64,
    /// The first time.
    first_at: Instant,
    /// The last time.
    last_at: Instant,
    /// What was sent the last time, without personal values.
    example: Option<String>,
}

impl From<ToleranceCount> for Shown {
    fn from(count: ToleranceCount) -> Self {
        let ToleranceCount { tolerance, times, first_at, last_at, example } = count;
        let meaning = Tolerance::meaning_of(&tolerance).unwrap_or("something that only a newer castgate knows");
        Self { tolerance, meaning, times, first_at, last_at, example }
    }
}

async fn tolerances(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Shown>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("tolerances/{id}"))?;
    let all = app.tolerances(&caller.ctx, &id).await?.into_iter().map(Shown::from).collect();
    Ok(Json(asked.of_all(all, |shown: &Shown| shown.tolerance.clone())?))
}
