//! What can be declared, and what `/Schemas` says of it.

use super::{
    super::schema::{ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA},
    Extensions, MOST,
};
use crate::{
    filter::AttributePath,
    model::{ExtensionAttribute, ExtensionPart, ExtensionSchema, ExtensionType},
};
use serde_json::{Value, json};
use std::collections::HashSet;

impl Extensions<'_> {
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
    check_names(schema.attributes.iter().map(|attribute| &attribute.name), urn)?;
    schema.attributes.iter().try_for_each(|attribute| check_parts(attribute, urn))
}

/// A complex attribute is made of simple ones (RFC 7643 §2.3.8), and no other has parts.
fn check_parts(attribute: &ExtensionAttribute, urn: &str) -> Result<(), String> {
    let (name, parts) = (&attribute.name, &attribute.sub_attributes);
    match (attribute.kind == ExtensionType::Complex, parts.len()) {
        (true, 1..=MOST) | (false, 0) => {}
        (true, _) => return Err(format!("“{name}” in “{urn}” is complex: it has to have between 1 and {MOST} parts")),
        (false, _) => return Err(format!("“{name}” in “{urn}” has parts, so its type is complex")),
    }
    if let Some(part) = parts.iter().find(|part| part.kind == ExtensionType::Complex) {
        return Err(format!("“{name}.{}” in “{urn}” cannot be complex: it is a part already", part.name));
    }
    let primary = parts.iter().find(|part| part.name.eq_ignore_ascii_case("primary"));
    if primary.is_some_and(|part| part.kind != ExtensionType::Boolean) {
        return Err(format!("“{name}.primary” in “{urn}” is true or false: its type is boolean"));
    }
    check_names(parts.iter().map(|part| &part.name), &format!("{urn}:{name}"))
}

fn check_names<'a>(names: impl Iterator<Item = &'a String>, place: &str) -> Result<(), String> {
    let mut known = HashSet::new();
    for name in names {
        let is_name = name.parse::<AttributePath>().is_ok_and(|path| path.schema.is_none() && path.sub.is_none());
        if !is_name || name.starts_with(['$', '_']) || name.len() > 100 {
            return Err(format!(
                "“{name}” in “{place}” is no name of an attribute: a letter, then letters, digits, - and _"
            ));
        }
        if !known.insert(name.to_ascii_lowercase()) {
            return Err(format!("“{name}” is declared twice in “{place}”"));
        }
    }
    Ok(())
}

/// What `/Schemas` says of one, without `meta`.
pub(in super::super) fn declared_json(schema: &ExtensionSchema) -> Value {
    let attributes = schema.attributes.iter().map(|attribute| {
        let ExtensionAttribute { name, kind, multi_valued, description, sub_attributes } = attribute;
        let mut json = characteristics((name, *kind, description), *multi_valued);
        if *kind == ExtensionType::Complex {
            let part = |part: &ExtensionPart| characteristics((&part.name, part.kind, &part.description), false);
            json["subAttributes"] = sub_attributes.iter().map(part).collect();
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

/// RFC 7643 §7.
fn characteristics((name, kind, description): (&str, ExtensionType, &str), multi_valued: bool) -> Value {
    let mut json = json!({
        "name": name,
        "type": kind.as_str(),
        "multiValued": multi_valued,
        "description": description,
        "required": false,
        "caseExact": kind == ExtensionType::Reference,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    });
    if kind == ExtensionType::Reference {
        json["referenceTypes"] = json!(["uri"]);
    }
    json
}
