//! A group's patch as changes for the store. The list of members is never looked at.

use super::{
    super::{
        error::ScimError,
        group::{Field, MemberRef, field, missing_name, parse_members, text},
        schema::ResourceType,
        tolerance::{Leniency, Tolerance},
    },
    Op, Operation, Patch, remove_takes_no_value,
    target::{Addressed, Target, resolve},
};
use crate::filter::{Filter, Literal, Node, Operator};
use serde_json::Value;

/// What a patch asks of a group. Names are set last; the order of member changes matters.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GroupPatch {
    /// The new name, if it is to change.
    pub display_name: Option<String>,
    /// The new externalId, if it is to change; `Some(None)` takes it away.
    pub external_id: Option<Option<String>>,
    /// What happens to the members, in order.
    pub members: Vec<MemberChange>,
    /// What was let pass.
    pub tolerances: Vec<Tolerance>,
}

/// One change of a group's members.
#[derive(Debug, Clone, PartialEq)]
pub enum MemberChange {
    /// These come in; who is in already stays.
    Add(Vec<MemberRef>),
    /// These ids go; who is not in is no matter. Never all.
    Remove(Vec<String>),
    /// Everybody goes.
    RemoveAll,
    /// Exactly these are in.
    Replace(Vec<MemberRef>),
    /// Those go whom the filter picks, whose paths are `value`, `display`, `type` and `$ref` of a member.
    RemoveWhere(Filter),
}

pub(super) fn changes(patch: &Patch) -> Result<GroupPatch, ScimError> {
    let mut leniency = patch.leniency();
    let mut asked = GroupPatch::default();
    for operation in &patch.operations {
        match &operation.path {
            Some(place) => asked.at_path(place, operation, &mut leniency)?,
            None => asked.pathless(operation, &mut leniency)?,
        }
    }
    asked.tolerances = leniency.into_used();
    Ok(asked)
}

impl GroupPatch {
    fn pathless(&mut self, operation: &Operation, leniency: &mut Leniency) -> Result<(), ScimError> {
        for (key, value) in operation.pathless()? {
            match field(key, leniency)? {
                Field::Nothing => {}
                // A client whose list of members is not loaded writes null; it does not mean to empty the group.
                Field::Members if value.is_null() => {}
                known @ (Field::DisplayName | Field::ExternalId | Field::Members) => {
                    self.set(known, operation.op, value, leniency)?;
                }
            }
        }
        Ok(())
    }

    fn at_path(&mut self, path: &str, operation: &Operation, leniency: &mut Leniency) -> Result<(), ScimError> {
        let (named, filter) = match resolve(ResourceType::Group, path, Addressed::ByPath, leniency)? {
            Target::Attribute { named, filter, .. } => (named, filter),
            Target::Extension | Target::Nothing => return Ok(()),
        };
        if let Some(part) = named.part {
            return Err(ScimError::mutability(format!(
                "“{path}” cannot be changed: the “{}” of a member is fixed. Remove the member and add another.",
                part.name
            )));
        }
        let value = operation.value.as_ref();
        let known = field(named.attribute.name, leniency)?;
        match (known, operation.op, filter) {
            (Field::Members, Op::Remove, Some(filter)) => self.push(pick(filter)),
            (Field::Members, Op::Replace, Some(filter)) => {
                self.push(pick(filter));
                self.push(MemberChange::Add(parse_members(value.unwrap_or(&Value::Null), leniency)?));
            }
            (Field::Members, Op::Remove, None) => self.remove_members(value, leniency)?,
            (Field::DisplayName, Op::Remove, _) => {
                return Err(ScimError::mutability("“displayName” is required and cannot be removed."));
            }
            (Field::ExternalId, Op::Remove, _) => self.external_id = Some(None),
            (Field::Nothing, _, _) => {}
            (Field::Members, Op::Add, _) | (_, Op::Replace | Op::Add, _) => {
                self.set(known, operation.op, value.unwrap_or(&Value::Null), leniency)?;
            }
        }
        Ok(())
    }

    /// RFC 7644 §3.5.2.2 knows no value in `remove`; read literally, `remove members` with a list would empty the group.
    /// Entra, authentik, Rauthy and JumpCloud mean the listed ones, and only them. Without a value it is everybody.
    fn remove_members(&mut self, value: Option<&Value>, leniency: &mut Leniency) -> Result<(), ScimError> {
        match value {
            None | Some(Value::Null) => self.push(MemberChange::RemoveAll),
            Some(listed) => {
                leniency.allow(Tolerance::RemoveWithValue, || remove_takes_no_value("members"))?;
                let listed = parse_members(listed, leniency)?;
                self.push(MemberChange::Remove(listed.into_iter().map(|member| member.value).collect()));
            }
        }
        Ok(())
    }

    fn set(&mut self, known: Field, op: Op, value: &Value, leniency: &mut Leniency) -> Result<(), ScimError> {
        match known {
            Field::DisplayName => {
                let name = text(value, "displayName", leniency)?.ok_or_else(missing_name)?;
                self.display_name = Some(name);
            }
            Field::ExternalId => self.external_id = Some(text(value, "externalId", leniency)?),
            Field::Members => {
                let members = parse_members(value, leniency)?;
                self.push(match op {
                    Op::Add => MemberChange::Add(members),
                    Op::Replace => MemberChange::Replace(members),
                    Op::Remove => MemberChange::Remove(members.into_iter().map(|member| member.value).collect()),
                });
            }
            Field::Nothing => {}
        }
        Ok(())
    }

    /// Puts a change behind the others. Neighbours of one kind become one: authentik sends 1,000 operations of one member.
    fn push(&mut self, change: MemberChange) {
        match (self.members.last_mut(), change) {
            (_, MemberChange::Add(new)) if new.is_empty() => {}
            (_, MemberChange::Remove(new)) if new.is_empty() => {}
            (Some(MemberChange::Add(known)), MemberChange::Add(new)) => known.extend(new),
            (Some(MemberChange::Remove(known)), MemberChange::Remove(new)) => known.extend(new),
            (_, change) => self.members.push(change),
        }
    }
}

/// Who is removed by `members[…]`: known ids where the filter names nothing else.
fn pick(filter: Filter) -> MemberChange {
    match ids(&filter) {
        Some(ids) => MemberChange::Remove(ids),
        None => MemberChange::RemoveWhere(filter),
    }
}

/// The ids of a filter like `value eq "a" or value eq "b"`.
fn ids(filter: &Filter) -> Option<Vec<String>> {
    match &filter.node {
        Node::Compare { path, operator: Operator::Equal, value: Literal::Text(id) }
            if path.name.eq_ignore_ascii_case("value") && path.sub.is_none() =>
        {
            Some(vec![id.clone()])
        }
        Node::Or(parts) => Some(parts.iter().map(ids).collect::<Option<Vec<_>>>()?.concat()),
        Node::Compare { .. } | Node::Present(_) | Node::And(_) | Node::Not(_) | Node::Element { .. } => None,
    }
}
