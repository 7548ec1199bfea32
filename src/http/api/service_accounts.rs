//! Service accounts: machines of an organization.

use super::{
    List, Paging,
    versions::{changed, tagged, version_seen},
};
use crate::{
    access::Derivation,
    app::{AccountChange, App},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, delete, get, patch, post},
        error::ApiFailure,
    },
    model::{Capability, EventKind, Group, Instant, ServiceAccount, ServiceAccountId, UserId, UserState},
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

pub(super) fn doors() -> Doors {
    let need = Capability::CreateServiceAccountKeys;
    let changed = [EventKind::ServiceAccountChanged];
    Doors::at("/api/v1", "Service accounts", Caller::SessionOrKey)
        .door(
            get("/service-accounts", list)
                .query::<Paging>()
                .answers::<List<Shown>>(200)
                .summary("Every service account")
                .needs(need),
        )
        .door(
            post("/service-accounts", create)
                .takes::<New>(|| json!({"name": "deployer", "description": "Deploys from CI"}))
                .answers::<Shown>(201)
                .refuses(&["taken"])
                .summary("Make a service account; it holds nothing until it is given a role or put into a group")
                .detail("It is covered by its creator's acceptance of the terms, and stays when its creator goes.")
                .needs(need)
                .tells(&[EventKind::ServiceAccountCreated]),
        )
        .door(
            get("/service-accounts/{id}", one)
                .part::<ServiceAccountId>("id")
                .answers::<Shown>(200)
                .answers_as(304, None)
                .summary("One service account")
                .needs(need),
        )
        .door(
            patch("/service-accounts/{id}", change)
                .part::<ServiceAccountId>("id")
                .takes::<Change>(|| json!({"description": "Deploys from CI, to production"}))
                .answers::<Shown>(200)
                .refuses(&["taken", "changed"])
                .summary("Rename or describe a service account")
                .needs(need)
                .tells(&changed),
        )
        .door(
            post("/service-accounts/{id}/suspend", suspend)
                .part::<ServiceAccountId>("id")
                .answers::<Shown>(200)
                .summary("Suspend a service account: its keys are refused at once")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&changed),
        )
        .door(
            post("/service-accounts/{id}/reactivate", reactivate)
                .part::<ServiceAccountId>("id")
                .answers::<Shown>(200)
                .summary("Bring a suspended service account back")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&changed),
        )
        .door(
            delete("/service-accounts/{id}", close)
                .part::<ServiceAccountId>("id")
                .answers_as(204, None)
                .summary("Close a service account for good: its keys end, and what it was given is taken")
                .needs(need)
                .tells(&[EventKind::ServiceAccountRemoved, EventKind::AccessChanged]),
        )
        .door(
            get("/service-accounts/{id}/access", access)
                .part::<ServiceAccountId>("id")
                .answers::<ItsAccess>(200)
                .summary("What a service account may do, and why")
                .needs(need),
        )
        .door(
            get("/service-accounts/{id}/groups", groups)
                .part::<ServiceAccountId>("id")
                .query::<Paging>()
                .answers::<List<Group>>(200)
                .summary("The groups that it is in")
                .needs(need),
        )
}

/// A service account as the API shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ServiceAccount")]
struct Shown {
    id: ServiceAccountId,
    name: String,
    description: String,
    state: UserState,
    created_by: Option<UserId>,
    created_at: Instant,
    updated_at: Instant,
    version: i64,
}

impl From<ServiceAccount> for Shown {
    fn from(account: ServiceAccount) -> Self {
        let state = account.state();
        let ServiceAccount { id, name, description, created_by, created_at, updated_at, version, .. } = account;
        Self { id, name, description, state, created_by, created_at, updated_at, version }
    }
}

fn answer(status: StatusCode, account: ServiceAccount) -> Response {
    changed(status, account.version, &Shown::from(account))
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Shown>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "service accounts")?;
    let (app, ctx) = (&app, &caller.ctx);
    let load = |after: String, most: usize| async move {
        let accounts = app.service_accounts(ctx, &after, i64::try_from(most).unwrap_or(i64::MAX)).await?;
        Ok(accounts.into_iter().map(Shown::from).collect())
    };
    Ok(Json(asked.in_pieces(load, |account: &Shown| account.id.to_string()).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ServiceAccountRequest")]
struct New {
    name: String,
    #[serde(default)]
    description: String,
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(new): JsonBody<New>,
) -> Result<Response, ApiFailure> {
    let account = app.create_service_account(&caller.ctx, &new.name, &new.description).await?;
    Ok(answer(StatusCode::CREATED, account))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ServiceAccountId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let account = app.service_account(&caller.ctx, &id).await?;
    Ok(tagged(&headers, &account.version.to_string(), &Shown::from(account)))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ServiceAccountChange")]
struct Change {
    name: Option<String>,
    description: Option<String>,
}

async fn change(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ServiceAccountId>,
    headers: HeaderMap,
    JsonBody(Change { name, description }): JsonBody<Change>,
) -> Result<Response, ApiFailure> {
    let change = AccountChange { name, description, suspended: None, if_match: version_seen(&headers)? };
    Ok(answer(StatusCode::OK, app.change_service_account(&caller.ctx, &id, change).await?))
}

async fn suspend(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ServiceAccountId>,
) -> Result<Response, ApiFailure> {
    let change = AccountChange { suspended: Some(true), ..AccountChange::default() };
    Ok(answer(StatusCode::OK, app.change_service_account(&caller.ctx, &id, change).await?))
}

async fn reactivate(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ServiceAccountId>,
) -> Result<Response, ApiFailure> {
    let change = AccountChange { suspended: Some(false), ..AccountChange::default() };
    Ok(answer(StatusCode::OK, app.change_service_account(&caller.ctx, &id, change).await?))
}

async fn close(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ServiceAccountId>,
) -> Result<StatusCode, ApiFailure> {
    app.close_service_account(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a service account may do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ServiceAccountAccess")]
struct ItsAccess {
    /// What it holds, and why.
    access: Vec<Derivation>,
    /// The same, for people.
    why: Vec<String>,
}

async fn access(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ServiceAccountId>,
) -> Result<Json<ItsAccess>, ApiFailure> {
    let access = app.service_account_access(&caller.ctx, &id).await?.derivations;
    let why = access.iter().map(ToString::to_string).collect();
    Ok(Json(ItsAccess { access, why }))
}

async fn groups(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ServiceAccountId>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Group>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("groups of {id}"))?;
    Ok(Json(asked.of_all(app.service_account_groups(&caller.ctx, &id).await?, |group| group.id.to_string())?))
}
