//! Tests of connections: a real sign-in that touches nobody's access.

use super::{ConnectionId, Instant, SignInEntry, TestId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A test of a connection.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ConnectionTest {
    /// Its id.
    pub id: TestId,
    /// What is tested.
    pub connection: ConnectionId,
    /// Who began it: a person's id, a set-up link's, or an actor's text.
    pub started_by: String,
    /// When.
    pub started_at: Instant,
    /// Until when its address can be opened.
    pub expires_at: Instant,
    /// When it ended; none while it waits.
    pub finished_at: Option<Instant>,
    /// What was found.
    pub result: Option<TestResult>,
}

/// What a test found: the sign-in as it would have been.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestResult {
    /// Whether the person would be in.
    pub succeeded: bool,
    /// Whether it counts as the test of an owner, which enforcing asks for: begun by somebody who was one at its end.
    pub by_owner: bool,
    /// Whether the sign-in would have made the person: nobody knows them yet.
    pub new_person: bool,
    /// What was tried and what would have come of it, with the values of claims and facts.
    #[serde(flatten)]
    pub entry: SignInEntry,
}
