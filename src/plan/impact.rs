//! What a change does to people: who gains, who loses, whose keys and sessions carry less, whether an owner is left.

use crate::model::{Role, Scope, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeSet, fmt};

/// What changes for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PersonChange {
    /// Who.
    pub user: UserId,
    /// What they are called.
    pub label: String,
    /// Held afterwards and not before.
    pub gains: BTreeSet<(Role, Scope)>,
    /// Held before and not afterwards.
    pub loses: BTreeSet<(Role, Scope)>,
    /// Keys of theirs that carry less afterwards.
    pub keys: usize,
}

impl PersonChange {
    /// Compares what somebody holds before and after; nothing when it is the same.
    #[must_use]
    pub fn between(
        (user, label): (UserId, String),
        before: &BTreeSet<(Role, Scope)>,
        after: &BTreeSet<(Role, Scope)>,
        keys: usize,
    ) -> Option<Self> {
        let gains: BTreeSet<_> = after.difference(before).cloned().collect();
        let loses: BTreeSet<_> = before.difference(after).cloned().collect();
        if gains.is_empty() && loses.is_empty() {
            return None;
        }
        let keys = if loses.is_empty() { 0 } else { keys };
        Some(Self { user, label, gains, loses, keys })
    }
}

/// What a change does to everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Default)]
pub struct Impact {
    /// Everybody for whom something changes, by id.
    pub people: Vec<PersonChange>,
    /// How many people were looked at.
    pub looked_at: usize,
    /// Whether a reachable owner is left without the floor.
    pub owner_left: bool,
}

impl Impact {
    /// How many people gain something.
    #[must_use]
    pub fn gaining(&self) -> usize {
        self.people.iter().filter(|person| !person.gains.is_empty()).count()
    }

    /// How many people lose something.
    #[must_use]
    pub fn losing(&self) -> usize {
        self.people.iter().filter(|person| !person.loses.is_empty()).count()
    }

    /// How many keys carry less afterwards.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.people.iter().map(|person| person.keys).sum()
    }
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { people, looked_at, owner_left } = self;
        writeln!(
            f,
            "{looked_at} people looked at: {} gain, {} lose, {} keys carry less; {}",
            self.gaining(),
            self.losing(),
            self.keys(),
            if *owner_left { "an owner is left" } else { "NO OWNER IS LEFT but the one that the floor keeps" }
        )?;
        for person in people {
            let PersonChange { user, label, gains, loses, keys } = person;
            write!(f, "  {label} ({user})")?;
            for (role, scope) in gains {
                write!(f, " +{role} at {scope}")?;
            }
            for (role, scope) in loses {
                write!(f, " -{role} at {scope}")?;
            }
            if *keys > 0 {
                write!(f, " [{keys} keys carry less]")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
