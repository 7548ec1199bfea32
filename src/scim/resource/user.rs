//! Users as answers. What is kept of somebody is mostly passed on as it lies in the store.

use super::{
    super::{
        extension::Extensions,
        schema::{ENTERPRISE_SCHEMA, ResourceType},
        user::comes_after_active,
    },
    Location, Meta, ResourceMeta,
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
    ser::SerializeMap as _,
};
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};
use std::{borrow::Cow, fmt};

/// A group that a user is in.
#[derive(Debug, Clone, Copy)]
pub struct GroupRef<'a> {
    /// The group's id.
    pub id: &'a str,
    /// The group's name.
    pub display: &'a str,
}

/// The attributes of a user as they are kept: without what the server adds, in the order of the schema.
pub trait KeptAttributes {
    /// Their names and values.
    ///
    /// # Errors
    /// What was kept cannot be read any more.
    fn attributes(&self) -> serde_json::Result<Attributes<'_>>;
}

/// As they lie in the store.
impl KeptAttributes for String {
    fn attributes(&self) -> serde_json::Result<Attributes<'_>> {
        serde_json::from_str(self)
    }
}

/// As they were just changed.
impl KeptAttributes for Map<String, Value> {
    fn attributes(&self) -> serde_json::Result<Attributes<'_>> {
        Ok(Attributes(self.iter().map(|(name, value)| (name.into(), Kept::Read(Cow::Borrowed(value)))).collect()))
    }
}

/// Names and values, in their order.
#[derive(Debug)]
pub struct Attributes<'a>(Vec<(Cow<'a, str>, Kept<'a>)>);

/// A value that is passed on.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Kept<'a> {
    Text(&'a RawValue),
    Read(Cow<'a, Value>),
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Attributes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Attributes<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a user's attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(16);
                while let Some((Name(name), value)) = map.next_entry()? {
                    pairs.push((name, Kept::Text(value)));
                }
                Ok(Attributes(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl Attributes<'_> {
    /// With `active`, which lies elsewhere. Where it is kept as well, a provider took it away and is not shown it.
    fn with_active(mut self, active: bool) -> Self {
        if let Some(place) = self.0.iter().position(|(name, _)| name == "active") {
            self.0.remove(place);
            return self;
        }
        let place = self.0.iter().position(|(name, _)| comes_after_active(name)).unwrap_or(self.0.len());
        self.0.insert(place, ("active".into(), Kept::Read(Cow::Owned(Value::Bool(active)))));
        self
    }

    /// With what is declared today of schemas that are the organization's own.
    fn told(self, extensions: Extensions<'_>) -> serde_json::Result<Self> {
        let mut told = Vec::with_capacity(self.0.len());
        for (name, value) in self.0 {
            if !Extensions::is_own(&name) {
                told.push((name, value));
                continue;
            }
            let kept = match value {
                Kept::Text(text) => serde_json::from_str(text.get())?,
                Kept::Read(value) => value.into_owned(),
            };
            let value = extensions.told(&name, &kept);
            told.extend(value.map(|value| (name, Kept::Read(Cow::Owned(value)))));
        }
        Ok(Self(told))
    }
}

/// A User as it is answered.
struct UserAnswer<'a> {
    attributes: Attributes<'a>,
    groups: &'a [GroupRef<'a>],
    meta: ResourceMeta<'a>,
}

#[derive(Debug, Serialize)]
struct GroupAnswer<'a> {
    value: &'a str,
    #[serde(rename = "$ref")]
    reference: Location<'a>,
    display: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl Serialize for UserAnswer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { attributes: Attributes(attributes), groups, meta } = self;
        let kind = ResourceType::User;
        let names = attributes.iter().map(|(name, _)| &**name);
        let schemas: Vec<&str> =
            std::iter::once(kind.schema()).chain(names.filter(|name| name.starts_with("urn:"))).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schemas", &schemas)?;
        map.serialize_entry("id", meta.id)?;
        for (name, value) in attributes.iter().filter(|(name, _)| name != ENTERPRISE_SCHEMA) {
            map.serialize_entry(name, value)?;
        }
        if !groups.is_empty() {
            let groups: Vec<_> = groups.iter().map(|group| group.answer(meta.base_url)).collect();
            map.serialize_entry("groups", &groups)?;
        }
        if let Some((name, extension)) = attributes.iter().find(|(name, _)| name == ENTERPRISE_SCHEMA) {
            map.serialize_entry(name, extension)?;
        }
        let meta: Meta<'_> = meta.of(kind);
        map.serialize_entry("meta", &meta)?;
        map.end()
    }
}

impl<'a> GroupRef<'a> {
    fn answer(&self, base_url: &'a str) -> GroupAnswer<'a> {
        let reference = Location { base_url, kind: ResourceType::Group, id: self.id };
        GroupAnswer { value: self.id, reference, display: self.display, kind: "direct" }
    }
}

/// A User as it is answered, before projection; `active` is what the directory says of them.
///
/// # Errors
/// What was kept cannot be read any more.
pub fn user_json(
    kept: &impl KeptAttributes,
    active: bool,
    extensions: Extensions<'_>,
    meta: ResourceMeta<'_>,
    groups: &[GroupRef<'_>],
) -> serde_json::Result<Box<RawValue>> {
    let attributes = kept.attributes()?.with_active(active).told(extensions)?;
    to_raw_value(&UserAnswer { attributes, groups, meta })
}
