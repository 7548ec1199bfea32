//! Claims become facts: shaped as a SCIM User, by the connection's map of claim to attribute. Pure.

use crate::{
    model::{ConnectionSettings, MatchAttribute, MatchPair},
    scim::ENTERPRISE_SCHEMA,
};
use serde_json::{Map, Value, json};

/// Attributes that live in the enterprise extension.
const ENTERPRISE: [&str; 6] = ["employeeNumber", "costCenter", "organization", "division", "department", "manager"];

/// The facts that a sign-in's claims say.
pub(super) fn facts_of(settings: &ConnectionSettings, claims: &Map<String, Value>) -> Map<String, Value> {
    let mut facts = Map::new();
    for (claim, attribute) in &settings.attributes {
        match claims.get(claim) {
            None | Some(Value::Null) => {}
            Some(value) => put(&mut facts, attribute, value.clone()),
        }
    }
    facts
}

fn put(facts: &mut Map<String, Value>, attribute: &str, value: Value) {
    if attribute == "emails" {
        // A claim is one address; SCIM has a list.
        if let Value::String(email) = value {
            facts.insert("emails".to_owned(), json!([{"value": email, "primary": true}]));
        }
        return;
    }
    if ENTERPRISE.contains(&attribute) {
        object(facts, ENTERPRISE_SCHEMA).insert(attribute.to_owned(), value);
        return;
    }
    match attribute.split_once('.') {
        Some((outer, inner)) if !attribute.starts_with("urn:") => {
            object(facts, outer).insert(inner.to_owned(), value);
        }
        Some(_) | None => drop(facts.insert(attribute.to_owned(), value)),
    }
}

fn object<'a>(facts: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let slot = facts.entry(name.to_owned()).or_insert_with(|| Value::Object(Map::new()));
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    match slot {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            unreachable!("made an object just above")
        }
    }
}

/// The value that a pair's claim has; none when it is absent or no text.
pub(super) fn claim<'a>(pair: &MatchPair, subject: &'a str, claims: &'a Map<String, Value>) -> Option<&'a str> {
    let value = if pair.claim == "sub" { Some(subject) } else { claims.get(&pair.claim).and_then(Value::as_str) };
    value.filter(|value| !value.is_empty())
}

/// The externalId by which a push of the same person would be recognised.
pub(super) fn external_id<'a>(
    settings: &ConnectionSettings,
    subject: &'a str,
    claims: &'a Map<String, Value>,
) -> Option<&'a str> {
    let mut pairs = settings.match_pairs.iter().filter(|pair| pair.attribute == MatchAttribute::ExternalId);
    pairs.find_map(|pair| claim(pair, subject, claims))
}

/// The userName of somebody who was never pushed: what a push would be matched by, else what the provider calls them, else
/// their address, else the subject.
pub(super) fn user_name<'a>(
    settings: &ConnectionSettings,
    subject: &'a str,
    claims: &'a Map<String, Value>,
) -> &'a str {
    let mut pairs = settings.match_pairs.iter().filter(|pair| pair.attribute == MatchAttribute::UserName);
    let matched = pairs.find_map(|pair| claim(pair, subject, claims));
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    matched.or_else(|| text("preferred_username")).or_else(|| text("email")).unwrap_or(subject)
}

/// The address, if the provider says that it is verified.
pub(super) fn verified_email(claims: &Map<String, Value>) -> Option<&str> {
    let verified = matches!(claims.get("email_verified"), Some(Value::Bool(true)))
        || claims.get("email_verified").and_then(Value::as_str) == Some("true");
    claims.get("email").and_then(Value::as_str).filter(|_| verified)
}
