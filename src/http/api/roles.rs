//! The roles and capabilities there are, and those that an organization makes for itself.

use super::{
    List,
    bindings::TOLD_OF_ACCESS,
    versions::{changed, tagged, version_seen},
};
use crate::{
    app::{App, Need, RoleWish},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, delete, get, patch, post},
        error::ApiFailure,
    },
    model::{BuiltInRole, Capability, CustomRole, EventKind, Instant, KeptRole, Role, RoleId},
};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

const AT_ONCE: &str = "What a role lets its holders do is looked up at every use: a change holds at once for everybody who holds it, \
                       and their keys carry no more than they do.";

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    let told = |kind: EventKind| [&[kind], TOLD_OF_ACCESS.as_slice()].concat();
    Doors::at("/api/v1", "Roles", Caller::SessionOrKey)
        .door(
            get("/roles", list)
                .answers::<List<ShownRole>>(200)
                .summary("The built-in roles with their capabilities, and custom ones")
                .needs(Need::Self_),
        )
        .door(
            post("/roles", create)
                .takes::<New>(|| json!({"name": "cost watcher", "capabilities": ["view-costs", "view-billing"]}))
                .answers::<ShownCustom>(201)
                .refuses(&["taken"])
                .summary("Make a role of capabilities that you hold")
                .detail("Bindings, invitations and API keys name it by its id, the mapping by its id or its name.")
                .needs(need)
                .tells(&told(EventKind::RoleCreated)),
        )
        .door(
            get("/roles/{id}", one)
                .part::<RoleId>("id")
                .answers::<ShownCustom>(200)
                .answers_as(304, None)
                .summary("One custom role")
                .needs(Need::Self_),
        )
        .door(
            patch("/roles/{id}", change)
                .part::<RoleId>("id")
                .takes::<Change>(|| json!({"description": "Looks at what things cost"}))
                .answers::<ShownCustom>(200)
                .refuses(&["taken", "changed", "preview_required"])
                .summary(
                    "Rename a custom role, or change what it lets its holders do; nobody adds what they do not hold",
                )
                .detail(AT_ONCE)
                .needs(need)
                .tells(&told(EventKind::RoleChanged)),
        )
        .door(
            delete("/roles/{id}", remove)
                .part::<RoleId>("id")
                .answers_as(204, None)
                .refuses(&["in_use"])
                .summary("Delete a custom role that is in use nowhere; where it is, the answer says")
                .needs(need)
                .tells(&told(EventKind::RoleRemoved)),
        )
        .door(
            get("/capabilities", capabilities)
                .answers::<List<ShownCapability>>(200)
                .summary("Every capability")
                .needs(Need::Self_),
        )
}

/// A role, built in or the organization's own.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RoleWithCapabilities")]
struct ShownRole {
    id: Role,
    name: String,
    built_in: bool,
    capabilities: BTreeSet<Capability>,
}

async fn list(State(app): State<App>, caller: ApiCaller) -> Result<Json<List<ShownRole>>, ApiFailure> {
    let built_in = BuiltInRole::ALL.into_iter().map(|role| ShownRole {
        id: Role::BuiltIn(role),
        name: role.name().to_owned(),
        built_in: true,
        capabilities: role.capabilities().iter().copied().collect(),
    });
    let custom = app.custom_roles(&caller.ctx).await?.into_iter().map(|role| ShownRole {
        id: Role::Custom(role.id),
        name: role.name,
        built_in: false,
        capabilities: role.capabilities,
    });
    Ok(Json(List::whole(built_in.chain(custom).collect())))
}

/// A role of the organization's own.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CustomRole")]
struct ShownCustom {
    id: RoleId,
    name: String,
    description: String,
    capabilities: BTreeSet<Capability>,
    created_at: Instant,
    updated_at: Instant,
    version: i64,
}

impl From<KeptRole> for ShownCustom {
    fn from(kept: KeptRole) -> Self {
        let KeptRole { role, description, version, created_at, updated_at } = kept;
        let CustomRole { id, name, capabilities } = role;
        Self { id, name, description, capabilities, created_at, updated_at, version }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RoleRequest")]
struct New {
    /// 1 to 100 letters, unique in the organization.
    name: String,
    #[serde(default)]
    description: String,
    /// At least one.
    capabilities: BTreeSet<Capability>,
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(New { name, description, capabilities }): JsonBody<New>,
) -> Result<Response, ApiFailure> {
    let wish =
        RoleWish { name: Some(name), description: Some(description), capabilities: Some(capabilities), if_match: None };
    let kept = app.create_role(&caller.ctx, wish).await?;
    Ok(changed(StatusCode::CREATED, kept.version, &ShownCustom::from(kept)))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<RoleId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let kept = app.role(&caller.ctx, &id).await?;
    Ok(tagged(&headers, &kept.version.to_string(), &ShownCustom::from(kept)))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RoleChange")]
struct Change {
    name: Option<String>,
    description: Option<String>,
    capabilities: Option<BTreeSet<Capability>>,
}

async fn change(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<RoleId>,
    headers: HeaderMap,
    JsonBody(Change { name, description, capabilities }): JsonBody<Change>,
) -> Result<Response, ApiFailure> {
    let wish = RoleWish { name, description, capabilities, if_match: version_seen(&headers)? };
    let kept = app.change_role(&caller.ctx, &id, wish).await?;
    Ok(changed(StatusCode::OK, kept.version, &ShownCustom::from(kept)))
}

async fn remove(State(app): State<App>, caller: ApiCaller, Path(id): Path<RoleId>) -> Result<StatusCode, ApiFailure> {
    app.delete_role(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A capability.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CapabilityWithScope")]
struct ShownCapability {
    name: Capability,
    /// Whether it counts when the role is held on one cluster only.
    on_a_cluster: bool,
}

async fn capabilities(caller: ApiCaller) -> Json<List<ShownCapability>> {
    // Nothing of this is anybody's secret; the caller is asked for all the same, as everywhere in the API.
    drop(caller);
    let shown = Capability::ALL.into_iter();
    let shown = shown.map(|name| ShownCapability { name, on_a_cluster: name.counts_on_a_cluster() });
    Json(List::whole(shown.collect()))
}
