//! The past under a mapping: what people would have had for a while, and not any more.

use crate::model::{Instant, Role, Scope, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// People whose states are written out each.
const MOST: usize = 500;

/// A role at a scope, and the rule that gives it; none: the default.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Given {
    /// Which.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// By which rule.
    pub rule: Option<String>,
}

/// What somebody would have had from one moment to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Stint {
    /// Who.
    pub user: UserId,
    /// What they are called.
    pub label: String,
    /// What.
    #[serde(flatten)]
    pub given: Given,
    /// From when on.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
    /// Whether the mapping in force gives the same role there, at that moment.
    pub in_force_too: bool,
}

/// The past under a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Replay {
    /// From when on the past was looked at.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
    /// People of whom something was pushed or said in that time.
    pub people: usize,
    /// Moments at which it was.
    pub moments: usize,
    /// What would have come and gone, by time.
    pub stints: Vec<Stint>,
}

/// What came and went in a row of states, each of which holds until the next; the last one holds still.
#[must_use]
pub fn came_and_went(states: &[(Instant, BTreeSet<Given>)]) -> Vec<(Given, Instant, Instant)> {
    let mut open: BTreeMap<&Given, Option<Instant>> = BTreeMap::new();
    let mut gone = Vec::new();
    for (place, (at, state)) in states.iter().enumerate() {
        let ended: Vec<&Given> = open.keys().copied().filter(|given| !state.contains(*given)).collect();
        for given in ended {
            // What was there at the beginning did not come.
            if let Some(Some(from)) = open.remove(given) {
                gone.push((given.clone(), from, *at));
            }
        }
        for given in state {
            open.entry(given).or_insert((place > 0).then_some(*at));
        }
    }
    gone.sort_by(|one, other| (one.1, one.2, &one.0).cmp(&(other.1, other.2, &other.0)));
    gone
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, until, people, moments, stints } = self;
        for stint in stints.iter().take(MOST) {
            let Stint { label, user, given: Given { role, scope, rule }, from, until, in_force_too } = stint;
            let by = rule.as_ref().map_or_else(|| "the default".to_owned(), |rule| format!("rule “{rule}”"));
            let too = if *in_force_too { "; so it is in force" } else { "" };
            writeln!(f, "~ {label} ({user}) {role} at {scope} from {from} until {until} ({by}{too})")?;
        }
        if stints.len() > MOST {
            writeln!(f, "  … and {} more", stints.len() - MOST)?;
        }
        writeln!(
            f,
            "{moments} moments of {people} people from {from} until {until}: {} states would have come and gone",
            stints.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(role: &str) -> Given {
        Given { role: role.parse().unwrap(), scope: Scope::Organization, rule: Some("rule".to_owned()) }
    }

    fn states(all: &[(i64, &[&str])]) -> Vec<(Instant, BTreeSet<Given>)> {
        all.iter().map(|(at, roles)| (Instant(*at), roles.iter().map(|role| given(role)).collect())).collect()
    }

    #[test]
    fn what_came_and_went_is_told_and_what_was_there_before_or_is_there_still_is_not() {
        let states = states(&[(0, &["viewer"]), (1, &["owner"]), (2, &["owner", "analyst"]), (3, &["member"])]);
        let gone = came_and_went(&states);
        assert_eq!(gone, [(given("owner"), Instant(1), Instant(3)), (given("analyst"), Instant(2), Instant(3))]);
    }
}
