//! Set-up links of a connection.

use super::{List, Paging, life};
use crate::{
    app::{App, NewSetupLink},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, delete, get, post},
        error::ApiFailure,
    },
    model::{Capability, ConnectionId, EventKind, SetupLink, SetupLinkId},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    Doors::at("/api/v1", "Connections", Caller::SessionOrKey)
        .door(
            get("/connections/{id}/setup-links", list)
                .summary("The links by which somebody without an account may set a connection up")
                .needs(need)
                .part::<ConnectionId>("id")
                .query::<Paging>()
                .answers::<List<SetupLink>>(200),
        )
        .door(
            post("/connections/{id}/setup-links", create)
                .summary("Make a link by which the customer's own IT sets a connection up")
                .detail(
                    "Whoever has the link fills in this one connection's sign-in values, tests them and copies what their side \
                     needs, and sees nothing else. The connection is disabled as long as a link may change it: look at the \
                     values and the test, then enable it. Without a word it is good for 7 days, 30 at most.",
                )
                .needs(need)
                .tells(&[EventKind::SetupLinkCreated])
                .part::<ConnectionId>("id")
                .takes::<New>(|| json!({"expires_in_days": 3}))
                .answers::<Shown>(201)
                .refuses(&["enabled"]),
        )
        .door(
            delete("/connections/{id}/setup-links/{link}", revoke)
                .summary("Revoke a set-up link")
                .needs(need)
                .tells(&[EventKind::SetupLinkRevoked])
                .part::<ConnectionId>("id")
                .part::<SetupLinkId>("link")
                .answers_as(204, None),
        )
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "SetupLinkRequest")]
struct New {
    /// For how many days it is good.
    #[schemars(range(min = 1, max = 30))]
    expires_in_days: Option<u32>,
}

/// A set-up link, with the link itself.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewSetupLink")]
struct Shown {
    #[serde(flatten)]
    link: SetupLink,
    /// What to send to whoever sets the connection up. It is in this answer and in no other.
    url: String,
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<SetupLink>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("setup-links/{id}"))?;
    Ok(Json(asked.of_all(app.setup_links(&caller.ctx, &id).await?, |link: &SetupLink| link.id.to_string())?))
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    JsonBody(New { expires_in_days }): JsonBody<New>,
) -> Result<(StatusCode, Json<Shown>), ApiFailure> {
    let NewSetupLink { link, url } = app.create_setup_link(&caller.ctx, &id, life(expires_in_days)?).await?;
    Ok((StatusCode::CREATED, Json(Shown { link, url })))
}

async fn revoke(
    State(app): State<App>,
    caller: ApiCaller,
    Path((connection, link)): Path<(ConnectionId, SetupLinkId)>,
) -> Result<StatusCode, ApiFailure> {
    app.revoke_setup_link(&caller.ctx, &connection, &link).await?;
    Ok(StatusCode::NO_CONTENT)
}
