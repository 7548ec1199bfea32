//! API keys that get another secret or another owner, and go on.

use super::keys::{WithSecret, own};
use crate::{
    app::{App, Moved, Need, RotatedKey},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, post},
        error::ApiFailure,
    },
    model::{ApiKey, Capability, EventKind, Holder, KeyId, ServiceAccountId, UserId},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

const MOVED: &str = "Whatever uses the key notices nothing: it carries what it carried, and the service account is given what it \
                     lacks of that. Whoever moves it holds every one of those rights. Within the grace after a loss of rights it \
                     is moved with the rights that it had before. It remembers whose it was: when that person leaves, owners are \
                     told to rotate it.";

pub(super) fn doors() -> Doors {
    let machines = Capability::CreateServiceAccountKeys;
    Doors::at("/api/v1", "Keys", Caller::SessionOrKey)
        .door(
            post("/keys/{id}/rotate", rotate)
                .part::<KeyId>("id")
                .takes::<Overlap>(|| json!({"overlap_hours": 24}))
                .answers::<RotatedWithSecret>(201)
                .refuses(&["already_replaced"])
                .summary("Put another key in the place of one of one's own; the old one goes on for a while")
                .needs(Need::Self_)
                .tells(&[EventKind::KeyRotated]),
        )
        .door(
            post("/users/{id}/keys/{key}/move", move_to_machine)
                .part::<UserId>("id")
                .part::<KeyId>("key")
                .takes::<To>(|| json!({"to": "sva_06h01qbn45r9t2euf2aprlbdqk"}))
                .answers::<MovedKey>(200)
                .refuses(&["holder_suspended", "holder_lacks"])
                .summary("Move somebody's API key to a service account: its secret stays as it is")
                .detail(MOVED)
                .needs(machines)
                .tells(&[EventKind::KeyMoved, EventKind::AccessChanged]),
        )
        .door(
            post("/service-accounts/{id}/keys/{key}/rotate", rotate_of_machine)
                .part::<ServiceAccountId>("id")
                .part::<KeyId>("key")
                .takes::<Overlap>(|| json!({"overlap_hours": 24}))
                .answers::<RotatedWithSecret>(201)
                .refuses(&["already_replaced"])
                .summary("Put another key in the place of a service account's; the old one goes on for a while")
                .needs(machines)
                .tells(&[EventKind::KeyRotated]),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KeyRotation")]
struct Overlap {
    /// For how many hours the old key goes on; 24 if nothing is said.
    #[schemars(range(min = 1, max = 720))]
    overlap_hours: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KeyMove")]
struct To {
    /// The service account that it goes to.
    to: ServiceAccountId,
}

/// Two keys: the old one goes on until it expires.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RotatedKey")]
struct RotatedWithSecret {
    old: ApiKey,
    new: WithSecret,
}

/// A key that is a service account's now.
#[derive(Debug, Serialize, JsonSchema)]
struct MovedKey {
    key: ApiKey,
    /// What the service account was given for it.
    given: Vec<String>,
}

async fn rotated(
    (app, caller): (&App, &ApiCaller),
    which: (&Holder, &KeyId),
    Overlap { overlap_hours }: Overlap,
) -> Result<(StatusCode, Json<RotatedWithSecret>), ApiFailure> {
    let RotatedKey { old, new } = app.rotate_key(&caller.ctx, which, overlap_hours).await?;
    Ok((StatusCode::CREATED, Json(RotatedWithSecret { old, new: new.into() })))
}

async fn rotate(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<KeyId>,
    JsonBody(overlap): JsonBody<Overlap>,
) -> Result<(StatusCode, Json<RotatedWithSecret>), ApiFailure> {
    rotated((&app, &caller), (&own(&caller)?, &id), overlap).await
}

async fn move_to_machine(
    State(app): State<App>,
    caller: ApiCaller,
    Path((id, key)): Path<(UserId, KeyId)>,
    JsonBody(To { to }): JsonBody<To>,
) -> Result<Json<MovedKey>, ApiFailure> {
    let Moved { key, given } = app.move_key(&caller.ctx, (&id, &key), &to).await?;
    Ok(Json(MovedKey { key, given }))
}

async fn rotate_of_machine(
    State(app): State<App>,
    caller: ApiCaller,
    Path((id, key)): Path<(ServiceAccountId, KeyId)>,
    JsonBody(overlap): JsonBody<Overlap>,
) -> Result<(StatusCode, Json<RotatedWithSecret>), ApiFailure> {
    rotated((&app, &caller), (&Holder::ServiceAccount(id), &key), overlap).await
}
