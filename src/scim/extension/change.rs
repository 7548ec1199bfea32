//! Changes to declared attributes: the values of a body, and the operations of a PATCH.

use super::{
    super::{
        error::ScimError,
        patch::Op,
        tolerance::{Leniency, Tolerance},
    },
    Extensions,
    parts::{self, Target},
    shape::{in_order as parts_in_order, shape, shape_list},
};
use crate::model::{ExtensionAttribute, ExtensionSchema, ExtensionType};
use serde_json::{Map, Value};

impl Extensions<'_> {
    /// Takes what belongs to declared schemas out of an object of attributes and puts it into a document.
    pub(in super::super) fn take(
        self,
        values: &mut Map<String, Value>,
        op: Op,
        document: &mut Map<String, Value>,
        leniency: &mut Leniency,
    ) -> Result<(), ScimError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let ours: Vec<String> = values.keys().filter(|key| self.split(key).is_some()).cloned().collect();
        for key in ours {
            let value = values.shift_remove(&key);
            self.change(document, &key, op, value, leniency)?;
        }
        Ok(())
    }

    /// Does one operation, if its path or key names something declared; says whether it did.
    pub(in super::super) fn change(
        self,
        document: &mut Map<String, Value>,
        text: &str,
        op: Op,
        value: Option<Value>,
        leniency: &mut Leniency,
    ) -> Result<bool, ScimError> {
        let Some((schema, name)) = self.split(text) else { return Ok(false) };
        let mut object = match document.shift_remove(&schema.urn) {
            Some(Value::Object(object)) => object,
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | None => {
                Map::new()
            }
        };
        match name {
            Some(name) => change_named(&mut object, schema, &name, op, value, leniency)?,
            None => change_whole(&mut object, schema, op, value, leniency)?,
        }
        if !object.is_empty() {
            document.insert(schema.urn.clone(), Value::Object(in_order(schema, object)));
        }
        Ok(true)
    }
}

fn change_whole(
    object: &mut Map<String, Value>,
    schema: &ExtensionSchema,
    op: Op,
    value: Option<Value>,
    leniency: &mut Leniency,
) -> Result<(), ScimError> {
    match (op, value) {
        (Op::Add | Op::Replace, Some(Value::Object(values))) => {
            for (key, value) in values {
                change_named(object, schema, &key, op, Some(value), leniency)?;
            }
        }
        (Op::Add, None | Some(Value::Null)) => {}
        (Op::Remove, _) | (Op::Replace, None | Some(Value::Null)) => object.clear(),
        (Op::Add | Op::Replace, Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_))) => {
            return Err(ScimError::invalid_value(format!("“{}” takes an object.", schema.urn)));
        }
    }
    Ok(())
}

fn change_named(
    object: &mut Map<String, Value>,
    schema: &ExtensionSchema,
    name: &str,
    op: Op,
    value: Option<Value>,
    leniency: &mut Leniency,
) -> Result<(), ScimError> {
    let path = format!("{}:{name}", schema.urn);
    let Some(target) = Target::read(schema, name, leniency)? else { return Ok(()) };
    if target.is_inside() {
        return parts::change(object, &target, (op, value), &path, leniency);
    }
    let attribute = target.attribute;
    let after = match (op, value) {
        (Op::Remove, None | Some(Value::Null)) => None,
        (Op::Remove, Some(listed)) => without(object, attribute, listed, &path, leniency)?,
        (Op::Add, None | Some(Value::Null)) => return Ok(()),
        (Op::Add, Some(value)) if attribute.multi_valued => {
            let mut list = list_at(object, attribute);
            for element in shape_list(attribute, value, &path, leniency)? {
                parts::add(attribute, &mut list, element);
            }
            super::super::shape::check_length(&path, list.len())?;
            Some(Value::Array(list)).filter(|list| list.as_array().is_some_and(|list| !list.is_empty()))
        }
        (Op::Add | Op::Replace, Some(Value::Object(said))) if is_one_object(attribute) => {
            over(attribute, object.get(&attribute.name), said, &path, leniency)?
        }
        (Op::Add | Op::Replace, value) => shape(attribute, value.unwrap_or(Value::Null), &path, leniency)?,
    };
    match after {
        Some(value) => drop(object.insert(attribute.name.clone(), value)),
        None => drop(object.shift_remove(&attribute.name)),
    }
    Ok(())
}

/// As with every list: `remove` with values removes those.
fn without(
    object: &Map<String, Value>,
    attribute: &ExtensionAttribute,
    listed: Value,
    path: &str,
    leniency: &mut Leniency,
) -> Result<Option<Value>, ScimError> {
    if !attribute.multi_valued {
        return Ok(None);
    }
    leniency.note(Tolerance::RemoveWithValue);
    let listed = shape_list(attribute, listed, path, leniency)?;
    let mut list = list_at(object, attribute);
    list.retain(|element| !listed.iter().any(|wanted| parts::includes(element, wanted)));
    Ok(if list.is_empty() { None } else { Some(Value::Array(list)) })
}

fn is_one_object(attribute: &ExtensionAttribute) -> bool {
    attribute.kind == ExtensionType::Complex && !attribute.multi_valued
}

/// RFC 7644 §3.5.2.3: of a complex attribute the given parts replace existing ones; the others stay. A part given as null goes.
fn over(
    attribute: &ExtensionAttribute,
    before: Option<&Value>,
    said: Map<String, Value>,
    path: &str,
    leniency: &mut Leniency,
) -> Result<Option<Value>, ScimError> {
    let mut parts = before.and_then(Value::as_object).cloned().unwrap_or_default();
    parts.retain(|name, _| !said.keys().any(|key| key.eq_ignore_ascii_case(name)));
    if let Some(Value::Object(new)) = shape(attribute, Value::Object(said), path, leniency)? {
        parts.extend(new);
    }
    let parts = parts_in_order(attribute, parts);
    Ok(if parts.is_empty() { None } else { Some(Value::Object(parts)) })
}

pub(super) fn list_at(object: &Map<String, Value>, attribute: &ExtensionAttribute) -> Vec<Value> {
    object.get(&attribute.name).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// In the order of the declaration; what was kept under an earlier one comes last.
fn in_order(schema: &ExtensionSchema, mut object: Map<String, Value>) -> Map<String, Value> {
    let mut ordered = Map::new();
    for attribute in &schema.attributes {
        ordered.extend(object.shift_remove(&attribute.name).map(|value| (attribute.name.clone(), value)));
    }
    ordered.extend(object);
    ordered
}
