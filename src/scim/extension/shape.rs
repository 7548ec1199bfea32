//! Values of declared attributes, made to look as the declaration says, or refused.

use super::super::{
    error::ScimError,
    shape::check_length,
    tolerance::{Leniency, Tolerance},
};
use crate::model::{ExtensionAttribute, ExtensionType, Instant};
use serde_json::{Number, Value};

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
    match value {
        Value::Array(list) if list.is_empty() => Ok(None),
        Value::Array(mut list) if list.len() == 1 => {
            leniency.allow(Tolerance::ListAroundValue, || wrong(path, "one value"))?;
            shape_one(attribute.kind, list.pop().unwrap_or(Value::Null), path, leniency)
        }
        one => shape_one(attribute.kind, one, path, leniency),
    }
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
            Value::Object(mut parts) => parts.remove("value").unwrap_or(Value::Null),
            plain => plain,
        };
        match shape_one(attribute.kind, element, path, leniency)? {
            Some(element) if list.contains(&element) => leniency.note(Tolerance::RepeatedValue),
            Some(element) => list.push(element),
            None => {}
        }
    }
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
        (ExtensionType::DateTime, _) => return Err(wrong(path, "a time like 2026-11-21T08:30:00Z")),
    };
    Ok(Some(shaped))
}

/// The value itself may be personal: it is not repeated.
fn wrong(path: &str, wanted: &str) -> ScimError {
    ScimError::invalid_value(format!("“{path}” takes {wanted}."))
}
