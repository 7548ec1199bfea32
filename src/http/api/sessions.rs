//! Sessions: one's own, and those that admins see and end.

use super::{List, Paging};
use crate::{
    app::{App, Error, Need},
    http::{
        caller::ApiCaller,
        doors::{Caller, Doors, delete, get},
        error::ApiFailure,
    },
    model::{Capability, ConnectionId, EventKind, Instant, Session, SessionId, UserId},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn doors() -> Doors {
    let (need, ended) = (Capability::ManageMembers, [EventKind::SessionEnded]);
    Doors::at("/api/v1", "Sessions", Caller::SessionOrKey)
        .door(
            get("/sessions", own)
                .query::<Paging>()
                .answers::<List<Shown>>(200)
                .summary("Where one is signed in")
                .needs(Need::Self_),
        )
        .door(
            delete("/sessions/{id}", end_own)
                .part::<SessionId>("id")
                .answers_as(204, None)
                .summary("End one of one's own sessions")
                .needs(Need::Self_)
                .tells(&ended),
        )
        .door(
            get("/users/{id}/sessions", of_user)
                .part::<UserId>("id")
                .query::<Paging>()
                .answers::<List<Shown>>(200)
                .summary("Somebody's sessions; one's own need nothing")
                .needs(need),
        )
        .door(
            delete("/users/{id}/sessions", end_all)
                .part::<UserId>("id")
                .answers::<Ended>(200)
                .summary("End every session of somebody and say how many; one's own need nothing")
                .needs(need)
                .tells(&ended),
        )
        .door(
            delete("/users/{id}/sessions/{session}", end)
                .part::<UserId>("id")
                .part::<SessionId>("session")
                .answers_as(204, None)
                .summary("End one of somebody's sessions; one's own need nothing")
                .needs(need)
                .tells(&ended),
        )
}

/// A person's own id; machines have no sessions.
fn person(caller: &ApiCaller) -> Result<UserId, Error> {
    let need = "to be a person: service accounts have no sessions".to_owned();
    caller.ctx.actor.user().cloned().ok_or(Error::Forbidden { need })
}

async fn own(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Shown>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "sessions")?;
    let sessions = app.sessions(&caller.ctx, &person(&caller)?).await?;
    let sessions = sessions.into_iter().map(Shown::from).collect();
    Ok(Json(asked.of_all(sessions, |session: &Shown| session.id.to_string())?))
}

async fn end_own(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, ApiFailure> {
    app.end_session(&caller.ctx, &person(&caller)?, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How many sessions ended.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EndedSessions")]
struct Ended {
    user: UserId,
    ended: i64,
}

async fn end_all(State(app): State<App>, caller: ApiCaller, Path(id): Path<UserId>) -> Result<Json<Ended>, ApiFailure> {
    let ended = app.end_sessions(&caller.ctx, &id).await?;
    Ok(Json(Ended { user: id, ended: i64::try_from(ended).unwrap_or(i64::MAX) }))
}

/// A session as the API shows it: when, and by which connection.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
struct Shown {
    id: SessionId,
    connection: Option<ConnectionId>,
    created_at: Instant,
    last_seen_at: Instant,
    expires_at: Instant,
    /// When they signed in at the provider, if it said so.
    authenticated_at: Option<Instant>,
    /// How they signed in at the provider (`acr`), if it said so.
    acr: Option<String>,
}

impl From<Session> for Shown {
    fn from(session: Session) -> Self {
        let Session { id, connection, created_at, last_seen_at, expires_at, authenticated_at, acr, .. } = session;
        Self { id, connection, created_at, last_seen_at, expires_at, authenticated_at, acr }
    }
}

async fn of_user(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Shown>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("sessions of {id}"))?;
    let sessions = app.sessions(&caller.ctx, &id).await?.into_iter().map(Shown::from).collect();
    Ok(Json(asked.of_all(sessions, |session: &Shown| session.id.to_string())?))
}

async fn end(
    State(app): State<App>,
    caller: ApiCaller,
    Path((user, session)): Path<(UserId, SessionId)>,
) -> Result<StatusCode, ApiFailure> {
    app.end_session(&caller.ctx, &user, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}
