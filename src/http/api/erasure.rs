//! Erasing a person's data: what it would do, and doing that.

use crate::{
    app::{App, Erasure},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, get, post},
        error::ApiFailure,
    },
    model::{Capability, EventKind, UserId},
};
use axum::{
    Json,
    extract::{Path, State},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    Doors::at("/api/v1", "Users", Caller::SessionOrKey)
        .door(
            get("/users/{id}/erasure", plan)
                .summary("What erasing somebody's data would do, table by table, and what would mention them still")
                .detail("Nothing changes by it. Send its `plan` with the erasure: it does what was seen here, or nothing.")
                .needs(need)
                .part::<UserId>("id")
                .answers::<Erasure>(200)
                .refuses(&["still_active", "already_erased"]),
        )
        .door(
            post("/users/{id}/erasure", erase)
                .summary("Erase what is personal of somebody who is suspended or removed, for good")
                .detail(
                    "Their id stays, in bindings, receipts and events, and says nothing of who it was. Events that mention \
                     them lose their detail and keep its hash: the chain holds, and `castgate audit verify` counts them. \
                     Backups and log files from before are not touched.",
                )
                .takes::<Wanted>(example)
                .needs(need)
                .tells(&[
                    EventKind::UserErased,
                    EventKind::UserRemoved,
                    EventKind::SessionEnded,
                    EventKind::KeyRotationDue,
                    EventKind::AccessChanged,
                    EventKind::OwnerKept,
                    EventKind::OrganizationOwned,
                    EventKind::OrganizationOwnerless,
                ])
                .part::<UserId>("id")
                .answers::<Erasure>(200)
                .refuses(&["still_active", "already_erased", "plan_changed", "last_owner"]),
        )
}

fn example() -> Value {
    json!({"plan": "5f0c6a0b9d1c4c0f8f6d2f0e4b6a7c11", "confirm": "ada@acme.example"})
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ErasureRequest")]
struct Wanted {
    /// The `plan` of `GET /users/{id}/erasure`.
    plan: String,
    /// Their user name, letter by letter.
    confirm: String,
}

async fn plan(State(app): State<App>, caller: ApiCaller, Path(id): Path<UserId>) -> Result<Json<Erasure>, ApiFailure> {
    Ok(Json(app.plan_erasure(&caller.ctx, &id).await?))
}

async fn erase(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
    JsonBody(Wanted { plan, confirm }): JsonBody<Wanted>,
) -> Result<Json<Erasure>, ApiFailure> {
    Ok(Json(app.erase_person(&caller.ctx, &id, &plan, &confirm).await?))
}
