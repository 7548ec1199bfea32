//! The OAuth clients of a connection.

use super::{List, Paging};
use crate::{
    app::{App, ClientProof, ClientWish, Error, NewClient},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, delete, get, post},
        error::ApiFailure,
    },
    model::{Capability, ClientId, ConnectionId, EventKind, ScimClient},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    Doors::at("/api/v1", "SCIM clients", Caller::SessionOrKey)
        .door(
            get("/connections/{id}/clients", list)
                .summary("A connection's OAuth clients")
                .needs(need)
                .part::<ConnectionId>("id")
                .query::<Paging>()
                .answers::<List<ScimClient>>(200),
        )
        .door(
            post("/connections/{id}/clients", create)
                .summary("Make an OAuth client, which gets SCIM access tokens by client credentials")
                .detail("With neither `jwks` nor `jwks_url` it gets a secret, which is shown once.")
                .needs(need)
                .tells(&[EventKind::ClientCreated])
                .part::<ConnectionId>("id")
                .takes::<New>(|| json!({"name": "entra"}))
                .answers::<Shown>(201)
                .refuses(&["slots_taken"]),
        )
        .door(
            delete("/connections/{id}/clients/{client}", revoke)
                .summary("Revoke an OAuth client and its access tokens")
                .needs(need)
                .tells(&[EventKind::ClientRevoked])
                .part::<ConnectionId>("id")
                .part::<ClientId>("client")
                .answers_as(204, None),
        )
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<ScimClient>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("clients/{id}"))?;
    Ok(Json(asked.of_all(app.scim_clients(&caller.ctx, &id).await?, |client| client.id.to_string())?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ScimClientRequest")]
struct New {
    /// What people call it.
    name: String,
    /// Its public keys, a JWK set (RFC 7517): then it signs assertions (RFC 7523).
    jwks: Option<Value>,
    /// Or the address where its public keys are read.
    jwks_url: Option<String>,
}

/// A client, with its secret if it has one.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewScimClient")]
struct Shown {
    #[serde(flatten)]
    client: ScimClient,
    /// What it shows to get an access token. It is in this answer and in no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// Where it gets one.
    token_url: String,
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    JsonBody(new): JsonBody<New>,
) -> Result<(StatusCode, Json<Shown>), ApiFailure> {
    let proof = match (new.jwks, new.jwks_url) {
        (None, None) => ClientProof::Secret,
        (Some(set), None) => ClientProof::Keys(set.to_string()),
        (None, Some(url)) => ClientProof::KeysAt(url),
        (Some(_), Some(_)) => return Err(Error::invalid("jwks_url", "give jwks or jwks_url, and not both").into()),
    };
    let wish = ClientWish { name: new.name, proof };
    let NewClient { client, secret } = app.create_scim_client(&caller.ctx, &id, wish).await?;
    let secret = secret.map(|secret| secret.expose().to_owned());
    Ok((StatusCode::CREATED, Json(Shown { client, secret, token_url: app.token_endpoint() })))
}

async fn revoke(
    State(app): State<App>,
    caller: ApiCaller,
    Path((connection, client)): Path<(ConnectionId, ClientId)>,
) -> Result<StatusCode, ApiFailure> {
    app.revoke_scim_client(&caller.ctx, &connection, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}
