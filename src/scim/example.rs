//! What a provider sent where it got away with something, fit to be shown: the names of attributes, and no values but those
//! that say nothing of anybody.

use super::{
    patch::{get, names_schema},
    schema::{Mutability, ResourceType},
    tolerance::Tolerance,
};
use crate::filter::{self, Dialect, Filter, Literal, Node};
use serde_json::{Map, Value};

/// The longest example.
const LONGEST: usize = 160;
/// What stands for what is not shown.
pub const LEFT_OUT: &str = "…";

/// An example of a tolerance in the body of a request for users or groups; none where the body shows none.
#[must_use]
pub fn example(tolerance: Tolerance, kind: ResourceType, body: &Map<String, Value>) -> Option<String> {
    let seen = |test: &dyn Fn(&str, &Value) -> bool| find(body, test);
    let text = |value: &Value, test: fn(&str) -> bool| value.as_str().is_some_and(test);
    let found = match tolerance {
        Tolerance::StringBoolean => seen(&|_, value| text(value, is_boolean))?,
        Tolerance::EmptyText => seen(&|_, value| text(value, |text| text.trim().is_empty()))?,
        Tolerance::NumberForText => seen(&|_, value| value.is_number())?,
        Tolerance::ListAroundValue => seen(&|key, value| value.is_array() && !is_list(kind, key))?,
        Tolerance::ValueForList => seen(&|key, value| !value.is_array() && !value.is_null() && is_list(kind, key))?,
        Tolerance::BareValue => seen(&|key, value| (value.is_string() || value.is_array()) && is_complex(kind, key))?,
        Tolerance::JsonInText => seen(&|_, value| text(value, |text| text.trim_start().starts_with('{')))?,
        Tolerance::SeveralPrimary => seen(&|key, value| key.eq_ignore_ascii_case("primary") && !value.is_null())?,
        Tolerance::UnknownAttribute => seen(&|key, _| is_unknown(kind, key))?,
        Tolerance::UnqualifiedExtension => seen(&|key, _| named(kind, key).is_some_and(|named| named.unqualified))?,
        Tolerance::PathAsKey => path_as_key(body)?,
        Tolerance::Password => seen(&|key, _| last_word(key).eq_ignore_ascii_case("password"))?,
        Tolerance::ReadOnlyIgnored => seen(&|key, _| is_read_only(kind, key))?,
        Tolerance::SchemasMissing => match get(body, "schemas") {
            Some(schemas) => said("schemas", schemas),
            None if names_schema(body, kind.schema()) => return None,
            None => "no \"schemas\"".to_owned(),
        },
        Tolerance::RemoveWithValue => {
            operation(body, |operation| is_op(operation, "remove") && has(operation, "value"))?
        }
        Tolerance::NothingToRemove => {
            operation(body, |operation| is_op(operation, "remove") || has(operation, "path"))?
        }
        Tolerance::TargetCreated => operation(body, |operation| {
            get(operation, "path").and_then(Value::as_str).is_some_and(|path| path.contains('['))
        })?,
        Tolerance::NoPath => operation(body, |operation| !has(operation, "path"))?,
        Tolerance::LooseFilter => {
            let filter = get(body, "filter").and_then(Value::as_str)?;
            format!("filter={}", filter_without_values(&filter::parse(filter, Dialect::Tolerant).ok()?))
        }
        Tolerance::HollowValue
        | Tolerance::RepeatedValue
        | Tolerance::UnknownMember
        | Tolerance::PlusForSpace
        | Tolerance::UnencodedPlus => return None,
    };
    Some(shortened(found))
}

/// The first key that is a path: of an operation only its value has such keys, as its path is where a path belongs.
fn path_as_key(body: &Map<String, Value>) -> Option<String> {
    let is_path = |key: &str, _: &Value| key.contains(['.', ':']);
    match get(body, "Operations").and_then(Value::as_array) {
        Some(all) => {
            let mut pathless = all.iter().filter_map(Value::as_object).filter(|operation| !has(operation, "path"));
            pathless.find_map(|operation| in_operation(operation, &is_path))
        }
        None => find(body, &is_path),
    }
}

/// A filter without the values that it compares with.
#[must_use]
pub fn filter_without_values(filter: &Filter) -> String {
    without_values(filter).to_string()
}

fn without_values(filter: &Filter) -> Filter {
    let each = |parts: &[Filter]| parts.iter().map(without_values).collect();
    Filter::from(match &filter.node {
        Node::Compare { path, operator, value } => {
            let value = match value {
                Literal::Text(text) if !is_boolean(text) => Literal::Text(LEFT_OUT.to_owned()),
                Literal::Text(_) | Literal::Null | Literal::Boolean(_) | Literal::Number(_) => value.clone(),
            };
            Node::Compare { path: path.clone(), operator: *operator, value }
        }
        Node::Present(path) => Node::Present(path.clone()),
        Node::And(parts) => Node::And(each(parts)),
        Node::Or(parts) => Node::Or(each(parts)),
        Node::Not(part) => Node::Not(Box::new(without_values(part))),
        Node::Element { path, filter } => {
            Node::Element { path: path.clone(), filter: Box::new(without_values(filter)) }
        }
    })
}

/// The first member of an object, however deep, that passes a test: `"key": value`. An operation's path counts as a key of its
/// value.
fn find(object: &Map<String, Value>, test: &dyn Fn(&str, &Value) -> bool) -> Option<String> {
    object.iter().find_map(|(key, value)| {
        if ["op", "schemas"].iter().any(|word| key.eq_ignore_ascii_case(word)) {
            return None;
        }
        if key.eq_ignore_ascii_case("operations") {
            return value.as_array()?.iter().filter_map(Value::as_object).find_map(|one| in_operation(one, test));
        }
        if test(key, value) { Some(said(key, value)) } else { within(key, value, test) }
    })
}

fn in_operation(operation: &Map<String, Value>, test: &dyn Fn(&str, &Value) -> bool) -> Option<String> {
    let value = get(operation, "value");
    match (get(operation, "path").and_then(Value::as_str), value) {
        (Some(path), value) => {
            let value = value.unwrap_or(&Value::Null);
            if test(path, value) { Some(said(&path_without_values(path), value)) } else { within(path, value, test) }
        }
        (None, Some(Value::Object(value))) => find(value, test),
        (None, _) => None,
    }
}

fn within(key: &str, value: &Value, test: &dyn Fn(&str, &Value) -> bool) -> Option<String> {
    let inside = |object: &Map<String, Value>| {
        object.iter().find_map(|(part, value)| {
            let path = if key.starts_with("urn:") { part.clone() } else { format!("{key}.{part}") };
            if test(&path, value) { Some(said(&path_without_values(&path), value)) } else { within(&path, value, test) }
        })
    };
    match value {
        Value::Object(object) => inside(object),
        Value::Array(list) => list.iter().filter_map(Value::as_object).find_map(inside),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The first operation that passes a test, without its values.
fn operation(body: &Map<String, Value>, test: impl Fn(&Map<String, Value>) -> bool) -> Option<String> {
    let all = get(body, "Operations")?.as_array()?;
    let found = all.iter().filter_map(Value::as_object).find(|operation| test(operation))?;
    let shown: Vec<String> = found
        .iter()
        .map(|(key, value)| match value {
            Value::String(op) if key.eq_ignore_ascii_case("op") => format!("\"op\": {}", quoted(op)),
            Value::String(path) if key.eq_ignore_ascii_case("path") => {
                format!("\"path\": {}", quoted(&path_without_values(path)))
            }
            _ => said(key, value),
        })
        .collect();
    Some(format!("{{{}}}", shown.join(", ")))
}

fn said(key: &str, value: &Value) -> String {
    format!("{}: {}", quoted(key), skeleton(value, 2))
}

/// A value without what it says of anybody.
fn skeleton(value: &Value, depth: usize) -> String {
    match value {
        Value::Null | Value::Bool(_) => value.to_string(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(text) if text.trim().is_empty() || is_boolean(text) || text.starts_with("urn:ietf:") => {
            value.to_string()
        }
        Value::String(text) if text.trim_start().starts_with('{') => "\"{…}\"".to_owned(),
        Value::String(_) => "\"…\"".to_owned(),
        Value::Array(list) => match list.first() {
            None => "[]".to_owned(),
            Some(first) if depth > 0 => {
                format!("[{}{}]", skeleton(first, depth - 1), if list.len() > 1 { ", …" } else { "" })
            }
            Some(_) => "[…]".to_owned(),
        },
        Value::Object(parts) if depth > 0 => {
            let parts: Vec<String> = parts
                .iter()
                .take(4)
                .map(|(key, value)| format!("{}: {}", quoted(key), skeleton(value, depth - 1)))
                .collect();
            format!("{{{}}}", parts.join(", "))
        }
        Value::Object(_) => "{…}".to_owned(),
    }
}

/// A PATCH path without the values that it compares with; one that cannot be read shows only how it begins.
fn path_without_values(path: &str) -> String {
    let Some((before, rest)) = path.split_once('[') else { return path.to_owned() };
    let Some((inside, after)) = rest.rsplit_once(']') else { return format!("{before}[…") };
    match filter::parse(inside, Dialect::Tolerant) {
        Ok(filter) => format!("{before}[{}]{after}", filter_without_values(&filter)),
        Err(_) => format!("{before}[…]{after}"),
    }
}

fn is_op(operation: &Map<String, Value>, name: &str) -> bool {
    get(operation, "op").and_then(Value::as_str).is_some_and(|op| op.eq_ignore_ascii_case(name))
}

fn has(operation: &Map<String, Value>, name: &str) -> bool {
    get(operation, name).is_some_and(|value| !value.is_null() && value.as_str() != Some(""))
}

fn is_boolean(text: &str) -> bool {
    ["true", "false"].iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

fn named(kind: ResourceType, key: &str) -> Option<super::schema::Named> {
    let plain = key.split_once('[').map_or(key, |(before, _)| before);
    kind.find(&plain.parse().ok()?)
}

fn is_list(kind: ResourceType, key: &str) -> bool {
    named(kind, key).is_some_and(|named| named.part.is_none() && named.attribute.multi_valued)
}

fn is_complex(kind: ResourceType, key: &str) -> bool {
    named(kind, key).is_some_and(|named| named.part.is_none() && named.attribute.part("value").is_some())
}

fn is_read_only(kind: ResourceType, key: &str) -> bool {
    named(kind, key).is_some_and(|named| named.leaf().mutability == Mutability::ReadOnly)
}

fn is_unknown(kind: ResourceType, key: &str) -> bool {
    !kind.is_extension(key) && !last_word(key).eq_ignore_ascii_case("password") && named(kind, key).is_none()
}

fn last_word(key: &str) -> &str {
    key.rsplit([':', '.']).next().unwrap_or(key)
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(tolerance: Tolerance, body: &Value) -> String {
        example(tolerance, ResourceType::User, body.as_object().expect("an object")).unwrap_or_default()
    }

    #[test]
    fn an_example_shows_what_was_sent_and_nothing_of_anybody() {
        let disable = json!({"Operations": [{"op": "Replace", "path": "active", "value": "False"}]});
        assert_eq!(of(Tolerance::StringBoolean, &disable), r#""active": "False""#);
        let create = json!({"userName": "ada@acme.example", "title": "", "password": "1mz050nq", "groups": [], "shoeSize": 42,
                            "department": "Analysis", "emails": {"value": "ada@acme.example"}});
        assert_eq!(of(Tolerance::EmptyText, &create), r#""title": """#);
        assert_eq!(of(Tolerance::Password, &create), r#""password": "…""#);
        assert_eq!(of(Tolerance::ReadOnlyIgnored, &create), r#""groups": []"#);
        assert_eq!(of(Tolerance::UnknownAttribute, &create), r#""shoeSize": a number"#);
        assert_eq!(of(Tolerance::UnqualifiedExtension, &create), r#""department": "…""#);
        assert_eq!(of(Tolerance::ValueForList, &create), r#""emails": {"value": "…"}"#);
        assert_eq!(of(Tolerance::SchemasMissing, &create), r#"no "schemas""#);
        let many = json!({"Operations": [
            {"op": "Replace", "path": "emails[type eq \"work\" and value eq \"ada@acme.example\"].value", "value": "x@y.example"},
            {"op": "replace", "value": {"name.givenName": "Ada", "displayName": "Ada"}},
            {"op": "remove", "path": "members", "value": [{"value": "usr_1"}]},
        ]});
        assert_eq!(of(Tolerance::PathAsKey, &many), r#""name.givenName": "…""#);
        assert_eq!(
            of(Tolerance::NoPath, &many),
            r#"{"op": "replace", "value": {"name.givenName": "…", "displayName": "…"}}"#
        );
        assert_eq!(
            of(Tolerance::RemoveWithValue, &many),
            r#"{"op": "remove", "path": "members", "value": [{"value": "…"}]}"#
        );
        assert_eq!(
            of(Tolerance::TargetCreated, &many),
            r#"{"op": "Replace", "path": "emails[type eq \"…\" and value eq \"…\"].value", "value": "…"}"#
        );
    }
}
