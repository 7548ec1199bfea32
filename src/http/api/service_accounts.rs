//! Service accounts: machines of an organization.

use super::{List, Paging, connections::if_match, tagged};
use crate::{
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
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) fn doors() -> Doors {
    let need = Capability::CreateServiceAccountKeys;
    let changed = [EventKind::ServiceAccountChanged];
    Doors::at("/api/v1", "Service accounts", Caller::SessionOrKey)
        .door(get("/service-accounts", list).summary("Every service account").needs(need))
        .door(
            post("/service-accounts", create)
                .summary("Make a service account; it holds nothing until it is given a role or put into a group")
                .detail("It is covered by its creator's acceptance of the terms, and stays when its creator goes.")
                .needs(need)
                .tells(&[EventKind::ServiceAccountCreated]),
        )
        .door(get("/service-accounts/{id}", one).summary("One service account").needs(need))
        .door(
            patch("/service-accounts/{id}", change)
                .summary("Rename or describe a service account")
                .needs(need)
                .tells(&changed),
        )
        .door(
            post("/service-accounts/{id}/suspend", suspend)
                .summary("Suspend a service account: its keys are refused at once")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&changed),
        )
        .door(
            post("/service-accounts/{id}/reactivate", reactivate)
                .summary("Bring a suspended service account back")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&changed),
        )
        .door(
            delete("/service-accounts/{id}", close)
                .summary("Close a service account for good: its keys end, and what it was given is taken")
                .needs(need)
                .tells(&[EventKind::ServiceAccountRemoved, EventKind::AccessChanged]),
        )
        .door(
            get("/service-accounts/{id}/access", access).summary("What a service account may do, and why").needs(need),
        )
        .door(get("/service-accounts/{id}/groups", groups).summary("The groups that it is in").needs(need))
}

/// A service account as the API shows it.
#[derive(Debug, Serialize)]
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
    tagged(status, account.version, &Shown::from(account))
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Shown>>, ApiFailure> {
    let limit = paging.limit()?;
    let accounts = app.service_accounts(&caller.ctx, &paging.after, limit).await?;
    let accounts = accounts.into_iter().map(Shown::from).collect();
    Ok(Json(List::page(accounts, limit, |account: &Shown| account.id.to_string())))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
) -> Result<Response, ApiFailure> {
    Ok(answer(StatusCode::OK, app.service_account(&caller.ctx, &id).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
    let change = AccountChange { name, description, suspended: None, if_match: if_match(&headers)? };
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

async fn access(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ServiceAccountId>,
) -> Result<Json<Value>, ApiFailure> {
    let access = app.service_account_access(&caller.ctx, &id).await?;
    let why: Vec<String> = access.derivations.iter().map(ToString::to_string).collect();
    Ok(Json(json!({"access": access.derivations, "why": why})))
}

async fn groups(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ServiceAccountId>,
) -> Result<Json<List<Group>>, ApiFailure> {
    Ok(Json(List::whole(app.service_account_groups(&caller.ctx, &id).await?)))
}
