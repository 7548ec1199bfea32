//! The provisioning log: what identity providers asked for over SCIM, and what came of it.

use super::{ConnectionId, Instant, PushId, RequestId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One request of a provider, as it is read back.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Push {
    /// Its id. Ids sort by the time of the requests.
    pub id: PushId,
    /// When the request came.
    pub at: Instant,
    /// By which connection.
    pub connection: ConnectionId,
    /// What was asked for, and what came of it.
    #[serde(flatten)]
    pub entry: PushEntry,
}

/// What was asked for, and what came of it. No secrets and no personal values: attributes by their names alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PushEntry {
    /// The request's number, which its answer, its log line and its events carry too.
    pub request: RequestId,
    /// The HTTP method.
    pub method: String,
    /// The path behind `/scim/v2`, with the parameters that decide what is found; values in filters are left out.
    pub path: String,
    /// The user or group that it was about, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The verdict: the status of the answer; 499 where the caller went away before it.
    pub status: u16,
    /// SCIM's keyword for a refusal (RFC 7644 §3.12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scim_type: Option<String>,
    /// What the provider was told, where it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How many requests this line stands for: refusals that repeat within a second are one line.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u32,
    /// What it changed; nothing: it changed nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<PushChange>,
    /// The roles that were given and taken because of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<AccessMoved>,
    /// What it got away with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerances: Vec<Tolerated>,
    /// Milliseconds from the request to its answer; of a change to the commit, whose wait for the disk is not in it.
    pub ms: f64,
}

/// What a push changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PushChange {
    /// The kinds of the events that tell of it, such as `user.suspended`.
    pub events: Vec<String>,
    /// The names of the attributes that changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<String>,
    /// People who came into groups.
    #[serde(skip_serializing_if = "is_zero")]
    pub members_added: u64,
    /// People who left groups.
    #[serde(skip_serializing_if = "is_zero")]
    pub members_removed: u64,
    /// Members that nobody knows yet and that are now waited for, or no more.
    #[serde(skip_serializing_if = "is_zero")]
    pub members_waiting: u64,
    /// Sessions that ended.
    #[serde(skip_serializing_if = "is_zero")]
    pub sessions_ended: u64,
}

/// Roles that were given and taken: by bindings, and to people by coming into a group that holds one or leaving it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AccessMoved {
    /// How many were given.
    pub gained: u64,
    /// How many were taken.
    pub lost: u64,
    /// Each in a line for people: the first of them, where they are many.
    pub lines: Vec<String>,
}

/// Something that a request got away with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tolerated {
    /// What it is called, such as `string_boolean`.
    pub name: String,
    /// What was sent, without personal values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

/// How often a connection got away with something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ToleranceCount {
    /// What it is called, such as `string_boolean`.
    pub tolerance: String,
    /// How often, since the connection was made.
    pub times: u64,
    /// The first time.
    pub first_at: Instant,
    /// The last time.
    pub last_at: Instant,
    /// What was sent the last time, without personal values.
    pub example: Option<String>,
}

fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_once(times: &u32) -> bool {
    *times == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
