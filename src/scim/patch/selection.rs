//! Changes to some values of a list: `emails[type eq "work"].value`, `roles[primary eq true]`, `emails.type`.

use super::{
    super::{
        error::ScimError,
        schema::{Attribute, Named, ResourceType},
        shape::{demote_others, is_primary, shape_one},
        tolerance::{Leniency, Tolerance},
    },
    Op,
    document::{list_at, put},
};
use crate::filter::{AttributePath, Filter, Literal, Node, Operator};
use serde_json::{Map, Value};

/// Does one operation to the values that the filter picks, or to all if there is none.
pub(super) fn change(
    object: &mut Map<String, Value>,
    named: Named,
    filter: Option<&Filter>,
    text: &str,
    op: Op,
    value: Option<Value>,
    leniency: &mut Leniency,
) -> Result<(), ScimError> {
    let attribute = named.attribute;
    let mut elements = list_at(object, attribute.name);
    let picked = pick(attribute, filter, &elements);
    let edit = Edit::new(named, op, value, text, leniency)?;
    if matches!(edit, Edit::Leave) {
        return Ok(());
    }
    // A value that is to satisfy the filter has at least what the filter's equalities say.
    let seed = filter.map_or_else(|| Ok(Some(Map::new())), |filter| equalities(attribute, filter, text, leniency))?;
    if picked.is_empty() {
        match edit {
            Edit::Leave | Edit::Drop | Edit::Clear(_) => {
                leniency.allow(Tolerance::NothingToRemove, || nothing(text))?;
            }
            Edit::SetPart(..) | Edit::Overlay(_) | Edit::Become(_) => {
                // RFC 7644 §3.5.2.3 wants noTarget here. Entra's "Add emails[type eq "work"].value" means: make it.
                leniency.allow(Tolerance::TargetCreated, || nothing(text))?;
                let mut made = Value::Object(seed.ok_or_else(|| nothing(text))?);
                edit.perform(&mut made, &Map::new());
                // What the path asks for would not be what it makes: `emails[value eq "a"].value` = "b", sent again.
                if pick(attribute, filter, std::slice::from_ref(&made)).is_empty() {
                    return Ok(());
                }
                elements.push(made);
                settle_primary(&mut elements, &[], edit.sets_primary());
            }
        }
    } else {
        let seed = seed.unwrap_or_default();
        let mut index = 0;
        let mut kept = Vec::new();
        elements.retain_mut(|element| {
            let is_picked = picked.contains(&index);
            index += 1;
            if is_picked {
                edit.perform(element, &seed);
                if element.as_object().is_some_and(Map::is_empty) {
                    return false;
                }
            }
            kept.push(is_picked);
            true
        });
        let positions: Vec<usize> = kept.iter().enumerate().filter(|(_, picked)| **picked).map(|(at, _)| at).collect();
        settle_primary(&mut elements, &positions, edit.sets_primary());
    }
    put(
        object,
        attribute.name,
        Some(Value::Array(elements)).filter(|list| list.as_array().is_some_and(|l| !l.is_empty())),
    );
    Ok(())
}

/// What happens to each value that is picked.
enum Edit {
    /// Nothing: an `add` of nothing.
    Leave,
    /// It goes.
    Drop,
    /// A part of it goes.
    Clear(&'static Attribute),
    /// A part of it is set.
    SetPart(&'static Attribute, Value),
    /// Parts of it are set, the others stay.
    Overlay(Map<String, Value>),
    /// It becomes this.
    Become(Map<String, Value>),
}

impl Edit {
    fn new(named: Named, op: Op, value: Option<Value>, text: &str, leniency: &mut Leniency) -> Result<Self, ScimError> {
        if op == Op::Remove {
            return Ok(named.part.map_or(Self::Drop, Self::Clear));
        }
        let value = value.unwrap_or(Value::Null);
        if op == Op::Add && value.is_null() {
            return Ok(Self::Leave);
        }
        let shaped = shape_one(named.leaf(), value, text, leniency)?;
        Ok(match (named.part, shaped) {
            (Some(part), Some(value)) => Self::SetPart(part, value),
            (Some(part), None) => Self::Clear(part),
            (None, Some(Value::Object(parts))) if op == Op::Add => Self::Overlay(parts),
            (None, Some(Value::Object(parts))) => Self::Become(parts),
            (None, Some(_) | None) => Self::Drop,
        })
    }

    fn perform(&self, element: &mut Value, seed: &Map<String, Value>) {
        let Value::Object(parts) = element else { return };
        match self {
            Self::Leave => {}
            Self::Drop => parts.clear(),
            Self::Clear(part) => {
                parts.shift_remove(part.name);
            }
            Self::SetPart(part, value) => {
                parts.insert(part.name.to_owned(), value.clone());
            }
            Self::Overlay(new) => parts.extend(new.clone()),
            Self::Become(new) => {
                parts.clone_from(seed);
                parts.extend(new.clone());
            }
        }
    }

    fn sets_primary(&self) -> bool {
        match self {
            Self::SetPart(part, value) => part.name == "primary" && *value == Value::Bool(true),
            Self::Overlay(parts) | Self::Become(parts) => parts.get("primary") == Some(&Value::Bool(true)),
            Self::Leave | Self::Drop | Self::Clear(_) => false,
        }
    }
}

/// RFC 7644 §3.5.2: a value that becomes primary takes the mark from the one that had it. A value that was made (and is
/// last) does so too when its filter says primary.
fn settle_primary(elements: &mut [Value], picked: &[usize], sets_primary: bool) {
    let keep = match picked.last() {
        Some(last) if sets_primary => Some(*last),
        Some(_) => None,
        None => elements.len().checked_sub(1),
    };
    if let Some(keep) = keep
        && elements.get(keep).is_some_and(is_primary)
    {
        demote_others(elements, keep);
    }
}

fn pick(attribute: &Attribute, filter: Option<&Filter>, elements: &[Value]) -> Vec<usize> {
    let Some(filter) = filter else { return (0..elements.len()).collect() };
    let path = AttributePath::new(attribute.name);
    let filter = Filter::from(Node::Element { path, filter: Box::new(filter.clone()) });
    let alone = |element: &Value| {
        Value::Object(Map::from_iter([(attribute.name.to_owned(), Value::Array(vec![element.clone()]))]))
    };
    let holds = |element: &Value| filter.matches(&alone(element), &ResourceType::User);
    elements.iter().enumerate().filter(|(_, element)| holds(element)).map(|(index, _)| index).collect()
}

/// The parts that a filter of equalities joined by `and` demands; `None` if it says anything else.
fn equalities(
    attribute: &Attribute,
    filter: &Filter,
    text: &str,
    leniency: &mut Leniency,
) -> Result<Option<Map<String, Value>>, ScimError> {
    match &filter.node {
        Node::Compare { path, operator: Operator::Equal, value } => {
            let Some(part) = attribute.part(&path.name) else { return Ok(None) };
            let value = match value {
                Literal::Null => return Ok(None),
                Literal::Boolean(value) => Value::Bool(*value),
                Literal::Number(number) => Value::Number(number.clone()),
                Literal::Text(text) => Value::String(text.clone()),
            };
            let shaped = shape_one(part, value, text, leniency)?;
            Ok(shaped.map(|value| Map::from_iter([(part.name.to_owned(), value)])))
        }
        Node::And(parts) => {
            let mut all = Map::new();
            for part in parts {
                let Some(some) = equalities(attribute, part, text, leniency)? else { return Ok(None) };
                all.extend(some);
            }
            Ok(Some(all))
        }
        Node::Compare { .. } | Node::Present(_) | Node::Or(_) | Node::Not(_) | Node::Element { .. } => Ok(None),
    }
}

fn nothing(text: &str) -> ScimError {
    ScimError::no_target(format!("The path “{text}” matches no value."))
}
