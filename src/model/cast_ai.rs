//! What an organization reads at Cast AI, and how that stands.

use super::Instant;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An organization's way to Cast AI. Its key lies apart, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CastAiLink {
    /// How the key begins.
    pub hint: String,
    /// Who gave it: an actor's text.
    pub given_by: String,
    /// When.
    pub given_at: Instant,
    /// When Cast AI is asked next.
    pub due_at: Instant,
    /// When it was asked last.
    pub tried_at: Option<Instant>,
    /// When it last answered with a list.
    pub succeeded_at: Option<Instant>,
    /// Failures in a row.
    pub failures: i64,
    /// What was wrong the last time; nothing: it went well, or was not tried yet.
    pub problem: Option<CastAiProblem>,
    /// How many clusters there were the last time that it went well.
    pub clusters: i64,
    /// Clusters there of which nobody but a person can say what they are here.
    pub undecided: Vec<UndecidedCluster>,
}

/// Why nothing was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CastAiProblem {
    /// A stable word for programs.
    pub code: CastAiTrouble,
    /// For people.
    pub detail: String,
}

/// The kinds of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CastAiTrouble {
    /// The key opens nothing there: asked again at the usual time, another key is needed.
    KeyRefused,
    /// Another answer than a list.
    Unavailable,
    /// No answer at all.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// A list that cannot be read.
    Unreadable,
    /// A list that is longer than anything that is read.
    TooLarge,
}

/// A cluster there that is nothing here yet, and why nobody but a person can say what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UndecidedCluster {
    /// Its id at Cast AI.
    pub external_id: String,
    /// Its name there.
    pub name: String,
    /// What is in the way.
    pub why: String,
}
