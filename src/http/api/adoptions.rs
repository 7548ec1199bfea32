//! Whom an admin lets a connection take over.

use crate::{
    app::App,
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, post},
        error::ApiFailure,
    },
    model::{Capability, ConnectionId, EventKind, UserId},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

pub(super) fn doors() -> Doors {
    Doors::at("/api/v1", "Connections", Caller::SessionOrKey).door(
        post("/connections/{id}/adoptions", approve)
            .summary("Let a connection take somebody over who is here by another way")
            .detail(
                "For connections whose adoption is “approval”. Who clashes stands in the provisioning log (`status eq 409`); \
                 the next time that the provider pushes them, or signs them in, they are the connection's.",
            )
            .needs(Capability::ManageOrganization)
            .tells(&[EventKind::AdoptionApproved])
            .part::<ConnectionId>("id")
            .takes::<Adopted>(|| json!({"user": "usr_06h01qbn45r9t2euf2aprlbdqk"}))
            .answers_as(204, None)
            .refuses(&["not_by_approval", "already_theirs", "not_local"]),
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AdoptionRequest")]
struct Adopted {
    /// Who may be taken over.
    user: UserId,
}

async fn approve(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    JsonBody(Adopted { user }): JsonBody<Adopted>,
) -> Result<StatusCode, ApiFailure> {
    app.approve_adoption(&caller.ctx, &id, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}
