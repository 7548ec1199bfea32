//! Deleting a connection: what it would do, and doing that.

use crate::{
    app::{App, ConnectionRemoval},
    http::{
        caller::ApiCaller,
        doors::{Caller, Doors, delete, get},
        error::ApiFailure,
    },
    model::{Capability, ConnectionId, EventKind},
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    Doors::at("/api/v1", "Connections", Caller::SessionOrKey)
        .door(
            get("/connections/{id}/deletion", plan)
                .summary("What deleting a connection would do: who loses access, and whose keys end")
                .detail(
                    "Nothing changes by it. Send its `plan` with the deletion: it does what was seen here, or nothing.",
                )
                .needs(need)
                .part::<ConnectionId>("id")
                .answers::<ConnectionRemoval>(200)
                .refuses(&["last_owner", "enforced"]),
        )
        .door(
            delete("/connections/{id}", remove)
                .summary("Delete a connection with everybody whom it brought, as the plan shows")
                .needs(need)
                .tells(&[
                    EventKind::ConnectionDeleted,
                    EventKind::UserRemoved,
                    EventKind::GroupRemoved,
                    EventKind::GroupMembersChanged,
                    EventKind::SessionEnded,
                    EventKind::AccessChanged,
                    EventKind::OwnerKept,
                    EventKind::OrganizationOwned,
                    EventKind::OrganizationOwnerless,
                ])
                .part::<ConnectionId>("id")
                .query::<Wanted>()
                .answers::<ConnectionRemoval>(200)
                .refuses(&["plan_changed", "last_owner", "enforced"]),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConnectionRemovalQuery")]
struct Wanted {
    /// The `plan` of `GET /connections/{id}/deletion`.
    plan: String,
}

async fn plan(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
) -> Result<Json<ConnectionRemoval>, ApiFailure> {
    Ok(Json(app.plan_connection_removal(&caller.ctx, &id).await?))
}

async fn remove(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    Query(Wanted { plan }): Query<Wanted>,
) -> Result<Json<ConnectionRemoval>, ApiFailure> {
    Ok(Json(app.remove_connection(&caller.ctx, &id, &plan).await?))
}
