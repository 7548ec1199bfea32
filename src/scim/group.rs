//! A group as a client sends it, and the members in it.

use super::{
    error::ScimError,
    patch::{get, names_schema},
    schema::{GROUP_SCHEMA, Mutability, ResourceType},
    tolerance::{Leniency, Tolerance},
    user::own,
};
use crate::filter::Dialect;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberKind {
    /// A user; also where the client does not say.
    User,
    /// Another group.
    Group,
}

impl MemberKind {
    /// `User` or `Group`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }
}

/// A member that a client named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MemberRef {
    /// The id it was called by; perhaps of nobody that exists.
    pub value: String,
    /// The name that came with it, for the console to show while the member is unknown.
    pub display: Option<String>,
    /// What the client says it is.
    pub kind: MemberKind,
}

/// A Group as the body of a POST or PUT says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDocument {
    /// The name; never empty.
    pub display_name: String,
    /// The provider's id of the group. On a PUT, `None` keeps the one there is.
    pub external_id: Option<String>,
    /// Whether the body takes the externalId away: it is there and null, as Rauthy unlinks.
    pub clears_external_id: bool,
    /// The members; `None` where the body does not say, which is not the same as an empty list.
    pub members: Option<Vec<MemberRef>>,
}

impl GroupDocument {
    /// Reads the body of a POST or PUT. Says also what was let pass.
    ///
    /// # Errors
    /// `invalidValue` for a wrong type or a missing displayName; in the strict dialect `invalidSyntax` for what no schema knows.
    pub fn parse(body: &Map<String, Value>, dialect: Dialect) -> Result<(Self, Vec<Tolerance>), ScimError> {
        let mut leniency = Leniency::new(dialect);
        if !names_schema(body, GROUP_SCHEMA) {
            leniency.allow(Tolerance::SchemasMissing, || {
                ScimError::invalid_syntax(format!("A Group must name its schema: \"schemas\": [\"{GROUP_SCHEMA}\"]."))
            })?;
        }
        let (mut display_name, mut external_id, mut members) = (None, None, None);
        let mut clears_external_id = false;
        for (key, value) in own(body) {
            match field(&key, &mut leniency)? {
                Field::DisplayName => display_name = text(&value, "displayName", &mut leniency)?,
                Field::ExternalId => {
                    external_id = text(&value, "externalId", &mut leniency)?;
                    clears_external_id = external_id.is_none();
                }
                Field::Members if value.is_null() => {}
                Field::Members => members = Some(parse_members(&value, &mut leniency)?),
                Field::Nothing => {}
            }
        }
        let display_name = display_name.ok_or_else(missing_name)?;
        Ok((Self { display_name, external_id, clears_external_id, members }, leniency.into_used()))
    }
}

/// “displayName” is required.
pub(super) fn missing_name() -> ScimError {
    ScimError::invalid_value("“displayName” is required and must not be empty.")
}

/// A key of a Group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    DisplayName,
    ExternalId,
    Members,
    /// Not ours, and let pass.
    Nothing,
}

/// Which attribute of a Group a key names.
pub(super) fn field(key: &str, leniency: &mut Leniency) -> Result<Field, ScimError> {
    let kind = ResourceType::Group;
    let named = key.parse().ok().and_then(|path| kind.find(&path)).filter(|named| named.part.is_none());
    match named.map(|named| named.attribute) {
        Some(attribute) if attribute.mutability == Mutability::ReadOnly => {
            leniency.note(Tolerance::ReadOnlyIgnored);
            Ok(Field::Nothing)
        }
        Some(attribute) => Ok(match attribute.name {
            "displayName" => Field::DisplayName,
            "externalId" => Field::ExternalId,
            "members" => Field::Members,
            _ => Field::Nothing,
        }),
        None => {
            leniency.allow(Tolerance::UnknownAttribute, || ScimError::invalid_syntax(kind.unknown(key)))?;
            Ok(Field::Nothing)
        }
    }
}

/// A text attribute of a Group; `None` where it has no value.
pub(super) fn text(value: &Value, name: &str, leniency: &mut Leniency) -> Result<Option<String>, ScimError> {
    let Some(attribute) = ResourceType::Group.attribute(name) else { return Ok(None) };
    let shaped = super::shape::shape_one(attribute, value.clone(), name, leniency)?;
    Ok(shaped.as_ref().and_then(Value::as_str).map(str::to_owned))
}

/// The members that a value lists, each once, in their order.
///
/// One that names nobody (an empty or missing `value`) is left out in the tolerant dialect: a push must not fail for it.
pub(super) fn parse_members(value: &Value, leniency: &mut Leniency) -> Result<Vec<MemberRef>, ScimError> {
    let single;
    let list = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(list) => list.as_slice(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            leniency.allow(Tolerance::ValueForList, || ScimError::invalid_value("“members” takes a list."))?;
            single = [value.clone()];
            &single
        }
    };
    let mut seen = HashSet::with_capacity(list.len());
    let mut members = Vec::with_capacity(list.len());
    for (index, element) in list.iter().enumerate() {
        let Some(member) = parse_member(index, element, leniency)? else { continue };
        if seen.insert(member.value.clone()) {
            members.push(member);
        } else {
            leniency.note(Tolerance::RepeatedValue);
        }
    }
    Ok(members)
}

fn parse_member(index: usize, element: &Value, leniency: &mut Leniency) -> Result<Option<MemberRef>, ScimError> {
    let wrong = |what: &str| ScimError::invalid_value(format!("“members[{index}]” {what}."));
    let parts = match element {
        Value::Object(parts) => parts,
        Value::String(id) => {
            leniency.allow(Tolerance::BareValue, || wrong("takes an object with “value”"))?;
            let member = MemberRef { value: id.clone(), display: None, kind: MemberKind::User };
            return Ok(Some(member).filter(|member| !member.value.is_empty()));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            return Err(wrong("takes an object with “value”, a member's id"));
        }
    };
    let part = |name: &str| match get(parts, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.trim().is_empty())),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(wrong(&format!("has a “{name}” that is not a text")))
        }
    };
    let reference = part("$ref")?;
    let from_reference = reference.and_then(|url| url.trim_end_matches('/').rsplit('/').next());
    let Some(value) = part("value")?.or(from_reference) else {
        leniency.allow(Tolerance::HollowValue, || wrong("names nobody: “value” is missing"))?;
        return Ok(None);
    };
    let is_group = part("type")?.map_or_else(
        || reference.is_some_and(|url| url.contains("/Groups/")),
        |kind| kind.eq_ignore_ascii_case("Group"),
    );
    let kind = if is_group { MemberKind::Group } else { MemberKind::User };
    Ok(Some(MemberRef { value: value.to_owned(), display: part("display")?.map(str::to_owned), kind }))
}

#[cfg(test)]
mod tests;
