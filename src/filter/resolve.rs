//! From an attribute's name to its values in a JSON resource.

use super::AttributePath;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The values an attribute has, and the attribute they were found under.
pub(super) struct Found<'v, 'p> {
    /// The path, completed inside brackets.
    pub path: Cow<'p, AttributePath>,
    /// The values, arrays taken apart. Nulls are left out: RFC 7643 §2.5 calls them unassigned.
    pub values: Vec<&'v Value>,
}

/// Where paths are looked up.
#[derive(Clone, Copy)]
pub(super) enum Scope<'v> {
    /// A whole resource.
    Resource(&'v Value),
    /// One value of a multi-valued attribute, between brackets.
    Element(&'v Value, &'v AttributePath),
}

impl<'v> Scope<'v> {
    /// Finds an attribute's values.
    pub(super) fn find<'p>(self, path: &'p AttributePath) -> Found<'v, 'p> {
        match self {
            Self::Resource(resource) => Found { path: Cow::Borrowed(path), values: in_resource(resource, path) },
            Self::Element(element, outer) => {
                let mut values = Vec::new();
                step(element, &path.name, &mut values);
                Found { path: Cow::Owned(outer.with_sub(&path.name)), values }
            }
        }
    }
}

fn in_resource<'v>(resource: &'v Value, path: &AttributePath) -> Vec<&'v Value> {
    let mut found = Vec::new();
    for value in tops(resource, path) {
        match &path.sub {
            None => flatten(value, &mut found),
            Some(sub) => step(value, sub, &mut found),
        }
    }
    found
}

/// The attribute itself, without its sub-attribute.
fn tops<'v>(resource: &'v Value, path: &AttributePath) -> Vec<&'v Value> {
    let Value::Object(members) = resource else {
        return Vec::new();
    };
    match path.schema.as_deref() {
        // RFC 7643 §3.3: core attributes are at the top of the resource.
        Some(_) if path.is_core() && path.is_schema() => vec![resource],
        Some(_) if path.is_core() => get(members, &path.name).into_iter().collect(),
        Some(schema) if path.is_schema() => get(members, schema).into_iter().collect(),
        Some(schema) => match get(members, schema) {
            Some(Value::Object(extension)) => get(extension, &path.name).into_iter().collect(),
            // A schema whose URN has no version looks like an attribute of a shorter one.
            Some(_) | None => get(members, &format!("{schema}:{}", path.name)).into_iter().collect(),
        },
        None => match get(members, &path.name) {
            Some(value) => vec![value],
            // People write `department eq "Finance"` without the extension's URN.
            None => extensions(members).filter_map(|extension| get(extension, &path.name)).collect(),
        },
    }
}

fn extensions(members: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    members
        .iter()
        .filter(|(key, _)| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")))
        .filter_map(|(_, value)| value.as_object())
}

/// A member by its name in any letter case (RFC 7643 §2.1); explicit nulls are absent.
fn get<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    members
        .get(name)
        .or_else(|| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
        .filter(|value| !value.is_null())
}

/// The values of a sub-attribute. A simple value stands for its own `value`: `groups: ["eng"]` is `[{"value": "eng"}]`.
pub(super) fn step<'v>(value: &'v Value, sub: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| step(value, sub, found)),
        Value::Object(members) => {
            if let Some(value) = get(members, sub) {
                flatten(value, found);
            }
        }
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            if sub.eq_ignore_ascii_case("value") {
                found.push(value);
            }
        }
    }
}

/// Takes arrays apart and leaves nulls out.
pub(super) fn flatten<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Null => {}
        Value::Array(values) => values.iter().for_each(|value| flatten(value, found)),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => found.push(value),
    }
}

/// RFC 7644 §3.4.2.2, `pr`: a non-empty value, or a complex one that contains a non-empty node.
pub(super) fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => values.iter().any(is_present),
        Value::Object(members) => members.values().any(is_present),
    }
}
