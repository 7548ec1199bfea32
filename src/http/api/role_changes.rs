//! Changes of roles that touch API keys: first what they would do, then the change with what becomes of each key.

use super::configuration::{CONFIGURED, REFUSED as OF_DOCUMENTS};
use crate::{
    app::{App, ChangeOutcome, Choice, KeyDone, KeyOutcome, KeyPreview, KeyTerms, RefusedChange, RoleChange},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, post},
        error::ApiFailure,
    },
    model::{Binding, Capability, EventKind, KeyId, ServiceAccountId},
};
use axum::{Json, extract::State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SAFE: &str = "Every key of a person whose roles or scopes change is touched. A change that touches none needs no preview. \
                    Per key: `delete` (the default), `keep` it with what its owner holds after the change, `move` it to a service \
                    account with the same secret and what it carries, or `rotate` it: the old one goes on for a while. Changing a \
                    role or publishing a mapping needs manage-organization.";

fn example() -> Value {
    json!({"change": {"kind": "set_role", "user": "usr_06h01qbn45r9t2euf2aprlbdqk", "role": "viewer"}})
}

fn example_change() -> Value {
    json!({
        "change": {"kind": "set_role", "user": "usr_06h01qbn45r9t2euf2aprlbdqk", "role": "viewer"},
        "preview": "kp1_",
        "others": {"do": "keep"},
    })
}

/// What a change of people's roles, groups or state may tell of.
pub(super) const TOLD_OF_ROLES: [EventKind; 15] = [
    EventKind::AccessChanged,
    EventKind::OwnerKept,
    EventKind::OrganizationOwned,
    EventKind::OrganizationOwnerless,
    EventKind::KeyRevoked,
    EventKind::KeyAttenuated,
    EventKind::KeyMoved,
    EventKind::KeyRotated,
    EventKind::KeyRotationDue,
    EventKind::GroupMembersChanged,
    EventKind::GroupRemoved,
    EventKind::UserSuspended,
    EventKind::UserChanged,
    EventKind::UserRemoved,
    EventKind::SessionEnded,
];

pub(super) fn doors() -> Doors {
    let refused: &[&str] =
        &["not_found", "already_given", "not_given_by_a_person", "not_local", "last_owner", "mapping_invalid"];
    let told: Vec<EventKind> = TOLD_OF_ROLES.into_iter().chain(CONFIGURED).collect();
    Doors::at("/api/v1", "Role changes", Caller::SessionOrKey)
        .door(
            post("/role-changes/preview", preview)
                .takes::<Asked>(example)
                .answers::<KeyPreview>(200)
                .refuses(refused)
                .refuses(OF_DOCUMENTS)
                .reads(BodyLimit::Configuration)
                .summary("Which API keys a change of roles would touch: their use, what would stop, and a token")
                .detail(SAFE)
                .needs(Capability::ManageMembers),
        )
        .door(
            post("/role-changes", change)
                .takes::<Wanted>(example_change)
                .answers::<Changed>(200)
                .refuses(refused)
                .refuses(OF_DOCUMENTS)
                .refuses(&["preview_stale", "holder_suspended", "holder_lacks"])
                .reads(BodyLimit::Configuration)
                .summary("Make a change of roles as it was previewed, with what becomes of each key")
                .detail(SAFE)
                .needs(Capability::ManageMembers)
                .tells(&told),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RoleChangePreviewRequest")]
struct Asked {
    change: RoleChange,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RoleChangeRequest")]
struct Wanted {
    change: RoleChange,
    /// The token of its preview.
    preview: String,
    /// What becomes of single keys, by their ids.
    #[serde(default)]
    keys: BTreeMap<KeyId, Choice>,
    /// What becomes of all the others; nothing: what the preview says.
    others: Option<Choice>,
}

/// A change of roles that was made.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RolesChanged")]
struct Changed {
    /// The binding that was opened, if one was; of several the first.
    binding: Option<Binding>,
    /// All of them: one for each cluster that was named.
    bindings: Vec<Binding>,
    keys: Vec<Outcome>,
}

/// What became of a touched key.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KeyOutcome")]
struct Outcome {
    key: KeyId,
    name: String,
    done: KeyDone,
    /// The service account that it, or the new one, belongs to.
    to: Option<ServiceAccountId>,
    /// What the service account was given for it.
    given: Vec<String>,
    /// The new key, where one was made.
    new_key: Option<KeyId>,
    /// Its secret. It is in this answer and in no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl From<KeyOutcome> for Outcome {
    fn from(outcome: KeyOutcome) -> Self {
        let KeyOutcome { key, name, done, to, given, new_key, secret } = outcome;
        Self { key, name, done, to, given, new_key, secret: secret.map(|secret| secret.expose().to_owned()) }
    }
}

/// What became of several changes.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChangeOutcomes")]
pub(super) struct BulkOutcomes {
    /// How many were made.
    made: usize,
    results: Vec<BulkOutcome>,
}

/// What became of one of several changes.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChangeOutcome")]
struct BulkOutcome {
    /// The id of what it was about.
    about: String,
    /// Why it was not made; nothing: it was.
    refused: Option<RefusedChange>,
    keys: Vec<Outcome>,
}

pub(super) fn bulk_outcomes(outcomes: Vec<ChangeOutcome>) -> BulkOutcomes {
    let made = outcomes.iter().filter(|one| one.outcome.is_ok()).count();
    let one = |ChangeOutcome { about, outcome }| match outcome {
        Ok(keys) => BulkOutcome { about, refused: None, keys: keys.into_iter().map(Outcome::from).collect() },
        Err(refused) => BulkOutcome { about, refused: Some(refused), keys: Vec::new() },
    };
    BulkOutcomes { made, results: outcomes.into_iter().map(one).collect() }
}

async fn preview(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(Asked { change }): JsonBody<Asked>,
) -> Result<Json<KeyPreview>, ApiFailure> {
    Ok(Json(app.preview_role_change(&caller.ctx, &change).await?))
}

async fn change(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(Wanted { change, preview, keys, others }): JsonBody<Wanted>,
) -> Result<Json<Changed>, ApiFailure> {
    let terms = KeyTerms { preview, keys, others };
    let made = app.change_roles(&caller.ctx, &change, &terms).await?;
    let keys = made.keys.into_iter().map(Outcome::from).collect();
    Ok(Json(Changed { binding: made.bindings.first().cloned(), bindings: made.bindings, keys }))
}
