//! The core Group (RFC 7643 §4.2).

use super::attribute::Attribute;

const MEMBER: &[Attribute] = &[
    Attribute::text("value", "The member's id.").exact().immutable(),
    // A group in a group is waited for like anybody unknown, and never comes: what is not kept is not offered.
    Attribute::reference("$ref", "Where the member is.", &["User"]).immutable(),
    Attribute::text("type", "The kind of the member.").values(&["User"]).immutable(),
    // The RFC's text has it, its schema has not. It is ours to say, and never what a client sent.
    Attribute::text("display", "The member's name.").read_only(),
];

/// The attributes of a Group.
pub const GROUP: &[Attribute] = &[
    Attribute::text("displayName", "The name of the group.").required().unique(),
    Attribute::list("members", "Who is in the group.", MEMBER),
];
