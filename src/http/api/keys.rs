//! The caller's own API keys.

use super::{List, life};
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
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn doors() -> Doors {
    Doors::at("/api/v1", "Keys", Caller::SessionOrKey)
        .door(get("/keys", list).summary("One's own API keys").needs(Need::Self_))
        .door(
            post("/keys", create)
                .summary("Make an API key of one's own; its secret is shown once")
                .needs(Need::Self_)
                .tells(&[EventKind::KeyCreated]),
        )
        .door(
            delete("/keys/{id}", revoke)
                .summary("End one of one's own API keys")
                .needs(Need::Self_)
                .tells(&[EventKind::KeyRevoked]),
        )
}

async fn list(State(app): State<App>, caller: ApiCaller) -> Result<Json<List<ApiKey>>, ApiFailure> {
    Ok(Json(List::whole(app.keys(&caller.ctx).await?)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    expires_in_days: Option<u32>,
}

/// The secret is in this answer and in no other.
async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(new): JsonBody<New>,
) -> Result<(StatusCode, Json<Value>), ApiFailure> {
    let made = app.create_key(&caller.ctx, &new.name, life(new.expires_in_days)?).await?;
    let mut told = json!(made.key);
    told["secret"] = json!(made.secret.expose());
    Ok((StatusCode::CREATED, Json(told)))
}

async fn revoke(State(app): State<App>, caller: ApiCaller, Path(id): Path<KeyId>) -> Result<StatusCode, ApiFailure> {
    app.revoke_key(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
