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
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn doors() -> Doors {
    Doors::at("/api/v1", "Access", Caller::SessionOrKey).door(
        post("/authorize", authorize)
            .summary("Who may do what, and why or why not; about others with manage-members")
            .needs(Need::Self_)
            .takes::<Asked>(
                || json!({"checks": [{"can": "manage-clusters", "cluster": "prod-eu"}, {"can": "view-costs"}]}),
            )
            .answers::<Decided>(200),
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AccessChecks")]
struct Asked {
    checks: Vec<Check>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AccessCheck")]
struct Check {
    /// An id, an e-mail address or a name at a provider; nothing: the caller.
    subject: Option<String>,
    can: Capability,
    /// A cluster's short name; nothing: the whole organization.
    cluster: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AccessDecisions")]
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
