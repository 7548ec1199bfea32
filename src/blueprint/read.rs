//! From YAML nodes to types, by serde, with the place of whatever does not fit.

use crate::mapping::yaml::{Extent, Source, did_you_mean};
use saphyr::{MarkedYaml, Scalar, YamlData};
use serde::{
    Deserialize,
    de::{self, DeserializeSeed, IntoDeserializer, Visitor},
};
use serde_json::{Map, Value};
use std::fmt;

/// The name by which [`Placed`] asks for its place.
const PLACED: &str = "castgate::Placed";

/// A text, and where it begins in the source, in characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) text: String,
    pub(super) extent: Option<(usize, usize)>,
}

impl Placed {
    /// The first character.
    pub(super) fn at(&self) -> usize {
        self.extent.map_or(0, |(start, _)| start)
    }
}

impl<'de> Deserialize<'de> for Placed {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Placed;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut parts: A) -> Result<Placed, A::Error> {
                let text = parts.next_element()?.unwrap_or_default();
                let start: Option<usize> = parts.next_element()?;
                let end: Option<usize> = parts.next_element()?;
                Ok(Placed { text, extent: start.zip(end) })
            }
        }
        deserializer.deserialize_newtype_struct(PLACED, Text)
    }
}

/// What did not fit.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) at: Option<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Misfit {
    fn of(message: String, help: Option<String>) -> Self {
        Self { at: None, message, help }
    }

    fn at(mut self, node: &MarkedYaml<'_>) -> Self {
        self.at.get_or_insert(node.span.start.index());
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misfit {}

fn known(word: &str, expected: &'static [&'static str]) -> String {
    did_you_mean(word, expected.iter().copied()).unwrap_or_else(|| format!("known here are {}", expected.join(", ")))
}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::of(message.to_string(), None)
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::of(format!("this should be {expected}, and is {}", kind(found)), None)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::of(format!("there is no key “{field}” here"), Some(known(field, expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::of(format!("“{variant}” is nothing that can stand here"), Some(known(variant, expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of(format!("“{field}” is missing here"), None)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::of(format!("“{field}” is written twice here"), None)
    }
}

/// What was found, in the words of somebody who writes YAML.
fn kind(found: de::Unexpected<'_>) -> &'static str {
    match found {
        de::Unexpected::Bool(_) => "true or false",
        de::Unexpected::Unsigned(_) | de::Unexpected::Signed(_) | de::Unexpected::Float(_) => "a number",
        de::Unexpected::Char(_) | de::Unexpected::Str(_) => "a text",
        de::Unexpected::Unit | de::Unexpected::Option => "empty",
        de::Unexpected::Seq => "a list",
        de::Unexpected::Map => "a mapping of keys to values",
        _ => "something else",
    }
}

/// A node to be read, and what stands for keys of it that are left out.
#[derive(Clone, Copy)]
pub(super) struct Node<'n, 'y> {
    pub(super) yaml: &'n MarkedYaml<'y>,
    pub(super) source: &'n Source,
    pub(super) otherwise: Option<&'n Map<String, Value>>,
}

impl<'n, 'y> Node<'n, 'y> {
    fn on(self, yaml: &'n MarkedYaml<'y>) -> Self {
        Self { yaml, otherwise: None, ..self }
    }

    fn extent(self) -> Extent {
        Extent { start: self.yaml.span.start.index(), end: self.yaml.span.end.index() }
    }

    /// A scalar as it is written: numbers and booleans keep their letters.
    fn text(self) -> Option<String> {
        match &self.yaml.data {
            YamlData::Value(Scalar::String(text)) => Some(text.to_string()),
            YamlData::Value(Scalar::Boolean(_) | Scalar::Integer(_) | Scalar::FloatingPoint(_)) => {
                let written = self.source.text(self.extent());
                // An alias, an anchor or a tag: the letters stand elsewhere.
                (!written.starts_with(['*', '&', '!'])).then_some(written)
            }
            _ => None,
        }
    }
}

struct Entries<'n, 'y> {
    node: Node<'n, 'y>,
    written: Vec<(&'n MarkedYaml<'y>, &'n MarkedYaml<'y>)>,
    next: usize,
    rest: Vec<(&'n String, &'n Value)>,
    value: Option<Result<&'n MarkedYaml<'y>, &'n Value>>,
}

impl<'de> de::MapAccess<'de> for Entries<'_, '_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        if let Some((key, value)) = self.written.get(self.next).copied() {
            self.next += 1;
            self.value = Some(Ok(value));
            return seed.deserialize(self.node.on(key)).map(Some).map_err(|misfit| misfit.at(key));
        }
        let Some((key, value)) = self.rest.pop() else { return Ok(None) };
        self.value = Some(Err(value));
        seed.deserialize(key.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        match self.value.take() {
            Some(Ok(value)) => seed.deserialize(self.node.on(value)).map_err(|misfit| misfit.at(value)),
            Some(Err(value)) => seed.deserialize(value.clone()).map_err(de::Error::custom),
            None => Err(de::Error::custom("a value without a key")),
        }
    }
}

struct Items<'n, 'y> {
    node: Node<'n, 'y>,
    items: std::slice::Iter<'n, MarkedYaml<'y>>,
}

impl<'de> de::SeqAccess<'de> for Items<'_, '_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.items.next() else { return Ok(None) };
        seed.deserialize(self.node.on(item)).map(Some).map_err(|misfit| misfit.at(item))
    }
}

impl<'n, 'y> Node<'n, 'y> {
    fn entries(self) -> Option<Entries<'n, 'y>> {
        let YamlData::Mapping(mapping) = &self.yaml.data else { return None };
        let written: Vec<_> = mapping.iter().collect();
        let said = |name: &str| written.iter().any(|(key, _)| self.on(key).text().as_deref() == Some(name));
        let rest = self.otherwise.into_iter().flatten().filter(|(name, _)| !said(name)).collect();
        Some(Entries { node: self, written, next: 0, rest, value: None })
    }
}

impl<'de> de::Deserializer<'de> for Node<'_, '_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.yaml.data {
            YamlData::Value(Scalar::Null) => visitor.visit_unit(),
            YamlData::Value(Scalar::Boolean(yes)) => visitor.visit_bool(*yes),
            YamlData::Value(Scalar::Integer(number)) => match u64::try_from(*number) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_i64(*number),
            },
            YamlData::Value(Scalar::FloatingPoint(number)) => visitor.visit_f64(number.into_inner()),
            YamlData::Value(Scalar::String(text)) => visitor.visit_str(text),
            YamlData::Sequence(items) => visitor.visit_seq(Items { node: self, items: items.iter() }),
            YamlData::Mapping(_) => match self.entries() {
                Some(entries) => visitor.visit_map(entries),
                None => visitor.visit_unit(),
            },
            YamlData::Representation(..) | YamlData::Tagged(..) | YamlData::Alias(_) | YamlData::BadValue => {
                Err(de::Error::custom("this is not a value that can be read here"))
            }
        }
        .map_err(|misfit: Misfit| misfit.at(self.yaml))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.text() {
            Some(text) => visitor.visit_string(text).map_err(|misfit: Misfit| misfit.at(self.yaml)),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.yaml.data {
            YamlData::Value(Scalar::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        if name != PLACED {
            return visitor.visit_newtype_struct(self);
        }
        let Some(text) = self.text().filter(|text| !text.trim().is_empty()) else {
            let is_text = matches!(&self.yaml.data, YamlData::Value(_));
            let message = if is_text { "this should be a text, and is empty" } else { "this should be a text" };
            return Err(Misfit::of(message.to_owned(), None).at(self.yaml));
        };
        let Extent { start, end } = self.extent();
        let parts = [Value::from(text), Value::from(start), Value::from(end)].into_iter();
        visitor
            .visit_seq(de::value::SeqDeserializer::new(parts))
            .map_err(|error: serde_json::Error| Misfit::of(error.to_string(), None).at(self.yaml))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let _ = (name, variants);
        match self.text() {
            Some(text) => visitor.visit_enum(text.into_deserializer()).map_err(|misfit: Misfit| misfit.at(self.yaml)),
            None => self.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct ignored_any
    }
}
