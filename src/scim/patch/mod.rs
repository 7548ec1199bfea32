//! PATCH (RFC 7644 §3.5.2).
//!
//! [`Patch::parse`] reads the message whatever it is for. [`Patch::apply_to_user`] does it to a document, all or nothing.
//! [`Patch::for_group`] turns it into changes for the store, because a group's members are never loaded. Both are
//! idempotent in the tolerant dialect: the same patch again changes nothing.

mod document;
mod group;
mod order;
mod selection;
mod target;

pub use group::{GroupPatch, MemberChange};

pub(super) use document::merge;
pub(super) use order::in_schema_order;

use super::{
    error::ScimError,
    extension::Extensions,
    schema::ResourceType,
    tolerance::{Leniency, Tolerance},
    user::UserDocument,
};
use crate::filter::Dialect;
use serde_json::{Map, Value};
use target::{Addressed, resolve};

/// The URN of the message.
pub const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The most operations on one user. A group has no limit but the body's: clients send one operation for each member.
const MOST_USER_OPERATIONS: usize = 1_000;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Adds values to a list, or sets what is single.
    Add,
    /// Sets.
    Replace,
    /// Takes away.
    Remove,
}

/// One operation, as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What to do.
    pub op: Op,
    /// Where; `None` means that the value's keys say where.
    pub path: Option<String>,
    /// With what; an explicit null is `Some(Value::Null)`.
    pub value: Option<Value>,
}

/// A PATCH message: operations, done in order, all or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    /// The operations.
    pub operations: Vec<Operation>,
    dialect: Dialect,
    tolerances: Vec<Tolerance>,
}

/// A user after a patch.
#[derive(Debug, Clone, PartialEq)]
pub struct Patched {
    /// The new document.
    pub document: UserDocument,
    /// Whether it differs from the old one. An unchanged resource keeps its `lastModified` and version.
    pub changed: bool,
    /// What was let pass.
    pub tolerances: Vec<Tolerance>,
}

impl Patch {
    /// Reads a PatchOp message.
    ///
    /// # Errors
    /// `invalidSyntax` where the message is not one, `invalidValue` or `noTarget` where an operation lacks something.
    pub fn parse(body: &Map<String, Value>, dialect: Dialect) -> Result<Self, ScimError> {
        let mut leniency = Leniency::new(dialect);
        if !names_schema(body, PATCH_SCHEMA) {
            leniency.allow(Tolerance::SchemasMissing, || {
                ScimError::invalid_syntax(format!("A PATCH must name its schema: \"schemas\": [\"{PATCH_SCHEMA}\"]."))
            })?;
        }
        let Some(Value::Array(list)) = get(body, "Operations") else {
            return Err(ScimError::invalid_syntax("A PATCH needs “Operations”, a list of objects with “op”."));
        };
        let operations = list
            .iter()
            .enumerate()
            .map(|(index, value)| Operation::parse(index, value, &mut leniency))
            .collect::<Result<_, _>>()?;
        Ok(Self { operations, dialect, tolerances: leniency.into_used() })
    }

    /// The user document after this patch; the given one is left alone.
    ///
    /// # Errors
    /// The refusal of the first operation that cannot be done.
    pub fn apply_to_user(&self, before: &UserDocument) -> Result<Patched, ScimError> {
        self.apply_to_extended_user(before, Extensions::default())
    }

    /// The user document after this patch, on a connection that declares schemas of its own.
    ///
    /// # Errors
    /// As [`Self::apply_to_user`].
    pub fn apply_to_extended_user(
        &self,
        before: &UserDocument,
        extensions: Extensions<'_>,
    ) -> Result<Patched, ScimError> {
        if self.operations.len() > MOST_USER_OPERATIONS {
            return Err(ScimError::too_many(format!(
                "A user takes at most {MOST_USER_OPERATIONS} operations in one PATCH; this one has {}.",
                self.operations.len()
            )));
        }
        let mut leniency = self.leniency();
        let mut after = before.as_map().clone();
        for operation in &self.operations {
            let value = operation.value.clone();
            let Some(path) = &operation.path else {
                let mut values = operation.pathless()?.clone();
                extensions.take(&mut values, operation.op, &mut after, &mut leniency)?;
                merge(&mut after, values, operation.op, &mut leniency)?;
                continue;
            };
            if !extensions.change(&mut after, path, operation.op, value.clone(), &mut leniency)? {
                let target = resolve(ResourceType::User, path, Addressed::ByPath, &mut leniency)?;
                document::change(&mut after, target, operation.op, value, &mut leniency)?;
            }
        }
        document::prune(&mut after);
        let document = UserDocument::from_stored(in_schema_order(ResourceType::User, after));
        let changed = document.as_map() != before.as_map();
        Ok(Patched { document, changed, tolerances: leniency.into_used() })
    }

    /// The changes to a group that this patch asks for.
    ///
    /// # Errors
    /// The refusal of the first operation that cannot be done.
    pub fn for_group(&self) -> Result<GroupPatch, ScimError> {
        group::changes(self)
    }

    fn leniency(&self) -> Leniency {
        let mut leniency = Leniency::new(self.dialect);
        self.tolerances.iter().for_each(|tolerance| leniency.note(*tolerance));
        leniency
    }
}

impl Operation {
    fn parse(index: usize, value: &Value, leniency: &mut Leniency) -> Result<Self, ScimError> {
        let number = index + 1;
        let Value::Object(given) = value else {
            return Err(ScimError::invalid_syntax(format!("Operation {number} must be an object with “op”.")));
        };
        let op = match get(given, "op").and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
            Some("add") => Op::Add,
            Some("replace") => Op::Replace,
            Some("remove") => Op::Remove,
            Some(other) => {
                return Err(ScimError::invalid_syntax(format!(
                    "Operation {number} has the op “{other}”; it must be add, replace or remove."
                )));
            }
            None => {
                return Err(ScimError::invalid_syntax(format!(
                    "Operation {number} needs “op”, one of add, replace and remove."
                )));
            }
        };
        let path = match get(given, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(path)) if path.trim().is_empty() => None,
            Some(Value::String(path)) => Some(path.trim().to_owned()),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                return Err(ScimError::invalid_path(format!("The path of operation {number} must be a text.")));
            }
        };
        let value = get(given, "value").cloned();
        match (op, &path, &value) {
            // RFC 7644 §3.5.2.2: "If "path" is unspecified, the operation fails with … "noTarget"."
            (Op::Remove, None, _) => {
                return Err(ScimError::no_target(format!("Operation {number} removes and must say in “path” what.")));
            }
            (Op::Add | Op::Replace, _, None) => {
                return Err(ScimError::invalid_value(format!("Operation {number} needs a “value”.")));
            }
            (Op::Add | Op::Replace, None, Some(_)) => leniency.allow(Tolerance::NoPath, || {
                ScimError::invalid_path(format!(
                    "Operation {number} needs a “path” on a connection with the strict dialect."
                ))
            })?,
            (Op::Add | Op::Replace | Op::Remove, Some(_), _) => {}
        }
        Ok(Self { op, path, value })
    }

    /// The value of an operation without a path: RFC 7644 §3.5.2.1 wants an object of attributes.
    fn pathless(&self) -> Result<&Map<String, Value>, ScimError> {
        self.value.as_ref().and_then(Value::as_object).ok_or_else(|| {
            ScimError::invalid_value("An operation without a path needs an object of attributes as its value.")
        })
    }
}

/// In the strict dialect what is to be removed is said by the path alone.
fn remove_takes_no_value(path: &str) -> ScimError {
    ScimError::invalid_value(format!(
        "“remove” takes no value on a connection with the strict dialect; pick what to remove in the path: \
         “{path}[value eq \"…\"]”."
    ))
}

/// The member of an object, whatever the case of its name (RFC 7643 §2.1).
pub(super) fn get<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// Whether `schemas` names this URN.
pub(super) fn names_schema(body: &Map<String, Value>, urn: &str) -> bool {
    let Some(Value::Array(schemas)) = get(body, "schemas") else { return false };
    schemas.iter().any(|schema| schema.as_str().is_some_and(|schema| schema.eq_ignore_ascii_case(urn)))
}

#[cfg(test)]
mod group_tests;
#[cfg(test)]
mod tests;
