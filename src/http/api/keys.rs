//! API keys: the caller's own, and those that admins see and end.

use super::{List, life};
use crate::{
    app::{App, Error, KeyWish, Need, NewKey, RightWish},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, delete, get, patch, post},
        error::ApiFailure,
    },
    model::{ApiKey, Capability, Carries, EventKind, Holder, KeyId, Role, ServiceAccountId, UserId},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is worth knowing of every key.
const CARRIES: &str = "A key carries its own rights and its owner's, whichever is less, computed at every use. When its owner \
                       loses a role the key is attenuated at once; when the owner is suspended it opens nothing, and works \
                       again when they come back. `rights` narrows it: a list of {role | capabilities, cluster}.";

pub(super) fn doors() -> Doors {
    let (members, machines) = (Capability::ManageMembers, Capability::CreateServiceAccountKeys);
    Doors::at("/api/v1", "Keys", Caller::SessionOrKey)
        .door(get("/keys", list).summary("One's own API keys").needs(Need::Self_))
        .door(
            post("/keys", create)
                .summary("Make an API key of one's own; its secret is shown once")
                .detail(CARRIES)
                .needs(Need::Self_)
                .tells(&[EventKind::KeyCreated]),
        )
        .door(
            patch("/keys/{id}", rename)
                .summary("Rename one of one's own API keys")
                .needs(Need::Self_)
                .tells(&[EventKind::KeyChanged]),
        )
        .door(
            delete("/keys/{id}", revoke)
                .summary("End one of one's own API keys")
                .needs(Need::Self_)
                .tells(&[EventKind::KeyRevoked]),
        )
        .door(get("/users/{id}/keys", of_user).summary("Somebody's API keys; one's own need nothing").needs(members))
        .door(
            delete("/users/{id}/keys/{key}", revoke_of_user)
                .summary("End one of somebody's API keys; one's own need nothing")
                .needs(members)
                .tells(&[EventKind::KeyRevoked]),
        )
        .door(get("/service-accounts/{id}/keys", of_machine).summary("A service account's API keys").needs(machines))
        .door(
            post("/service-accounts/{id}/keys", create_for_machine)
                .summary("Make an API key of a service account; its secret is shown once")
                .detail(CARRIES)
                .needs(machines)
                .tells(&[EventKind::KeyCreated]),
        )
        .door(
            patch("/service-accounts/{id}/keys/{key}", rename_of_machine)
                .summary("Rename a service account's API key")
                .needs(machines)
                .tells(&[EventKind::KeyChanged]),
        )
        .door(
            delete("/service-accounts/{id}/keys/{key}", revoke_of_machine)
                .summary("End a service account's API key")
                .needs(machines)
                .tells(&[EventKind::KeyRevoked]),
        )
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    expires_in_days: Option<u32>,
    /// What it is narrowed to; nothing: it carries whatever its owner holds.
    rights: Option<Vec<Right>>,
}

/// A role or capabilities; on one cluster, or on the whole organization.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Right {
    role: Option<Role>,
    capabilities: Option<BTreeSet<Capability>>,
    /// The cluster's slug or id.
    cluster: Option<String>,
}

impl New {
    fn wish(self) -> Result<KeyWish, Error> {
        let right = |right: Right| {
            let carries = match (right.role, right.capabilities) {
                (Some(role), None) => Carries::Role(role),
                (None, Some(these)) => Carries::Capabilities(these),
                (Some(_), Some(_)) | (None, None) => {
                    return Err(Error::invalid("rights", "give each right either a role or capabilities"));
                }
            };
            Ok(RightWish { carries, cluster: right.cluster })
        };
        let rights = self.rights.map(|rights| rights.into_iter().map(right).collect::<Result<_, _>>()).transpose()?;
        Ok(KeyWish { name: self.name, life: life(self.expires_in_days)?, rights })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

fn own(caller: &ApiCaller) -> Result<Holder, Error> {
    caller.ctx.actor.holder().ok_or(Error::NotSignedIn)
}

/// The secret is in this answer and in no other.
fn made(new: &NewKey) -> (StatusCode, Json<Value>) {
    let mut told = json!(new.key);
    told["secret"] = json!(new.secret.expose());
    (StatusCode::CREATED, Json(told))
}

async fn list(State(app): State<App>, caller: ApiCaller) -> Result<Json<List<ApiKey>>, ApiFailure> {
    Ok(Json(List::whole(app.keys(&caller.ctx).await?)))
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(new): JsonBody<New>,
) -> Result<(StatusCode, Json<Value>), ApiFailure> {
    Ok(made(&app.create_key_of(&caller.ctx, &own(&caller)?, new.wish()?).await?))
}

async fn rename(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<KeyId>,
    JsonBody(Name { name }): JsonBody<Name>,
) -> Result<Json<ApiKey>, ApiFailure> {
    Ok(Json(app.rename_key(&caller.ctx, &own(&caller)?, &id, &name).await?))
}

async fn revoke(State(app): State<App>, caller: ApiCaller, Path(id): Path<KeyId>) -> Result<StatusCode, ApiFailure> {
    app.revoke_key(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn of_user(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
) -> Result<Json<List<ApiKey>>, ApiFailure> {
    Ok(Json(List::whole(app.keys_of(&caller.ctx, &Holder::User(id)).await?)))
}

async fn revoke_of_user(
    State(app): State<App>,
    caller: ApiCaller,
    Path((id, key)): Path<(UserId, KeyId)>,
) -> Result<StatusCode, ApiFailure> {
    app.revoke_key_of(&caller.ctx, &Holder::User(id), &key).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn of_machine(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ServiceAccountId>,
) -> Result<Json<List<ApiKey>>, ApiFailure> {
    Ok(Json(List::whole(app.keys_of(&caller.ctx, &Holder::ServiceAccount(id)).await?)))
}

async fn create_for_machine(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ServiceAccountId>,
    JsonBody(new): JsonBody<New>,
) -> Result<(StatusCode, Json<Value>), ApiFailure> {
    Ok(made(&app.create_key_of(&caller.ctx, &Holder::ServiceAccount(id), new.wish()?).await?))
}

async fn rename_of_machine(
    State(app): State<App>,
    caller: ApiCaller,
    Path((id, key)): Path<(ServiceAccountId, KeyId)>,
    JsonBody(Name { name }): JsonBody<Name>,
) -> Result<Json<ApiKey>, ApiFailure> {
    Ok(Json(app.rename_key(&caller.ctx, &Holder::ServiceAccount(id), &key, &name).await?))
}

async fn revoke_of_machine(
    State(app): State<App>,
    caller: ApiCaller,
    Path((id, key)): Path<(ServiceAccountId, KeyId)>,
) -> Result<StatusCode, ApiFailure> {
    app.revoke_key_of(&caller.ctx, &Holder::ServiceAccount(id), &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
