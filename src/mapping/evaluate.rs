//! Facts in, grants out, each with its reason; and what nearly was.

use super::{
    index::{Entry, FoldedGroup},
    outcome::{Because, Grant, GrantScope, GroupFact, MissKind, NearMiss, Outcome, UserFacts},
    pattern::{Capture, Hole, Match},
    rule::{GrantRole, Mapping, Rule, Targets},
};
use crate::model::{ClusterId, Instant, Role};
use std::collections::HashMap;

/// A group, and what rules with `when` say of it: found once, and used for each of its members.
#[derive(Debug)]
pub struct MetGroup<'a> {
    group: FoldedGroup<'a>,
    met: Vec<(Entry, Match)>,
}

/// A group that fits a rule, and how.
struct Fit<'f> {
    group: &'f FoldedGroup<'f>,
    matcher: usize,
    capture: Capture,
}

/// Collects what one evaluation gives.
struct Giving<'m> {
    mapping: &'m Mapping,
    now: Instant,
    outcome: Outcome,
    /// Whether near misses are asked for.
    explain: bool,
}

impl Mapping {
    /// What the rules that only name groups give to this group.
    ///
    /// Names and ids are found by hash and patterns one after the other, however many members the group has.
    #[must_use]
    pub fn for_group(&self, group: &GroupFact<'_>, now: Instant) -> Outcome {
        let group = FoldedGroup::new(*group);
        let mut giving = Giving { mapping: self, now, outcome: Outcome::default(), explain: true };
        for (entry, met) in self.group_rules.meet(&group, &self.words) {
            let Some(rule) = self.rules.get(entry.rule) else { continue };
            if let Some(fit) = giving.fit(rule, &group, entry, met) {
                giving.give(rule, Some(&fit));
            }
        }
        giving.outcome.sorted()
    }

    /// What the rules with `when` give to this person, and which of them nearly did.
    #[must_use]
    pub fn for_user(&self, user: &UserFacts<'_>, now: Instant) -> Outcome {
        let met: Vec<MetGroup<'_>> = user.groups.iter().map(|group| self.meet_group(*group)).collect();
        self.evaluate_user(user.attributes, &met.iter().collect::<Vec<_>>(), now, true)
    }

    /// As [`Mapping::for_user`], without near misses: for many people at once.
    #[must_use]
    pub fn grants_for_user(&self, user: &UserFacts<'_>, now: Instant) -> Vec<Grant> {
        let met: Vec<MetGroup<'_>> = user.groups.iter().map(|group| self.meet_group(*group)).collect();
        self.grants_for_member(user.attributes, &met.iter().collect::<Vec<_>>(), now)
    }

    /// What rules with `when` say of a group.
    #[must_use]
    pub fn meet_group<'a>(&self, group: GroupFact<'a>) -> MetGroup<'a> {
        let group = FoldedGroup::new(group);
        let met = self.user_rules.meet(&group, &self.words);
        MetGroup { group, met }
    }

    /// As [`Mapping::grants_for_user`], of groups that are looked at once for all their members.
    #[must_use]
    pub fn grants_for_member(
        &self,
        attributes: &serde_json::Value,
        groups: &[&MetGroup<'_>],
        now: Instant,
    ) -> Vec<Grant> {
        self.evaluate_user(attributes, groups, now, false).grants
    }

    /// Whether joining or leaving this group can change what a rule gives to a person.
    ///
    /// Where it cannot, one member more is one row more and nothing is evaluated.
    #[must_use]
    pub fn needs_user(&self, group: &GroupFact<'_>) -> bool {
        let met = self.user_rules.meet(&FoldedGroup::new(*group), &self.words);
        met.iter().any(|(_, met)| matches!(met, Match::One(_)))
    }

    fn evaluate_user(
        &self,
        attributes: &serde_json::Value,
        groups: &[&MetGroup<'_>],
        now: Instant,
        explain: bool,
    ) -> Outcome {
        let mut giving = Giving { mapping: self, now, outcome: Outcome::default(), explain };
        if !self.has_user_rules() {
            return giving.outcome;
        }
        let mut met: HashMap<usize, Vec<(usize, Entry, &Match)>> = HashMap::new();
        for (position, group) in groups.iter().enumerate() {
            for (entry, how) in &group.met {
                met.entry(entry.rule).or_default().push((position, *entry, how));
            }
        }
        for (position, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.binds_user()) {
            // Whoever is in none of its groups gets nothing from it, whatever it asks besides.
            if !explain && !rule.groups.is_empty() && !met.contains_key(&position) {
                continue;
            }
            let condition_holds = rule.when.as_ref().is_some_and(|when| when.holds(attributes, &self.words));
            if !condition_holds && !explain {
                continue;
            }
            let found = met.remove(&position).unwrap_or_default();
            if condition_holds && rule.groups.is_empty() {
                giving.give(rule, None);
            } else if condition_holds {
                giving.give_for_groups(rule, groups, found);
            } else if rule.groups.is_empty() || found.iter().any(|(_, _, how)| matches!(how, Match::One(_))) {
                let reason = rule.when.as_ref().map(|when| when.miss(attributes, &self.words));
                giving.miss(rule, MissKind::Condition, reason.unwrap_or_default());
            }
        }
        giving.outcome.sorted()
    }
}

impl Giving<'_> {
    /// What a rule with `when` and `groups` gives, its condition holding.
    fn give_for_groups(&mut self, rule: &Rule, groups: &[&MetGroup<'_>], found: Vec<(usize, Entry, &Match)>) {
        if found.is_empty() {
            let named: Vec<&str> = rule.groups.iter().map(|matcher| matcher.shown.value.as_str()).collect();
            self.miss(rule, MissKind::GroupMissing, format!("the person is in no group {}", named.join(" or ")));
        }
        for (position, entry, how) in found {
            let Some(group) = groups.get(position) else { continue };
            if let Some(fit) = self.fit(rule, &group.group, entry, how.clone()) {
                self.give(rule, Some(&fit));
            }
        }
    }

    fn miss(&mut self, rule: &Rule, kind: MissKind, reason: String) {
        if self.explain {
            self.outcome.near_misses.push(NearMiss { rule: rule.name.clone(), kind, reason });
        }
    }

    /// The one way in which a group fits, or a near miss.
    fn fit<'f>(&mut self, rule: &Rule, group: &'f FoldedGroup<'f>, entry: Entry, met: Match) -> Option<Fit<'f>> {
        let name = group.fact.display_name;
        let pattern = rule.groups.get(entry.matcher).map_or("", |matcher| matcher.shown.value.as_str());
        match met {
            Match::One(capture) => return Some(Fit { group, matcher: entry.matcher, capture }),
            Match::No => {}
            Match::Unknown { hole: Hole::Cluster, word } => {
                let reason = format!("group “{name}” fits {pattern}, and no cluster “{word}” is declared");
                self.miss(rule, MissKind::UnknownCluster, reason);
            }
            Match::Unknown { hole: Hole::Role, word } => {
                let reason = format!("group “{name}” fits {pattern}, and there is no role “{word}”");
                self.miss(rule, MissKind::UnknownRole, reason);
            }
            Match::Ambiguous(one, other) => {
                let (one, other) = (self.capture_text(&one), self.capture_text(&other));
                let reason = format!("group “{name}” fits {pattern} in two ways: {one}, or {other}");
                self.miss(rule, MissKind::Ambiguous, reason);
            }
        }
        None
    }

    fn capture_text(&self, capture: &Capture) -> String {
        let words = &self.mapping.words;
        let cluster = capture.cluster.as_ref().map(|id| format!("cluster {}", words.cluster_name(id)));
        let role = capture.role.as_ref().map(|role| format!("role {}", words.role_name(role)));
        [cluster, role].into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }

    /// Gives what a rule whose demands are met gives.
    fn give(&mut self, rule: &Rule, fit: Option<&Fit<'_>>) {
        if rule.ended(self.now) {
            let end = rule.until.map(|until| until.to_string()).unwrap_or_default();
            self.miss(rule, MissKind::Ended, format!("it ended at {end}"));
            return;
        }
        let Some(role) = self.role_of(rule, fit) else { return };
        let because = self.because(rule, fit);
        for scope in self.scopes_of(rule, fit) {
            let earlier = |grant: &Grant| grant.rule == rule.name && grant.role == role && grant.scope == scope;
            // A rule gives a thing once, however many groups call for it; the reason is the first group's by name.
            match self.outcome.grants.iter_mut().find(|grant| earlier(grant)) {
                Some(given) if because.group < given.because.group => given.because = because.clone(),
                Some(_) => {}
                None => self.outcome.grants.push(Grant {
                    role: role.clone(),
                    scope,
                    rule: rule.name.clone(),
                    until: rule.until,
                    because: because.clone(),
                }),
            }
        }
    }

    fn role_of(&mut self, rule: &Rule, fit: Option<&Fit<'_>>) -> Option<Role> {
        let role = match &rule.grant {
            GrantRole::Fixed(role) => return Some(role.clone()),
            GrantRole::Captured => fit.and_then(|fit| fit.capture.role.clone())?,
        };
        if role == Role::OWNER && !rule.allow_owner {
            let name = fit.map_or("", |fit| fit.group.fact.display_name);
            let reason = format!("group “{name}” stands for owner, which the rule does not allow with allow: [owner]");
            self.miss(rule, MissKind::OwnerNotAllowed, reason);
            return None;
        }
        Some(role)
    }

    fn scopes_of(&mut self, rule: &Rule, fit: Option<&Fit<'_>>) -> Vec<GrantScope> {
        match &rule.targets {
            Targets::Organization => vec![GrantScope::Organization],
            Targets::Clusters { known, unknown, captured } => {
                for name in unknown {
                    self.miss(rule, MissKind::UnknownCluster, format!("no cluster “{name}” is declared"));
                }
                let from_group: Option<ClusterId> =
                    fit.filter(|_| *captured).and_then(|fit| fit.capture.cluster.clone());
                let mut clusters: Vec<ClusterId> = known.iter().cloned().chain(from_group).collect();
                clusters.sort();
                clusters.dedup();
                clusters.into_iter().map(GrantScope::Cluster).collect()
            }
        }
    }

    fn because(&self, rule: &Rule, fit: Option<&Fit<'_>>) -> Because {
        let words = &self.mapping.words;
        let mut because = Because { condition: rule.when.as_ref().map(|when| when.text.clone()), ..Because::default() };
        if let Some(fit) = fit {
            because.group = Some(format!("{}/{}", fit.group.fact.connection, fit.group.fact.display_name));
            because.matcher = rule.groups.get(fit.matcher).map(|matcher| matcher.shown.value.clone());
            because.cluster = fit.capture.cluster.as_ref().map(|id| words.cluster_name(id));
            because.role = fit.capture.role.as_ref().map(|role| words.role_name(role));
        }
        because
    }
}
