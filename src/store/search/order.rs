//! The order of a listing.

use super::{
    Sort,
    columns::{self, Column, Columns},
};
use crate::filter::{AttributeKinds, AttributePath, Kind};
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// The `ORDER BY` of a sort, if SQL can do it exactly.
pub(super) fn clause(sort: Option<&Sort>, columns: Columns, kinds: &dyn AttributeKinds) -> Option<String> {
    let Some(sort) = sort else { return Some("id".to_owned()) };
    let (column, nullable) = match columns::find(columns, &sort.attribute)? {
        Column::Text { exact, folded, nullable } => match kinds.kind(&sort.attribute) {
            Kind::CaseExact => (exact?, nullable),
            Kind::CaseFolded => (folded?, nullable),
            Kind::Instant => return None,
        },
        Column::Truth(column) | Column::Moment(column) => (column, false),
        Column::Fixed(_) => return Some("id".to_owned()),
        Column::Rows(_) => return None,
    };
    let direction = if sort.descending { "DESC" } else { "ASC" };
    // RFC 7644 §3.4.2.3: what has no value comes last, or first when the order is descending. NULLs come first in one
    // engine and last in the other unless they are told.
    let nulls = if nullable { format!("({column} IS NULL) {direction}, ") } else { String::new() };
    Some(format!("{nulls}{column} {direction}, id"))
}

/// Where a resource stands in an order; without a value it is the last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Truth(bool),
    Moment(i64),
    /// The bits of a number, so arranged that they order as the numbers do.
    Number(i64),
    Text(String),
    Missing,
}

impl Key {
    /// The key of a resource. RFC 7644 §3.4.2.3: of several values the primary one counts, or else the first.
    pub(super) fn of(resource: &Value, path: &AttributePath, kinds: &dyn AttributeKinds) -> Self {
        let Some(value) = resource.as_object().and_then(|members| top(members, path)).map(preferred) else {
            return Self::Missing;
        };
        let is_complex = value.is_object();
        let part = match (&path.sub, value) {
            (Some(sub), Value::Object(parts)) => member(parts, sub),
            (None, Value::Object(parts)) => member(parts, "value"),
            (Some(sub), simple) => Some(simple).filter(|_| sub.eq_ignore_ascii_case("value")),
            (None, simple) => Some(simple),
        };
        let kind =
            if is_complex && path.sub.is_none() { kinds.kind(&path.with_sub("value")) } else { kinds.kind(path) };
        part.map_or(Self::Missing, |value| Self::of_simple(preferred(value), kind))
    }

    fn of_simple(value: &Value, kind: Kind) -> Self {
        match value {
            Value::Bool(value) => Self::Truth(*value),
            Value::Number(number) => number.as_f64().map_or(Self::Missing, |number| {
                let bits = number.to_bits().cast_signed();
                Self::Number(bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed())
            }),
            Value::String(text) => match (kind, super::instant(text)) {
                (Kind::Instant, Some(moment)) => Self::Moment(moment.0),
                (Kind::CaseExact, _) => Self::Text(text.clone()),
                (Kind::CaseFolded | Kind::Instant, _) => Self::Text(crate::model::fold(text)),
            },
            Value::Null | Value::Array(_) | Value::Object(_) => Self::Missing,
        }
    }

    /// The order of two keys.
    pub(super) fn compare(&self, other: &Self, descending: bool) -> Ordering {
        if descending { other.cmp(self) } else { self.cmp(other) }
    }
}

fn top<'v>(members: &'v Map<String, Value>, path: &AttributePath) -> Option<&'v Value> {
    match path.schema.as_deref() {
        Some(schema) if !path.is_core() => member(member(members, schema)?.as_object()?, &path.name),
        Some(_) => member(members, &path.name),
        None => member(members, &path.name).or_else(|| {
            members
                .iter()
                .filter(|(key, _)| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")))
                .find_map(|(_, extension)| member(extension.as_object()?, &path.name))
        }),
    }
}

/// A member by its name in any letter case (RFC 7643 §2.1).
fn member<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    members.get(name).or_else(|| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn preferred(value: &Value) -> &Value {
    let Value::Array(values) = value else { return value };
    values
        .iter()
        .find(|value| value.get("primary") == Some(&Value::Bool(true)))
        .or_else(|| values.first())
        .unwrap_or(&Value::Null)
}
