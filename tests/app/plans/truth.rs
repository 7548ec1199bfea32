//! The truth, asked one by one and by other ways than a plan goes.

use crate::harness::World;
use castgate::{
    access::Access,
    model::{Role, Scope, Source, Terms, User, UserId, UserState},
    plan::{PersonChange, Shift},
};
use std::collections::{BTreeMap, BTreeSet};

/// Roles at scopes.
pub(super) type Roles = BTreeSet<(Role, Scope)>;

/// What the organization is like at one moment.
#[derive(Debug, PartialEq)]
pub(super) struct Truth {
    /// What everybody may do.
    pub(super) access: BTreeMap<UserId, Access>,
    /// What rules gave: subject, role, scope, rule and end, with the version.
    pub(super) rules: BTreeSet<Terms>,
    /// Who is an owner and can be reached, without the floor and with it.
    pub(super) owners: BTreeSet<UserId>,
    pub(super) kept_owners: BTreeSet<UserId>,
    /// The people whom each rule gives something.
    pub(super) reached: BTreeMap<String, BTreeSet<UserId>>,
}

impl Truth {
    pub(super) async fn now(world: &World) -> Self {
        let organization = &world.tenant.organization;
        let connection = world.okta().await;
        let people = world.app.members(&world.operator(), "", 1000).await.unwrap();
        let can_sign_in = |user: &User| {
            let by = user.connection.is_none() || (connection.enabled && connection.settings.signs_in());
            user.state() == UserState::Active && by
        };
        let owns =
            |terms: &Terms| terms.role == Role::OWNER && terms.scope == Scope::Organization && terms.until.is_none();
        let (mut access, mut owners, mut kept_owners) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        let mut reached: BTreeMap<String, BTreeSet<UserId>> = BTreeMap::new();
        for user in people {
            access.insert(user.id.clone(), world.app.access(&world.operator(), &user.id).await.unwrap());
            let mut tx = world.store.read().await.unwrap();
            for binding in tx.bindings_reaching(organization, &user.id).await.unwrap() {
                if let Source::Rule { name } = &binding.terms.source {
                    reached.entry(name.clone()).or_default().insert(user.id.clone());
                }
                if can_sign_in(&user) && owns(&binding.terms) {
                    kept_owners.insert(user.id.clone());
                    if binding.terms.source != Source::Floor {
                        owners.insert(user.id.clone());
                    }
                }
            }
        }
        let mut tx = world.store.read().await.unwrap();
        let rules = tx.rule_bindings(organization).await.unwrap();
        let rules = rules.into_iter().map(|binding| binding.terms).collect();
        Self { access, rules, owners, kept_owners, reached }
    }

    /// What everybody gains and loses from one truth to the next.
    pub(super) fn moved(&self, after: &Self) -> BTreeMap<UserId, (Roles, Roles)> {
        let one = |(id, before): (&UserId, &Access)| {
            let (before, after) = (before.roles(), after.access[id].roles());
            let gains: Roles = after.difference(&before).cloned().collect();
            let loses: Roles = before.difference(&after).cloned().collect();
            (!gains.is_empty() || !loses.is_empty()).then(|| (id.clone(), (gains, loses)))
        };
        self.access.iter().filter_map(one).collect()
    }
}

fn roles(shifts: &[Shift]) -> Roles {
    shifts.iter().map(|shift| (shift.role.clone(), shift.scope.clone())).collect()
}

/// The same of a plan.
pub(super) fn said(people: &[PersonChange]) -> BTreeMap<UserId, (Roles, Roles)> {
    people.iter().map(|person| (person.user.clone(), (roles(&person.gains), roles(&person.loses)))).collect()
}

/// Every reason that a plan gives is a reason that is true: of what is gained afterwards, of what is lost before.
pub(super) fn reasons_hold(people: &[PersonChange], before: &Truth, after: &Truth) -> Result<(), String> {
    for person in people {
        for (shifts, truth) in [(&person.gains, after), (&person.loses, before)] {
            for shift in shifts {
                let held = truth.access[&person.user].derivations.iter();
                let true_ones: Vec<_> = held
                    .filter(|held| held.role == shift.role && held.scope == shift.scope)
                    .map(|held| &held.via)
                    .collect();
                if shift.by.is_empty() || !shift.by.iter().all(|by| true_ones.contains(&by)) {
                    return Err(format!("{shift:?} of {}, and it comes by {true_ones:?}", person.label));
                }
            }
        }
    }
    Ok(())
}
