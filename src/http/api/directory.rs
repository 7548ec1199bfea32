//! People, as their organization's admins see them.

use super::{List, Paging};
use crate::{
    app::{App, role_names},
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
        .door(
            delete("/users/{id}", remove)
                .summary("Remove a local user; whom a connection pushes, its provider removes")
                .needs(need)
                .tells(&state(EventKind::UserRemoved)),
        )
        .door(
            get("/users/{id}/access", access)
                .summary("What somebody may do, with a reason for every grant; one's own needs nothing")
                .needs(need),
        )
        .door(get("/users/{id}/groups", groups).summary("The groups that somebody is in").needs(need))
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

/// What somebody may do, with a reason for every grant: for programs, and, as `why`, for people.
async fn access(State(app): State<App>, caller: ApiCaller, Path(id): Path<UserId>) -> Result<Json<Value>, ApiFailure> {
    let access = app.access(&caller.ctx, &id).await?;
    let why: Vec<String> = access.derivations.iter().map(ToString::to_string).collect();
    Ok(Json(json!({"user": id, "roles": role_names(&access), "access": access.derivations, "why": why})))
}

async fn groups(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
) -> Result<Json<List<Group>>, ApiFailure> {
    Ok(Json(List::whole(app.groups_of_member(&caller.ctx, &id).await?)))
}

async fn remove(State(app): State<App>, caller: ApiCaller, Path(id): Path<UserId>) -> Result<StatusCode, ApiFailure> {
    app.remove_member(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
