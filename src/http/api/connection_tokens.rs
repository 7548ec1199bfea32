//! The SCIM tokens of a connection.

use super::{List, Paging, life};
use crate::{
    app::{App, NewToken as Made},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Doors, delete, get, post},
        error::ApiFailure,
    },
    model::{Capability, ConnectionId, EventKind, ScimToken, TokenId, Uses},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);
/// How long both tokens hold when nothing is said.
const OVERLAP_HOURS: u32 = 24;

/// The doors of tokens and clients, behind those of connections.
pub(super) fn doors(doors: Doors) -> Doors {
    let need = Capability::ManageOrganization;
    doors
        .about("SCIM tokens")
        .door(
            get("/connections/{id}/tokens", tokens)
                .summary("A connection's SCIM tokens")
                .needs(need)
                .part::<ConnectionId>("id")
                .query::<Paging>()
                .answers::<List<ScimToken>>(200),
        )
        .door(
            post("/connections/{id}/tokens", create_token)
                .summary("Make a SCIM token; its secret is shown once")
                .needs(need)
                .tells(&[EventKind::TokenCreated, EventKind::TokenRevoked])
                .part::<ConnectionId>("id")
                .takes::<NewTokenBody>(|| json!({"expires_in_days": 365}))
                .answers::<NewToken>(201)
                .refuses(&["slots_taken"]),
        )
        .door(
            delete("/connections/{id}/tokens/{token}", revoke_token)
                .summary("Revoke a SCIM token")
                .needs(need)
                .tells(&[EventKind::TokenRevoked])
                .part::<ConnectionId>("id")
                .part::<TokenId>("token")
                .answers_as(204, None),
        )
        .door(
            post("/connections/{id}/tokens/{token}/rotate", rotate_token)
                .summary("Make a SCIM token that takes the place of another; both hold for a while")
                .needs(need)
                .tells(&[EventKind::TokenReplaced])
                .part::<ConnectionId>("id")
                .part::<TokenId>("token")
                .takes::<RotationBody>(|| json!({"overlap_hours": 24, "expires_in_days": 365}))
                .answers::<NewToken>(201)
                .refuses(&["slots_taken", "already_replaced"]),
        )
        .door(
            get("/connections/{id}/ended-tokens", ended_tokens)
                .summary("The last 50 SCIM tokens that ended, and who still came with each")
                .needs(need)
                .part::<ConnectionId>("id")
                .query::<Paging>()
                .answers::<List<ScimToken>>(200),
        )
        .door(
            get("/connections/{id}/provider-tokens", provider_tokens)
                .summary("When and from where a JWT of the provider's own was last accepted and last refused")
                .needs(need)
                .part::<ConnectionId>("id")
                .answers::<Uses>(200),
        )
}

async fn tokens(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<ScimToken>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("tokens/{id}"))?;
    Ok(Json(asked.of_all(app.scim_tokens(&caller.ctx, &id).await?, |token| token.id.to_string())?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TokenRequest")]
struct NewTokenBody {
    /// Nothing: it does not stop by itself.
    #[schemars(range(min = 1, max = 3650))]
    expires_in_days: Option<u32>,
}

/// A token with its secret.
#[derive(Debug, Serialize, JsonSchema)]
struct NewToken {
    #[serde(flatten)]
    token: ScimToken,
    /// What the provider sends. It is in this answer and in no other.
    secret: String,
}

async fn create_token(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    JsonBody(new): JsonBody<NewTokenBody>,
) -> Result<(StatusCode, Json<NewToken>), ApiFailure> {
    let made = app.create_scim_token(&caller.ctx, &id, life(new.expires_in_days)?).await?;
    Ok(created(made))
}

async fn revoke_token(
    State(app): State<App>,
    caller: ApiCaller,
    Path((connection, token)): Path<(ConnectionId, TokenId)>,
) -> Result<StatusCode, ApiFailure> {
    app.revoke_scim_token(&caller.ctx, &connection, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn created(Made { token, secret }: Made) -> (StatusCode, Json<NewToken>) {
    (StatusCode::CREATED, Json(NewToken { token, secret: secret.expose().to_owned() }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TokenRotation")]
struct RotationBody {
    /// How long the old token goes on working; a day if nothing is said, 0: it ends at once.
    #[schemars(range(min = 0, max = 720))]
    overlap_hours: Option<u32>,
    /// Nothing: the new one does not stop by itself.
    #[schemars(range(min = 1, max = 3650))]
    expires_in_days: Option<u32>,
}

async fn rotate_token(
    State(app): State<App>,
    caller: ApiCaller,
    Path((connection, token)): Path<(ConnectionId, TokenId)>,
    JsonBody(new): JsonBody<RotationBody>,
) -> Result<(StatusCode, Json<NewToken>), ApiFailure> {
    let overlap = HOUR * new.overlap_hours.unwrap_or(OVERLAP_HOURS);
    let times = (life(new.expires_in_days)?, overlap);
    Ok(created(app.rotate_scim_token(&caller.ctx, (&connection, &token), times).await?))
}

async fn ended_tokens(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<ScimToken>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("ended-tokens/{id}"))?;
    let ended = app.ended_scim_tokens(&caller.ctx, &id).await?;
    Ok(Json(asked.of_all(ended, |token| token.id.to_string())?))
}

async fn provider_tokens(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
) -> Result<Json<Uses>, ApiFailure> {
    Ok(Json(app.provider_jwt_uses(&caller.ctx, &id).await?))
}
