//! Security events of a connection's provider: its stream, and what came by it.

use super::{List, Paging};
use crate::{
    app::App,
    http::{
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, delete, get, post},
        error::ApiFailure,
    },
    model::{Capability, ConnectionId, EventKind, Signal, SignalStream},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    Doors::at("/api/v1", "Signals", Caller::SessionOrKey)
        .door(
            get("/connections/{id}/signals", list)
                .summary("The security events that a provider told of, and what came of each, the newest first")
                .needs(need)
                .part::<ConnectionId>("id")
                .query::<Paging>()
                .answers::<List<Signal>>(200),
        )
        .door(
            get("/connections/{id}/signal-stream", one)
                .summary("Where a provider tells of security events, and how its stream stands")
                .needs(need)
                .part::<ConnectionId>("id")
                .answers::<Shown>(200),
        )
        .door(
            post("/connections/{id}/signal-stream/token", create)
                .summary("Make the bearer token by which a provider tells of security events; the one before is dead")
                .detail("Whose events are believed is pinned in the connection's `settings.signals`.")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&[EventKind::SignalTokenCreated])
                .part::<ConnectionId>("id")
                .answers::<WithSecret>(201),
        )
        .door(
            delete("/connections/{id}/signal-stream/token", revoke)
                .summary("Revoke the token: no security event is accepted any more")
                .needs(need)
                .tells(&[EventKind::SignalTokenRevoked])
                .part::<ConnectionId>("id")
                .answers_as(204, None),
        )
}

/// Where events are delivered, and how the stream stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ShownSignalStream")]
struct Shown {
    /// What to register at the transmitter as the endpoint of push delivery.
    endpoint_url: String,
    /// The stream; none: it has no token yet.
    stream: Option<SignalStream>,
}

/// A stream with its token.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewSignalToken")]
struct WithSecret {
    #[serde(flatten)]
    stream: SignalStream,
    /// What to register at the transmitter as the endpoint of push delivery.
    endpoint_url: String,
    /// What it sends behind `Bearer`. It is in this answer and in no other.
    secret: String,
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Signal>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("signals/{id}"))?;
    let (app, ctx, id) = (&app, &caller.ctx, &id);
    let load = |before: String, most: usize| async move {
        app.signals(ctx, id, (&before, i64::try_from(most).unwrap_or(i64::MAX))).await
    };
    Ok(Json(asked.in_pieces(load, |signal: &Signal| signal.id.to_string()).await?))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
) -> Result<Json<Shown>, ApiFailure> {
    let stream = app.signal_stream(&caller.ctx, &id).await?;
    Ok(Json(Shown { endpoint_url: app.signal_url(&id), stream }))
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
) -> Result<(StatusCode, Json<WithSecret>), ApiFailure> {
    let new = app.create_signal_token(&caller.ctx, &id).await?;
    let secret = new.secret.expose().to_owned();
    Ok((StatusCode::CREATED, Json(WithSecret { stream: new.stream, endpoint_url: app.signal_url(&id), secret })))
}

async fn revoke(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
) -> Result<StatusCode, ApiFailure> {
    app.revoke_signal_token(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
