//! API keys: the caller's own, and those that admins see and end.

use super::{List, Paging, life};
use crate::{
    app::{App, Error, KeyChange, KeyWish, Need, NewKey, RightWish},
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
    extract::{Path, Query, State},
    http::StatusCode,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// What is worth knowing of every key.
const CARRIES: &str = "A key carries its own rights and its owner's, whichever is less, computed at every use. When its owner \
                       loses a role the key is attenuated at once; when the owner is suspended it opens nothing, and works \
                       again when they come back. `rights` narrows it: a list of {role | capabilities, cluster}.";

pub(super) fn doors() -> Doors {
    others_doors(
        Doors::at("/api/v1", "Keys", Caller::SessionOrKey)
            .door(
                get("/keys", list)
                    .query::<Paging>()
                    .answers::<List<ApiKey>>(200)
                    .summary("One's own API keys")
                    .needs(Need::Self_),
            )
            .door(
                post("/keys", create)
                    .takes::<New>(|| json!({"name": "deploys", "expires_in_days": 90}))
                    .answers::<WithSecret>(201)
                    .refuses(&["not_found", "holder_suspended"])
                    .summary("Make an API key of one's own; its secret is shown once")
                    .detail(CARRIES)
                    .needs(Need::Self_)
                    .tells(&[EventKind::KeyCreated]),
            )
            .door(
                patch("/keys/{id}", rename)
                    .part::<KeyId>("id")
                    .takes::<Changes>(|| json!({"name": "laptop"}))
                    .answers::<ApiKey>(200)
                    .summary("Rename one of one's own API keys, or switch it on or off")
                    .needs(Need::Self_)
                    .tells(&[EventKind::KeyChanged]),
            )
            .door(
                delete("/keys/{id}", revoke)
                    .part::<KeyId>("id")
                    .answers_as(204, None)
                    .summary("End one of one's own API keys")
                    .needs(Need::Self_)
                    .tells(&[EventKind::KeyRevoked]),
            ),
    )
}

/// The keys of somebody else, and of machines.
fn others_doors(doors: Doors) -> Doors {
    let (members, machines) = (Capability::ManageMembers, Capability::CreateServiceAccountKeys);
    doors
        .door(
            get("/users/{id}/keys", of_user)
                .part::<UserId>("id")
                .query::<Paging>()
                .answers::<List<ApiKey>>(200)
                .summary("Somebody's API keys; one's own need nothing")
                .needs(members),
        )
        .door(
            delete("/users/{id}/keys/{key}", revoke_of_user)
                .part::<UserId>("id")
                .part::<KeyId>("key")
                .answers_as(204, None)
                .summary("End one of somebody's API keys; one's own need nothing")
                .needs(members)
                .tells(&[EventKind::KeyRevoked]),
        )
        .door(
            get("/service-accounts/{id}/keys", of_machine)
                .part::<ServiceAccountId>("id")
                .query::<Paging>()
                .answers::<List<ApiKey>>(200)
                .summary("A service account's API keys")
                .needs(machines),
        )
        .door(
            post("/service-accounts/{id}/keys", create_for_machine)
                .part::<ServiceAccountId>("id")
                .takes::<New>(|| json!({"name": "deploys", "expires_in_days": 90}))
                .answers::<WithSecret>(201)
                .refuses(&["holder_suspended"])
                .summary("Make an API key of a service account; its secret is shown once")
                .detail(CARRIES)
                .needs(machines)
                .tells(&[EventKind::KeyCreated]),
        )
        .door(
            patch("/service-accounts/{id}/keys/{key}", rename_of_machine)
                .part::<ServiceAccountId>("id")
                .part::<KeyId>("key")
                .takes::<Changes>(|| json!({"name": "laptop"}))
                .answers::<ApiKey>(200)
                .summary("Rename a service account's API key, or switch it on or off")
                .needs(machines)
                .tells(&[EventKind::KeyChanged]),
        )
        .door(
            delete("/service-accounts/{id}/keys/{key}", revoke_of_machine)
                .part::<ServiceAccountId>("id")
                .part::<KeyId>("key")
                .answers_as(204, None)
                .summary("End a service account's API key")
                .needs(machines)
                .tells(&[EventKind::KeyRevoked]),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KeyRequest")]
struct New {
    /// What its owner calls it.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// Nothing: it does not stop by itself.
    #[schemars(range(min = 1, max = 3650))]
    expires_in_days: Option<u32>,
    /// What it is narrowed to; nothing: it carries whatever its owner holds.
    rights: Option<Vec<Right>>,
}

/// A role or capabilities; on one cluster, or on the whole organization.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KeyRightRequest")]
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

/// What is left out stays as it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KeyChange")]
struct Changes {
    #[schemars(length(min = 1, max = 100))]
    name: Option<String>,
    /// One that is off opens nothing until it is on again.
    active: Option<bool>,
}

impl From<Changes> for KeyChange {
    fn from(Changes { name, active }: Changes) -> Self {
        Self { name, active }
    }
}

pub(super) fn own(caller: &ApiCaller) -> Result<Holder, Error> {
    caller.ctx.actor.holder().ok_or(Error::NotSignedIn)
}

/// A key with its secret.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewKey")]
pub(super) struct WithSecret {
    #[serde(flatten)]
    key: ApiKey,
    /// What programs send. It is in this answer and in no other.
    secret: String,
}

impl From<NewKey> for WithSecret {
    fn from(new: NewKey) -> Self {
        Self { secret: new.secret.expose().to_owned(), key: new.key }
    }
}

fn made(new: NewKey) -> (StatusCode, Json<WithSecret>) {
    (StatusCode::CREATED, Json(new.into()))
}

/// A page of a holder's keys.
async fn page(
    (app, caller): (&App, &ApiCaller),
    holder: &Holder,
    paging: &Paging,
) -> Result<Json<List<ApiKey>>, ApiFailure> {
    let asked = paging.read(app, &caller.ctx, &format!("keys of {holder}"))?;
    Ok(Json(asked.of_all(app.keys_of(&caller.ctx, holder).await?, |key| key.id.to_string())?))
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<ApiKey>>, ApiFailure> {
    page((&app, &caller), &own(&caller)?, &paging).await
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(new): JsonBody<New>,
) -> Result<(StatusCode, Json<WithSecret>), ApiFailure> {
    Ok(made(app.create_key_of(&caller.ctx, &own(&caller)?, new.wish()?).await?))
}

async fn rename(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<KeyId>,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Json<ApiKey>, ApiFailure> {
    Ok(Json(app.change_key(&caller.ctx, (&own(&caller)?, &id), &changes.into()).await?))
}

async fn revoke(State(app): State<App>, caller: ApiCaller, Path(id): Path<KeyId>) -> Result<StatusCode, ApiFailure> {
    app.revoke_key(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn of_user(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<ApiKey>>, ApiFailure> {
    page((&app, &caller), &Holder::User(id), &paging).await
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
    Query(paging): Query<Paging>,
) -> Result<Json<List<ApiKey>>, ApiFailure> {
    page((&app, &caller), &Holder::ServiceAccount(id), &paging).await
}

async fn create_for_machine(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ServiceAccountId>,
    JsonBody(new): JsonBody<New>,
) -> Result<(StatusCode, Json<WithSecret>), ApiFailure> {
    Ok(made(app.create_key_of(&caller.ctx, &Holder::ServiceAccount(id), new.wish()?).await?))
}

async fn rename_of_machine(
    State(app): State<App>,
    caller: ApiCaller,
    Path((id, key)): Path<(ServiceAccountId, KeyId)>,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Json<ApiKey>, ApiFailure> {
    Ok(Json(app.change_key(&caller.ctx, (&Holder::ServiceAccount(id), &key), &changes.into()).await?))
}

async fn revoke_of_machine(
    State(app): State<App>,
    caller: ApiCaller,
    Path((id, key)): Path<(ServiceAccountId, KeyId)>,
) -> Result<StatusCode, ApiFailure> {
    app.revoke_key_of(&caller.ctx, &Holder::ServiceAccount(id), &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
