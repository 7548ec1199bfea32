//! Groups: those of providers to look at, local ones to change.

use super::{
    List, Paging,
    bindings::TOLD_OF_ACCESS,
    versions::{changed, tagged, version_seen},
};
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
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

const LOCAL: &str =
    "A group that a connection pushes is changed at its provider: here the answer is 409 and names the connection.";

pub(super) fn doors() -> Doors {
    let need = Capability::ManageMembers;
    let with = |kind: EventKind| [&[kind], TOLD_OF_ACCESS.as_slice()].concat();
    Doors::at("/api/v1", "Groups", Caller::SessionOrKey)
        .door(
            get("/groups", list)
                .query::<Paging>()
                .answers::<List<Group>>(200)
                .summary("Every group, local ones included")
                .needs(need),
        )
        .door(
            post("/groups", create)
                .takes::<Name>(|| json!({"name": "platform"}))
                .answers::<Group>(201)
                .refuses(&["taken"])
                .summary("Make a local group; no rule matches it, people give it roles")
                .needs(need)
                .tells(&[EventKind::GroupCreated]),
        )
        .door(
            get("/groups/{id}", one)
                .part::<GroupId>("id")
                .answers::<WithMembers>(200)
                .answers_as(304, None)
                .summary("One group with everybody in it")
                .needs(need),
        )
        .door(
            patch("/groups/{id}", rename)
                .part::<GroupId>("id")
                .takes::<Name>(|| json!({"name": "platform team"}))
                .answers::<Group>(200)
                .refuses(&["taken", "not_local", "changed"])
                .summary("Rename a local group")
                .detail(LOCAL)
                .needs(need)
                .tells(&[EventKind::GroupChanged]),
        )
        .door(
            delete("/groups/{id}", remove)
                .part::<GroupId>("id")
                .answers::<Removed>(200)
                .refuses(&["not_local", "last_owner", "preview_required"])
                .summary("Delete a local group for good; says how many members and bindings it had")
                .detail(LOCAL)
                .needs(need)
                .tells(&with(EventKind::GroupRemoved)),
        )
        .door(
            put("/groups/{id}/members/{member}", join)
                .part::<GroupId>("id")
                .part::<Holder>("member")
                .answers::<Joined>(200)
                .answers::<Joined>(201)
                .refuses(&["not_local", "preview_required"])
                .summary("Put a user or a service account into a local group")
                .detail(LOCAL)
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&with(EventKind::GroupMembersChanged)),
        )
        .door(
            delete("/groups/{id}/members/{member}", leave)
                .part::<GroupId>("id")
                .part::<Holder>("member")
                .answers_as(204, None)
                .refuses(&["not_local", "last_owner", "preview_required"])
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
    id: Holder,
    /// `user` or `service_account`.
    kind: String,
    /// What to call them.
    display: String,
}

/// One group with everybody in it.
async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<GroupId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let (group, people) = app.group_members(&caller.ctx, &id).await?;
    let machines = app.machine_members(&caller.ctx, &id).await?;
    let shown = |id: Holder, display| ShownMember { kind: id.kind().to_owned(), id, display };
    let people = people.into_iter().map(|one| shown(Holder::User(one.user), one.display));
    let machines = machines.into_iter().map(|(id, name)| shown(Holder::ServiceAccount(id), name));
    let (version, members) = (group.version.to_string(), people.chain(machines).collect());
    Ok(tagged(&headers, &version, &WithMembers { group, members }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "GroupName")]
struct Name {
    name: String,
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(Name { name }): JsonBody<Name>,
) -> Result<Response, ApiFailure> {
    let group = app.create_local_group(&caller.ctx, &name).await?;
    Ok(changed(StatusCode::CREATED, group.version, &group))
}

async fn rename(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<GroupId>,
    headers: HeaderMap,
    JsonBody(Name { name }): JsonBody<Name>,
) -> Result<Response, ApiFailure> {
    let group = app.rename_local_group(&caller.ctx, &id, &name, version_seen(&headers)?).await?;
    Ok(changed(StatusCode::OK, group.version, &group))
}

/// What went with a group.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RemovedGroup")]
struct Removed {
    id: GroupId,
    /// How many were in it.
    members: i64,
    /// How many bindings ended.
    bindings: i64,
}

async fn remove(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<GroupId>,
) -> Result<Json<Removed>, ApiFailure> {
    let gone = app.delete_local_group(&caller.ctx, &id).await?;
    let members = i64::try_from(gone.members).unwrap_or(i64::MAX);
    Ok(Json(Removed { id, members, bindings: i64::try_from(gone.bindings).unwrap_or(i64::MAX) }))
}

/// Who is in which group now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "GroupMembership")]
struct Joined {
    group: GroupId,
    member: Holder,
}

/// 201 when somebody came in, 200 when they were in it.
async fn join(
    State(app): State<App>,
    caller: ApiCaller,
    Path((id, member)): Path<(GroupId, Holder)>,
) -> Result<(StatusCode, Json<Joined>), ApiFailure> {
    let came = app.join_local_group(&caller.ctx, &id, &member).await?;
    let status = if came { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Joined { group: id, member })))
}

async fn leave(
    State(app): State<App>,
    caller: ApiCaller,
    Path((id, member)): Path<(GroupId, Holder)>,
) -> Result<StatusCode, ApiFailure> {
    app.leave_local_group(&caller.ctx, &id, &member).await?;
    Ok(StatusCode::NO_CONTENT)
}
