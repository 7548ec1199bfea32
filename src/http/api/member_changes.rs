//! Members in bulk: one change for several people, with one preview of what it does to their keys.

use super::role_changes::{BulkOutcomes, TOLD_OF_ROLES, bulk_outcomes};
use crate::{
    app::{App, Choice, KeyTerms, MemberChange, SeveralPreview},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, post},
        error::ApiFailure,
    },
    model::{Capability, EventKind, KeyId, UserId},
};
use axum::{Json, extract::State};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const EACH: &str = "Each person is changed by a transaction of their own: who is refused is told of with the reason, and the others \
                    are changed. Each change is held to what the preview showed of that person's keys.";

pub(super) fn doors() -> Doors {
    let need = Capability::ManageMembers;
    let told: Vec<EventKind> = TOLD_OF_ROLES.into_iter().chain([EventKind::UserActivated]).collect();
    Doors::at("/api/v1", "Users", Caller::SessionOrKey)
        .door(
            post("/member-changes/preview", preview)
                .takes::<Asked>(example)
                .answers::<SeveralPreview>(200)
                .summary("What one change would do to each of several people, which API keys it touches, and a token")
                .detail(EACH)
                .needs(need),
        )
        .door(
            post("/member-changes", change)
                .takes::<Wanted>(example_change)
                .answers::<BulkOutcomes>(200)
                .summary("Change several people as it was previewed: a role, a group, suspend, reactivate or remove")
                .detail(EACH)
                .needs(need)
                .tells(&told),
        )
}

fn example() -> Value {
    json!({"users": ["usr_06h01qbn45r9t2euf2aprlbdqk"], "change": {"kind": "set_role", "role": "viewer"}})
}

fn example_change() -> Value {
    json!({
        "users": ["usr_06h01qbn45r9t2euf2aprlbdqk"],
        "change": {"kind": "set_role", "role": "viewer"},
        "preview": "kps1_e30",
    })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MemberChangePreviewRequest")]
struct Asked {
    /// Whom.
    #[schemars(length(min = 1, max = 200))]
    users: Vec<UserId>,
    /// What is done with each of them.
    change: MemberChange,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MemberChangeRequest")]
struct Wanted {
    /// Whom.
    #[schemars(length(min = 1, max = 200))]
    users: Vec<UserId>,
    /// What is done with each of them.
    change: MemberChange,
    /// The token of its preview.
    preview: String,
    /// What becomes of single keys, by their ids.
    #[serde(default)]
    keys: BTreeMap<KeyId, Choice>,
    /// What becomes of all the others; nothing: what the preview says.
    others: Option<Choice>,
}

async fn preview(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(Asked { users, change }): JsonBody<Asked>,
) -> Result<Json<SeveralPreview>, ApiFailure> {
    Ok(Json(app.preview_member_change(&caller.ctx, &users, &change).await?))
}

async fn change(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(Wanted { users, change, preview, keys, others }): JsonBody<Wanted>,
) -> Result<Json<BulkOutcomes>, ApiFailure> {
    let terms = KeyTerms { preview, keys, others };
    Ok(Json(bulk_outcomes(app.change_members(&caller.ctx, (&users, &change), &terms).await?)))
}
