//! All ways by which a mapping makes somebody Owner of the whole organization, and what is risky about them.

use super::{
    outcome::DefaultRole,
    pattern::Hole,
    rule::{GrantRole, Mapping, Names, Rule, Targets},
};
use crate::model::{Instant, Role};
use schemars::JsonSchema;
use serde::Serialize;

/// One way by which a mapping makes somebody Owner of the whole organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OwnerRule {
    /// The rule; none: the default.
    pub rule: Option<String>,
    /// The line it begins on, from 1.
    pub line: usize,
    /// What it says of groups: of several, one is enough.
    pub groups: Vec<String>,
    /// What has to hold besides; with groups, both.
    pub when: Option<String>,
    /// When it stops by itself.
    pub until: Option<Instant>,
    /// What is risky about it.
    pub risks: Vec<String>,
}

/// A risk, and what to do about it.
pub(super) type Risk = (String, &'static str);

/// Whether a rule can make an owner, of the organization or of a cluster.
pub(super) fn can_give_owner(rule: &Rule) -> bool {
    match &rule.grant {
        GrantRole::Fixed(role) => *role == Role::OWNER,
        GrantRole::Captured => rule.allow_owner,
    }
}

/// What is risky about a rule that makes owners; nothing about any other.
pub(super) fn risks(rule: &Rule) -> Vec<Risk> {
    let mut risks = Vec::new();
    if !can_give_owner(rule) {
        return risks;
    }
    if let Some(when) = &rule.when {
        let written = when.self_written();
        if !written.is_empty() {
            let message = format!("owner rests on {}, which people can often write themselves", written.join(" and "));
            risks.push((message, "let owner rest on a group"));
        }
        let addresses = when.addresses();
        if rule.groups.is_empty() && !addresses.is_empty() {
            let message =
                format!("owner rests on {}, an address that nobody may have verified", addresses.join(" and "));
            risks.push((message, "let owner rest on a group"));
        }
        if rule.groups.is_empty() && when.is_loose() {
            let message = "owner rests on a condition that many values fulfil".to_owned();
            risks.push((message, "compare with eq, or let owner rest on a group"));
        }
    }
    let is_pattern = |names: &Names| matches!(names, Names::Pattern(_));
    let pattern = rule.groups.iter().find(|matcher| is_pattern(&matcher.names));
    if let (Some(matcher), Targets::Organization) = (pattern, &rule.targets) {
        let message = format!("owner goes to every group that fits {}", matcher.shown.value);
        risks.push((message, "name the group whose members are to be owners"));
    }
    risks
}

impl Mapping {
    /// All ways by which it makes somebody Owner of the whole organization, in the order of the text.
    #[must_use]
    pub fn owner_rules(&self) -> Vec<OwnerRule> {
        let source = super::source::Source::new(self.text());
        let by_default = |default: &DefaultRole| *default == DefaultRole::Role(Role::OWNER);
        let mut connections: Vec<String> = self
            .defaults
            .connections
            .iter()
            .filter(|(_, role)| by_default(role))
            .map(|(name, _)| name.clone())
            .collect();
        connections.sort();
        if by_default(&self.defaults.otherwise) {
            connections.insert(0, "every connection".to_owned());
        }
        let default = (!connections.is_empty()).then(|| OwnerRule {
            rule: None,
            line: 1,
            groups: Vec::new(),
            when: Some(format!("nothing else gives anything, for people of {}", connections.join(", "))),
            until: None,
            risks: vec!["everybody whom no rule matches becomes an owner".to_owned()],
        });
        let rules = self.rules.iter().filter(|rule| can_give_owner(rule) && rule.targets == Targets::Organization);
        let rules = rules.map(|rule| OwnerRule {
            rule: Some(rule.name.clone()),
            line: source.place(rule.extent.start).line,
            groups: rule.groups.iter().map(|matcher| matcher.shown.value.clone()).collect(),
            when: rule.when.as_ref().map(|when| when.text.clone()),
            until: rule.until,
            risks: risks(rule).into_iter().map(|(message, _)| message).collect(),
        });
        default.into_iter().chain(rules).collect()
    }
}

/// Whether a pattern of the rule stands for clusters.
pub(super) fn asks_for_clusters(rule: &Rule) -> bool {
    rule.groups.iter().any(|matcher| match &matcher.names {
        Names::Pattern(pattern) => pattern.captures(Hole::Cluster),
        Names::Name(_) | Names::Id(_) => false,
    })
}
