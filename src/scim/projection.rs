//! Which attributes a client wants to see: `attributes` and `excludedAttributes` (RFC 7644 §3.9).

use super::schema::{ENTERPRISE_SCHEMA, Named, Place, ResourceType, Returned};
use crate::filter::AttributePath;
use serde_json::{Map, Value};

/// A selection of attributes.
#[derive(Debug, Clone, Default)]
pub struct Projection {
    /// Only these, if the client said so.
    only: Option<Vec<Item>>,
    /// All but these.
    without: Vec<Item>,
}

#[derive(Debug, Clone)]
enum Item {
    /// One attribute, or a part of it.
    Named(Named),
    /// The extension's object.
    Extension,
    /// A schema of the organization's own, or one attribute of it.
    Declared(AttributePath),
}

impl Projection {
    /// Reads the two parameters, each a list with commas. Names that no schema knows are skipped; where both are given,
    /// `attributes` counts (the RFC calls them mutually exclusive).
    #[must_use]
    pub fn parse(kind: ResourceType, attributes: Option<&str>, excluded: Option<&str>) -> Self {
        let given = |text: Option<&str>| text.filter(|text| !text.trim().is_empty()).map(|text| items(kind, text));
        match given(attributes) {
            Some(only) => Self { only: Some(only), without: Vec::new() },
            None => Self { only: None, without: given(excluded).unwrap_or_default() },
        }
    }

    /// Whether anything of this top-level attribute will be shown; what is not wanted need not be fetched.
    #[must_use]
    pub fn wants(&self, attribute: &str) -> bool {
        let names = |item: &Item, whole: bool| match item {
            Item::Named(named) => {
                named.place == Place::Core
                    && named.attribute.name.eq_ignore_ascii_case(attribute)
                    && !(whole && named.part.is_some())
            }
            Item::Extension => ENTERPRISE_SCHEMA.eq_ignore_ascii_case(attribute),
            Item::Declared(_) => false,
        };
        match &self.only {
            Some(only) => only.iter().any(|item| names(item, false)),
            None => !self.without.iter().any(|item| names(item, true)),
        }
    }

    /// Whether the client asked for certain attributes. RFC 7644 §3.5.2: a PATCH is then answered with a body.
    #[must_use]
    pub fn is_selective(&self) -> bool {
        self.only.is_some()
    }

    /// Whether everything is shown.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.only.is_none() && self.without.is_empty()
    }

    /// The resource, cut down. What is always returned stays: `schemas` and `id`.
    #[must_use]
    pub fn apply(&self, resource: Value) -> Value {
        let Value::Object(resource) = resource else { return resource };
        let cut = match &self.only {
            Some(only) => keep(&resource, only),
            None => drop_from(resource, &self.without),
        };
        Value::Object(with_schemas_of_what_is_shown(cut))
    }
}

/// RFC 7643 §3: `schemas` names what defines "the attributes present in the current JSON structure".
fn with_schemas_of_what_is_shown(mut resource: Map<String, Value>) -> Map<String, Value> {
    if !resource.contains_key(ENTERPRISE_SCHEMA)
        && let Some(Value::Array(schemas)) = resource.get_mut("schemas")
    {
        schemas.retain(|schema| schema != ENTERPRISE_SCHEMA);
    }
    resource
}

/// Splits at commas outside brackets and quotes: `emails[type eq "work, home"],title` is two names.
fn split(text: &str) -> Vec<String> {
    let (mut names, mut name, mut depth, mut quoted) = (Vec::new(), String::new(), 0_u32, false);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                names.push(std::mem::take(&mut name));
                continue;
            }
            _ => {}
        }
        // Microsoft's collection asks for emails[type eq "work"]; the whole attribute is a fair answer.
        if depth == 0 && !quoted && letter != ']' {
            name.push(letter);
        }
    }
    names.push(name);
    names
}

fn items(kind: ResourceType, text: &str) -> Vec<Item> {
    let item = |name: String| {
        let name = name.trim();
        if kind.is_extension(name) {
            return Some(Item::Extension);
        }
        let path: AttributePath = name.parse().ok()?;
        match kind.find(&path) {
            Some(named) => Some(Item::Named(named)),
            None => Some(Item::Declared(path)).filter(|_| is_urn(name) && kind == ResourceType::User),
        }
    };
    split(text).into_iter().filter_map(item).collect()
}

fn is_urn(name: &str) -> bool {
    name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// The paths among these that name this schema, or something in it.
fn declared<'a>(items: &'a [Item], urn: &'a str) -> impl Iterator<Item = &'a AttributePath> {
    items.iter().filter_map(move |item| match item {
        Item::Declared(path) => {
            Some(path).filter(|path| path.schema.as_deref().is_some_and(|s| s.eq_ignore_ascii_case(urn)))
        }
        Item::Named(_) | Item::Extension => None,
    })
}

/// What these leave of the object of a schema of the organization's own.
fn keep_declared(urn: &str, value: &Value, only: &[Item]) -> Option<Value> {
    let whole = declared(only, urn).any(AttributePath::is_schema);
    if whole {
        return Some(value.clone());
    }
    let mut kept = Map::new();
    for (key, value) in value.as_object()? {
        let named: Vec<_> = declared(only, urn).filter(|path| path.name.eq_ignore_ascii_case(key)).collect();
        let parts: Vec<&str> = named.iter().filter_map(|path| path.sub.as_deref()).collect();
        if named.is_empty() {
            continue;
        }
        let is_wanted = |part: &str| parts.iter().any(|wanted| wanted.eq_ignore_ascii_case(part));
        let whole = parts.len() < named.len();
        kept.insert(key.clone(), if whole { value.clone() } else { retain_parts(value.clone(), &is_wanted) });
    }
    some_object(kept)
}

fn drop_declared(resource: &mut Map<String, Value>, path: &AttributePath) {
    let urn = resource.keys().find(|key| path.schema.as_deref().is_some_and(|s| s.eq_ignore_ascii_case(key))).cloned();
    let Some(urn) = urn else { return };
    if path.is_schema() {
        resource.shift_remove(&urn);
    } else if let Some(Value::Object(object)) = resource.get_mut(&urn) {
        match &path.sub {
            None => object.retain(|key, _| !key.eq_ignore_ascii_case(&path.name)),
            Some(part) => {
                let values = object.iter_mut().filter(|(key, _)| key.eq_ignore_ascii_case(&path.name));
                for (_, value) in values {
                    *value = retain_parts(value.take(), &|name| !name.eq_ignore_ascii_case(part));
                }
            }
        }
    }
}

fn keep(resource: &Map<String, Value>, only: &[Item]) -> Map<String, Value> {
    let always = |key: &str| {
        let known = ResourceType::User.attribute(key).or_else(|| ResourceType::Group.attribute(key));
        known.is_some_and(|attribute| attribute.returned == Returned::Always)
    };
    let mut kept = Map::new();
    for (key, value) in resource {
        if always(key) {
            kept.insert(key.clone(), value.clone());
        } else if key == ENTERPRISE_SCHEMA {
            let whole = only.iter().any(|item| matches!(item, Item::Extension));
            let extension =
                value.as_object().filter(|_| !whole).map(|inner| keep_named(inner, only, Place::Enterprise));
            let extension = extension.map_or_else(|| whole.then(|| value.clone()), some_object);
            kept.extend(extension.map(|extension| (key.clone(), extension)));
        } else if is_urn(key) {
            kept.extend(keep_declared(key, value, only).map(|object| (key.clone(), object)));
        }
    }
    let named = keep_named(resource, only, Place::Core);
    // In the resource's order, so that nothing moves when it is cut.
    let mut ordered = Map::new();
    for key in resource.keys() {
        if let Some(value) = kept.get(key).or_else(|| named.get(key)) {
            ordered.insert(key.clone(), value.clone());
        }
    }
    ordered
}

fn some_object(object: Map<String, Value>) -> Option<Value> {
    if object.is_empty() { None } else { Some(Value::Object(object)) }
}

fn keep_named(object: &Map<String, Value>, only: &[Item], place: Place) -> Map<String, Value> {
    let mut kept = Map::new();
    for (key, value) in object {
        let named: Vec<&Named> = only
            .iter()
            .filter_map(|item| match item {
                Item::Named(named) if named.place == place && named.attribute.name == key => Some(named),
                Item::Named(_) | Item::Extension | Item::Declared(_) => None,
            })
            .collect();
        if named.is_empty() {
            continue;
        }
        let parts: Vec<&str> = named.iter().filter_map(|named| named.part.map(|part| part.name)).collect();
        let whole = parts.len() < named.len();
        let value = if whole { value.clone() } else { retain_parts(value.clone(), &|part| parts.contains(&part)) };
        kept.insert(key.clone(), value);
    }
    kept
}

fn drop_from(mut resource: Map<String, Value>, without: &[Item]) -> Map<String, Value> {
    for item in without {
        let named = match item {
            Item::Named(named) => named,
            Item::Extension => {
                resource.shift_remove(ENTERPRISE_SCHEMA);
                continue;
            }
            Item::Declared(path) => {
                drop_declared(&mut resource, path);
                continue;
            }
        };
        if named.attribute.returned == Returned::Always {
            continue;
        }
        match named.place {
            Place::Core => drop_named(&mut resource, named),
            Place::Enterprise => {
                if let Some(Value::Object(inner)) = resource.get_mut(ENTERPRISE_SCHEMA) {
                    drop_named(inner, named);
                }
            }
        }
    }
    resource
}

fn drop_named(object: &mut Map<String, Value>, named: &Named) {
    match named.part {
        None => {
            object.shift_remove(named.attribute.name);
        }
        Some(part) => {
            if let Some(value) = object.get_mut(named.attribute.name) {
                *value = retain_parts(value.take(), &|name| name != part.name);
            }
        }
    }
}

fn retain_parts(value: Value, wanted: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Object(mut parts) => {
            parts.retain(|key, _| wanted(key));
            Value::Object(parts)
        }
        Value::Array(elements) => elements.into_iter().map(|element| retain_parts(element, wanted)).collect(),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn resource() -> Value {
        json!({
            "schemas": ["s"], "id": "1", "userName": "ada", "name": {"givenName": "Ada", "familyName": "L"},
            "emails": [{"value": "a@x", "type": "work"}, {"value": "b@x"}],
            ENTERPRISE_SCHEMA: {"department": "R", "division": "D"}, "meta": {"version": "1"},
        })
    }

    fn only(attributes: &str) -> String {
        Projection::parse(ResourceType::User, Some(attributes), None).apply(resource()).to_string()
    }

    fn without(attributes: &str) -> String {
        Projection::parse(ResourceType::User, None, Some(attributes)).apply(resource()).to_string()
    }

    #[test]
    fn attributes_keeps_what_is_named_and_what_is_always_returned() {
        assert_eq!(only("userName"), r#"{"schemas":["s"],"id":"1","userName":"ada"}"#);
        assert_eq!(only(" USERNAME , nonsense"), r#"{"schemas":["s"],"id":"1","userName":"ada"}"#);
        assert_eq!(only("name.familyName"), r#"{"schemas":["s"],"id":"1","name":{"familyName":"L"}}"#);
        assert_eq!(only("emails.value"), r#"{"schemas":["s"],"id":"1","emails":[{"value":"a@x"},{"value":"b@x"}]}"#);
        assert_eq!(only("nonsense"), r#"{"schemas":["s"],"id":"1"}"#);
        assert_eq!(
            only("name.familyName,name"),
            r#"{"schemas":["s"],"id":"1","name":{"givenName":"Ada","familyName":"L"}}"#
        );
    }

    #[test]
    fn the_extension_is_reached_by_its_urn_whole_or_in_part() {
        let whole = only(ENTERPRISE_SCHEMA);
        assert!(whole.contains("department") && whole.contains("division"));
        let part = only(&format!("{ENTERPRISE_SCHEMA}:division"));
        assert!(!part.contains("department") && part.contains("division"));
        assert_eq!(part, only("division"));
        assert!(!without(ENTERPRISE_SCHEMA).contains("enterprise"));
    }

    #[test]
    fn a_value_path_asks_for_the_attribute() {
        assert_eq!(only(r#"emails[type eq "work, or not"],userName"#), only("emails,userName"));
    }

    #[test]
    fn excluded_attributes_takes_away_but_never_what_is_always_returned() {
        let cut = without("id,schemas,meta,emails,name.givenName");
        assert!(
            cut.starts_with(r#"{"schemas":["s"],"id":"1","userName":"ada","name":{"familyName":"L"},"urn"#),
            "{cut}"
        );
        assert!(!cut.contains("meta") && !cut.contains("emails"));
    }

    #[test]
    fn what_is_not_wanted_need_not_be_fetched() {
        let parse = |only, without| Projection::parse(ResourceType::Group, only, without);
        assert!(parse(None, None).wants("members"));
        assert!(!parse(None, Some("members")).wants("members"));
        assert!(parse(None, Some("members.display")).wants("members"));
        assert!(!parse(Some("displayName"), None).wants("members"));
        assert!(parse(Some("members.value"), None).wants("members"));
        assert!(parse(Some("members"), Some("members")).wants("members"));
    }
}
