//! Groups: those of providers to look at, local ones to change.

use super::{List, Paging, bindings::TOLD_OF_ACCESS, connections::if_match, tagged};
use crate::{
    app::App,
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, delete, get, patch, post, put},
        error::ApiFailure,
    },
    model::{Capability, EventKind, Group, GroupId, Holder},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};

const LOCAL: &str =
    "A group that a connection pushes is changed at its provider: here the answer is 409 and names the connection.";

pub(super) fn doors() -> Doors {
    let need = Capability::ManageMembers;
    let with = |kind: EventKind| [&[kind], TOLD_OF_ACCESS.as_slice()].concat();
    Doors::at("/api/v1", "Groups", Caller::SessionOrKey)
        .door(get("/groups", list).summary("Every group, local ones included").needs(need))
        .door(
            post("/groups", create)
                .summary("Make a local group; no rule matches it, people give it roles")
                .needs(need)
                .tells(&[EventKind::GroupCreated]),
        )
        .door(get("/groups/{id}", one).summary("One group with everybody in it").needs(need))
        .door(
            patch("/groups/{id}", rename)
                .summary("Rename a local group")
                .detail(LOCAL)
                .needs(need)
                .tells(&[EventKind::GroupChanged]),
        )
        .door(
            delete("/groups/{id}", remove)
                .summary("Delete a local group for good; says how many members and bindings it had")
                .detail(LOCAL)
                .needs(need)
                .tells(&with(EventKind::GroupRemoved)),
        )
        .door(
            put("/groups/{id}/members/{member}", join)
                .summary("Put a user or a service account into a local group")
                .detail(LOCAL)
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&with(EventKind::GroupMembersChanged)),
        )
        .door(
            delete("/groups/{id}/members/{member}", leave)
                .summary("Take a user or a service account out of a local group")
                .detail(LOCAL)
                .needs(need)
                .tells(&with(EventKind::GroupMembersChanged)),
        )
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Group>>, ApiFailure> {
    let limit = paging.limit()?;
    let groups = app.all_groups(&caller.ctx, &paging.after, limit).await?;
    Ok(Json(List::page(groups, limit, |group| group.id.to_string())))
}

/// One group with everybody in it.
async fn one(State(app): State<App>, caller: ApiCaller, Path(id): Path<GroupId>) -> Result<Json<Value>, ApiFailure> {
    let (group, people) = app.group_members(&caller.ctx, &id).await?;
    let machines = app.machine_members(&caller.ctx, &id).await?;
    let mut told = json!(group);
    let people = people.iter().map(|one| json!({"id": one.user, "kind": "user", "display": one.display}));
    let machines = machines.iter().map(|(id, name)| json!({"id": id, "kind": "service_account", "display": name}));
    told["members"] = people.chain(machines).collect();
    Ok(Json(told))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(Name { name }): JsonBody<Name>,
) -> Result<Response, ApiFailure> {
    let group = app.create_local_group(&caller.ctx, &name).await?;
    Ok(tagged(StatusCode::CREATED, group.version, &group))
}

async fn rename(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<GroupId>,
    headers: HeaderMap,
    JsonBody(Name { name }): JsonBody<Name>,
) -> Result<Response, ApiFailure> {
    let group = app.rename_local_group(&caller.ctx, &id, &name, if_match(&headers)?).await?;
    Ok(tagged(StatusCode::OK, group.version, &group))
}

async fn remove(State(app): State<App>, caller: ApiCaller, Path(id): Path<GroupId>) -> Result<Json<Value>, ApiFailure> {
    let gone = app.delete_local_group(&caller.ctx, &id).await?;
    Ok(Json(json!({"id": id, "members": gone.members, "bindings": gone.bindings})))
}

/// 201 when somebody came in, 200 when they were in it.
async fn join(
    State(app): State<App>,
    caller: ApiCaller,
    Path((id, member)): Path<(GroupId, Holder)>,
) -> Result<(StatusCode, Json<Value>), ApiFailure> {
    let came = app.join_local_group(&caller.ctx, &id, &member).await?;
    let status = if came { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json!({"group": id, "member": member}))))
}

async fn leave(
    State(app): State<App>,
    caller: ApiCaller,
    Path((id, member)): Path<(GroupId, Holder)>,
) -> Result<StatusCode, ApiFailure> {
    app.leave_local_group(&caller.ctx, &id, &member).await?;
    Ok(StatusCode::NO_CONTENT)
}
