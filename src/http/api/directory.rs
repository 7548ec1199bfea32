//! People and groups, as their organization's admins see them.

use super::{List, Paging};
use crate::{
    app::App,
    http::{
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, delete, get, post},
        error::ApiFailure,
    },
    model::{
        Capability, ConnectionId, EventKind, Group, GroupId, Instant, Session, SessionId, User, UserId, UserState,
    },
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

pub(super) fn doors() -> Doors {
    let need = Capability::ManageMembers;
    let state = |kind| {
        [
            kind,
            EventKind::UserChanged,
            EventKind::SessionEnded,
            EventKind::AccessChanged,
            EventKind::OwnerKept,
            EventKind::OrganizationOwned,
            EventKind::OrganizationOwnerless,
        ]
    };
    Doors::at("/api/v1", "Users", Caller::SessionOrKey)
        .door(get("/users", users).summary("Everybody").needs(need))
        .door(get("/users/{id}", user).summary("One person, with what they may do and why").needs(need))
        .door(
            post("/users/{id}/suspend", suspend)
                .summary("Suspend somebody: sessions end and keys stop at once")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&state(EventKind::UserSuspended)),
        )
        .door(
            post("/users/{id}/reactivate", reactivate)
                .summary("Take a suspension by a person back")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&state(EventKind::UserActivated)),
        )
        .about("Sessions")
        .door(get("/users/{id}/sessions", sessions).summary("Somebody's sessions; one's own need nothing").needs(need))
        .door(
            delete("/users/{id}/sessions/{session}", end_session)
                .summary("End one of somebody's sessions; one's own need nothing")
                .needs(need)
                .tells(&[EventKind::SessionEnded]),
        )
        .about("Groups")
        .door(get("/groups", groups).summary("Every group, local ones included").needs(need))
        .door(get("/groups/{id}", group).summary("One group with everybody in it").needs(need))
}

/// A person as the API shows them.
#[derive(Debug, Serialize)]
struct Shown {
    id: UserId,
    user_name: String,
    display_name: String,
    email: Option<String>,
    state: UserState,
    directory_active: bool,
    suspended_by_person: bool,
    connection: Option<ConnectionId>,
    external_id: Option<String>,
    attributes: Map<String, Value>,
    created_at: Instant,
    updated_at: Instant,
}

impl From<User> for Shown {
    fn from(user: User) -> Self {
        Self {
            state: user.state(),
            id: user.id,
            user_name: user.user_name,
            display_name: user.display_name,
            email: user.email,
            directory_active: user.directory_active,
            suspended_by_person: user.suspended_by_person,
            connection: user.connection,
            external_id: user.external_id,
            attributes: user.document,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

async fn users(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Shown>>, ApiFailure> {
    let limit = paging.limit()?;
    let people = app.members(&caller.ctx, &paging.after, limit).await?;
    let people = people.into_iter().map(Shown::from).collect();
    Ok(Json(List::page(people, limit, |person: &Shown| person.id.to_string())))
}

/// One person, with what they may do and why.
async fn user(State(app): State<App>, caller: ApiCaller, Path(id): Path<UserId>) -> Result<Json<Value>, ApiFailure> {
    let person = Shown::from(app.member(&caller.ctx, &id).await?);
    let access = app.access(&caller.ctx, &id).await?;
    let mut told = json!(person);
    told["access"] = json!(access.derivations);
    told["why"] = access.derivations.iter().map(ToString::to_string).collect();
    Ok(Json(told))
}

async fn suspend(State(app): State<App>, caller: ApiCaller, Path(id): Path<UserId>) -> Result<Json<Shown>, ApiFailure> {
    Ok(Json(app.suspend_member(&caller.ctx, &id).await?.into()))
}

async fn reactivate(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
) -> Result<Json<Shown>, ApiFailure> {
    Ok(Json(app.reactivate_member(&caller.ctx, &id).await?.into()))
}

/// A session as the API shows it: when, and by which connection.
#[derive(Debug, Serialize)]
struct ShownSession {
    id: SessionId,
    connection: Option<ConnectionId>,
    created_at: Instant,
    last_seen_at: Instant,
    expires_at: Instant,
}

impl From<Session> for ShownSession {
    fn from(session: Session) -> Self {
        let Session { id, connection, created_at, last_seen_at, expires_at, .. } = session;
        Self { id, connection, created_at, last_seen_at, expires_at }
    }
}

async fn sessions(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
) -> Result<Json<List<ShownSession>>, ApiFailure> {
    let sessions = app.sessions(&caller.ctx, &id).await?;
    Ok(Json(List::whole(sessions.into_iter().map(ShownSession::from).collect())))
}

async fn end_session(
    State(app): State<App>,
    caller: ApiCaller,
    Path((user, session)): Path<(UserId, SessionId)>,
) -> Result<StatusCode, ApiFailure> {
    app.end_session(&caller.ctx, &user, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn groups(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Group>>, ApiFailure> {
    let limit = paging.limit()?;
    let groups = app.all_groups(&caller.ctx, &paging.after, limit).await?;
    Ok(Json(List::page(groups, limit, |group| group.id.to_string())))
}

/// One group with everybody in it.
async fn group(State(app): State<App>, caller: ApiCaller, Path(id): Path<GroupId>) -> Result<Json<Value>, ApiFailure> {
    let (group, members) = app.group_members(&caller.ctx, &id).await?;
    let mut told = json!(group);
    told["members"] = members.iter().map(|member| json!({"id": member.user, "display": member.display})).collect();
    Ok(Json(told))
}
