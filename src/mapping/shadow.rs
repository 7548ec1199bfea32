//! Rules that say nothing that another does not say already.

use super::{
    diagnostic::Findings,
    rule::{GrantRole, Mapping, Matcher, Rule, Targets},
    vocabulary::Vocabulary,
};
use crate::model::{Capability, Role};
use std::collections::{BTreeSet, HashMap};

/// Rules without groups are compared with each other up to here; more of them only where they say the same words.
const MOST_COMPARED: usize = 300;

/// A rule and what makes two of them the same.
struct Shape<'m> {
    rule: &'m Rule,
    groups: BTreeSet<String>,
}

/// Warns of each rule that another covers.
pub(super) fn shadows(mapping: &Mapping, vocabulary: &Vocabulary, findings: &mut Findings<'_>) {
    let shape = |rule: &'_ Rule| rule.groups.iter().map(Matcher::key).collect();
    let shapes: Vec<Shape<'_>> = mapping.rules.iter().map(|rule| Shape { rule, groups: shape(rule) }).collect();
    let mut by_group: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut without: Vec<usize> = Vec::new();
    for (place, shape) in shapes.iter().enumerate() {
        shape.groups.iter().for_each(|group| by_group.entry(group).or_default().push(place));
        if shape.groups.is_empty() {
            without.push(place);
        }
    }
    for (place, narrow) in shapes.iter().enumerate() {
        let of_group = narrow.groups.first().and_then(|group| by_group.get(group.as_str()));
        let alike = |other: &&usize| without.len() <= MOST_COMPARED || same_words(shapes.get(**other), narrow);
        let candidates = of_group.into_iter().flatten().chain(without.iter().filter(alike));
        let mut candidates: Vec<usize> = candidates.copied().filter(|other| *other != place).collect();
        candidates.sort_unstable();
        let covering =
            candidates.into_iter().filter_map(|other| Some((other, shapes.get(other)?))).find(|(other, wide)| {
                // Of two that say the same, the later one is too much.
                covers(wide, narrow, vocabulary) && (*other < place || !covers(narrow, wide, vocabulary))
            });
        if let Some((_, wide)) = covering {
            findings.about(Some(&narrow.rule.name));
            let place = findings.source().place(narrow.rule.extent.start);
            let message = format!("the rule “{}” gives all that this rule gives", wide.rule.name);
            findings.warning(place, message, Some("remove one of them".to_owned()));
        }
    }
}

fn same_words(one: Option<&Shape<'_>>, other: &Shape<'_>) -> bool {
    let words = |shape: &Shape<'_>| shape.rule.when.as_ref().map(|when| when.text.clone());
    one.is_some_and(|one| words(one) == words(other))
}

/// Whether one rule gives everybody whom the other gives something at least as much, as long.
fn covers(wide: &Shape<'_>, narrow: &Shape<'_>, vocabulary: &Vocabulary) -> bool {
    let groups = wide.groups.is_empty() || (!narrow.groups.is_empty() && narrow.groups.is_subset(&wide.groups));
    let when = match (&wide.rule.when, &narrow.rule.when) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => narrow.implies(wide),
    };
    groups && when && gives_as_much(wide.rule, narrow.rule, vocabulary)
}

fn gives_as_much(wide: &Rule, narrow: &Rule, vocabulary: &Vocabulary) -> bool {
    let lasts = wide.until.is_none() || (narrow.until.is_some() && wide.until >= narrow.until);
    let reaches = match (&wide.targets, &narrow.targets) {
        (Targets::Organization, Targets::Organization | Targets::Clusters { .. }) => true,
        (Targets::Clusters { .. }, Targets::Organization) => false,
        (Targets::Clusters { known: all, captured: any, .. }, Targets::Clusters { known, captured, .. }) => {
            known.iter().all(|cluster| all.contains(cluster)) && (*any || !captured)
        }
    };
    let role = match (&wide.grant, &narrow.grant) {
        (GrantRole::Fixed(wide), GrantRole::Fixed(narrow)) => {
            wide == narrow || whole(narrow, vocabulary).is_subset(&whole(wide, vocabulary))
        }
        (GrantRole::Captured, GrantRole::Captured) => wide.allow_owner || !narrow.allow_owner,
        (GrantRole::Fixed(_), GrantRole::Captured) | (GrantRole::Captured, GrantRole::Fixed(_)) => false,
    };
    lasts && reaches && role
}

/// What a role lets its holder do in the whole organization.
pub(super) fn whole(role: &Role, vocabulary: &Vocabulary) -> BTreeSet<Capability> {
    crate::access::capabilities(role, &crate::model::Scope::Organization, &vocabulary.custom_roles).unwrap_or_default()
}
