//! How far somebody is from what they may not do.

use super::Access;
use crate::model::{BuiltInRole, Capability, CustomRole, Role, Scope};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// What would do, and what comes closest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NearMiss {
    /// Roles that give the capability, the built-in ones first; one of them at [`NearMiss::at`] would be enough.
    pub roles: Vec<Role>,
    /// Where such a role has to be held: for a capability that no role gives on one cluster, on the whole organization.
    pub at: Scope,
    /// Where the capability is held instead.
    pub held_at: BTreeSet<Scope>,
}

impl NearMiss {
    /// What is missing for `capability` at `scope`. Meant for who does not hold it there.
    #[must_use]
    pub fn of(access: &Access, custom: &[CustomRole], (capability, scope): (Capability, &Scope)) -> Self {
        let counts = match scope {
            Scope::Organization => true,
            Scope::Cluster { .. } => capability.counts_on_a_cluster(),
            Scope::Resource { .. } => false,
        };
        let built_in = BuiltInRole::ALL.into_iter().filter(|role| role.capabilities().contains(&capability));
        let own = custom.iter().filter(|role| role.capabilities.contains(&capability));
        let holding = access.derivations.iter().filter(|held| held.capabilities.contains(&capability));
        Self {
            roles: built_in.map(Role::BuiltIn).chain(own.map(|role| Role::Custom(role.id.clone()))).collect(),
            at: if counts { scope.clone() } else { Scope::Organization },
            held_at: holding.map(|held| held.scope.clone()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Derivation, Via};
    use crate::model::{ClusterId, Source};
    use uuid::Uuid;

    fn cluster(number: u128) -> Scope {
        Scope::cluster(ClusterId::from_uuid(Uuid::from_u128(number)))
    }

    #[test]
    fn a_miss_says_which_roles_would_do_and_where_it_is_held() {
        let held = Derivation {
            role: Role::BuiltIn(BuiltInRole::Member),
            scope: cluster(1),
            part: false,
            via: Via::Direct { source: Source::Person },
            until: None,
            capabilities: [Capability::ManageClusters, Capability::ViewClusters].into(),
        };
        let access = Access { derivations: vec![held] };
        let near = NearMiss::of(&access, &[], (Capability::ManageClusters, &cluster(2)));
        assert_eq!(near.roles, [BuiltInRole::Owner, BuiltInRole::Member].map(Role::BuiltIn));
        assert_eq!((near.at, near.held_at), (cluster(2), [cluster(1)].into()));
    }

    #[test]
    fn what_no_role_gives_on_a_cluster_is_needed_on_the_organization() {
        let near = NearMiss::of(&Access::none(), &[], (Capability::ViewBilling, &cluster(2)));
        assert_eq!(near.at, Scope::Organization);
        assert!(near.held_at.is_empty());
    }
}
