//! How near a miss was.
//!
//! For every part of the filter the smallest set of conditions is found that would have to change for the part to come
//! out as wanted: all the failing parts of an `and`, the cheapest part of an `or`, the other way about under a `not`, and
//! the nearest value between brackets.

use super::{
    AttributeKinds, AttributePath, Filter, Literal, Node, Operator, Span,
    evaluate::{comparands, holds, relate},
    resolve::{Found, Scope},
};
use crate::model::fold;
use serde::Serialize;
use serde_json::Value;
use std::{collections::HashSet, fmt};

/// The verdict on one resource, and when it is "no", the nearest miss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whether the filter matches; always what [`Filter::matches`] says.
    pub matched: bool,
    /// The smallest set of conditions that would have to change for the filter to match; empty if it does.
    pub nearest_miss: Vec<Miss>,
}

/// One condition that stands between the resource and the filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Miss {
    /// Where the condition stands in the filter's text.
    pub span: Span,
    /// The condition, completed with the attribute its brackets belong to: `emails.type eq "work"`.
    pub condition: String,
    /// `true` when the condition does not hold and should; `false` when it holds under a `not` and should not.
    pub should_hold: bool,
    /// The attribute the condition reads.
    pub attribute: String,
    /// The attribute's values, at most [`Miss::MOST_VALUES`] of them; empty when it is absent.
    pub actual: Vec<Value>,
    /// How many values more there are.
    pub more: usize,
    /// Which value of a multi-valued attribute came nearest (from 0), when the condition is inside brackets.
    pub element: Option<usize>,
    /// What would have matched but for something easily overlooked.
    pub hint: Option<Hint>,
}

/// Something easily overlooked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hint {
    /// It would match but for upper and lower case, which count for this attribute.
    LetterCase,
    /// It would match but for white space at the ends or doubled within.
    WhiteSpace,
}

impl Miss {
    /// Longer lists of values are cut here.
    pub const MOST_VALUES: usize = 5;
}

impl Filter {
    /// The verdict on a resource and its nearest miss.
    #[must_use]
    pub fn explain(&self, resource: &Value, kinds: &dyn AttributeKinds) -> Explanation {
        let nearest_miss = Search { kinds, element: None }.changes(self, Scope::Resource(resource), true);
        Explanation { matched: self.matches(resource, kinds), nearest_miss }
    }
}

/// The search for the cheapest change.
#[derive(Clone, Copy)]
struct Search<'k> {
    kinds: &'k dyn AttributeKinds,
    element: Option<usize>,
}

impl Search<'_> {
    /// The conditions that would have to change for the filter to come out as `wanted`; none if it does already.
    fn changes(self, filter: &Filter, scope: Scope<'_>, wanted: bool) -> Vec<Miss> {
        match (&filter.node, wanted) {
            (Node::And(parts), true) | (Node::Or(parts), false) => {
                together(parts.iter().map(|part| self.changes(part, scope, wanted)))
            }
            (Node::And(parts), false) | (Node::Or(parts), true) => {
                cheapest(parts.iter().map(|part| self.changes(part, scope, wanted))).unwrap_or_default()
            }
            (Node::Not(part), _) => self.changes(part, scope, !wanted),
            (Node::Compare { .. } | Node::Present(_) | Node::Element { .. }, _)
                if holds(filter, scope, self.kinds) == wanted =>
            {
                Vec::new()
            }
            (Node::Compare { path, .. } | Node::Present(path), _) => vec![self.miss(filter, path, scope, wanted)],
            (Node::Element { path, filter: inner }, _) => self.element(filter, path, inner, scope, wanted),
        }
    }

    fn element(
        self,
        filter: &Filter,
        path: &AttributePath,
        inner: &Filter,
        scope: Scope<'_>,
        wanted: bool,
    ) -> Vec<Miss> {
        let found = scope.find(path);
        let each = found.values.iter().enumerate().map(|(index, element)| {
            let search = Self { element: Some(index), ..self };
            search.changes(inner, Scope::Element(element, path), wanted)
        });
        if wanted {
            // One value has to satisfy it all: the nearest. Without any value the brackets as a whole are missed.
            cheapest(each).unwrap_or_else(|| vec![self.miss(filter, path, scope, wanted)])
        } else {
            together(each)
        }
    }

    fn miss(self, filter: &Filter, path: &AttributePath, scope: Scope<'_>, should_hold: bool) -> Miss {
        let found = scope.find(path);
        let attribute = found.path.to_string();
        let simple = comparands(&found, self.kinds).values;
        // A complex value without a `value` is shown whole.
        let shown = if simple.is_empty() { &found.values } else { &simple };
        Miss {
            span: filter.span,
            condition: condition(filter, &found.path),
            should_hold,
            attribute,
            actual: shown.iter().take(Miss::MOST_VALUES).map(|value| (*value).clone()).collect(),
            more: shown.len().saturating_sub(Miss::MOST_VALUES),
            element: self.element,
            hint: should_hold.then(|| hint(filter, &found, self.kinds)).flatten(),
        }
    }
}

/// The condition with its attribute completed.
fn condition(filter: &Filter, full: &AttributePath) -> String {
    match &filter.node {
        Node::Compare { operator, value, .. } => format!("{full} {operator} {value}"),
        Node::Present(_) => format!("{full} pr"),
        Node::And(_) | Node::Or(_) | Node::Not(_) | Node::Element { .. } => filter.to_string(),
    }
}

/// All the changes, the same one only once.
fn together(sets: impl Iterator<Item = Vec<Miss>>) -> Vec<Miss> {
    let mut known = HashSet::new();
    sets.flatten().filter(|miss| known.insert((miss.condition.clone(), miss.should_hold, miss.element))).collect()
}

/// The set with the fewest changes; among equals the one with more hints, then with fewer absent attributes, then the first.
fn cheapest(sets: impl Iterator<Item = Vec<Miss>>) -> Option<Vec<Miss>> {
    sets.min_by_key(|set| {
        let unexplained = set.iter().filter(|miss| miss.hint.is_none()).count();
        let absent = set.iter().filter(|miss| miss.actual.is_empty()).count();
        (set.len(), unexplained, absent)
    })
}

/// Whether the condition would hold if letter case or white space did not count.
fn hint(filter: &Filter, found: &Found<'_, '_>, kinds: &dyn AttributeKinds) -> Option<Hint> {
    let Node::Compare { operator, value: Literal::Text(wanted), .. } = &filter.node else {
        return None;
    };
    match operator {
        Operator::Equal | Operator::Contains | Operator::StartsWith | Operator::EndsWith => {}
        Operator::NotEqual | Operator::Greater | Operator::GreaterOrEqual | Operator::Less | Operator::LessOrEqual => {
            return None;
        }
    }
    let values = comparands(found, kinds).values;
    let texts: Vec<String> = values.into_iter().filter_map(Value::as_str).map(fold).collect();
    let holds_for = |change: fn(&str) -> String| {
        let wanted = change(&fold(wanted));
        texts.iter().any(|text| relate(&change(text), *operator, &wanted))
    };
    if holds_for(str::to_owned) {
        return Some(Hint::LetterCase);
    }
    holds_for(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).then_some(Hint::WhiteSpace)
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.matched {
            return f.write_str("matches");
        }
        f.write_str("does not match: ")?;
        for (index, miss) in self.nearest_miss.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{miss}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Miss {
    /// `title co "Intern": title is "Senior Analyst"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { condition, attribute, .. } = self;
        if self.should_hold {
            write!(f, "{condition}: {attribute} is ")?;
        } else {
            write!(f, "not ({condition}): {attribute} is ")?;
        }
        if self.actual.is_empty() {
            f.write_str("absent")?;
        }
        for (index, value) in self.actual.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{value}")?;
        }
        if self.more > 0 {
            write!(f, " and {} more", self.more)?;
        }
        if let Some(element) = self.element {
            write!(f, " in value {}", element + 1)?;
        }
        match self.hint {
            Some(Hint::LetterCase) => f.write_str(" (only upper and lower case differ, and they count here)"),
            Some(Hint::WhiteSpace) => f.write_str(" (only white space differs)"),
            None => Ok(()),
        }
    }
}
