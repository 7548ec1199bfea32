//! One value, made to look as its attribute's schema says, or refused.
//!
//! Values come out in canonical spelling, without nulls and without what the server alone writes. What clients get wrong in
//! harmless ways is put right and counted; see [`Tolerance`] for the list.

use super::{
    error::ScimError,
    schema::{Attribute, Mutability, Type},
    tolerance::{Leniency, Tolerance},
};
use serde_json::{Map, Value};

/// The most values of one attribute. Lists are compared value by value, so that their length is work.
const MOST_VALUES: usize = 500;

/// Refuses a list that is longer than any real one.
pub(super) fn check_length(path: &str, length: usize) -> Result<(), ScimError> {
    if length > MOST_VALUES {
        return Err(ScimError::too_many(format!("“{path}” has {length} values; at most {MOST_VALUES} are taken.")));
    }
    Ok(())
}

/// The value of an attribute, whole: a list for a multi-valued one. `None` means that it has no value.
///
/// `path` is how messages call it.
pub(super) fn shape(
    attribute: &Attribute,
    value: Value,
    path: &str,
    leniency: &mut Leniency,
) -> Result<Option<Value>, ScimError> {
    if !attribute.multi_valued {
        return shape_one(attribute, value, path, leniency);
    }
    let elements = shape_elements(attribute, value, path, leniency)?;
    Ok(if elements.is_empty() { None } else { Some(Value::Array(elements)) })
}

/// The values of a multi-valued attribute: no two alike, at most one primary.
pub(super) fn shape_elements(
    attribute: &Attribute,
    value: Value,
    path: &str,
    leniency: &mut Leniency,
) -> Result<Vec<Value>, ScimError> {
    let given = match value {
        Value::Null => Vec::new(),
        Value::Array(given) => given,
        Value::String(text) if text.is_empty() => Vec::new(),
        single @ (Value::Object(_) | Value::String(_) | Value::Bool(_) | Value::Number(_)) => {
            leniency.allow(Tolerance::ValueForList, || wrong_type(path, "a list", &single))?;
            vec![single]
        }
    };
    check_length(path, given.len())?;
    let mut elements: Vec<Value> = Vec::with_capacity(given.len());
    for (index, element) in given.into_iter().enumerate() {
        let path = format!("{path}[{index}]");
        if let Some(element) = shape_one(attribute, element, &path, leniency)? {
            if is_hollow(&element) {
                leniency.allow(Tolerance::HollowValue, || hollow(&path))?;
                continue;
            }
            if elements.contains(&element) {
                leniency.note(Tolerance::RepeatedValue);
                continue;
            }
            elements.push(element);
        }
    }
    keep_last_primary(&mut elements, path, leniency)?;
    Ok(elements)
}

/// One value: a single-valued attribute's, or one of a multi-valued attribute's.
pub(super) fn shape_one(
    attribute: &Attribute,
    value: Value,
    path: &str,
    leniency: &mut Leniency,
) -> Result<Option<Value>, ScimError> {
    // RFC 7643 §2.5: null and the empty list are the same as no value.
    let value = match value {
        Value::Null => return Ok(None),
        Value::Array(list) if list.is_empty() => return Ok(None),
        Value::Array(mut list) if list.len() == 1 => {
            leniency.allow(Tolerance::ListAroundValue, || {
                ScimError::invalid_value(format!("“{path}” takes one value and got a list."))
            })?;
            list.pop().unwrap_or(Value::Null)
        }
        Value::Array(_) => return Err(ScimError::invalid_value(format!("“{path}” takes one value and got several."))),
        plain @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => plain,
    };
    match attribute.kind {
        Type::Boolean => shape_boolean(value, path, leniency),
        Type::Complex => shape_complex(attribute, value, path, leniency),
        Type::String | Type::DateTime | Type::Binary | Type::Reference => shape_text(value, path, leniency),
    }
}

fn shape_boolean(value: Value, path: &str, leniency: &mut Leniency) -> Result<Option<Value>, ScimError> {
    let Value::String(text) = &value else {
        return if value.is_null() || value.is_boolean() {
            Ok(Some(value).filter(Value::is_boolean))
        } else {
            Err(wrong_type(path, "true or false", &value))
        };
    };
    let meant = match text.trim().to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        "" => None,
        _ => return Err(wrong_type(path, "true or false", &value)),
    };
    let tolerance = if meant.is_some() { Tolerance::StringBoolean } else { Tolerance::EmptyText };
    leniency.allow(tolerance, || wrong_type(path, "true or false", &value))?;
    Ok(meant.map(Value::Bool))
}

fn shape_text(value: Value, path: &str, leniency: &mut Leniency) -> Result<Option<Value>, ScimError> {
    match value {
        Value::String(text) if text.trim().is_empty() => {
            leniency.allow(Tolerance::EmptyText, || {
                ScimError::invalid_value(format!("“{path}” is empty; leave it out, or send null, to clear it."))
            })?;
            Ok(None)
        }
        Value::String(text) => Ok(Some(Value::String(text))),
        Value::Number(number) => {
            leniency.allow(Tolerance::NumberForText, || wrong_type(path, "a text", &Value::Number(number.clone())))?;
            Ok(Some(Value::String(number.to_string())))
        }
        other @ (Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            if other.is_null() {
                return Ok(None);
            }
            Err(wrong_type(path, "a text", &other))
        }
    }
}

fn shape_complex(
    attribute: &Attribute,
    value: Value,
    path: &str,
    leniency: &mut Leniency,
) -> Result<Option<Value>, ScimError> {
    let given = match value {
        Value::Object(given) => given,
        Value::String(text) if text.trim().is_empty() => {
            leniency.allow(Tolerance::EmptyText, || {
                ScimError::invalid_value(format!("“{path}” is empty; leave it out, or send null, to clear it."))
            })?;
            return Ok(None);
        }
        bare @ (Value::String(_) | Value::Number(_)) if attribute.part("value").is_some() => {
            leniency.allow(Tolerance::BareValue, || wrong_type(path, "an object", &bare))?;
            Map::from_iter([("value".to_owned(), bare)])
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            return Err(wrong_type(path, "an object", &other));
        }
    };
    let given = unpack_json_text(attribute, given, leniency);
    let mut shaped = Map::new();
    for (key, value) in given {
        let Some(part) = attribute.part(&key) else {
            leniency.allow(Tolerance::UnknownAttribute, || unknown_part(attribute, &key, path))?;
            continue;
        };
        if part.mutability == Mutability::ReadOnly {
            // RFC 7644 §3.3: a value for a readOnly attribute is ignored.
            leniency.note(Tolerance::ReadOnlyIgnored);
            continue;
        }
        if let Some(value) = shape_one(part, value, &format!("{path}.{}", part.name), leniency)? {
            shaped.insert(part.name.to_owned(), value);
        }
    }
    Ok(if shaped.is_empty() { None } else { Some(Value::Object(in_order(attribute, shaped))) })
}

/// Entra's AppRoleAssignmentsComplex puts `{"id": …, "value": "Admin", "displayName": …}`, as a text, into `value`.
fn unpack_json_text(
    attribute: &Attribute,
    mut given: Map<String, Value>,
    leniency: &mut Leniency,
) -> Map<String, Value> {
    if !attribute.name.eq_ignore_ascii_case("roles") || leniency.dialect() == crate::filter::Dialect::Strict {
        return given;
    }
    let inner = given.iter().find(|(key, _)| key.eq_ignore_ascii_case("value")).and_then(|(key, value)| {
        let text = value.as_str().filter(|text| text.trim_start().starts_with('{'))?;
        // As strictly as a body: what is hidden in a text is no way around it.
        let inner = super::parse_object(text.as_bytes()).ok()?;
        Some((key.clone(), inner))
    });
    if let Some((key, mut inner)) = inner
        && let Some(value) = inner.remove("value")
    {
        leniency.note(Tolerance::JsonInText);
        given.insert(key, value);
        let display = inner.remove("displayName").or_else(|| inner.remove("display"));
        if let Some(display) = display.filter(Value::is_string) {
            given.entry("display").or_insert(display);
        }
    }
    given
}

/// The same parts in the schema's order, so that equal values are written alike.
pub(super) fn in_order(attribute: &Attribute, mut parts: Map<String, Value>) -> Map<String, Value> {
    let place = |name: &String| attribute.sub_attributes.iter().position(|part| part.name == name);
    let is_sorted = parts.keys().map(place).is_sorted_by(|a, b| a < b);
    if is_sorted && parts.keys().all(|name| place(name).is_some()) {
        return parts;
    }
    let mut ordered = Map::new();
    for part in attribute.sub_attributes {
        if let Some(value) = parts.remove(part.name) {
            ordered.insert(part.name.to_owned(), value);
        }
    }
    ordered
}

/// Whether a value says nothing: a label, or a primary mark, of nothing.
pub(super) fn is_hollow(element: &Value) -> bool {
    element
        .as_object()
        .is_some_and(|parts| parts.keys().all(|key| matches!(key.as_str(), "type" | "primary" | "display")))
}

/// RFC 7643 §2.4: `primary` is true at most once. Of several the last one counts.
pub(super) fn keep_last_primary(elements: &mut [Value], path: &str, leniency: &mut Leniency) -> Result<(), ScimError> {
    let Some(last) = elements.iter().rposition(is_primary) else { return Ok(()) };
    for element in elements.iter_mut().take(last).filter(|element| is_primary(element)) {
        leniency.allow(Tolerance::SeveralPrimary, || {
            ScimError::invalid_value(format!("“{path}” has more than one primary value; mark one of them."))
        })?;
        demote(element);
    }
    Ok(())
}

/// Takes the primary mark from every element but the one at `keep`.
pub(super) fn demote_others(elements: &mut [Value], keep: usize) {
    for (index, element) in elements.iter_mut().enumerate() {
        if index != keep && is_primary(element) {
            demote(element);
        }
    }
}

/// Whether this value is marked as the preferred one.
pub(super) fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

fn demote(element: &mut Value) {
    if let Some(parts) = element.as_object_mut() {
        parts.insert("primary".to_owned(), Value::Bool(false));
    }
}

fn hollow(path: &str) -> ScimError {
    ScimError::invalid_value(format!("“{path}” has a label and no value."))
}

fn unknown_part(attribute: &Attribute, key: &str, path: &str) -> ScimError {
    let known: Vec<&str> = attribute.sub_attributes.iter().map(|part| part.name).collect();
    ScimError::invalid_syntax(format!("“{path}” has no part “{key}”; its parts are {}.", known.join(", ")))
}

fn wrong_type(path: &str, wanted: &str, got: &Value) -> ScimError {
    let got = match got {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        // The value itself may be personal, or a secret in the wrong field.
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    ScimError::invalid_value(format!("“{path}” takes {wanted} and got {got}."))
}
