//! People and groups, as their organization's admins see them.

use super::{
    List, Paging,
    versions::{IfMatch, tagged},
};
use crate::{
    access::Derivation,
    app::{App, revision},
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
    http::{HeaderMap, StatusCode},
    response::Response,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

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
        .door(get("/users", users).summary("Everybody").needs(need).query::<Paging>().answers::<List<Shown>>(200))
        .door(
            get("/users/{id}", user)
                .summary("One person, with what they may do and why")
                .needs(need)
                .part::<UserId>("id")
                .answers::<WithAccess>(200)
                .answers_as(304, None),
        )
        .door(
            post("/users/{id}/suspend", suspend)
                .summary("Suspend somebody: sessions end and keys stop at once")
                .detail("The directory cannot take it back; a person here can.")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&state(EventKind::UserSuspended))
                .part::<UserId>("id")
                .answers::<Shown>(200)
                .refuses(&["last_owner", "changed"]),
        )
        .door(
            post("/users/{id}/reactivate", reactivate)
                .summary("Take a suspension by a person back")
                .detail("Who is inactive in the directory stays so.")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&state(EventKind::UserActivated))
                .part::<UserId>("id")
                .answers::<Shown>(200)
                .refuses(&["changed"]),
        )
        .about("Sessions")
        .door(
            get("/users/{id}/sessions", sessions)
                .summary("Somebody's sessions; one's own need nothing")
                .needs(need)
                .part::<UserId>("id")
                .query::<Paging>()
                .answers::<List<ShownSession>>(200),
        )
        .door(
            delete("/users/{id}/sessions/{session}", end_session)
                .summary("End one of somebody's sessions; one's own need nothing")
                .needs(need)
                .tells(&[EventKind::SessionEnded])
                .part::<UserId>("id")
                .part::<SessionId>("session")
                .answers_as(204, None),
        )
        .about("Groups")
        .door(
            get("/groups", groups)
                .summary("Every group, local ones included")
                .needs(need)
                .query::<Paging>()
                .answers::<List<Group>>(200),
        )
        .door(
            get("/groups/{id}", group)
                .summary("One group with everybody in it")
                .needs(need)
                .part::<GroupId>("id")
                .answers::<WithMembers>(200)
                .answers_as(304, None),
        )
}

/// A person as the API shows them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "User")]
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
    let asked = paging.read(&app, &caller.ctx, "users")?;
    let page = (asked.after.as_str(), asked.limit);
    let (people, next) = app.search_members(&caller.ctx, asked.filter.as_ref(), page).await?;
    Ok(Json(asked.page(people.into_iter().map(Shown::from).collect(), next.as_deref())?))
}

/// A person with what they may do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UserWithAccess")]
struct WithAccess {
    #[serde(flatten)]
    person: Shown,
    /// What they hold, and why.
    access: Vec<Derivation>,
    /// The same, for people.
    why: Vec<String>,
}

/// One person, with what they may do and why.
async fn user(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let person = app.member(&caller.ctx, &id).await?;
    let revision = revision(&person);
    let access = app.access(&caller.ctx, &id).await?.derivations;
    let why = access.iter().map(ToString::to_string).collect();
    Ok(tagged(&headers, &revision, &WithAccess { person: person.into(), access, why }))
}

async fn suspend(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    set_suspended(&app, &caller, &id, (&headers, true)).await
}

async fn reactivate(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    set_suspended(&app, &caller, &id, (&headers, false)).await
}

async fn set_suspended(
    app: &App,
    caller: &ApiCaller,
    id: &UserId,
    (headers, suspended): (&HeaderMap, bool),
) -> Result<Response, ApiFailure> {
    let seen = IfMatch::of(headers)?;
    let person = app.set_member_suspended(&caller.ctx, id, suspended, seen.seen()).await?;
    Ok(tagged(&HeaderMap::new(), &revision(&person), &Shown::from(person)))
}

/// A session as the API shows it: when, and by which connection.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
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
    Query(paging): Query<Paging>,
) -> Result<Json<List<ShownSession>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("sessions/{id}"))?;
    let sessions = app.sessions(&caller.ctx, &id).await?.into_iter().map(ShownSession::from).collect();
    Ok(Json(asked.of_all(sessions, |session: &ShownSession| session.id.to_string())?))
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
    let asked = paging.read(&app, &caller.ctx, "groups")?;
    let page = (asked.after.as_str(), asked.limit);
    let (groups, next) = app.search_all_groups(&caller.ctx, asked.filter.as_ref(), page).await?;
    Ok(Json(asked.page(groups, next.as_deref())?))
}

/// A group with everybody in it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "GroupWithMembers")]
struct WithMembers {
    #[serde(flatten)]
    group: Group,
    members: Vec<ShownMember>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "GroupMember")]
struct ShownMember {
    /// Who.
    id: UserId,
    /// What to call them.
    display: String,
}

/// One group with everybody in it.
async fn group(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<GroupId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let (group, members) = app.group_members(&caller.ctx, &id).await?;
    let version = group.version.to_string();
    let members = members.into_iter().map(|member| ShownMember { id: member.user, display: member.display }).collect();
    Ok(tagged(&headers, &version, &WithMembers { group, members }))
}
