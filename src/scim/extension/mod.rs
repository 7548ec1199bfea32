//! Schemas of an organization's own (RFC 7643 §3.3): what a connection's settings declare beside the core and the enterprise
//! extension. They are data of a tenant, so they are looked up where they are needed and are no part of [`ResourceType`].

mod change;
mod shape;

use super::schema::{ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA};
use crate::{
    filter::{AttributeKinds, AttributePath, Kind, StandardKinds},
    model::{ExtensionAttribute, ExtensionSchema, ExtensionType},
};
use serde_json::{Value, json};
use std::collections::HashSet;

/// The most schemas of a connection, and the most attributes of each: every request looks through them.
const MOST: usize = 50;

/// What a connection declares.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extensions<'a>(pub &'a [ExtensionSchema]);

impl<'a> Extensions<'a> {
    /// Whether these can be declared.
    ///
    /// # Errors
    /// What is wrong with which, as a sentence.
    pub fn check(self) -> Result<(), String> {
        if self.0.len() > MOST {
            return Err(format!("there are {} schemas; a connection has at most {MOST}", self.0.len()));
        }
        let mut urns = HashSet::new();
        for schema in self.0 {
            check_schema(schema)?;
            if !urns.insert(schema.urn.to_ascii_lowercase()) {
                return Err(format!("“{}” is declared twice", schema.urn));
            }
        }
        Ok(())
    }

    /// The schema of this URN, whatever its case.
    #[must_use]
    pub fn schema(self, urn: &str) -> Option<&'a ExtensionSchema> {
        self.0.iter().find(|schema| schema.urn.eq_ignore_ascii_case(urn))
    }

    /// The attribute that a path names, and its path in the declared spelling.
    #[must_use]
    pub fn find(self, path: &AttributePath) -> Option<(AttributePath, &'a ExtensionAttribute)> {
        let schema = self.schema(path.schema.as_deref()?)?;
        let attribute = named(schema, &path.name).filter(|_| path.sub.is_none())?;
        let path = AttributePath { schema: Some(schema.urn.clone()), name: attribute.name.clone(), sub: None };
        Some((path, attribute))
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

impl AttributeKinds for Extensions<'_> {
    fn kind(&self, path: &AttributePath) -> Kind {
        match self.find(path).map(|(_, attribute)| attribute.kind) {
            Some(ExtensionType::DateTime) => Kind::Instant,
            Some(ExtensionType::Reference) => Kind::CaseExact,
            Some(ExtensionType::String | ExtensionType::Boolean | ExtensionType::Integer | ExtensionType::Decimal) => {
                Kind::CaseFolded
            }
            None => StandardKinds.kind(path),
        }
    }
}

/// The attribute of this name, whatever its case.
fn named<'a>(schema: &'a ExtensionSchema, name: &str) -> Option<&'a ExtensionAttribute> {
    schema.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

fn check_schema(schema: &ExtensionSchema) -> Result<(), String> {
    let urn = &schema.urn;
    // RFC 7643 §10.2.1; and the way in which a path is told from a schema.
    let is_schema = urn.parse::<AttributePath>().is_ok_and(|path| path.is_schema());
    if !is_schema || !urn.ends_with(":User") || urn.len() > 200 {
        return Err(format!("“{urn}” is no URN of a schema for users, such as urn:acme:params:scim:2.0:User"));
    }
    if [USER_SCHEMA, GROUP_SCHEMA, ENTERPRISE_SCHEMA].iter().any(|known| known.eq_ignore_ascii_case(urn)) {
        return Err(format!("“{urn}” is there already"));
    }
    if schema.attributes.is_empty() || schema.attributes.len() > MOST {
        return Err(format!("“{urn}” has to have between 1 and {MOST} attributes"));
    }
    let mut names = HashSet::new();
    for ExtensionAttribute { name, .. } in &schema.attributes {
        let is_name = name.parse::<AttributePath>().is_ok_and(|path| path.schema.is_none() && path.sub.is_none());
        if !is_name || name.starts_with(['$', '_']) || name.len() > 100 {
            return Err(format!(
                "“{name}” in “{urn}” is no name of an attribute: a letter, then letters, digits, - and _"
            ));
        }
        if !names.insert(name.to_ascii_lowercase()) {
            return Err(format!("“{name}” is declared twice in “{urn}”"));
        }
    }
    Ok(())
}

/// What `/Schemas` says of one, without `meta`.
pub(super) fn declared_json(schema: &ExtensionSchema) -> Value {
    let attributes = schema.attributes.iter().map(|attribute| {
        let mut json = json!({
            "name": attribute.name,
            "type": attribute.kind.as_str(),
            "multiValued": attribute.multi_valued,
            "description": attribute.description,
            "required": false,
            "caseExact": attribute.kind == ExtensionType::Reference,
            "mutability": "readWrite",
            "returned": "default",
            "uniqueness": "none",
        });
        if attribute.kind == ExtensionType::Reference {
            json["referenceTypes"] = json!(["uri"]);
        }
        json
    });
    let name = schema.urn.rsplit(':').nth(2).unwrap_or("User");
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": schema.urn,
        "name": name,
        "description": schema.description,
        "attributes": attributes.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests;
