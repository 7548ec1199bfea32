//! Signals: security events that providers tell of (CAEP, RISC), and what came of them.

use super::{ConnectionId, Instant, RequestId, SignalId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose security events a connection believes. All of it is pinned: nothing of it is learnt from a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignalSettings {
    /// The transmitter's issuer, exactly.
    pub issuer: String,
    /// The audience, exactly: what the transmitter calls this receiver.
    pub audience: String,
    /// Where the transmitter's keys are read.
    pub jwks_url: String,
}

/// How a provider's stream of security events stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SignalStream {
    /// The first letters of its bearer token.
    pub hint: String,
    /// When the token was made.
    pub created_at: Instant,
    /// When an event was last accepted.
    pub last_at: Option<Instant>,
    /// When the transmitter last showed that the stream works.
    pub verified_at: Option<Instant>,
    /// What it last said of its stream: `enabled`, `paused` or `disabled`.
    pub state: Option<String>,
    /// When somebody who had the token was last refused, to the minute.
    pub refused_at: Option<Instant>,
    /// Why.
    pub refused_why: Option<String>,
}

/// A security event that a provider told of, as it is read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Signal {
    /// Its id.
    pub id: SignalId,
    /// Whose provider told of it.
    pub connection: ConnectionId,
    /// When it came.
    pub at: Instant,
    /// What it said, and what came of it.
    #[serde(flatten)]
    pub entry: SignalEntry,
}

/// What a security event said, and what came of it. No personal values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignalEntry {
    /// The request that it came with, which its events carry too.
    pub request: RequestId,
    /// When the provider signed it.
    pub issued_at: Instant,
    /// Each event that it tells of.
    pub events: Vec<SignalledEvent>,
}

/// One of the events that a signal tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignalledEvent {
    /// Which: a URI.
    pub event: String,
    /// How the person was named: `email`, `iss_sub`, `opaque`, `account`, `complex` or `aliases`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_format: Option<String>,
    /// Whom it was about, where it is somebody of this connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// What came of it: `sessions_ended`, `suspended`, `activated`, `removed`, `noted`, `nobody`, `ambiguous`, `not_understood`.
    pub effect: String,
    /// How many sessions ended.
    #[serde(default)]
    pub sessions: u64,
    /// Why, as the provider says it to administrators; none: it said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
