//! Changes inside of a declared attribute: a part of it, or some of its values.

use super::{
    super::{
        error::ScimError,
        patch::Op,
        shape::{check_length, demote_others, is_primary},
        tolerance::{Leniency, Tolerance},
    },
    Extensions,
    change::list_at,
    named, part_of,
    shape::{in_order, shape_part, shape_value, unknown_part},
};
use crate::{
    filter::{AttributePath, Filter, Literal, Node, Operator, parse_path},
    model::{ExtensionAttribute, ExtensionPart, ExtensionSchema, ExtensionType},
};
use serde_json::{Map, Value};

/// What stands behind the URN of a schema in a path.
pub(super) struct Target<'a> {
    schema: &'a ExtensionSchema,
    pub(super) attribute: &'a ExtensionAttribute,
    /// Which of its values.
    filter: Option<Filter>,
    /// Which part of them.
    part: Option<&'a ExtensionPart>,
}

impl<'a> Target<'a> {
    /// Reads it: `badge`, `site.city`, `phones[type eq "desk"].value`. Nothing where the dialect lets something pass that is
    /// not declared.
    pub(super) fn read(
        schema: &'a ExtensionSchema,
        text: &str,
        leniency: &mut Leniency,
    ) -> Result<Option<Self>, ScimError> {
        let whole = format!("{}:{text}", schema.urn);
        let unread = |why: String| ScimError::invalid_path(format!("The path “{whole}” cannot be read: {why}."));
        let (name, filter, sub) = if text.contains(['[', '.']) {
            let path = parse_path(text, leniency.dialect()).map_err(|error| unread(error.to_string()))?;
            let sub = path.last_sub().map(str::to_owned);
            (path.attribute.name, path.filter, sub)
        } else {
            (text.to_owned(), None, None)
        };
        let Some(attribute) = named(schema, &name) else {
            leniency.allow(Tolerance::UnknownAttribute, || unknown_attribute(schema, &name))?;
            return Ok(None);
        };
        let part = match &sub {
            None => None,
            Some(sub) => {
                let Some(part) = part_of(attribute, sub) else {
                    leniency.allow(Tolerance::UnknownAttribute, || unknown_part(attribute, sub, &whole))?;
                    return Ok(None);
                };
                Some(part)
            }
        };
        if let Some(filter) = &filter {
            check_filter(attribute, filter, &whole)?;
        }
        Ok(Some(Self { schema, attribute, filter, part }))
    }

    /// Whether it is less than the attribute as a whole.
    pub(super) fn is_inside(&self) -> bool {
        self.filter.is_some() || self.part.is_some()
    }

    /// The places of the values that it means.
    fn pick(&self, elements: &[Value]) -> Vec<usize> {
        let Some(filter) = &self.filter else { return (0..elements.len()).collect() };
        let (urn, name) = (&self.schema.urn, &self.attribute.name);
        let path = AttributePath { schema: Some(urn.clone()), name: name.clone(), sub: None };
        let filter = Filter::from(Node::Element { path, filter: Box::new(filter.clone()) });
        let kinds = Extensions(std::slice::from_ref(self.schema));
        let alone = |element: &Value| {
            let list = Value::Array(vec![element.clone()]);
            let object = Value::Object(Map::from_iter([(name.clone(), list)]));
            Value::Object(Map::from_iter([(urn.clone(), object)]))
        };
        let holds = |element: &Value| filter.matches(&alone(element), &kinds);
        elements.iter().enumerate().filter(|(_, element)| holds(element)).map(|(index, _)| index).collect()
    }
}

/// Inside brackets there are parts of the attribute's values.
fn check_filter(attribute: &ExtensionAttribute, filter: &Filter, path: &str) -> Result<(), ScimError> {
    if !attribute.multi_valued {
        let name = &attribute.name;
        let detail = format!("The path “{path}” picks among the values of “{name}”, which has only one.");
        return Err(ScimError::invalid_path(detail));
    }
    // A simple value stands for its own `value`.
    let is_part = |name: &str| match attribute.kind {
        ExtensionType::Complex => part_of(attribute, name).is_some(),
        ExtensionType::String
        | ExtensionType::Boolean
        | ExtensionType::Integer
        | ExtensionType::Decimal
        | ExtensionType::DateTime
        | ExtensionType::Reference => name.eq_ignore_ascii_case("value"),
    };
    match filter.attributes().into_iter().find(|(path, _)| !is_part(&path.name)) {
        Some((unknown, _)) => {
            let detail = format!("In the path “{path}”, “{}” has no part “{unknown}”.", attribute.name);
            Err(ScimError::invalid_filter(detail))
        }
        None => Ok(()),
    }
}

fn unknown_attribute(schema: &ExtensionSchema, name: &str) -> ScimError {
    let known: Vec<&str> = schema.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    let detail = format!("“{}” has no attribute “{name}”; its attributes are {}.", schema.urn, known.join(", "));
    ScimError::invalid_path(detail)
}

/// What happens to each value that is meant.
enum Edit {
    /// It, or the part, goes.
    Drop,
    /// The part becomes this.
    Part(Value),
    /// These parts are set, the others stay.
    Overlay(Map<String, Value>),
    /// It becomes this.
    Become(Value),
}

/// Does one operation to a part, or to some values.
pub(super) fn change(
    object: &mut Map<String, Value>,
    target: &Target<'_>,
    (op, value): (Op, Option<Value>),
    path: &str,
    leniency: &mut Leniency,
) -> Result<(), ScimError> {
    let attribute = target.attribute;
    let edit = match (op, value.unwrap_or(Value::Null)) {
        (Op::Remove, _) => Edit::Drop,
        (Op::Add, Value::Null) => return Ok(()),
        (Op::Add | Op::Replace, value) => match target.part {
            Some(part) => shape_part(part, value, path, leniency)?.map_or(Edit::Drop, Edit::Part),
            None => match shape_value(attribute, value, path, leniency)? {
                None => Edit::Drop,
                Some(Value::Object(parts)) if op == Op::Add => Edit::Overlay(parts),
                Some(value) => Edit::Become(value),
            },
        },
    };
    if !attribute.multi_valued {
        let mut one = object.shift_remove(&attribute.name).unwrap_or_else(|| Value::Object(Map::new()));
        perform(&edit, target, &mut one, &Map::new());
        if !is_nothing(&one) {
            object.insert(attribute.name.clone(), one);
        }
        return Ok(());
    }
    let mut list = list_at(object, attribute);
    change_list(&mut list, target, &edit, path, leniency)?;
    check_length(path, list.len())?;
    object.shift_remove(&attribute.name);
    if !list.is_empty() {
        object.insert(attribute.name.clone(), Value::Array(list));
    }
    Ok(())
}

fn change_list(
    list: &mut Vec<Value>,
    target: &Target<'_>,
    edit: &Edit,
    path: &str,
    leniency: &mut Leniency,
) -> Result<(), ScimError> {
    let nothing = || ScimError::no_target(format!("The path “{path}” matches no value."));
    let mut picked = target.pick(list);
    let seed = seed(target, path, leniency)?;
    if picked.is_empty() {
        if matches!(edit, Edit::Drop) {
            return leniency.allow(Tolerance::NothingToRemove, nothing);
        }
        // RFC 7644 §3.5.2.3 wants noTarget here. Entra's "Add …[type eq "x"].value" means: make it.
        leniency.allow(Tolerance::TargetCreated, nothing)?;
        let seed = seed.clone().ok_or_else(nothing)?;
        let mut made = Value::Object(seed.clone());
        perform(edit, target, &mut made, &seed);
        // What the path asks for would not be what it makes: `phones[value eq "1"].value` = "2", sent again.
        if target.pick(std::slice::from_ref(&made)).is_empty() {
            return Ok(());
        }
        list.push(made);
        picked.push(list.len() - 1);
    }
    let seed = seed.unwrap_or_default();
    for index in &picked {
        if let Some(element) = list.get_mut(*index) {
            perform(edit, target, element, &seed);
        }
    }
    // RFC 7644 §3.5.2: a value that becomes primary takes the mark from the one that had it.
    if let Some(last) = picked.last().copied().filter(|last| list.get(*last).is_some_and(is_primary)) {
        demote_others(list, last);
    }
    let mut kept: Vec<Value> = Vec::with_capacity(list.len());
    for element in list.drain(..).filter(|element| !is_nothing(element)) {
        if !kept.contains(&element) {
            kept.push(element);
        }
    }
    *list = kept;
    Ok(())
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

fn perform(edit: &Edit, target: &Target<'_>, value: &mut Value, seed: &Map<String, Value>) {
    let part = target.part.map(|part| part.name.as_str());
    match (edit, part, &mut *value) {
        (Edit::Drop, Some(part), Value::Object(parts)) => drop(parts.shift_remove(part)),
        (Edit::Part(new), Some(part), Value::Object(parts)) => drop(parts.insert(part.to_owned(), new.clone())),
        (Edit::Overlay(new), _, Value::Object(parts)) => parts.extend(new.clone()),
        (Edit::Become(Value::Object(new)), _, Value::Object(parts)) => {
            // What the filter says of it stays true, unless the new value says otherwise.
            parts.clone_from(seed);
            parts.extend(new.clone());
        }
        (Edit::Become(new), _, value) => value.clone_from(new),
        (Edit::Overlay(new), _, value) => *value = Value::Object(new.clone()),
        (Edit::Drop, _, value) => *value = Value::Null,
        (Edit::Part(_), _, _) => {}
    }
    if let Value::Object(parts) = value {
        *parts = in_order(target.attribute, std::mem::take(parts));
    }
}

/// The parts that the target's filter demands, if it is equalities joined by `and`.
fn seed(target: &Target<'_>, path: &str, leniency: &mut Leniency) -> Result<Option<Map<String, Value>>, ScimError> {
    match &target.filter {
        Some(filter) => equalities(target.attribute, filter, path, leniency),
        None => Ok(Some(Map::new())),
    }
}

fn equalities(
    attribute: &ExtensionAttribute,
    filter: &Filter,
    text: &str,
    leniency: &mut Leniency,
) -> Result<Option<Map<String, Value>>, ScimError> {
    match &filter.node {
        Node::Compare { path, operator: Operator::Equal, value } => {
            let value = match value {
                Literal::Null => return Ok(None),
                Literal::Boolean(value) => Value::Bool(*value),
                Literal::Number(number) => Value::Number(number.clone()),
                Literal::Text(text) => Value::String(text.clone()),
            };
            let Some(part) = part_of(attribute, &path.name) else { return Ok(None) };
            let shaped = shape_part(part, value, text, leniency)?;
            Ok(shaped.map(|value| Map::from_iter([(part.name.clone(), value)])))
        }
        Node::And(filters) => {
            let mut all = Map::new();
            for filter in filters {
                let Some(some) = equalities(attribute, filter, text, leniency)? else { return Ok(None) };
                all.extend(some);
            }
            Ok(Some(all))
        }
        Node::Compare { .. } | Node::Present(_) | Node::Or(_) | Node::Not(_) | Node::Element { .. } => Ok(None),
    }
}

/// Adds a value to a list. An equal one is there once; one of the same value and type takes over the new parts.
pub(super) fn add(attribute: &ExtensionAttribute, list: &mut Vec<Value>, element: Value) {
    let is_twin = |known: &Value| {
        let same = |name: &str| known.get(name) == element.get(name);
        known.get("value").is_some() && same("value") && same("type")
    };
    let twin = list.iter().position(|known| *known == element || is_twin(known));
    let primary = is_primary(&element);
    let index = match (twin, element) {
        (Some(index), Value::Object(new)) => {
            if let Some(Value::Object(parts)) = list.get_mut(index) {
                parts.extend(new);
                *parts = in_order(attribute, std::mem::take(parts));
            }
            index
        }
        (Some(index), _) => index,
        (None, element) => {
            list.push(element);
            list.len() - 1
        }
    };
    if primary {
        demote_others(list, index);
    }
}

/// Whether a value is the wanted one, or has all the parts that are told of it.
pub(super) fn includes(element: &Value, wanted: &Value) -> bool {
    match (element, wanted) {
        (Value::Object(parts), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| parts.get(name) == Some(value))
        }
        (element, wanted) => element == wanted,
    }
}
