//! People, as their organization's admins see them.

use super::{
    List, Paging,
    versions::{IfMatch, tagged},
};
use crate::{
    access::Derivation,
    app::{App, Departure, revision, role_names},
    http::{
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, delete, get, post},
        error::ApiFailure,
    },
    model::{Capability, ConnectionId, EventKind, Group, Instant, User, UserId, UserState},
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
            EventKind::KeyRotationDue,
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
        .door(
            delete("/users/{id}", remove)
                .summary("Remove a local user; whom a connection pushes, its provider removes")
                .needs(need)
                .tells(&state(EventKind::UserRemoved))
                .part::<UserId>("id")
                .answers_as(204, None)
                .refuses(&["not_local", "last_owner"]),
        )
        .door(
            get("/users/{id}/access", access)
                .summary("What somebody may do, with a reason for every grant; one's own needs nothing")
                .needs(need)
                .part::<UserId>("id")
                .answers::<TheirAccess>(200),
        )
        .door(
            get("/users/{id}/departure", departure)
                .summary("The receipt of somebody whose access ended: when, the last request, and which secrets they know still")
                .needs(need)
                .part::<UserId>("id")
                .answers::<Departure>(200)
                .refuses(&["still_active"]),
        )
        .door(
            get("/users/{id}/groups", groups)
                .summary("The groups that somebody is in")
                .needs(need)
                .part::<UserId>("id")
                .query::<Paging>()
                .answers::<List<Group>>(200),
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

/// What somebody may do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UserAccess")]
struct TheirAccess {
    user: UserId,
    /// What they hold, one word for each.
    roles: Vec<String>,
    /// What they hold, and why.
    access: Vec<Derivation>,
    /// The same, for people.
    why: Vec<String>,
}

/// What somebody may do, with a reason for every grant: for programs, and, as `why`, for people.
async fn access(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
) -> Result<Json<TheirAccess>, ApiFailure> {
    let access = app.access(&caller.ctx, &id).await?;
    let why = access.derivations.iter().map(ToString::to_string).collect();
    Ok(Json(TheirAccess { user: id, roles: role_names(&access), access: access.derivations, why }))
}

async fn departure(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
) -> Result<Json<Departure>, ApiFailure> {
    Ok(Json(app.departure(&caller.ctx, &id).await?))
}

async fn groups(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Group>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("groups of {id}"))?;
    Ok(Json(asked.of_all(app.groups_of_member(&caller.ctx, &id).await?, |group| group.id.to_string())?))
}

async fn remove(State(app): State<App>, caller: ApiCaller, Path(id): Path<UserId>) -> Result<StatusCode, ApiFailure> {
    app.remove_member(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
