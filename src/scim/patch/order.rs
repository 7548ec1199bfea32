//! Documents in the order of their schema.

use super::super::{
    schema::{Attribute, ENTERPRISE_SCHEMA, ResourceType},
    shape::in_order,
};
use serde_json::{Map, Value};

/// The same document in the schema's order: equal documents are written alike.
pub(crate) fn in_schema_order(kind: ResourceType, mut document: Map<String, Value>) -> Map<String, Value> {
    let extension = document.shift_remove(ENTERPRISE_SCHEMA);
    // Schemas of the organization's own: the schemas here do not know them, and have no order for them but their names'.
    let (mut others, known): (Vec<_>, Vec<_>) = document.into_iter().partition(|(key, _)| is_urn(key));
    let top = || kind.attribute("externalId").into_iter().chain(kind.attributes());
    let mut ordered = sorted(top, known);
    if let Some(Value::Object(given)) = extension {
        let inner = sorted(|| kind.extension().iter(), given.into_iter().collect());
        ordered.insert(ENTERPRISE_SCHEMA.to_owned(), Value::Object(inner));
    }
    others.sort_by(|(a, _), (b, _)| a.cmp(b));
    ordered.extend(others);
    ordered
}

fn is_urn(key: &str) -> bool {
    key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// What the schema knows of these, in its order. Looked up one by one: they are few, and the schema's attributes many.
fn sorted<I>(attributes: impl Fn() -> I, given: Vec<(String, Value)>) -> Map<String, Value>
where
    I: Iterator<Item = &'static Attribute>,
{
    let placed = |(key, value): (String, Value)| {
        let (place, attribute) = attributes().enumerate().find(|(_, attribute)| attribute.name == key)?;
        let value = match value {
            Value::Object(parts) => Value::Object(in_order(attribute, parts)),
            Value::Array(elements) => elements
                .into_iter()
                .map(|element| match element {
                    Value::Object(parts) => Value::Object(in_order(attribute, parts)),
                    plain => plain,
                })
                .collect(),
            plain => plain,
        };
        Some((place, key, value))
    };
    let mut known: Vec<_> = given.into_iter().filter_map(placed).collect();
    known.sort_by_key(|(place, ..)| *place);
    known.into_iter().map(|(_, key, value)| (key, value)).collect()
}
