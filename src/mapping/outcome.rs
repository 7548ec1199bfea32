//! What goes into the evaluation of a mapping, and what comes out.

use crate::model::{ClusterId, Instant, Role};
use serde::Serialize;
use std::fmt;

/// A group of the directory, as rules see it. Local groups have no such fact: no rule matches them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupFact<'a> {
    /// The name of the connection whose group it is.
    pub connection: &'a str,
    /// Its id at the provider.
    pub external_id: Option<&'a str>,
    /// Its name.
    pub display_name: &'a str,
}

/// A person of the directory, as rules see them.
#[derive(Debug, Clone, Copy)]
pub struct UserFacts<'a> {
    /// The name of the connection that vouches for the person.
    pub connection: &'a str,
    /// The attributes, shaped as a SCIM User.
    pub attributes: &'a serde_json::Value,
    /// The groups of the directory that the person is in.
    pub groups: &'a [GroupFact<'a>],
}

/// What a person gets whom nothing else gives anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultRole {
    /// This role in the whole organization. It is computed, never stored.
    Role(Role),
    /// Nothing: the person is turned away.
    Nobody,
}

/// Where a grant counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantScope {
    /// Everywhere in the organization.
    Organization,
    /// On one cluster.
    Cluster(ClusterId),
}

/// Why a rule gave what it gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Because {
    /// The group that matched, as `connection/name`.
    pub group: Option<String>,
    /// What the rule says of groups: the name, `id:…` or the pattern that matched.
    pub matcher: Option<String>,
    /// The slug that `{cluster}` stood for.
    pub cluster: Option<String>,
    /// The role that `{role}` stood for.
    pub role: Option<String>,
    /// The condition that held.
    pub condition: Option<String>,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let (Some(group), Some(matcher)) = (&self.group, &self.matcher) {
            let holes = [("{cluster}", &self.cluster), ("{role}", &self.role)];
            let filled =
                holes.iter().filter_map(|(hole, value)| value.as_ref().map(|value| format!("{hole} = {value}")));
            let filled: Vec<String> = filled.collect();
            let with = if filled.is_empty() { String::new() } else { format!(" with {}", filled.join(" and ")) };
            parts.push(format!("group {group} is {matcher}{with}"));
        }
        if let Some(condition) = &self.condition {
            parts.push(format!("{condition} holds"));
        }
        f.write_str(&parts.join(", and "))
    }
}

/// One role at one scope, given by one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Where it counts.
    pub scope: GrantScope,
    /// The rule that gave it.
    pub rule: String,
    /// The first instant at which the rule no longer gives it.
    pub until: Option<Instant>,
    /// Why.
    pub because: Because,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.role)?;
        if let GrantScope::Cluster(cluster) = &self.scope {
            write!(f, "@{cluster}")?;
        }
        write!(f, " by “{}”: {}", self.rule, self.because)?;
        match self.until {
            Some(until) => write!(f, ", until {until}"),
            None => Ok(()),
        }
    }
}

/// What kind of thing stood between the facts and a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissKind {
    /// A cluster that is not declared, in a group's name or in the rule. Declaring it evaluates again.
    UnknownCluster,
    /// A role that does not exist, in a group's name.
    UnknownRole,
    /// The group's name fits the pattern in several ways.
    Ambiguous,
    /// `{role}` stands for owner and the rule does not allow that.
    OwnerNotAllowed,
    /// The groups fit and the condition does not hold.
    Condition,
    /// The condition holds and the person is in none of the groups.
    GroupMissing,
    /// The rule has ended.
    Ended,
}

/// A rule that nearly gave something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NearMiss {
    /// The rule.
    pub rule: String,
    /// What kind of thing was missing.
    pub kind: MissKind,
    /// What was missing, in words.
    pub reason: String,
}

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "“{}” gives nothing: {}", self.rule, self.reason)
    }
}

/// What the rules give to one group or one person. Both lists are sorted, and do not depend on the order of the rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// What is given.
    pub grants: Vec<Grant>,
    /// What nearly was.
    pub near_misses: Vec<NearMiss>,
}

impl Outcome {
    /// Sorts both lists, so that the order of the rules leaves no trace.
    pub(super) fn sorted(mut self) -> Self {
        let key = |grant: &Grant| (grant.role.clone(), grant.scope.clone(), grant.rule.clone());
        self.grants.sort_by_cached_key(key);
        self.near_misses.sort_by(|a, b| (&a.rule, a.kind, &a.reason).cmp(&(&b.rule, b.kind, &b.reason)));
        self.near_misses.dedup();
        self
    }
}
