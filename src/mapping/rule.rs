//! A mapping that compiled: its rules, resolved.

use super::{
    condition::Condition,
    index::Index,
    outcome::{DefaultRole, GrantScope},
    parse::Text,
    pattern::{Hole, Pattern},
    source::Extent,
    vocabulary::Words,
};
use crate::model::{ClusterId, Instant, Role, fold};
use serde::Serialize;
use std::collections::HashMap;

/// What a rule says of groups.
#[derive(Debug, Clone)]
pub(super) struct Matcher {
    /// The folded name of the connection; `None` when the organization has none yet, and then nothing matches.
    pub(super) connection: Option<String>,
    pub(super) names: Names,
    /// As it is written.
    pub(super) shown: Text,
}

/// Which groups of a connection are meant.
#[derive(Debug, Clone)]
pub(super) enum Names {
    /// The one of this folded display name.
    Name(String),
    /// The one of this external id, compared exactly.
    Id(String),
    /// All that fit.
    Pattern(Pattern),
}

impl Matcher {
    /// What makes two matchers the same.
    pub(super) fn key(&self) -> String {
        let connection = self.connection.as_deref().unwrap_or_default();
        match &self.names {
            Names::Name(name) => format!("{connection}/{name}"),
            Names::Id(id) => format!("{connection}/id:{id}"),
            // What a pattern is made of is as it is written, but for letter case.
            Names::Pattern(_) => format!("{connection}/{}", fold(&self.shown.value)),
        }
    }
}

/// The role that a rule gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GrantRole {
    Fixed(Role),
    /// What `{role}` stands for.
    Captured,
}

/// Where a rule gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Targets {
    Organization,
    /// On these clusters, and never elsewhere, even when none of them is known any more.
    Clusters {
        known: Vec<ClusterId>,
        unknown: Vec<String>,
        captured: bool,
    },
}

/// One rule.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) extent: Extent,
    pub(super) groups: Vec<Matcher>,
    pub(super) when: Option<Condition>,
    pub(super) grant: GrantRole,
    /// Where the grant is written.
    pub(super) grant_extent: Extent,
    pub(super) targets: Targets,
    /// The first instant at which the rule no longer holds.
    pub(super) until: Option<Instant>,
    pub(super) until_extent: Extent,
    pub(super) allow_owner: bool,
}

impl Rule {
    /// Whether its grants go to the person and not to the group.
    pub(super) fn binds_user(&self) -> bool {
        self.when.is_some()
    }

    pub(super) fn ended(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Whether every pattern of the rule fills this hole, and there is one.
    pub(super) fn fills(&self, hole: Hole) -> bool {
        !self.groups.is_empty()
            && self.groups.iter().all(|matcher| match &matcher.names {
                Names::Pattern(pattern) => pattern.captures(hole),
                Names::Name(_) | Names::Id(_) => false,
            })
    }
}

/// The `default:` of a mapping.
#[derive(Debug, Clone)]
pub(super) struct Defaults {
    /// For connections that are not named.
    pub(super) otherwise: DefaultRole,
    /// By folded name.
    pub(super) connections: HashMap<String, DefaultRole>,
}

/// A mapping that compiled, ready to be evaluated.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub(super) text: String,
    pub(super) defaults: Defaults,
    pub(super) rules: Vec<Rule>,
    pub(super) words: Words,
    /// Of the rules that bind groups.
    pub(super) group_rules: Index,
    /// Of the rules that bind users.
    pub(super) user_rules: Index,
}

/// What one rule can give at most. Who publishes a mapping must hold all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// The rule; `None` for `default`.
    pub rule: Option<String>,
    /// The line it begins on, from 1.
    pub line: usize,
    /// The roles it can give.
    pub roles: Vec<Role>,
    /// Where.
    pub scope: ReachScope,
}

/// Where a rule can give something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReachScope {
    /// At exactly these scopes.
    These(Vec<GrantScope>),
    /// On any cluster that there is or will be.
    AnyCluster,
}

impl Mapping {
    pub(super) fn new(text: &str, defaults: Defaults, rules: Vec<Rule>, words: Words) -> Self {
        let group_rules = Index::new(&rules, |rule| !rule.binds_user());
        let user_rules = Index::new(&rules, Rule::binds_user);
        Self { text: text.to_owned(), defaults, rules, words, group_rules, user_rules }
    }

    /// The text it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of its rules, in the order of the text.
    pub fn rule_names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.name.as_str())
    }

    /// Whether any rule binds users.
    pub fn has_user_rules(&self) -> bool {
        self.rules.iter().any(Rule::binds_user)
    }

    /// The next instant after `now` at which a rule ends, and with it what it gave.
    pub fn next_end(&self, now: Instant) -> Option<Instant> {
        self.rules.iter().filter_map(|rule| rule.until).filter(|until| *until > now).min()
    }

    /// What a person of this connection gets whom nothing else gives anything.
    pub fn default_for(&self, connection: &str) -> DefaultRole {
        self.defaults.connections.get(&fold(connection)).unwrap_or(&self.defaults.otherwise).clone()
    }

    /// What each rule, and the default, can give at most.
    pub fn reach(&self) -> Vec<Reach> {
        let source = super::source::Source::new(&self.text);
        let organization = || ReachScope::These(vec![GrantScope::Organization]);
        let mut reach: Vec<Reach> = Vec::new();
        for default in self.defaults.connections.values().chain([&self.defaults.otherwise]) {
            if let DefaultRole::Role(role) = default {
                reach.push(Reach { rule: None, line: 1, roles: vec![role.clone()], scope: organization() });
            }
        }
        reach.sort_by(|a, b| a.roles.cmp(&b.roles));
        reach.dedup();
        for rule in &self.rules {
            let scope = match &rule.targets {
                Targets::Organization => organization(),
                Targets::Clusters { captured: true, .. } => ReachScope::AnyCluster,
                Targets::Clusters { known, .. } => {
                    ReachScope::These(known.iter().cloned().map(GrantScope::Cluster).collect())
                }
            };
            let line = source.place(rule.extent.start).line;
            reach.push(Reach { rule: Some(rule.name.clone()), line, roles: self.roles_of(rule), scope });
        }
        reach
    }

    /// The roles a rule can give.
    fn roles_of(&self, rule: &Rule) -> Vec<Role> {
        match &rule.grant {
            GrantRole::Fixed(role) => vec![role.clone()],
            GrantRole::Captured => {
                let all = self.words.roles().map(|(role, _)| role.clone());
                let mut roles: Vec<Role> = all.filter(|role| rule.allow_owner || *role != Role::OWNER).collect();
                roles.sort();
                roles
            }
        }
    }
}
