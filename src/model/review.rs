//! Access reviews: who holds what for no visible reason, and what people decided about it.

use super::{
    AccessReviewId, BindingId, DeliveryState, GroupId, Holder, Instant, InvitationId, KeyId, ProposalId, Role, Scope,
    ServiceAccountId, UserId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// From when on something counts as unused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReviewLimits {
    /// Days after which an account that nobody used is proposed.
    #[schemars(range(min = 1, max = 3650))]
    pub account_days: u32,
    /// The same of an API key.
    #[schemars(range(min = 1, max = 3650))]
    pub key_days: u32,
    /// The same of an invitation that nobody accepted.
    #[schemars(range(min = 1, max = 3650))]
    pub invitation_days: u32,
    /// The same of an Owner who used nothing that only owners may do.
    #[schemars(range(min = 1, max = 3650))]
    pub owner_days: u32,
    /// So many people with the same direct role are proposed to become a group.
    #[schemars(range(min = 2, max = 1000))]
    pub group_of: u32,
}

impl Default for ReviewLimits {
    fn default() -> Self {
        Self { account_days: 90, key_days: 90, invitation_days: 14, owner_days: 90, group_of: 3 }
    }
}

/// One thing that a review found: ids and moments, which is all that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// A person who was not here for long, neither in person nor by a key.
    UnusedAccount {
        /// Who.
        user: UserId,
        /// Whether they belong to no connection: then they may be removed here.
        local: bool,
        /// Since when they are here.
        created_at: Instant,
        /// When they were last here in person, as far as that is recorded.
        in_person_at: Option<Instant>,
        /// When a key of theirs was last used.
        by_key_at: Option<Instant>,
    },
    /// A service account of which no key was used for long.
    UnusedServiceAccount {
        /// Which.
        account: ServiceAccountId,
        /// Since when it is there.
        created_at: Instant,
        /// When a key of it was last used.
        last_used_at: Option<Instant>,
    },
    /// A key that was not used for long.
    UnusedKey {
        /// Which.
        key: KeyId,
        /// Whose.
        owner: Holder,
        /// Since when it is there.
        created_at: Instant,
        /// When it was last used.
        last_used_at: Option<Instant>,
    },
    /// An invitation that nobody accepted for long, whose time is over, or whose letter did not arrive.
    StaleInvitation {
        /// Which.
        invitation: InvitationId,
        /// Since when it is there.
        created_at: Instant,
        /// When its link stops.
        expires_at: Instant,
        /// What became of its letter.
        delivery: DeliveryState,
    },
    /// An Owner who used nothing that only owners may do.
    IdleOwner {
        /// Who.
        user: UserId,
        /// What gives them Owner directly and by a person's doing; none: rules or groups give it, and it is changed there.
        binding: Option<BindingId>,
        /// In words, what else gives it.
        also_by: Vec<String>,
        /// When they last used what only owners may do, as far as that is recorded.
        last_used_at: Option<Instant>,
    },
    /// A direct role that a group of theirs gives as well.
    RedundantBinding {
        /// Which.
        binding: BindingId,
        /// Whose.
        user: UserId,
        /// What it gives.
        role: Role,
        /// Where.
        scope: Scope,
        /// The group that gives the same.
        group: GroupId,
    },
    /// A direct role that several people were given one by one.
    CommonBinding {
        /// What they hold.
        role: Role,
        /// Where.
        scope: Scope,
        /// By which bindings.
        bindings: Vec<BindingId>,
        /// Who.
        users: Vec<UserId>,
    },
}

impl Finding {
    /// What may be decided about it, besides keeping it as it is.
    #[must_use]
    pub fn verdicts(&self) -> &'static [Verdict] {
        match self {
            Self::UnusedAccount { local: true, .. } | Self::UnusedServiceAccount { .. } => {
                &[Verdict::Keep, Verdict::Suspend, Verdict::Remove]
            }
            Self::UnusedAccount { local: false, .. } => &[Verdict::Keep, Verdict::Suspend],
            Self::UnusedKey { .. } | Self::StaleInvitation { .. } | Self::RedundantBinding { .. } => {
                &[Verdict::Keep, Verdict::Remove]
            }
            Self::IdleOwner { binding: Some(_), .. } => &[Verdict::Keep, Verdict::Reduce],
            Self::IdleOwner { binding: None, .. } => &[Verdict::Keep],
            Self::CommonBinding { .. } => &[Verdict::Keep, Verdict::Group],
        }
    }

    /// The ids that it is about.
    #[must_use]
    pub fn subjects(&self) -> Vec<String> {
        match self {
            Self::UnusedAccount { user, .. } | Self::IdleOwner { user, .. } => vec![user.to_string()],
            Self::UnusedServiceAccount { account, .. } => vec![account.to_string()],
            Self::UnusedKey { key, owner, .. } => vec![key.to_string(), owner.to_string()],
            Self::StaleInvitation { invitation, .. } => vec![invitation.to_string()],
            Self::RedundantBinding { binding, user, .. } => vec![binding.to_string(), user.to_string()],
            Self::CommonBinding { users, .. } => users.iter().map(ToString::to_string).collect(),
        }
    }

    /// The word for it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UnusedAccount { .. } => "unused_account",
            Self::UnusedServiceAccount { .. } => "unused_service_account",
            Self::UnusedKey { .. } => "unused_key",
            Self::StaleInvitation { .. } => "stale_invitation",
            Self::IdleOwner { .. } => "idle_owner",
            Self::RedundantBinding { .. } => "redundant_binding",
            Self::CommonBinding { .. } => "common_binding",
        }
    }
}

/// The evidence, in words.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = |at: &Option<Instant>| at.map_or_else(|| "never".to_owned(), |at| format!("last at {at}"));
        match self {
            Self::UnusedAccount { created_at, in_person_at, by_key_at, .. } => {
                write!(f, "here since {created_at}; in person {}; by a key {}", last(in_person_at), last(by_key_at))
            }
            Self::UnusedServiceAccount { created_at, last_used_at, .. } => {
                write!(f, "here since {created_at}; a key of it was used {}", last(last_used_at))
            }
            Self::UnusedKey { created_at, last_used_at, .. } => {
                write!(f, "made at {created_at}; used {}", last(last_used_at))
            }
            Self::StaleInvitation { created_at, expires_at, delivery, .. } => {
                write!(f, "sent at {created_at}, open until {expires_at}; its letter: {}", delivery.name())
            }
            Self::IdleOwner { binding, also_by, last_used_at, .. } => {
                write!(f, "used what only owners may do: {}", last(last_used_at))?;
                match (binding, also_by.as_slice()) {
                    (Some(_), []) => f.write_str("; given directly by a person"),
                    (Some(_), also) => write!(f, "; given directly by a person, and by {}", also.join(", ")),
                    (None, also) => write!(f, "; given by {}: to be changed there", also.join(", ")),
                }
            }
            Self::RedundantBinding { role, scope, group, .. } => {
                write!(f, "{role} at {scope} directly, and by the group {group} as well")
            }
            Self::CommonBinding { role, scope, users, .. } => {
                write!(f, "{} people were given {role} at {scope} one by one", users.len())
            }
        }
    }
}

/// What somebody decided about what a review found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It stays as it is.
    Keep,
    /// The account is suspended: it can come back.
    Suspend,
    /// It goes: the account, the key, the invitation, the binding.
    Remove,
    /// Owner becomes Member.
    Reduce,
    /// One group holds the role in the place of each person.
    Group,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Keep, Self::Suspend, Self::Remove, Self::Reduce, Self::Group];

    /// The word in the store and the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Suspend => "suspend",
            Self::Remove => "remove",
            Self::Reduce => "reduce",
            Self::Group => "group",
        }
    }
}

/// What was decided, by whom and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Decided {
    /// What.
    pub verdict: Verdict,
    /// An actor's text.
    pub by: String,
    /// When.
    pub at: Instant,
    /// Why, in the words of whoever decided.
    pub note: String,
}

/// One thing that a review found, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its id.
    pub id: ProposalId,
    /// What was found.
    pub finding: Finding,
    /// What was decided; none: nothing yet.
    pub decided: Option<Decided>,
    /// When and by whom it was done.
    pub applied: Option<(Instant, String)>,
}

/// One look at who holds what for no visible reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessReview {
    /// Its id.
    pub id: AccessReviewId,
    /// What people call it.
    pub name: String,
    /// What counted as unused.
    pub limits: ReviewLimits,
    /// Who began it: an actor's text.
    pub created_by: String,
    /// When.
    pub created_at: Instant,
    /// Since when uses of capabilities were recorded then.
    pub recorded_since: Instant,
    /// What could not be looked at, and why.
    pub gaps: Vec<String>,
    /// When and by whom it was closed.
    pub closed: Option<(Instant, String)>,
    /// For ETags; moves with every change.
    pub version: i64,
}

/// How far a review is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReviewProgress {
    /// Things that were found.
    pub proposals: i64,
    /// Those of them that somebody decided about.
    pub decided: i64,
    /// Those of them whose decision asks for a change that is still to be made.
    pub to_apply: i64,
    /// Those of them whose change was made.
    pub applied: i64,
}
