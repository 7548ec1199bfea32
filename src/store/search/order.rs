//! The order of a listing.

use super::{
    Sort,
    columns::{self, Column, Columns},
};
use crate::{
    filter::{AttributeKinds, AttributePath, Kind},
    store::Value as SqlValue,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// An order that SQL can keep exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    /// By which column, and whether it may be NULL; none: by the id alone.
    column: Option<(&'static str, bool)>,
    descending: bool,
}

/// The order that a sort asks for, if SQL can keep it exactly.
pub(super) fn in_sql(sort: Option<&Sort>, columns: Columns, kinds: &dyn AttributeKinds) -> Option<Order> {
    let Some(sort) = sort else { return Some(Order { column: None, descending: false }) };
    let column = match columns::find(columns, &sort.attribute)? {
        Column::Text { exact, folded, nullable } => match kinds.kind(&sort.attribute) {
            Kind::CaseExact => Some((exact?, nullable)),
            Kind::CaseFolded => Some((folded?, nullable)),
            Kind::Instant => return None,
        },
        Column::Truth(column) | Column::Moment(column) => Some((column, false)),
        Column::Fixed(_) => None,
        Column::Rows(_) => return None,
    };
    Some(Order { column, descending: sort.descending })
}

impl Order {
    /// Its `ORDER BY`, or that of the same order read from its end.
    pub(super) fn clause(self, backwards: bool) -> String {
        let by_id = if backwards { "id DESC" } else { "id" };
        let Some((column, nullable)) = self.column else { return by_id.to_owned() };
        let direction = if self.descending == backwards { "ASC" } else { "DESC" };
        // RFC 7644 §3.4.2.3: what has no value comes last, or first when the order is descending. NULLs come first in one
        // engine and last in the other unless they are told.
        let nulls = if nullable { format!("({column} IS NULL) {direction}, ") } else { String::new() };
        format!("{nulls}{column} {direction}, {by_id}")
    }

    /// The condition of what comes behind a place, or before it when the order is read from its end.
    pub(super) fn beyond(self, place: &Place, backwards: bool, args: &mut Vec<SqlValue>) -> String {
        let mut bind = |value: SqlValue| {
            args.push(value);
            format!("?{}", args.len())
        };
        let id = bind(SqlValue::Text(place.id.clone()));
        let further = format!("id {} {id}", if backwards { '<' } else { '>' });
        let Some((column, nullable)) = self.column else { return further };
        let falls = self.descending != backwards;
        let key = match &place.key {
            Key::Truth(value) => SqlValue::Int(i64::from(*value)),
            Key::Moment(number) | Key::Number(number) => SqlValue::Int(*number),
            Key::Text(text) => SqlValue::Text(text.clone()),
            Key::Missing if falls => return format!("(({column} IS NULL AND {further}) OR {column} IS NOT NULL)"),
            Key::Missing => return format!("({column} IS NULL AND {further})"),
        };
        let (key, sign) = (bind(key), if falls { '<' } else { '>' });
        // The first half bounds a walk on the column's index, the second one decides.
        let values = format!("({column} {sign}= {key} AND ({column} {sign} {key} OR {further}))");
        if nullable && !falls { format!("({values} OR {column} IS NULL)") } else { values }
    }
}

/// Where something stands in an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Its key; [`Key::Missing`] where the order is that of the ids.
    pub(super) key: Key,
    /// Its id, which decides between equals.
    pub(super) id: String,
}

impl Place {
    /// Which of two comes first; equals are in the order of their ids whichever way the keys go.
    pub(super) fn compare(&self, other: &Self, descending: bool) -> Ordering {
        self.key.compare(&other.key, descending).then_with(|| self.id.cmp(&other.id))
    }
}

/// Where a resource stands in an order; without a value it is the last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
