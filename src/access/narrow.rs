//! What a key carries: its own rights ∩ its owner's.

use super::{Access, Derivation, effective::capabilities};
use crate::model::{Capability, Carries, CustomRole, KeyRight, Scope};
use std::collections::BTreeSet;

impl Access {
    /// This access as far as these rights go. No right adds anything to it.
    #[must_use]
    pub fn narrowed(&self, rights: &[KeyRight], custom: &[CustomRole]) -> Self {
        let pairs = self.derivations.iter().flat_map(|held| rights.iter().map(move |right| (held, right)));
        Self { derivations: pairs.filter_map(|(held, right)| carried(held, right, custom)).collect() }
    }

    /// The first of these capabilities that is not held at the scope: nobody gives what they do not hold.
    #[must_use]
    pub fn lacks(&self, wanted: &BTreeSet<Capability>, scope: &Scope) -> Option<Capability> {
        wanted.iter().copied().find(|capability| !self.can(*capability, scope))
    }

    /// Something that `other` holds and this access does not.
    #[must_use]
    pub fn lacks_of(&self, other: &Self) -> Option<(Capability, Scope)> {
        other
            .derivations
            .iter()
            .find_map(|held| self.lacks(&held.capabilities, &held.scope).map(|missing| (missing, held.scope.clone())))
    }
}

fn carried(held: &Derivation, right: &KeyRight, custom: &[CustomRole]) -> Option<Derivation> {
    let scope = meeting(&held.scope, &right.scope)?;
    let counts = |capability: &Capability| scope == Scope::Organization || capability.counts_on_a_cluster();
    let of_owner: BTreeSet<Capability> = held.capabilities.iter().copied().filter(counts).collect();
    let of_key = match &right.carries {
        Carries::Role(role) => capabilities(role, &scope, custom)?,
        Carries::Capabilities(these) => these.iter().copied().filter(counts).collect(),
    };
    let carried: BTreeSet<Capability> = of_owner.intersection(&of_key).copied().collect();
    if carried.is_empty() {
        return None;
    }
    // Only a role that is carried whole is called by its name: who reads names must never read more than there is.
    let (role, part) = match &right.carries {
        Carries::Role(role) if carried == of_key => (role.clone(), false),
        Carries::Role(_) | Carries::Capabilities(_) => (held.role.clone(), held.part || carried != of_owner),
    };
    Some(Derivation { role, part, scope, via: held.via.clone(), until: held.until, capabilities: carried })
}

/// Where both hold.
fn meeting(one: &Scope, other: &Scope) -> Option<Scope> {
    match (one, other) {
        (Scope::Organization, scope) | (scope, Scope::Organization) => Some(scope.clone()),
        (one, other) => (one == other).then(|| one.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{Default, Held},
        model::{Binding, BindingId, BuiltInRole, ClusterId, Instant, Role, Source, Subject, Terms, UserId, UserState},
    };
    use proptest::prelude::*;
    use uuid::Uuid;

    fn cluster(number: u128) -> Scope {
        Scope::cluster(ClusterId::from_uuid(Uuid::from_u128(number)))
    }

    fn access(held: &[(BuiltInRole, Scope)]) -> Access {
        let bind = |(role, scope): &(BuiltInRole, Scope)| {
            let subject = Subject::User(UserId::from_uuid(Uuid::nil()));
            let (role, scope) = (Role::BuiltIn(*role), scope.clone());
            let terms = Terms { subject, role, scope, source: Source::Person, until: None };
            let id = BindingId::from_uuid(Uuid::nil());
            let binding = Binding { id, terms, mapping_version: None, author: String::new(), since: Instant(0) };
            Held { binding, group: None }
        };
        let held: Vec<_> = held.iter().map(bind).collect();
        Access::of(UserState::Active, &held, &Default::Nobody, &[], Instant(1))
    }

    fn role(role: BuiltInRole, scope: Scope) -> KeyRight {
        KeyRight { carries: Carries::Role(Role::BuiltIn(role)), scope }
    }

    #[test]
    fn an_owners_viewer_key_is_a_viewer_and_a_viewers_owner_key_is_no_owner() {
        let owner = access(&[(BuiltInRole::Owner, Scope::Organization)]);
        let viewer = access(&[(BuiltInRole::Viewer, Scope::Organization)]);
        let key = owner.narrowed(&[role(BuiltInRole::Viewer, Scope::Organization)], &[]);
        assert_eq!(key.roles(), viewer.roles());
        assert!(!key.can(Capability::ManageMembers, &Scope::Organization) && !key.is_owner());
        let key = viewer.narrowed(&[role(BuiltInRole::Owner, Scope::Organization)], &[]);
        assert_eq!(key.roles(), viewer.roles());
        assert!(!key.is_owner());
    }

    #[test]
    fn a_key_for_one_cluster_is_worth_nothing_on_another() {
        let member = access(&[(BuiltInRole::Member, Scope::Organization)]);
        let key = member.narrowed(&[role(BuiltInRole::Member, cluster(1))], &[]);
        assert!(key.can(Capability::ManageClusters, &cluster(1)));
        assert!(!key.can(Capability::ManageClusters, &cluster(2)) && !key.can(Capability::ViewBilling, &cluster(1)));
        let elsewhere = access(&[(BuiltInRole::Member, cluster(2))]);
        assert!(elsewhere.narrowed(&[role(BuiltInRole::Member, cluster(1))], &[]).is_empty());
    }

    #[test]
    fn a_part_of_owner_is_never_called_owner() {
        let owner = access(&[(BuiltInRole::Owner, Scope::Organization)]);
        let carries = Carries::Capabilities([Capability::ManageMembers].into());
        let key = owner.narrowed(&[KeyRight { carries, scope: Scope::Organization }], &[]);
        assert!(key.can(Capability::ManageMembers, &Scope::Organization));
        assert!(!key.can(Capability::ManageOrganization, &Scope::Organization));
        assert!(!key.is_owner() && key.roles().is_empty() && !key.is_empty());
        assert_eq!(key.lacks_of(&owner).map(|(_, scope)| scope), Some(Scope::Organization));
        assert_eq!(owner.lacks_of(&key), None);
    }

    fn any_scope() -> impl Strategy<Value = Scope> {
        prop_oneof![Just(Scope::Organization), (0..2_u128).prop_map(cluster)]
    }

    fn any_right() -> impl Strategy<Value = KeyRight> {
        let carries = prop_oneof![
            (0..4_usize).prop_map(|at| Carries::Role(Role::BuiltIn(BuiltInRole::ALL[at]))),
            proptest::collection::btree_set(0..9_usize, 0..9)
                .prop_map(|set| Carries::Capabilities(set.into_iter().map(|at| Capability::ALL[at]).collect())),
        ];
        (carries, any_scope()).prop_map(|(carries, scope)| KeyRight { carries, scope })
    }

    proptest! {
        #[test]
        fn a_key_can_what_both_it_and_its_owner_can_and_nothing_else(
            held in proptest::collection::vec(((0..4_usize).prop_map(|at| BuiltInRole::ALL[at]), any_scope()), 0..4),
            rights in proptest::collection::vec(any_right(), 0..4),
        ) {
            let owner = access(&held);
            let key = owner.narrowed(&rights, &[]);
            let allows = |right: &KeyRight, capability: Capability, scope: &Scope| {
                let there = right.scope == Scope::Organization || right.scope == *scope;
                let counts = right.scope == Scope::Organization || capability.counts_on_a_cluster();
                there && counts && match &right.carries {
                    Carries::Role(Role::BuiltIn(role)) => role.capabilities().contains(&capability),
                    Carries::Role(Role::Custom(_)) => false,
                    Carries::Capabilities(these) => these.contains(&capability),
                }
            };
            for capability in Capability::ALL {
                for scope in [Scope::Organization, cluster(0), cluster(1)] {
                    let wanted = owner.can(capability, &scope)
                        && rights.iter().any(|right| allows(right, capability, &scope));
                    // Capabilities of the whole organization do not count where the key's right or the role is a cluster's.
                    let got = key.can(capability, &scope);
                    prop_assert!(!got || wanted, "{capability} at {scope}");
                    if capability.counts_on_a_cluster() {
                        prop_assert_eq!(got, wanted, "{} at {}", capability, scope);
                    }
                }
            }
            prop_assert_eq!(owner.lacks_of(&key), None);
        }
    }
}
