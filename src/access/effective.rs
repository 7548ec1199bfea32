//! Effective access, with a reason for every grant.

use crate::model::{Binding, Capability, CustomRole, GroupId, Instant, Role, Scope, Source, Terms, UserState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// A binding that reaches a person, and the group that it came through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The binding.
    pub binding: Binding,
    /// The group and its name; none when the person holds the binding directly.
    pub group: Option<(GroupId, String)>,
}

/// What somebody gets whom nothing else gives anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Default {
    /// This role, at organization scope.
    Role(Role),
    /// Nothing: the provider's person is turned away, and told so.
    Nobody,
}

/// The way by which a role reaches a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Via {
    /// Their own binding.
    Direct {
        /// What made it.
        source: Source,
    },
    /// A group's binding.
    Group {
        /// Which group.
        id: GroupId,
        /// What it is called.
        name: String,
        /// What made the binding.
        source: Source,
    },
    /// Nothing else gave them anything.
    Default,
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct { source } => write!(f, "{source}"),
            Self::Group { name, source, .. } => write!(f, "through group “{name}”, {source}"),
            Self::Default => f.write_str("the default for people whom no rule gives anything"),
        }
    }
}

/// One role at one scope, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Derivation {
    /// What they hold.
    pub role: Role,
    /// Where it holds.
    pub scope: Scope,
    /// Why.
    pub via: Via,
    /// When it stops by itself.
    pub until: Option<Instant>,
    /// Only the capabilities below of that role: a key that carries less than its owner holds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub part: bool,
    /// What it lets them do at that scope.
    pub capabilities: BTreeSet<Capability>,
}

impl fmt::Display for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = if self.part { "a part of " } else { "" };
        write!(f, "{part}{} at {}", self.role, self.scope)?;
        write!(f, ", {}", self.via)?;
        match self.until {
            Some(until) => write!(f, ", until {until}"),
            None => Ok(()),
        }
    }
}

/// Everything that somebody may do, with the reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// What they hold.
    pub derivations: Vec<Derivation>,
}

impl Access {
    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { derivations: Vec::new() }
    }

    /// The union of what reaches a person at `now`.
    ///
    /// A binding of a custom role that no longer exists gives nothing.
    #[must_use]
    pub fn of(state: UserState, held: &[Held], default: &Default, custom: &[CustomRole], now: Instant) -> Self {
        let terms = held.iter().map(|held| {
            let group = held.group.as_ref().map(|(id, name)| (id, name.as_str()));
            (&held.binding.terms, group)
        });
        Self::of_terms(state, terms, (default, custom), now)
    }

    /// The same, of what bindings say and the groups that they come through.
    #[must_use]
    pub fn of_terms<'t>(
        state: UserState,
        held: impl Iterator<Item = (&'t Terms, Option<(&'t GroupId, &'t str)>)>,
        (default, custom): (&Default, &[CustomRole]),
        now: Instant,
    ) -> Self {
        match state {
            UserState::Active => {}
            UserState::Suspended | UserState::Removed => return Self::none(),
        }
        let valid = held.filter(|(terms, _)| terms.until.is_none_or(|until| until > now));
        let derivations: Vec<_> = valid.filter_map(|(terms, group)| derivation(terms, group, custom)).collect();
        match default {
            Default::Role(role) if derivations.is_empty() => Self {
                derivations: vec![Derivation {
                    role: role.clone(),
                    scope: Scope::Organization,
                    via: Via::Default,
                    until: None,
                    part: false,
                    capabilities: capabilities(role, &Scope::Organization, custom).unwrap_or_default(),
                }],
            },
            Default::Role(_) | Default::Nobody => Self { derivations },
        }
    }

    /// Why the capability is held at the scope; nothing when it is not.
    ///
    /// What is held on the whole organization is held on each of its clusters.
    #[must_use]
    pub fn why(&self, capability: Capability, scope: &Scope) -> Option<&Derivation> {
        self.derivations.iter().find(|held| {
            held.capabilities.contains(&capability) && (held.scope == Scope::Organization || held.scope == *scope)
        })
    }

    /// Whether the capability is held at the scope.
    #[must_use]
    pub fn can(&self, capability: Capability, scope: &Scope) -> bool {
        self.why(capability, scope).is_some()
    }

    /// Whether this is Owner of the whole organization.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.whole().any(|held| held.role == Role::OWNER && held.scope == Scope::Organization)
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.derivations.is_empty()
    }

    /// The first moment at which a part of this stops by itself: no decision made from it may be kept longer.
    #[must_use]
    pub fn valid_until(&self) -> Option<Instant> {
        self.derivations.iter().filter_map(|held| held.until).min()
    }

    /// Each role and scope once, for comparing and for headers.
    #[must_use]
    pub fn roles(&self) -> BTreeSet<(Role, Scope)> {
        self.whole().map(|held| (held.role.clone(), held.scope.clone())).collect()
    }

    /// The roles that are held whole.
    fn whole(&self) -> impl Iterator<Item = &Derivation> {
        self.derivations.iter().filter(|held| !held.part)
    }
}

fn derivation(terms: &Terms, group: Option<(&GroupId, &str)>, custom: &[CustomRole]) -> Option<Derivation> {
    let source = terms.source.clone();
    let via = match group {
        Some((id, name)) => Via::Group { id: id.clone(), name: name.to_owned(), source },
        None => Via::Direct { source },
    };
    Some(Derivation {
        capabilities: capabilities(&terms.role, &terms.scope, custom)?,
        role: terms.role.clone(),
        scope: terms.scope.clone(),
        via,
        until: terms.until,
        part: false,
    })
}

/// What a role lets its holder do at a scope; nothing at all when there is no such role.
#[must_use]
pub fn capabilities(role: &Role, scope: &Scope, custom: &[CustomRole]) -> Option<BTreeSet<Capability>> {
    let whole: BTreeSet<Capability> = match role {
        Role::BuiltIn(role) => role.capabilities().iter().copied().collect(),
        Role::Custom(id) => custom.iter().find(|role| role.id == *id)?.capabilities.clone(),
    };
    Some(match scope {
        Scope::Organization => whole,
        Scope::Cluster { .. } => whole.into_iter().filter(|capability| capability.counts_on_a_cluster()).collect(),
        Scope::Resource { .. } => BTreeSet::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BindingId, BuiltInRole, ClusterId, Subject, UserId};
    use uuid::Uuid;

    const NOW: Instant = Instant(1_000);

    fn cluster(number: u128) -> Scope {
        Scope::cluster(ClusterId::from_uuid(Uuid::from_u128(number)))
    }

    fn held(role: BuiltInRole, scope: Scope, until: Option<Instant>) -> Held {
        let terms = Terms {
            subject: Subject::User(UserId::from_uuid(Uuid::nil())),
            role: Role::BuiltIn(role),
            scope,
            source: Source::Person,
            until,
        };
        let binding = Binding {
            id: BindingId::from_uuid(Uuid::nil()),
            terms,
            mapping_version: None,
            author: String::new(),
            since: Instant(0),
        };
        Held { binding, group: None }
    }

    fn access(held: &[Held]) -> Access {
        Access::of(UserState::Active, held, &Default::Role(Role::VIEWER), &[], NOW)
    }

    #[test]
    fn an_owner_of_a_cluster_is_no_owner() {
        let access = access(&[held(BuiltInRole::Owner, cluster(1), None)]);
        assert!(!access.is_owner());
        assert!(access.can(Capability::ManageClusters, &cluster(1)));
        assert!(!access.can(Capability::ManageClusters, &cluster(2)));
        assert!(!access.can(Capability::ManageClusters, &Scope::Organization));
        assert!(!access.can(Capability::ManageOrganization, &cluster(1)));
        assert!(!access.can(Capability::ViewBilling, &cluster(1)));
    }

    #[test]
    fn several_roles_at_several_scopes_add_up() {
        let access = access(&[
            held(BuiltInRole::Viewer, Scope::Organization, None),
            held(BuiltInRole::Member, cluster(1), None),
        ]);
        assert!(access.can(Capability::ViewBilling, &Scope::Organization));
        assert!(access.can(Capability::ManageClusters, &cluster(1)));
        assert!(access.can(Capability::ViewClusters, &cluster(2)));
        assert!(!access.can(Capability::ManageClusters, &cluster(2)));
    }

    #[test]
    fn the_default_applies_only_while_there_is_nothing_else() {
        assert!(access(&[]).can(Capability::ViewBilling, &Scope::Organization));
        let on_one_cluster = access(&[held(BuiltInRole::Viewer, cluster(1), None)]);
        assert!(!on_one_cluster.can(Capability::ViewBilling, &Scope::Organization));
        assert!(Access::of(UserState::Active, &[], &Default::Nobody, &[], NOW).is_empty());
    }

    #[test]
    fn what_has_expired_is_not_held() {
        let expired = access(&[held(BuiltInRole::Owner, Scope::Organization, Some(NOW))]);
        assert!(!expired.is_owner());
        let lasting = access(&[held(BuiltInRole::Owner, Scope::Organization, Some(Instant(1_001)))]);
        assert!(lasting.is_owner());
        assert_eq!(lasting.valid_until(), Some(Instant(1_001)));
    }

    #[test]
    fn a_suspended_person_holds_nothing() {
        let owner = [held(BuiltInRole::Owner, Scope::Organization, None)];
        for state in [UserState::Suspended, UserState::Removed] {
            assert!(Access::of(state, &owner, &Default::Role(Role::VIEWER), &[], NOW).is_empty());
        }
    }
}
