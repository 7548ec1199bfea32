//! Schemas of an organization's own (RFC 7643 §3.3): what it declares beside the core and the enterprise extension, for one
//! connection or for all. They are data of a tenant, so they are looked up where they are needed and are no part of
//! [`ResourceType`](super::ResourceType).

mod change;
mod declaration;
mod parts;
mod shape;

pub(super) use declaration::declared_json;

use super::{schema::ENTERPRISE_SCHEMA, tolerance::Leniency};
use crate::{
    filter::{AttributeKinds, AttributePath, Dialect, Kind, StandardKinds},
    model::{ExtensionAttribute, ExtensionPart, ExtensionSchema, ExtensionType},
};
use serde_json::{Map, Value};

/// The most schemas of a connection, the most attributes of each, and the most parts of each of those: every request looks
/// through them.
const MOST: usize = 50;

/// What is declared for a connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extensions<'a>(pub &'a [ExtensionSchema]);

impl<'a> Extensions<'a> {
    /// The schema of this URN, whatever its case.
    #[must_use]
    pub fn schema(self, urn: &str) -> Option<&'a ExtensionSchema> {
        self.0.iter().find(|schema| schema.urn.eq_ignore_ascii_case(urn))
    }

    /// What a path names: an attribute, or a part of it.
    #[must_use]
    pub fn find(self, path: &AttributePath) -> Option<Declared<'a>> {
        let schema = self.schema(path.schema.as_deref()?)?;
        let attribute = named(schema, &path.name)?;
        let part = match &path.sub {
            Some(sub) => Some(part_of(attribute, sub)?),
            None => None,
        };
        let (name, sub) = (attribute.name.clone(), part.map(|part| part.name.clone()));
        Some(Declared { path: AttributePath { schema: Some(schema.urn.clone()), name, sub }, attribute, part })
    }

    /// Whether an attribute of a document is the object of a schema that is an organization's own.
    #[must_use]
    pub fn is_own(name: &str) -> bool {
        name.starts_with("urn:") && name != ENTERPRISE_SCHEMA
    }

    /// What is told of the kept object of a schema that is the organization's own: only what is declared, and as it is declared
    /// now. What was kept under an earlier declaration is not lost, and seen again when that comes back.
    #[must_use]
    pub fn told(self, urn: &str, kept: &Value) -> Option<Value> {
        let told = object_told(self.schema(urn)?, kept);
        if told.is_empty() { None } else { Some(Value::Object(told)) }
    }

    /// What a key or a PATCH path names: a schema, and what stands behind its URN. The URN has dots and colons itself, so it is
    /// looked for as a whole.
    pub(super) fn split(self, text: &str) -> Option<(&'a ExtensionSchema, Option<String>)> {
        self.0.iter().find_map(|schema| {
            let start = text.get(..schema.urn.len())?;
            let rest = text.get(schema.urn.len()..)?;
            if !start.eq_ignore_ascii_case(&schema.urn) {
                return None;
            }
            match rest.strip_prefix(':') {
                Some("") => Some((schema, None)),
                Some(name) => Some((schema, Some(name.to_owned()))),
                None => rest.is_empty().then_some((schema, None)),
            }
        })
    }
}

/// What a path names.
#[derive(Debug, Clone)]
pub struct Declared<'a> {
    /// The path in the declared spelling.
    pub path: AttributePath,
    /// The attribute.
    pub attribute: &'a ExtensionAttribute,
    /// The part of it, if the path names one.
    pub part: Option<&'a ExtensionPart>,
}

impl Declared<'_> {
    /// What its values are. A complex attribute stands for its `value` (RFC 7644 §3.4.2.2), if it has one.
    #[must_use]
    pub fn kind(&self) -> ExtensionType {
        let part = self.part.or_else(|| part_of(self.attribute, "value"));
        part.map_or(self.attribute.kind, |part| part.kind)
    }
}

/// What is told of an object that was kept.
fn object_told(schema: &ExtensionSchema, kept: &Value) -> Map<String, Value> {
    let told = schema.attributes.iter().filter_map(|attribute| {
        let value = kept.get(&attribute.name)?.clone();
        let value = shape::shape(attribute, value, &attribute.name, &mut Leniency::new(Dialect::Tolerant));
        Some((attribute.name.clone(), value.ok().flatten()?))
    });
    told.collect()
}

impl AttributeKinds for Extensions<'_> {
    fn kind(&self, path: &AttributePath) -> Kind {
        match self.find(path).map(|found| found.kind()) {
            Some(ExtensionType::DateTime) => Kind::Instant,
            Some(ExtensionType::Reference) => Kind::CaseExact,
            Some(
                ExtensionType::String
                | ExtensionType::Boolean
                | ExtensionType::Integer
                | ExtensionType::Decimal
                | ExtensionType::Complex,
            ) => Kind::CaseFolded,
            None => StandardKinds.kind(path),
        }
    }
}

/// The attribute of this name, whatever its case.
fn named<'a>(schema: &'a ExtensionSchema, name: &str) -> Option<&'a ExtensionAttribute> {
    schema.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// The part of this name, whatever its case.
fn part_of<'a>(attribute: &'a ExtensionAttribute, name: &str) -> Option<&'a ExtensionPart> {
    attribute.sub_attributes.iter().find(|part| part.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod complex_tests;
#[cfg(test)]
mod tests;
