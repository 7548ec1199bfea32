//! What a key carried at one moment, kept with it: to say what stops, and to give it back or move it.

use super::{Access, capabilities};
use crate::model::{BuiltInRole, Capability, Carries, KeptRight, KeyRight, Role, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// Something that a key could do and cannot do any more.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Stopped {
    /// What.
    pub capability: Capability,
    /// Where.
    pub scope: Scope,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.capability, self.scope)
    }
}

impl Access {
    /// What this comes to, each role and scope once, whatever it comes through.
    #[must_use]
    pub fn kept(&self) -> Vec<KeptRight> {
        let rights = self.derivations.iter().map(|held| KeptRight {
            role: held.role.clone(),
            part: held.part,
            scope: held.scope.clone(),
            capabilities: held.capabilities.clone(),
        });
        rights.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// What of these rights is not held here.
    #[must_use]
    pub fn stopped(&self, before: &[KeptRight]) -> BTreeSet<Stopped> {
        let all = before.iter().flat_map(|right| {
            right.capabilities.iter().map(|capability| Stopped { capability: *capability, scope: right.scope.clone() })
        });
        all.filter(|one| !self.can(one.capability, &one.scope)).collect()
    }
}

/// Both lists as one.
#[must_use]
pub fn together(one: &[KeptRight], other: &[KeptRight]) -> Vec<KeptRight> {
    one.iter().chain(other).cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The rights of a key that carries exactly this, if its owner holds it.
#[must_use]
pub fn rights_of(kept: &[KeptRight]) -> Vec<KeyRight> {
    let right = |right: &KeptRight| KeyRight {
        carries: match right.part {
            false => Carries::Role(right.role.clone()),
            true => Carries::Capabilities(right.capabilities.clone()),
        },
        scope: right.scope.clone(),
    };
    kept.iter().map(right).collect()
}

/// The role to give whoever is to hold such a right: the role itself, or of a part of one the least built-in role with all of it.
#[must_use]
pub fn role_that_gives(right: &KeptRight) -> Option<Role> {
    if !right.part {
        return Some(right.role.clone());
    }
    let least_first = BuiltInRole::ALL.into_iter().rev().map(Role::BuiltIn);
    least_first
        .into_iter()
        .find(|role| capabilities(role, &right.scope, &[]).is_some_and(|whole| right.capabilities.is_subset(&whole)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Derivation, Via};

    fn access(roles: &[Role]) -> Access {
        let derivation = |role: &Role| Derivation {
            role: role.clone(),
            scope: Scope::Organization,
            via: Via::Default,
            until: None,
            part: false,
            capabilities: capabilities(role, &Scope::Organization, &[]).unwrap_or_default(),
        };
        Access { derivations: roles.iter().map(derivation).collect() }
    }

    #[test]
    fn what_stops_is_what_was_carried_and_is_held_no_more() {
        let (member, viewer) = (access(&["member".parse().unwrap()]), access(&[Role::VIEWER]));
        let stopped = viewer.stopped(&member.kept());
        assert!(stopped.iter().any(|one| one.capability == Capability::ManageClusters));
        assert!(!stopped.iter().any(|one| one.capability == Capability::ViewClusters));
        assert!(member.stopped(&viewer.kept()).is_empty() && member.stopped(&member.kept()).is_empty());
    }

    #[test]
    fn a_key_narrowed_to_what_was_kept_carries_what_was_kept() {
        let owner = access(&[Role::OWNER]);
        let member = access(&["member".parse().unwrap()]);
        let moved = owner.narrowed(&rights_of(&member.kept()), &[]);
        assert!(moved.stopped(&member.kept()).is_empty() && member.stopped(&moved.kept()).is_empty());
        assert_eq!(moved.roles(), member.roles(), "and is called by the same name");
    }

    #[test]
    fn the_least_role_that_holds_a_part_is_given() {
        let part = |capability| KeptRight {
            role: Role::OWNER,
            part: true,
            scope: Scope::Organization,
            capabilities: [capability].into(),
        };
        assert_eq!(role_that_gives(&part(Capability::ViewClusters)), Some(Role::VIEWER));
        assert_eq!(role_that_gives(&part(Capability::ManageClusters)), "member".parse().ok());
        assert_eq!(role_that_gives(&part(Capability::ManageMembers)), Some(Role::OWNER));
    }
}
