//! One change to a document: whole attributes and single-valued ones here, some values of a list in [`super::selection`].

use super::{
    super::{
        error::ScimError,
        schema::{Attribute, ENTERPRISE_SCHEMA, Named, Place, ResourceType},
        shape::{check_length, demote_others, is_hollow, is_primary, shape, shape_elements, shape_one},
        tolerance::{Leniency, Tolerance},
    },
    Op, remove_takes_no_value, selection,
    target::{Addressed, Target, resolve, resolve_extended},
};
use crate::{filter::Filter, model::fold};
use serde_json::{Map, Value};

/// Puts an object of attributes into a document: the value of a path-less operation, or a whole body into an empty one.
pub(crate) fn merge(
    document: &mut Map<String, Value>,
    values: Map<String, Value>,
    op: Op,
    leniency: &mut Leniency,
) -> Result<(), ScimError> {
    let kind = ResourceType::User;
    for (key, value) in values {
        if let Some(value) = unpack_extension(kind, &key, &value) {
            for (inner, value) in value {
                let target = resolve_extended(kind, &inner, leniency)?;
                change(document, target, op, Some(value), leniency)?;
            }
            continue;
        }
        let is_path = key.contains(['.', ':', '[']) && !kind.is_extension(&key);
        if is_path && kind_knows(kind, &key) {
            leniency.allow(Tolerance::PathAsKey, || ScimError::invalid_syntax(kind.unknown(&key)))?;
        }
        merge_one(document, kind, &key, value, op, leniency)?;
    }
    Ok(())
}

fn kind_knows(kind: ResourceType, key: &str) -> bool {
    key.contains('[') || key.parse().is_ok_and(|path| kind.find(&path).is_some())
}

/// The members of the extension's object under its URN.
fn unpack_extension(kind: ResourceType, key: &str, value: &Value) -> Option<Map<String, Value>> {
    if kind.is_extension(key) { value.as_object().cloned() } else { None }
}

fn merge_one(
    document: &mut Map<String, Value>,
    kind: ResourceType,
    key: &str,
    value: Value,
    op: Op,
    leniency: &mut Leniency,
) -> Result<(), ScimError> {
    let target = resolve(kind, key, Addressed::ByKey, leniency)?;
    change(document, target, op, Some(value), leniency)
}

/// Does one operation to one target.
pub(crate) fn change(
    document: &mut Map<String, Value>,
    target: Target,
    op: Op,
    value: Option<Value>,
    leniency: &mut Leniency,
) -> Result<(), ScimError> {
    match target {
        Target::Nothing => Ok(()),
        Target::Extension => change_extension(document, op, value, leniency),
        Target::Attribute { named, filter, text } => {
            let change = Change { named, filter, text, op, value };
            match named.place {
                Place::Core => change.perform(document, leniency),
                Place::Enterprise => {
                    let mut extension = take_object(document, ENTERPRISE_SCHEMA);
                    change.perform(&mut extension, leniency)?;
                    put_object(document, ENTERPRISE_SCHEMA, extension);
                    Ok(())
                }
            }
        }
    }
}

/// One operation on one attribute of the object that holds it.
struct Change {
    named: Named,
    filter: Option<Filter>,
    text: String,
    op: Op,
    value: Option<Value>,
}

impl Change {
    fn perform(self, object: &mut Map<String, Value>, leniency: &mut Leniency) -> Result<(), ScimError> {
        let Self { named, filter, text, op, value } = self;
        if filter.is_some() || (named.attribute.multi_valued && named.part.is_some()) {
            selection::change(object, named, filter.as_ref(), &text, op, value, leniency)
        } else {
            change_attribute(object, named, &text, op, value, leniency)
        }
    }
}

/// Takes the object under a key out; an empty one if there is none.
fn take_object(parent: &mut Map<String, Value>, key: &str) -> Map<String, Value> {
    match parent.shift_remove(key) {
        Some(Value::Object(object)) => object,
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | None => Map::new(),
    }
}

/// Puts it back, unless nothing is left in it: RFC 7643 §2.5 knows no empty objects.
fn put_object(parent: &mut Map<String, Value>, key: &str, object: Map<String, Value>) {
    put(parent, key, if object.is_empty() { None } else { Some(Value::Object(object)) });
}

fn change_extension(
    document: &mut Map<String, Value>,
    op: Op,
    value: Option<Value>,
    leniency: &mut Leniency,
) -> Result<(), ScimError> {
    match (op, value) {
        (Op::Add | Op::Replace, Some(Value::Object(values))) => {
            for (key, value) in values {
                let target = resolve_extended(ResourceType::User, &key, leniency)?;
                change(document, target, op, Some(value), leniency)?;
            }
            Ok(())
        }
        (Op::Add, None | Some(Value::Null)) => Ok(()),
        (Op::Remove, _) | (Op::Replace, None | Some(Value::Null)) => {
            document.shift_remove(ENTERPRISE_SCHEMA);
            Ok(())
        }
        (Op::Add | Op::Replace, Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_))) => {
            Err(ScimError::invalid_value(format!("“{ENTERPRISE_SCHEMA}” takes an object.")))
        }
    }
}

fn change_attribute(
    object: &mut Map<String, Value>,
    named: Named,
    text: &str,
    op: Op,
    value: Option<Value>,
    leniency: &mut Leniency,
) -> Result<(), ScimError> {
    let attribute = named.attribute;
    match (op, value) {
        (Op::Remove, value) => match named.part {
            Some(part) => {
                set_part(object, attribute, part, None);
                Ok(())
            }
            None => remove(object, attribute, value, text, leniency),
        },
        (Op::Add, None | Some(Value::Null)) => Ok(()),
        (Op::Add | Op::Replace, value) => {
            let value = value.unwrap_or(Value::Null);
            match named.part {
                Some(part) => {
                    let shaped = shape_one(part, value, text, leniency)?;
                    set_part(object, attribute, part, shaped);
                    Ok(())
                }
                None => set(object, attribute, text, op, value, leniency),
            }
        }
    }
}

fn remove(
    object: &mut Map<String, Value>,
    attribute: &'static Attribute,
    value: Option<Value>,
    text: &str,
    leniency: &mut Leniency,
) -> Result<(), ScimError> {
    if attribute.required {
        // RFC 7644 §3.5.2.2: a required attribute that becomes unassigned is "mutability".
        return Err(ScimError::mutability(format!("“{}” is required and cannot be removed.", attribute.name)));
    }
    match value {
        // What the RFC would read as "remove them all" is meant, by every client that sends it, as "remove these".
        Some(listed) if attribute.multi_valued && says_something(&listed) => {
            leniency.allow(Tolerance::RemoveWithValue, || remove_takes_no_value(text))?;
            let listed = shape_elements(attribute, listed, text, leniency)?;
            if let Some(Value::Array(elements)) = object.get_mut(attribute.name) {
                elements.retain(|element| !listed.iter().any(|wanted| includes(attribute, element, wanted)));
                if elements.is_empty() {
                    object.shift_remove(attribute.name);
                }
            }
        }
        Some(_) | None => {
            object.shift_remove(attribute.name);
        }
    }
    Ok(())
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(parts) => !parts.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Whether `element` has the value, and the type if one is given, of `wanted`.
fn includes(attribute: &Attribute, element: &Value, wanted: &Value) -> bool {
    attribute
        .sub_attributes
        .iter()
        .filter(|part| !matches!(part.name, "display" | "primary" | "$ref"))
        .all(|part| wanted.get(part.name).is_none_or(|wanted| same(part, element.get(part.name), Some(wanted))))
}

/// Whether two values of a part are the same, compared as its schema says.
fn same(part: &Attribute, a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(Value::String(a)), Some(Value::String(b))) if !part.case_exact => {
            a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && fold(a) == fold(b))
        }
        (a, b) => a == b,
    }
}

fn set(
    object: &mut Map<String, Value>,
    attribute: &'static Attribute,
    text: &str,
    op: Op,
    value: Value,
    leniency: &mut Leniency,
) -> Result<(), ScimError> {
    if attribute.multi_valued && op == Op::Add {
        let added = shape_elements(attribute, value, text, leniency)?;
        let mut elements = list_at(object, attribute.name);
        for element in added {
            add_element(attribute, &mut elements, element);
        }
        check_length(text, elements.len())?;
        put(object, attribute.name, Some(Value::Array(elements)).filter(says_something));
        return Ok(());
    }
    let is_new = !object.contains_key(attribute.name);
    let mentioned: Vec<String> = match value.as_object() {
        Some(parts) if !is_new => parts.keys().cloned().collect(),
        Some(_) | None => Vec::new(),
    };
    let shaped = shape(attribute, value, text, leniency)?;
    if shaped.is_none() && attribute.required {
        return Err(ScimError::invalid_value(format!("“{}” is required and must not be empty.", attribute.name)));
    }
    if attribute.sub_attributes.is_empty() || attribute.multi_valued || mentioned.is_empty() {
        put(object, attribute.name, shaped);
        return Ok(());
    }
    // RFC 7644 §3.5.2.3: of a complex attribute the given parts replace existing ones; the others stay. A part given as
    // null goes.
    let mut parts = match shaped {
        Some(Value::Object(parts)) => parts,
        Some(_) | None => Map::new(),
    };
    for part in attribute.sub_attributes {
        if mentioned.iter().any(|key| key.eq_ignore_ascii_case(part.name)) {
            set_part(object, attribute, part, parts.remove(part.name));
        } else if let Some(value) = parts.remove(part.name) {
            set_part(object, attribute, part, Some(value));
        }
    }
    Ok(())
}

/// Adds a value to a list. An equal one is there once; one of the same value and type takes over the new parts.
pub(super) fn add_element(attribute: &Attribute, elements: &mut Vec<Value>, element: Value) {
    let twin = elements.iter().position(|known| *known == element || is_twin(attribute, known, &element));
    let primary = is_primary(&element);
    let index = match (twin, element) {
        (Some(index), Value::Object(parts)) => {
            if let Some(Value::Object(known)) = elements.get_mut(index) {
                known.extend(parts);
            }
            index
        }
        (Some(index), _) => index,
        (None, element) => {
            elements.push(element);
            elements.len() - 1
        }
    };
    if primary {
        demote_others(elements, index);
    }
}

/// RFC 7643 §2.4: the same (type, value) should not be there twice.
fn is_twin(attribute: &Attribute, a: &Value, b: &Value) -> bool {
    a.get("value").is_some()
        && ["value", "type"]
            .into_iter()
            .filter_map(|name| attribute.part(name))
            .all(|part| same(part, a.get(part.name), b.get(part.name)))
}

fn set_part(object: &mut Map<String, Value>, attribute: &Attribute, part: &Attribute, value: Option<Value>) {
    let mut parts = take_object(object, attribute.name);
    if part.name == "value" && parts.get(part.name) != value.as_ref() {
        // Where the old value was is not where the new one is.
        parts.shift_remove("$ref");
    }
    put(&mut parts, part.name, value);
    put_object(object, attribute.name, parts);
}

/// Sets a key, or takes it away where there is no value.
pub(super) fn put(object: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            object.insert(key.to_owned(), value);
        }
        None => {
            object.shift_remove(key);
        }
    }
}

/// The list under a key; empty if there is none.
pub(super) fn list_at(object: &Map<String, Value>, key: &str) -> Vec<Value> {
    object.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Takes away values that say nothing, and second copies of one: two that differed may have become alike. Not before the
/// last operation: what is made by its label gets its value later.
pub(super) fn prune(document: &mut Map<String, Value>) {
    for (_, value) in document.iter_mut() {
        if let Value::Array(elements) = value {
            elements.retain(|element| !is_hollow(element));
            let mut kept: Vec<Value> = Vec::with_capacity(elements.len());
            for element in elements.drain(..) {
                if !kept.contains(&element) {
                    kept.push(element);
                }
            }
            *elements = kept;
        }
    }
    document.retain(|_, value| value.as_array().is_none_or(|elements| !elements.is_empty()));
}
