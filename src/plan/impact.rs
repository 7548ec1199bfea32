//! What a change does to people: who gains and who loses what and by which rule, whose keys carry less, who is left as an owner.

use crate::{
    access::{Access, Stopped, Via},
    model::{Instant, InvitationId, KeyId, Role, Scope, UserId},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A role at a scope that somebody gains or loses, and what gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Shift {
    /// Which.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// What gives it; of a loss, what gave it.
    pub by: Vec<Via>,
}

/// What changes for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PersonChange {
    /// Who.
    pub user: UserId,
    /// What they are called.
    pub label: String,
    /// Held afterwards and not before.
    pub gains: Vec<Shift>,
    /// Held before and not afterwards.
    pub loses: Vec<Shift>,
    /// Whether nothing is left.
    pub loses_everything: bool,
    /// Keys of theirs that carry less afterwards.
    pub keys: usize,
}

impl PersonChange {
    /// Compares what somebody may do before and after; nothing when the roles are the same.
    #[must_use]
    pub fn between((user, label): (UserId, String), before: &Access, after: &Access, keys: usize) -> Option<Self> {
        let (had, has) = (before.roles(), after.roles());
        let shifts = |of: &Access, some: Vec<&(Role, Scope)>| -> Vec<Shift> {
            some.into_iter()
                .map(|(role, scope)| Shift { by: ways(of, role, scope), role: role.clone(), scope: scope.clone() })
                .collect()
        };
        let gains = shifts(after, has.difference(&had).collect());
        let loses = shifts(before, had.difference(&has).collect());
        if gains.is_empty() && loses.is_empty() {
            return None;
        }
        let keys = if loses.is_empty() { 0 } else { keys };
        Some(Self { user, label, gains, loses, loses_everything: has.is_empty(), keys })
    }
}

/// Everything that gives somebody a role at a scope.
fn ways(access: &Access, role: &Role, scope: &Scope) -> Vec<Via> {
    let mut ways: Vec<Via> = Vec::new();
    for held in access.derivations.iter().filter(|held| held.role == *role && held.scope == *scope) {
        if !ways.contains(&held.via) {
            ways.push(held.via.clone());
        }
    }
    ways
}

/// An API key of somebody whose roles change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeyImpact {
    /// Its id.
    pub id: KeyId,
    /// What its owner calls it.
    pub name: String,
    /// The first letters of its secret.
    pub hint: String,
    /// Whose.
    pub owner: UserId,
    /// What to call them.
    pub owner_label: String,
    /// When it was last let in.
    pub last_used_at: Option<Instant>,
    /// What it could not do any more.
    pub stops: Vec<Stopped>,
}

/// Somebody who is an owner afterwards, and can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OwnerLeft {
    /// Who.
    pub user: UserId,
    /// What they are called.
    pub label: String,
}

/// What changes for somebody who is invited and has not come yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InvitationChange {
    /// Which invitation.
    pub invitation: InvitationId,
    /// To whom.
    pub email: String,
    /// What rules would give them beyond the offer, as far as the address alone decides, and do not give now.
    pub gains: Vec<Shift>,
    /// The other way round.
    pub loses: Vec<Shift>,
    /// What whoever invited them could no longer give: then the invitation gives nothing.
    pub withheld: Option<String>,
}

/// What one rule comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleReach {
    /// The rule.
    pub rule: String,
    /// The line it begins on, from 1.
    pub line: usize,
    /// The groups that it gives something.
    pub groups: usize,
    /// The people whom it gives something, by themselves or through a group.
    pub people: usize,
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
    /// Who is an owner afterwards and can be reached.
    pub owners: Vec<OwnerLeft>,
    /// The keys of everybody for whom something changes.
    pub keys: Vec<KeyImpact>,
    /// Sessions of those people: what they may do is weighed anew with their next request.
    pub sessions: usize,
    /// Pending invitations for which something changes.
    pub invitations: Vec<InvitationChange>,
    /// What each rule comes to.
    pub rules: Vec<RuleReach>,
    /// What groups, clusters and custom roles are called that are named by their ids.
    pub names: BTreeMap<String, String>,
}

impl Impact {
    /// Of what changes nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { owner_left: true, ..Self::default() }
    }

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

    /// How many people are left with nothing.
    #[must_use]
    pub fn losing_everything(&self) -> usize {
        self.people.iter().filter(|person| person.loses_everything).count()
    }

    /// How many keys carry less afterwards.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.people.iter().map(|person| person.keys).sum()
    }

    /// The rules that give nobody anything.
    pub fn idle_rules(&self) -> impl Iterator<Item = &RuleReach> {
        self.rules.iter().filter(|rule| rule.people == 0)
    }

    /// Each thing that is taken from somebody, as one text: a later plan that takes one more is worse.
    #[must_use]
    pub fn takes(&self) -> Vec<Taken> {
        let losses = self.people.iter().flat_map(|person| {
            person.loses.iter().map(|lost| Taken {
                key: format!("{} {} {}", person.user, lost.role, lost.scope),
                words: format!(
                    "{} would lose {} at {}",
                    person.label,
                    self.name_of(&lost.role.to_string()),
                    self.place(&lost.scope)
                ),
            })
        });
        let keys = self.keys.iter().flat_map(|key| {
            key.stops.iter().map(move |stop| Taken {
                key: format!("{} {stop}", key.id),
                words: format!("the key “{}” of {} would lose {stop}", key.name, key.owner_label),
            })
        });
        losses.chain(keys).collect()
    }

    /// What an id is called, if it is known.
    #[must_use]
    pub fn name_of<'a>(&'a self, id: &'a str) -> &'a str {
        self.names.get(id).map_or(id, String::as_str)
    }

    /// Where something holds, as people call it.
    #[must_use]
    pub fn place(&self, scope: &Scope) -> String {
        match scope {
            Scope::Cluster { id } => format!("cluster {}", self.name_of(id.as_str())),
            Scope::Organization | Scope::Resource { .. } => scope.to_string(),
        }
    }
}

/// One thing that a change takes from somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The same text for the same thing.
    pub key: String,
    /// As people read it.
    pub words: String,
}
