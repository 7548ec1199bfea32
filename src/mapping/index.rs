//! Finds the rules that mean a group: names and ids by hash, patterns one after the other.

use super::{
    outcome::GroupFact,
    pattern::{Match, Pattern},
    rule::{Names, Rule},
    vocabulary::Words,
};
use crate::model::fold;
use std::collections::HashMap;

/// A rule and one of its matchers, by their positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) rule: usize,
    pub(super) matcher: usize,
}

/// What rules say of groups, arranged by group.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Of names and ids.
    exact: HashMap<String, Vec<Entry>>,
    /// Of patterns: the connection's folded name and the pattern.
    patterns: Vec<(Entry, String, Pattern)>,
}

/// A group's fact with its names folded once.
#[derive(Debug)]
pub(super) struct FoldedGroup<'a> {
    pub(super) fact: GroupFact<'a>,
    connection: String,
    name: String,
}

impl<'a> FoldedGroup<'a> {
    pub(super) fn new(fact: GroupFact<'a>) -> Self {
        Self { connection: fold(fact.connection), name: fold(fact.display_name), fact }
    }
}

fn name_key(connection: &str, name: &str) -> String {
    format!("{connection}\0n{name}")
}

fn id_key(connection: &str, id: &str) -> String {
    format!("{connection}\0i{id}")
}

impl Index {
    pub(super) fn new(rules: &[Rule], wanted: impl Fn(&Rule) -> bool) -> Self {
        let mut index = Self::default();
        for (position, rule) in rules.iter().enumerate().filter(|(_, rule)| wanted(rule)) {
            for (matcher, said) in rule.groups.iter().enumerate() {
                let Some(connection) = said.connection.as_deref() else { continue };
                let entry = Entry { rule: position, matcher };
                match &said.names {
                    Names::Name(name) => index.exact.entry(name_key(connection, name)).or_default().push(entry),
                    Names::Id(id) => index.exact.entry(id_key(connection, id)).or_default().push(entry),
                    Names::Pattern(pattern) => index.patterns.push((entry, connection.to_owned(), pattern.clone())),
                }
            }
        }
        index
    }

    /// Every matcher that means the group, or whose pattern fits it in shape.
    pub(super) fn meet(&self, group: &FoldedGroup<'_>, words: &Words) -> Vec<(Entry, Match)> {
        let by_name = self.exact.get(&name_key(&group.connection, &group.name));
        let by_id = group.fact.external_id.and_then(|id| self.exact.get(&id_key(&group.connection, id)));
        let exact = by_name.into_iter().chain(by_id).flatten();
        let mut found: Vec<(Entry, Match)> =
            exact.map(|entry| (*entry, Match::One(super::pattern::Capture::default()))).collect();
        for (entry, connection, pattern) in &self.patterns {
            if *connection == group.connection {
                match pattern.meet(&group.name, words) {
                    Match::No => {}
                    fits @ (Match::One(_) | Match::Unknown { .. } | Match::Ambiguous(..)) => found.push((*entry, fits)),
                }
            }
        }
        found
    }
}
