//! Values of declared attributes, made to look as the declaration says, or refused.

use super::{
    super::{
        error::ScimError,
        shape::{check_length, is_hollow, keep_last_primary},
        tolerance::{Leniency, Tolerance},
    },
    part_of,
};
use crate::model::{ExtensionAttribute, ExtensionPart, ExtensionType, Instant};
use serde_json::{Map, Number, Value};

/// The value of an attribute, whole; `None` means that it has no value.
pub(super) fn shape(
    attribute: &ExtensionAttribute,
    value: Value,
    path: &str,
    leniency: &mut Leniency,
) -> Result<Option<Value>, ScimError> {
    if attribute.multi_valued {
        let list = shape_list(attribute, value, path, leniency)?;
        return Ok(if list.is_empty() { None } else { Some(Value::Array(list)) });
    }
    shape_value(attribute, value, path, leniency)
}

/// One value: a single-valued attribute's, or one of a list's.
pub(super) fn shape_value(
    attribute: &ExtensionAttribute,
    value: Value,
    path: &str,
    leniency: &mut Leniency,
) -> Result<Option<Value>, ScimError> {
    let value = single(value, path, leniency)?;
    match attribute.kind {
        ExtensionType::Complex => shape_complex(attribute, value, path, leniency),
        ExtensionType::String
        | ExtensionType::Boolean
        | ExtensionType::Integer
        | ExtensionType::Decimal
        | ExtensionType::DateTime
        | ExtensionType::Reference => shape_one(attribute.kind, value, path, leniency),
    }
}

/// The value of a part.
pub(super) fn shape_part(
    part: &ExtensionPart,
    value: Value,
    path: &str,
    leniency: &mut Leniency,
) -> Result<Option<Value>, ScimError> {
    let value = single(value, path, leniency)?;
    shape_one(part.kind, value, path, leniency)
}

/// RFC 7643 §2.5: null and the empty list are the same as no value.
fn single(value: Value, path: &str, leniency: &mut Leniency) -> Result<Value, ScimError> {
    match value {
        Value::Array(list) if list.is_empty() => Ok(Value::Null),
        Value::Array(mut list) if list.len() == 1 => {
            leniency.allow(Tolerance::ListAroundValue, || wrong(path, "one value"))?;
            Ok(list.pop().unwrap_or(Value::Null))
        }
        one => Ok(one),
    }
}

/// An object of declared parts, in the order of their declaration.
fn shape_complex(
    attribute: &ExtensionAttribute,
    value: Value,
    path: &str,
    leniency: &mut Leniency,
) -> Result<Option<Value>, ScimError> {
    let given = match value {
        Value::Null => return Ok(None),
        Value::Object(given) => given,
        Value::String(text) if text.trim().is_empty() => {
            leniency.allow(Tolerance::EmptyText, || wrong(path, "a value; leave it out, or send null, to clear it"))?;
            return Ok(None);
        }
        bare @ (Value::String(_) | Value::Number(_)) if part_of(attribute, "value").is_some() => {
            leniency.allow(Tolerance::BareValue, || wrong(path, "an object"))?;
            Map::from_iter([("value".to_owned(), bare)])
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => return Err(wrong(path, "an object")),
    };
    let mut shaped = Map::new();
    for (key, value) in given {
        let Some(part) = part_of(attribute, &key) else {
            leniency.allow(Tolerance::UnknownAttribute, || unknown_part(attribute, &key, path))?;
            continue;
        };
        if let Some(value) = shape_part(part, value, &format!("{path}.{}", part.name), leniency)? {
            shaped.insert(part.name.clone(), value);
        }
    }
    let shaped = in_order(attribute, shaped);
    Ok(if shaped.is_empty() { None } else { Some(Value::Object(shaped)) })
}

/// The same parts in the order of their declaration, so that equal values are written alike.
pub(super) fn in_order(attribute: &ExtensionAttribute, mut parts: Map<String, Value>) -> Map<String, Value> {
    let named = |part: &ExtensionPart| parts.remove(&part.name).map(|value| (part.name.clone(), value));
    attribute.sub_attributes.iter().filter_map(named).collect()
}

pub(super) fn unknown_part(attribute: &ExtensionAttribute, name: &str, path: &str) -> ScimError {
    let known: Vec<&str> = attribute.sub_attributes.iter().map(|part| part.name.as_str()).collect();
    let detail = match known.as_slice() {
        [] => format!("“{path}” has no part “{name}”, and no other."),
        _ => format!("“{path}” has no part “{name}”; its parts are {}.", known.join(", ")),
    };
    ScimError::invalid_path(detail)
}

/// The values of a list, each once.
pub(super) fn shape_list(
    attribute: &ExtensionAttribute,
    value: Value,
    path: &str,
    leniency: &mut Leniency,
) -> Result<Vec<Value>, ScimError> {
    let given = match value {
        Value::Null => Vec::new(),
        Value::Array(given) => given,
        single => {
            leniency.allow(Tolerance::ValueForList, || wrong(path, "a list"))?;
            vec![single]
        }
    };
    check_length(path, given.len())?;
    let mut list = Vec::with_capacity(given.len());
    for element in given {
        // RFC 7643 §2.4 lets a list of simple values be written as objects with “value”.
        let element = match element {
            Value::Object(mut parts) if attribute.kind != ExtensionType::Complex => {
                parts.remove("value").unwrap_or(Value::Null)
            }
            plain => plain,
        };
        match shape_value(attribute, element, path, leniency)? {
            Some(element) if part_of(attribute, "value").is_some() && is_hollow(&element) => {
                leniency.allow(Tolerance::HollowValue, || wrong(path, "values that say more than what they are"))?;
            }
            Some(element) if list.contains(&element) => leniency.note(Tolerance::RepeatedValue),
            Some(element) => list.push(element),
            None => {}
        }
    }
    keep_last_primary(&mut list, path, leniency)?;
    Ok(list)
}

fn shape_one(
    kind: ExtensionType,
    value: Value,
    path: &str,
    leniency: &mut Leniency,
) -> Result<Option<Value>, ScimError> {
    if value.is_null() {
        return Ok(None);
    }
    if value.as_str().is_some_and(|text| text.trim().is_empty()) {
        leniency.allow(Tolerance::EmptyText, || wrong(path, "a value; leave it out, or send null, to clear it"))?;
        return Ok(None);
    }
    let shaped = match (kind, value) {
        (ExtensionType::String | ExtensionType::Reference, value @ Value::String(_))
        | (ExtensionType::Boolean, value @ Value::Bool(_))
        | (ExtensionType::Decimal, value @ Value::Number(_)) => value,
        (ExtensionType::String | ExtensionType::Reference, Value::Number(number)) => {
            leniency.allow(Tolerance::NumberForText, || wrong(path, "a text"))?;
            Value::String(number.to_string())
        }
        (ExtensionType::Boolean, Value::String(text)) => {
            let meant = match text.trim().to_ascii_lowercase().as_str() {
                "true" => true,
                "false" => false,
                _ => return Err(wrong(path, "true or false")),
            };
            leniency.allow(Tolerance::StringBoolean, || wrong(path, "true or false"))?;
            Value::Bool(meant)
        }
        (ExtensionType::Integer, Value::Number(number)) if number.is_i64() => Value::Number(number),
        (ExtensionType::DateTime, Value::String(text)) => match text.trim().parse::<Instant>() {
            Ok(_) => Value::String(text),
            Err(_) => return Err(wrong(path, "a time like 2026-11-21T08:30:00Z")),
        },
        // Entra sends every attribute as a text.
        (ExtensionType::Integer | ExtensionType::Decimal, Value::String(text)) => {
            let number = text.trim().parse::<i64>().map(Number::from).ok();
            let number = number.or_else(|| {
                let fraction = text.trim().parse::<f64>().ok().filter(|_| kind == ExtensionType::Decimal)?;
                Number::from_f64(fraction)
            });
            let number = number.ok_or_else(|| wrong(path, "a number"))?;
            leniency.allow(Tolerance::NumberForText, || wrong(path, "a number"))?;
            Value::Number(number)
        }
        (ExtensionType::String | ExtensionType::Reference, _) => return Err(wrong(path, "a text")),
        (ExtensionType::Boolean, _) => return Err(wrong(path, "true or false")),
        (ExtensionType::Integer, _) => return Err(wrong(path, "a whole number")),
        (ExtensionType::Decimal, _) => return Err(wrong(path, "a number")),
        (ExtensionType::Complex, _) => return Err(wrong(path, "an object")),
        (ExtensionType::DateTime, _) => return Err(wrong(path, "a time like 2026-11-21T08:30:00Z")),
    };
    Ok(Some(shaped))
}

/// The value itself may be personal: it is not repeated.
fn wrong(path: &str, wanted: &str) -> ScimError {
    ScimError::invalid_value(format!("“{path}” takes {wanted}."))
}
