//! Whether a resource satisfies a filter.

use super::{
    AttributeKinds, AttributePath, Filter, Kind, Literal, Node, Operator, literal,
    resolve::{Found, Scope, is_present, step},
};
use crate::model::{Instant, fold};
use serde_json::{Number, Value};
use std::cmp::Ordering;

impl Filter {
    /// Whether the filter matches a JSON resource: extension attributes under their schema's URN, names in any letter case.
    ///
    /// A name without URN that is not at the top of the resource is looked up in its extensions too.
    #[must_use]
    pub fn matches(&self, resource: &Value, kinds: &dyn AttributeKinds) -> bool {
        holds(self, Scope::Resource(resource), kinds)
    }
}

/// Whether a filter holds in a scope.
pub(super) fn holds(filter: &Filter, scope: Scope<'_>, kinds: &dyn AttributeKinds) -> bool {
    match &filter.node {
        Node::Compare { path, operator, value } => compares(&scope.find(path), *operator, value, kinds),
        Node::Present(path) => scope.find(path).values.into_iter().any(is_present),
        Node::And(parts) => parts.iter().all(|part| holds(part, scope, kinds)),
        Node::Or(parts) => parts.iter().any(|part| holds(part, scope, kinds)),
        Node::Not(part) => !holds(part, scope, kinds),
        // RFC 7644 §3.4.2.2: the whole inner filter is put to one value at a time.
        Node::Element { path, filter } => {
            scope.find(path).values.into_iter().any(|element| holds(filter, Scope::Element(element, path), kinds))
        }
    }
}

/// Whether a comparison holds for what was found.
fn compares(found: &Found<'_, '_>, operator: Operator, literal: &Literal, kinds: &dyn AttributeKinds) -> bool {
    let equal_null = || !found.values.iter().any(|value| is_present(value));
    match (operator, literal) {
        (Operator::Equal, Literal::Null) => equal_null(),
        (Operator::NotEqual, Literal::Null) => !equal_null(),
        // `ne` is `not eq`: it holds when no value is equal, so also when there is none.
        (Operator::NotEqual, _) => !any(found, Operator::Equal, literal, kinds),
        (_, _) => any(found, operator, literal, kinds),
    }
}

fn any(found: &Found<'_, '_>, operator: Operator, literal: &Literal, kinds: &dyn AttributeKinds) -> bool {
    let Comparands { values, kind } = comparands(found, kinds);
    let folded = match (literal, kind) {
        (Literal::Text(text), Kind::CaseFolded | Kind::Instant) => fold(text),
        (Literal::Text(_), Kind::CaseExact) | (Literal::Null | Literal::Boolean(_) | Literal::Number(_), _) => {
            String::new()
        }
    };
    values.into_iter().any(|value| satisfies(value, operator, literal, &folded, kind))
}

/// The simple values a comparison looks at.
pub(super) struct Comparands<'v> {
    pub values: Vec<&'v Value>,
    pub kind: Kind,
}

/// RFC 7644 §3.4.2.2: a complex attribute without sub-attribute stands for its `value`.
pub(super) fn comparands<'v>(found: &Found<'v, '_>, kinds: &dyn AttributeKinds) -> Comparands<'v> {
    let path: &AttributePath = &found.path;
    if !found.values.iter().any(|value| value.is_object()) {
        return Comparands { values: found.values.clone(), kind: kinds.kind(path) };
    }
    let mut values = Vec::new();
    for value in &found.values {
        step(value, "value", &mut values);
    }
    let kind = if path.sub.is_some() { kinds.kind(path) } else { kinds.kind(&path.with_sub("value")) };
    Comparands { values, kind }
}

/// Whether one value stands in the relation to the literal. `folded` is the literal's folded text.
fn satisfies(value: &Value, operator: Operator, literal: &Literal, folded: &str, kind: Kind) -> bool {
    match (value, literal) {
        (Value::String(text), Literal::Text(wanted)) => texts(text, operator, wanted, folded, kind),
        (Value::Number(number), Literal::Number(wanted)) => match operator_order(operator) {
            Some(allowed) => order(number, wanted).is_some_and(allowed),
            None => relate(&number.to_string(), operator, &wanted.to_string()),
        },
        // Providers quote everything: "True" for a boolean, "42" for a number, and the other way about.
        (Value::Bool(value), Literal::Boolean(wanted)) => operator == Operator::Equal && value == wanted,
        (Value::Bool(value), Literal::Text(wanted)) => operator == Operator::Equal && is_boolean(wanted, *value),
        (Value::String(text), Literal::Boolean(wanted)) => operator == Operator::Equal && is_boolean(text, *wanted),
        (Value::Number(number), Literal::Text(wanted)) => mixed(wanted, number, operator, Side::Number),
        (Value::String(text), Literal::Number(wanted)) => mixed(text, wanted, operator, Side::Text),
        (Value::Null | Value::Array(_) | Value::Object(_), _)
        | (_, Literal::Null)
        | (Value::Number(_), Literal::Boolean(_))
        | (Value::Bool(_), Literal::Number(_)) => false,
    }
}

fn is_boolean(text: &str, value: bool) -> bool {
    text.trim().eq_ignore_ascii_case(if value { "true" } else { "false" })
}

/// Which side of the comparison the resource's own value is on.
enum Side {
    Number,
    Text,
}

/// A number against a text: numerically if the text is one, else by its digits.
fn mixed(text: &str, number: &Number, operator: Operator, resource: Side) -> bool {
    let parsed = literal::number(text.trim());
    let digits = number.to_string();
    match (operator_order(operator), parsed, resource) {
        (Some(allowed), Some(parsed), Side::Number) => order(number, &parsed).is_some_and(allowed),
        (Some(allowed), Some(parsed), Side::Text) => order(&parsed, number).is_some_and(allowed),
        (Some(_), None, _) => operator == Operator::Equal && text == digits,
        (None, _, Side::Number) => relate(&digits, operator, text),
        (None, _, Side::Text) => relate(text, operator, &digits),
    }
}

/// The order of two numbers: exactly between integers, else as floating point.
fn order(a: &Number, b: &Number) -> Option<Ordering> {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        (_, _) => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn texts(text: &str, operator: Operator, wanted: &str, folded: &str, kind: Kind) -> bool {
    match kind {
        Kind::CaseExact => relate(text, operator, wanted),
        Kind::CaseFolded => relate(&fold(text), operator, folded),
        // RFC 7644 §3.4.2.2: dateTimes compare in time, not as text.
        Kind::Instant => match (operator_order(operator), instant(text), instant(wanted)) {
            (Some(allowed), Some(a), Some(b)) => allowed(a.cmp(&b)),
            (_, _, _) => relate(&fold(text), operator, folded),
        },
    }
}

/// An RFC 3339 time; without an offset it is taken for UTC, and a date alone for its first moment.
fn instant(text: &str) -> Option<Instant> {
    let text = text.trim();
    text.parse().or_else(|_| format!("{text}Z").parse()).or_else(|_| format!("{text}T00:00:00Z").parse()).ok()
}

/// The orders an operator allows; none for those that look inside a text.
fn operator_order(operator: Operator) -> Option<fn(Ordering) -> bool> {
    match operator {
        Operator::Equal => Some(Ordering::is_eq),
        Operator::NotEqual => Some(Ordering::is_ne),
        Operator::Greater => Some(Ordering::is_gt),
        Operator::GreaterOrEqual => Some(Ordering::is_ge),
        Operator::Less => Some(Ordering::is_lt),
        Operator::LessOrEqual => Some(Ordering::is_le),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => None,
    }
}

/// The relation between two texts as they are.
pub(super) fn relate(text: &str, operator: Operator, wanted: &str) -> bool {
    match operator {
        Operator::Contains => text.contains(wanted),
        Operator::StartsWith => text.starts_with(wanted),
        Operator::EndsWith => text.ends_with(wanted),
        Operator::Equal => text == wanted,
        Operator::NotEqual => text != wanted,
        Operator::Greater => text > wanted,
        Operator::GreaterOrEqual => text >= wanted,
        Operator::Less => text < wanted,
        Operator::LessOrEqual => text <= wanted,
    }
}
