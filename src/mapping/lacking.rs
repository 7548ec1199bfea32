//! What stands between somebody and what a rule would give them: the group that is missing, and the one that nearly is it.

use super::{
    index::{Entry, FoldedGroup},
    outcome::{GrantScope, GroupFact, UserFacts},
    pattern::{Capture, Match},
    rule::{GrantRole, Mapping, Matcher, Names, Reach, ReachScope, Rule, Targets},
};
use crate::model::{Instant, Role, fold};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// Letters that may differ before two names have nothing to do with each other.
const FEW_LETTERS: usize = 3;
/// Names longer than this are no slip of the pen, and comparing them would take their square.
const LONGEST: usize = 100;

/// A group of the directory, and when it was last pushed or asserted.
#[derive(Debug, Clone, Copy)]
pub struct Pushed<'a> {
    /// The group.
    pub group: GroupFact<'a>,
    /// When anything about it was last said, its members included.
    pub at: Instant,
}

/// A group that comes close to what a rule asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NearGroup {
    /// The connection whose group it is.
    pub connection: String,
    /// Its name.
    pub name: String,
    /// The name that was meant, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meant: Option<String>,
    /// How many letters its name is off; 0: it is the one that is asked for.
    pub letters: usize,
    /// Whether the person is in it.
    pub member: bool,
    /// When anything about it was last pushed or asserted.
    pub last_pushed: Option<Instant>,
}

/// A rule that would give what is missing, and what it waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Lacking {
    /// The rule.
    pub rule: String,
    /// The line that it begins on, from 1.
    pub line: usize,
    /// What it gives of what would be enough.
    pub roles: Vec<Role>,
    /// The groups of which one is needed, as the rule says them; empty where the person is in one, or none is needed.
    pub groups: Vec<String>,
    /// The condition that does not hold, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// When the rule ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Instant>,
    /// The group that comes closest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<NearGroup>,
}

impl Lacking {
    /// The less is missing, and the closer the nearest group, the smaller.
    fn distance(&self) -> (usize, usize) {
        let missing = [!self.groups.is_empty(), self.condition.is_some(), self.ended.is_some()];
        let missing = missing.into_iter().filter(|missing| *missing).count();
        let near = match &self.near {
            Some(near) if near.member => near.letters,
            Some(near) => FEW_LETTERS + 1 + near.letters,
            None => 2 * FEW_LETTERS + 2,
        };
        (missing, near)
    }
}

impl fmt::Display for NearGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connection, name, meant, letters, member, last_pushed } = self;
        let off = match letters {
            0 => String::new(),
            1 => ", one letter off".to_owned(),
            more => format!(", {more} letters off"),
        };
        let from = meant.as_ref().filter(|_| *letters > 0);
        let from = from.map(|meant| format!(" from “{meant}”")).unwrap_or_default();
        match (member, letters) {
            (true, _) => write!(f, "{connection} sent “{name}”{off}{from}")?,
            (false, 0) => write!(f, "{connection} has it as “{name}”, and the person is not in it")?,
            (false, _) => write!(f, "{connection} has “{name}”{off}{from}, and the person is not in it")?,
        }
        match last_pushed.map(|at| at.to_string()) {
            Some(at) => write!(f, "; that group was last pushed on {}", at.split('T').next().unwrap_or(&at)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(ended) = self.ended {
            parts.push(format!("it ended at {ended}"));
        }
        if !self.groups.is_empty() {
            parts.push(format!("needs group {}", self.groups.join(" or ")));
        }
        if let Some(near) = &self.near {
            parts.push(near.to_string());
        }
        if let Some(condition) = &self.condition {
            parts.push(condition.clone());
        }
        write!(f, "“{}” (line {}): {}", self.rule, self.line, parts.join("; "))
    }
}

/// What is looked for: one of these roles, there.
#[derive(Debug, Clone, Copy)]
struct Wanted<'w> {
    roles: &'w [Role],
    scope: &'w GrantScope,
}

impl Wanted<'_> {
    fn is_in(self, reach: &Reach) -> Vec<Role> {
        let there = match &reach.scope {
            // What is held on the whole organization is held on each of its clusters.
            ReachScope::These(scopes) => scopes.contains(&GrantScope::Organization) || scopes.contains(self.scope),
            ReachScope::AnyCluster => matches!(self.scope, GrantScope::Cluster(_)),
        };
        if !there {
            return Vec::new();
        }
        reach.roles.iter().filter(|role| self.roles.contains(role)).cloned().collect()
    }

    /// Whether a group that fits in this way makes the rule give it.
    fn is_given(self, rule: &Rule, capture: &Capture) -> bool {
        let role = match &rule.grant {
            GrantRole::Fixed(_) => true,
            GrantRole::Captured => capture.role.as_ref().is_some_and(|role| self.roles.contains(role)),
        };
        let place = match (&rule.targets, self.scope) {
            (Targets::Organization, _) => true,
            (Targets::Clusters { .. }, GrantScope::Organization) => false,
            (Targets::Clusters { known, captured, .. }, GrantScope::Cluster(id)) => {
                known.contains(id) || (*captured && capture.cluster.as_ref() == Some(id))
            }
        };
        role && place
    }
}

impl Mapping {
    /// The rules that would give one of `roles` at `scope` (or everywhere) to a person who has it by none, the nearest first.
    ///
    /// `known` are the groups of the directory, those of the person among them.
    #[must_use]
    pub fn lacking(
        &self,
        user: &UserFacts<'_>,
        known: &[Pushed<'_>],
        (roles, scope): (&[Role], &GrantScope),
        now: Instant,
    ) -> Vec<Lacking> {
        let wanted = Wanted { roles, scope };
        let met = self.rules_met(user, wanted);
        let mut found = Vec::new();
        // Defaults have no name and stand before the rules, which come in their own order.
        let reaches = self.reach().into_iter().filter(|reach| reach.rule.is_some());
        for ((position, rule), reach) in self.rules.iter().enumerate().zip(reaches) {
            let gives = wanted.is_in(&reach);
            if gives.is_empty() {
                continue;
            }
            let in_a_group = rule.groups.is_empty() || met.contains(&position);
            let broken = rule.when.as_ref().filter(|when| !when.holds(user.attributes, &self.words));
            let lacking = Lacking {
                rule: rule.name.clone(),
                line: reach.line,
                roles: gives,
                groups: match in_a_group {
                    true => Vec::new(),
                    false => rule.groups.iter().map(|matcher| matcher.shown.value.clone()).collect(),
                },
                condition: broken.map(|when| when.miss(user.attributes, &self.words)),
                ended: rule.until.filter(|until| *until <= now),
                near: if in_a_group { None } else { nearest_group(rule, user, known) },
            };
            if !lacking.groups.is_empty() || lacking.condition.is_some() || lacking.ended.is_some() {
                found.push(lacking);
            }
        }
        found.sort_by_cached_key(|lacking| (lacking.distance(), lacking.line));
        found
    }

    /// The positions of the rules of whose groups the person is in one that gives what is wanted.
    fn rules_met(&self, user: &UserFacts<'_>, wanted: Wanted<'_>) -> Vec<usize> {
        let mut met = Vec::new();
        for group in user.groups {
            let group = FoldedGroup::new(*group);
            let all = [&self.group_rules, &self.user_rules];
            for (Entry { rule: position, .. }, how) in all.into_iter().flat_map(|index| index.meet(&group, &self.words))
            {
                let Some(rule) = self.rules.get(position) else { continue };
                if let Match::One(capture) = how
                    && wanted.is_given(rule, &capture)
                {
                    met.push(position);
                }
            }
        }
        met
    }
}

/// Of the groups that the person is in, and then of all, the one whose name comes closest to one that the rule asks for.
fn nearest_group(rule: &Rule, user: &UserFacts<'_>, known: &[Pushed<'_>]) -> Option<NearGroup> {
    let near = |matcher: &Matcher| {
        let connection = matcher.connection.as_deref()?;
        let here = known.iter().filter(|pushed| fold(pushed.group.connection) == connection);
        let here: Vec<&Pushed<'_>> = here.collect();
        let meant: Vec<&str> = match &matcher.names {
            Names::Name(name) => vec![name],
            // What a provider's id is called is known of a group that was pushed; else the id is all there is.
            Names::Id(id) => {
                let called = here.iter().filter(|pushed| pushed.group.external_id == Some(id));
                called.map(|pushed| pushed.group.display_name).chain([id.as_str()]).collect()
            }
            Names::Pattern(_) => Vec::new(),
        };
        let compared = here.iter().flat_map(|pushed| meant.iter().map(|meant| compare(matcher, meant, pushed, user)));
        compared.flatten().min_by_key(|near| (!near.member, near.letters))
    };
    rule.groups.iter().filter_map(near).min_by_key(|near| (!near.member, near.letters))
}

fn compare(matcher: &Matcher, meant: &str, pushed: &Pushed<'_>, user: &UserFacts<'_>) -> Option<NearGroup> {
    let Pushed { group, at } = *pushed;
    let is_it = match &matcher.names {
        Names::Id(id) => group.external_id == Some(id),
        Names::Name(_) | Names::Pattern(_) => false,
    };
    if meant.len() > LONGEST || group.display_name.len() > LONGEST {
        return None;
    }
    let folded = fold(meant);
    let letters = if is_it { 0 } else { strsim::osa_distance(&folded, &fold(group.display_name)) };
    let few = FEW_LETTERS.min(folded.chars().count() / 3);
    (is_it || letters <= few).then(|| NearGroup {
        connection: group.connection.to_owned(),
        name: group.display_name.to_owned(),
        meant: (letters > 0).then(|| meant.to_owned()),
        letters,
        member: user.groups.contains(&group),
        last_pushed: Some(at),
    })
}
