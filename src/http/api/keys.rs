//! The caller's own API keys.

use super::{List, Paging, life};
use crate::{
    app::{App, Need},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, delete, get, post},
        error::ApiFailure,
    },
    model::{ApiKey, EventKind, KeyId},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn doors() -> Doors {
    Doors::at("/api/v1", "Keys", Caller::SessionOrKey)
        .door(
            get("/keys", list)
                .summary("One's own API keys")
                .needs(Need::Self_)
                .query::<Paging>()
                .answers::<List<ApiKey>>(200),
        )
        .door(
            post("/keys", create)
                .summary("Make an API key of one's own; its secret is shown once")
                .needs(Need::Self_)
                .tells(&[EventKind::KeyCreated])
                .takes::<New>(|| json!({"name": "deploys", "expires_in_days": 90}))
                .answers::<NewKey>(201),
        )
        .door(
            delete("/keys/{id}", revoke)
                .summary("End one of one's own API keys")
                .needs(Need::Self_)
                .tells(&[EventKind::KeyRevoked])
                .part::<KeyId>("id")
                .answers_as(204, None),
        )
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<ApiKey>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "keys")?;
    Ok(Json(asked.of_all(app.keys(&caller.ctx).await?, |key| key.id.to_string())?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KeyRequest")]
struct New {
    /// What its owner calls it.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// Nothing: it does not stop by itself.
    #[schemars(range(min = 1, max = 3650))]
    expires_in_days: Option<u32>,
}

/// A key with its secret.
#[derive(Debug, Serialize, JsonSchema)]
struct NewKey {
    #[serde(flatten)]
    key: ApiKey,
    /// What programs send. It is in this answer and in no other.
    secret: String,
}

/// The secret is in this answer and in no other.
async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(new): JsonBody<New>,
) -> Result<(StatusCode, Json<NewKey>), ApiFailure> {
    let made = app.create_key(&caller.ctx, &new.name, life(new.expires_in_days)?).await?;
    Ok((StatusCode::CREATED, Json(NewKey { key: made.key, secret: made.secret.expose().to_owned() })))
}

async fn revoke(State(app): State<App>, caller: ApiCaller, Path(id): Path<KeyId>) -> Result<StatusCode, ApiFailure> {
    app.revoke_key(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
