//! API keys, what they carry and what is kept of them.

use super::{Capability, Holder, Instant, KeyId, MirroredKeyId, Role, Scope, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a key was narrowed to, at one scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct KeyRight {
    /// What it may carry there.
    #[serde(flatten)]
    pub carries: Carries,
    /// Where.
    pub scope: Scope,
}

/// What a key may carry, if its owner holds it too.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Carries {
    /// What this role lets its holder do.
    Role(Role),
    /// These capabilities.
    Capabilities(BTreeSet<Capability>),
}

/// An API key. Its rights are its own ∩ its owner's, at use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApiKey {
    /// Its id: not the secret.
    pub id: KeyId,
    /// Whose.
    pub owner: Holder,
    /// What its owner calls it.
    pub name: String,
    /// The first letters of the secret.
    pub hint: String,
    /// What it was narrowed to; none: it carries whatever its owner holds.
    pub rights: Option<Vec<KeyRight>>,
    /// Who made it: an actor's text.
    pub created_by: String,
    /// When it was made.
    pub created_at: Instant,
    /// When it stops by itself.
    pub expires_at: Option<Instant>,
    /// Whether it is switched on: one that is off opens nothing until it is on again.
    pub active: bool,
    /// When it was last let in, to the minute.
    pub last_used_at: Option<Instant>,
    /// The address that it was last used from.
    pub last_used_from: Option<String>,
    /// The person whose it was before it was moved: its secret is the same, so they know it.
    pub known_by: Option<UserId>,
    /// When it is to be rotated: somebody knows its secret who has left.
    pub rotate_by: Option<Instant>,
    /// The key that takes its place, once it is rotated.
    pub replaced_by: Option<KeyId>,
    /// Since when it carries less than it did, by a change that no person made here.
    pub attenuated_at: Option<Instant>,
    /// When it is deleted for that, unless what it lost is given back.
    pub delete_at: Option<Instant>,
}

/// Something that a key carried at one moment, kept with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct KeptRight {
    /// The role that gave it.
    pub role: Role,
    /// Only the capabilities below of that role.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub part: bool,
    /// Where.
    pub scope: Scope,
    /// What it let the key do.
    pub capabilities: BTreeSet<Capability>,
}

/// A key of Cast AI, as it was read there. It is shown, and never changed here: its secret is not ours, so it cannot be moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MirroredKey {
    /// Its id here.
    pub id: MirroredKeyId,
    /// Always `castai`.
    pub kind: MirroredKind,
    /// Cast AI's own id of it.
    pub external_id: String,
    /// Whose it is.
    pub owner: UserId,
    /// What it is called there.
    pub name: String,
    /// The first letters of its secret, as Cast AI shows them.
    pub hint: String,
    /// Whether it is switched on there.
    pub active: bool,
    /// When it was made.
    pub created_at: Option<Instant>,
    /// When it was last used, as Cast AI says.
    pub last_used_at: Option<Instant>,
    /// When all of this was read.
    pub read_at: Instant,
}

/// Where a mirrored key is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MirroredKind {
    /// At Cast AI.
    #[default]
    CastAi,
}
