//! What has to be opened and closed so that one source's bindings are the wanted ones.

use crate::model::{Binding, Source, Terms};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeSet, fmt};

/// What changes: bindings to open, and open bindings to close. Every other source's bindings stay untouched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diff {
    /// To open, in order.
    pub open: Vec<Terms>,
    /// To close, in order.
    pub close: Vec<Binding>,
}

impl Diff {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { open, close } = self;
        open.is_empty() && close.is_empty()
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { open, close } = self;
        if self.is_empty() {
            return f.write_str("no change\n");
        }
        for terms in open {
            writeln!(f, "+ {} gets {} at {} ({})", terms.subject, terms.role, terms.scope, terms.source)?;
        }
        for binding in close {
            let terms = &binding.terms;
            writeln!(f, "- {} loses {} at {} ({})", terms.subject, terms.role, terms.scope, terms.source)?;
        }
        Ok(())
    }
}

/// Compares the open bindings with the wanted ones.
///
/// `ours` says which sources this change speaks for: a rule's change takes away only what rules gave. Terms that are
/// wanted by a source that is not ours are not opened either.
#[must_use]
pub fn diff(current: &[Binding], wanted: &[Terms], ours: impl Fn(&Source) -> bool) -> Diff {
    let wanted: BTreeSet<&Terms> = wanted.iter().filter(|terms| ours(&terms.source)).collect();
    let held: BTreeSet<&Terms> = current.iter().map(|binding| &binding.terms).collect();
    Diff {
        open: wanted.iter().filter(|terms| !held.contains(*terms)).map(|terms| (*terms).clone()).collect(),
        close: current
            .iter()
            .filter(|binding| ours(&binding.terms.source) && !wanted.contains(&binding.terms))
            .cloned()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BindingId, BuiltInRole, Instant, Role, Scope, Subject, UserId};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn any_source() -> impl Strategy<Value = Source> {
        prop_oneof![
            Just(Source::Person),
            Just(Source::Floor),
            Just(Source::File),
            (0..3_u8).prop_map(|number| Source::Rule { name: format!("rule {number}") }),
        ]
    }

    fn any_terms() -> impl Strategy<Value = Terms> {
        (0..4_u128, 0..4_usize, any_source(), proptest::option::of(0..3_i64)).prop_map(|(user, role, source, until)| {
            Terms {
                subject: Subject::User(UserId::from_uuid(Uuid::from_u128(user))),
                role: Role::BuiltIn(BuiltInRole::ALL[role]),
                scope: Scope::Organization,
                source,
                until: until.map(Instant),
            }
        })
    }

    fn is_rule(source: &Source) -> bool {
        matches!(source, Source::Rule { .. })
    }

    fn bind(terms: Terms) -> Binding {
        Binding {
            id: BindingId::from_uuid(Uuid::nil()),
            terms,
            mapping_version: None,
            author: String::new(),
            since: Instant(0),
        }
    }

    fn apply(current: Vec<Binding>, diff: &Diff) -> Vec<Binding> {
        let kept = current.into_iter().filter(|binding| !diff.close.contains(binding));
        kept.chain(diff.open.iter().cloned().map(bind)).collect()
    }

    fn distinct(terms: Vec<Terms>) -> Vec<Terms> {
        terms.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
    }

    proptest! {
        #[test]
        fn the_second_plan_is_empty(
            current in proptest::collection::vec(any_terms(), 0..20),
            wanted in proptest::collection::vec(any_terms(), 0..20),
        ) {
            let current: Vec<_> = distinct(current).into_iter().map(bind).collect();
            let first = diff(&current, &wanted, is_rule);
            let after = apply(current, &first);
            prop_assert!(diff(&after, &wanted, is_rule).is_empty());
        }

        #[test]
        fn each_source_takes_only_what_it_gave(
            current in proptest::collection::vec(any_terms(), 0..20),
            wanted in proptest::collection::vec(any_terms(), 0..20),
        ) {
            let current: Vec<_> = distinct(current).into_iter().map(bind).collect();
            let diff = diff(&current, &wanted, is_rule);
            prop_assert!(diff.close.iter().all(|binding| is_rule(&binding.terms.source)));
            prop_assert!(diff.open.iter().all(|terms| is_rule(&terms.source)));
        }

        #[test]
        fn what_is_wanted_is_held_afterwards(
            current in proptest::collection::vec(any_terms(), 0..20),
            wanted in proptest::collection::vec(any_terms(), 0..20),
        ) {
            let current: Vec<_> = distinct(current).into_iter().map(bind).collect();
            let diff = diff(&current, &wanted, is_rule);
            let after = apply(current, &diff);
            for terms in wanted.iter().filter(|terms| is_rule(&terms.source)) {
                prop_assert!(after.iter().any(|binding| binding.terms == *terms));
            }
        }
    }
}
