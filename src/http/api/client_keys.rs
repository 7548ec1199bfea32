//! The keys with which connections show at their providers that they are clients (`private_key_jwt`).

use super::List;
use crate::{
    app::{App, ClientKey},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Doors, get, post},
        error::ApiFailure,
    },
    model::{Capability, ConnectionId, EventKind},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// The doors of client keys, behind those of their connections.
pub(super) fn doors(connections: Doors) -> Doors {
    let need = Capability::ManageOrganization;
    connections
        .door(
            get("/connections/{id}/client-keys", list)
                .summary("The keys with which a connection shows that it is the client: published now, or soon")
                .needs(need)
                .part::<ConnectionId>("id")
                .query::<super::Paging>()
                .answers::<List<ClientKey>>(200),
        )
        .door(
            post("/connections/{id}/client-keys", rotate)
                .summary("Make the next one. It signs in a day, when the provider has read it; with revoke it signs at once, and the others are gone")
                .needs(need)
                .part::<ConnectionId>("id")
                .takes::<Rotation>(|| json!({"revoke": false}))
                .tells(&[EventKind::ConnectionChanged])
                .answers::<ClientKey>(201)
                .refuses(&["no_client_keys"]),
        )
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    Query(paging): Query<super::Paging>,
) -> Result<Json<List<ClientKey>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("client keys of {id}"))?;
    let keys = app.client_keys(&caller.ctx, &id).await?;
    Ok(Json(asked.of_all(keys, |key: &ClientKey| key.kid.clone())?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClientKeyRotation")]
struct Rotation {
    /// The old keys may be known to somebody: nothing that they sign is good any more.
    #[serde(default)]
    revoke: bool,
}

async fn rotate(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    JsonBody(rotation): JsonBody<Rotation>,
) -> Result<(StatusCode, Json<ClientKey>), ApiFailure> {
    let key = app.rotate_client_key(&caller.ctx, &id, rotation.revoke).await?;
    Ok((StatusCode::CREATED, Json(key)))
}
