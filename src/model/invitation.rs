//! Invitations: offers of a role and groups to an e-mail address.

use super::{ClusterId, GroupId, Holder, Instant, InvitationId, Role, Scope, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an invitation gives to whoever accepts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Offer {
    /// The role.
    pub role: Role,
    /// The clusters on which it holds; empty: the whole organization.
    pub clusters: Vec<ClusterId>,
    /// Local groups.
    pub groups: Vec<GroupId>,
}

impl Offer {
    /// Where the role holds.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        match self.clusters.is_empty() {
            true => vec![Scope::Organization],
            false => self.clusters.iter().cloned().map(Scope::cluster).collect(),
        }
    }
}

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InvitationState {
    /// It can be accepted.
    Pending,
    /// Somebody accepted it.
    Accepted,
    /// Somebody took it back.
    Revoked,
    /// Its time is over.
    Expired,
}

impl InvitationState {
    /// The word in the store and the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

/// Where an invitation's letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// It waits to be sent, or to be tried again.
    Queued,
    /// The mail server took it.
    Sent,
    /// The mail server refused it, or nobody took it for too long.
    Failed,
    /// The mail server took it, and it came back.
    Bounced,
}

impl DeliveryState {
    /// The word in the store and the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Bounced => "bounced",
        }
    }
}

/// What became of an invitation's letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Delivery {
    /// Where it is.
    pub state: DeliveryState,
    /// Since when.
    pub at: Instant,
    /// How often it was tried.
    pub attempts: i64,
    /// What the last try came to, if it failed.
    pub reason: Option<String>,
    /// What the mail server said when it took the letter. That it arrived is another thing, and nothing is known of it here.
    pub answer: Option<String>,
}

impl Delivery {
    /// A letter that nobody tried to send yet.
    #[must_use]
    pub fn queued(at: Instant) -> Self {
        Self { state: DeliveryState::Queued, at, attempts: 0, reason: None, answer: None }
    }
}

/// An offer to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The address, as it was typed.
    pub email: String,
    /// What it gives.
    pub offer: Offer,
    /// Who answers for it: made, changed or sent it last. None: the operator.
    pub invited_by: Option<Holder>,
    /// When it was made.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
    /// When its link stops.
    pub expires_at: Instant,
    /// When and how it ended; none: it is pending, or its time is over.
    pub ended: Option<(Instant, InvitationState)>,
    /// Who accepted it.
    pub accepted_by: Option<UserId>,
    /// What became of its letter.
    pub delivery: Delivery,
    /// For ETags; moves with every change but the letter's.
    pub version: i64,
    /// How often it was sent again.
    pub resends: i64,
}

impl Invitation {
    /// Where it stands.
    #[must_use]
    pub fn state(&self, now: Instant) -> InvitationState {
        match self.ended {
            Some((_, state)) => state,
            None if self.expires_at <= now => InvitationState::Expired,
            None => InvitationState::Pending,
        }
    }
}
