//! Groups as answers.

use super::{
    super::{group::MemberKind, schema::ResourceType},
    Location, Meta, ResourceMeta,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// A member of a group.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// The member's id.
    pub id: &'a str,
    /// The member's name. Clients that compare what they sent with what they get do best without it.
    pub display: Option<&'a str>,
    /// What the member is.
    pub kind: MemberKind,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupAnswer<'a> {
    schemas: [&'static str; 1],
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<MemberAnswer<'a>>>,
    meta: Meta<'a>,
}

#[derive(Debug, Serialize)]
struct MemberAnswer<'a> {
    value: &'a str,
    #[serde(rename = "$ref")]
    reference: Location<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// A Group as it is answered, before projection. `members` is `None` where they were not asked for.
///
/// # Errors
/// None that is known: all of it is text.
pub fn group_json(
    display_name: &str,
    external_id: Option<&str>,
    meta: ResourceMeta<'_>,
    members: Option<&[Member<'_>]>,
) -> serde_json::Result<Box<RawValue>> {
    let kind = ResourceType::Group;
    to_raw_value(&GroupAnswer {
        schemas: [kind.schema()],
        id: meta.id,
        external_id,
        display_name,
        members: members.map(|members| members.iter().map(|member| answer(meta.base_url, member)).collect()),
        meta: meta.of(kind),
    })
}

fn answer<'a>(base_url: &'a str, member: &Member<'a>) -> MemberAnswer<'a> {
    let kind = match member.kind {
        MemberKind::User => ResourceType::User,
        MemberKind::Group => ResourceType::Group,
    };
    let reference = Location { base_url, kind, id: member.id };
    MemberAnswer { value: member.id, reference, display: member.display, kind: kind.name() }
}
