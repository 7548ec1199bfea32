//! The Role of draft-ietf-scim-roles-entitlements, and that of Okta. All of it is the server's to say.

use super::attribute::{Attribute, Type};

/// A list of texts.
const fn texts(name: &'static str, description: &'static str) -> Attribute {
    Attribute { multi_valued: true, ..Attribute::text(name, description) }
}

/// The attributes of a Role in either dialect. Okta knows `displayName` alone, the draft all others.
pub const ROLE: &[Attribute] = &[
    Attribute::text("displayName", "The name that people read.").required().read_only(),
    Attribute::text("value", "What the roles of a User say for this role.").required().read_only(),
    Attribute::text("display", "The name that people read.").read_only(),
    Attribute::text("type", "Where the role holds.").values(&["organization", "cluster", "container"]).read_only(),
    Attribute::of(Type::Boolean, "supported", "Whether the role can be assigned.").required().read_only(),
    texts("contains", "The values of the roles whose rights this one has as well.").read_only(),
    texts("containedBy", "The values of the roles that have this one's rights.").read_only(),
];
