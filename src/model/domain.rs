//! E-mail domains: whose they are, and how that was shown.

use super::{ConnectionId, Instant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How it was shown that an organization owns a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DomainProof {
    /// By a TXT record in the domain's DNS.
    Dns,
    /// The operator said so, at the machine itself.
    Operator,
    /// The deployment's settings believe every admin.
    Settings,
}

impl DomainProof {
    /// Its word in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Operator => "operator",
            Self::Settings => "settings",
        }
    }
}

impl fmt::Display for DomainProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DomainProof {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Dns, Self::Operator, Self::Settings];
        all.into_iter().find(|proof| proof.name() == text).ok_or_else(|| format!("“{text}” proves no domain"))
    }
}

/// A domain that a connection says is its people's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DomainClaim {
    /// The domain, folded.
    pub domain: String,
    /// The connection whose people have addresses there.
    pub connection: ConnectionId,
    /// Since when it is said.
    pub claimed_at: Instant,
    /// How it was shown; none: it is not shown, and nothing rests on it.
    pub proof: Option<DomainProof>,
    /// When it was shown.
    pub verified_at: Option<Instant>,
    /// When DNS was last asked.
    pub checked_at: Option<Instant>,
    /// Since when the record is no longer there; after a while the proof is gone.
    pub missing_since: Option<Instant>,
    /// What the last question to DNS came to, where it was not the record.
    pub answer: Option<String>,
    /// Since when people of the domain come in by the connection alone; none: by any.
    pub enforced_at: Option<Instant>,
    /// Who said so.
    pub enforced_by: Option<String>,
}

impl DomainClaim {
    /// Whether people of the domain come in by its connection alone.
    #[must_use]
    pub fn is_enforced(&self) -> bool {
        self.proof.is_some() && self.enforced_at.is_some()
    }
}
