//! Why somebody may do something, why not, and as of then.

use super::worded::Worded;
use crate::{
    app::{App, Need, WhyQuestion},
    http::{
        caller::ApiCaller,
        doors::{Caller, Doors, get},
        error::ApiFailure,
    },
    mapping::Why,
    model::{Capability, Instant},
};
use axum::{
    Json,
    extract::{Query, State},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn doors() -> Doors {
    Doors::at("/api/v1", "Access", Caller::SessionOrKey).door(
        get("/why", why)
            .summary("Why a person may do something, or why not and what comes closest, now or at a moment in the past")
            .detail(
                "Each way from the capability back: role, binding, group, the rule with its line, and what the provider or a \
                 person did, and when. Where there is none: the rules that would give it, the nearest first, and what each \
                 waits for. About others with manage-members. `text` says the same for people.",
            )
            .needs(Need::Self_)
            .query::<Asked>()
            .answers::<Worded<Why>>(200)
            .refuses(&["ambiguous_subject", "not_found"]),
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WhyQuery")]
struct Asked {
    /// An id, an e-mail address or a name at a provider, or what stands before its @; nothing: the caller.
    subject: Option<String>,
    /// The capability.
    can: Capability,
    /// A cluster's short name; nothing: the whole organization.
    cluster: Option<String>,
    /// As of this moment; nothing: now.
    at: Option<Instant>,
}

async fn why(
    State(app): State<App>,
    caller: ApiCaller,
    Query(Asked { subject, can, cluster, at }): Query<Asked>,
) -> Result<Json<Worded<Why>>, ApiFailure> {
    Ok(Json(app.why(&caller.ctx, &WhyQuestion { subject, can, cluster, at }).await?.into()))
}
