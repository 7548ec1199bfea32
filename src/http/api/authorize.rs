//! `POST /api/v1/authorize`: may this one do that there, and why or why not.

use crate::{
    app::{AccessCheck, App, Decision, Need},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, post},
        error::ApiFailure,
    },
    model::Capability,
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

pub(super) fn doors() -> Doors {
    Doors::at("/api/v1", "Access", Caller::SessionOrKey).door(
        post("/authorize", authorize)
            .summary("Who may do what, and why or why not; about others with manage-members")
            .needs(Need::Self_),
    )
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    checks: Vec<Check>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    /// An id, an e-mail address or a name at a provider; nothing: the caller.
    subject: Option<String>,
    can: Capability,
    /// A cluster's short name; nothing: the whole organization.
    cluster: Option<String>,
}

#[derive(Debug, Serialize)]
struct Decided {
    /// In the order of the checks.
    decisions: Vec<Decision>,
}

/// A question that changes nothing, by POST because a hundred of them do not fit into an address.
async fn authorize(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(asked): JsonBody<Asked>,
) -> Result<Json<Decided>, ApiFailure> {
    let checks = asked.checks.into_iter();
    let checks: Vec<AccessCheck> =
        checks.map(|Check { subject, can, cluster }| AccessCheck { subject, can, cluster }).collect();
    Ok(Json(Decided { decisions: app.authorize(&caller.ctx, &checks).await? }))
}
