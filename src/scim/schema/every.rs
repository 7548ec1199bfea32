//! The attributes that every resource has (RFC 7643 §3.1).

use super::attribute::{Attribute, Type};

const META: &[Attribute] = &[
    Attribute::text("resourceType", "The kind of the resource.").exact().read_only(),
    Attribute::of(Type::DateTime, "created", "When the resource was made.").read_only(),
    Attribute::of(Type::DateTime, "lastModified", "When the resource last changed.").read_only(),
    Attribute::reference("location", "Where the resource is.", &["uri"]).read_only(),
    Attribute::text("version", "The version of the resource, as its ETag.").exact().read_only(),
];

/// `schemas`, `id`, `externalId` and `meta`: in every resource, in no schema.
pub const COMMON: &[Attribute] = &[
    Attribute::reference("schemas", "The schemas of the resource.", &["uri"]).always().read_only().common(),
    Attribute::text("id", "The server's name for the resource.").exact().unique().always().read_only().common(),
    // RFC 7643 §3.1: externalId is caseExact.
    Attribute::text("externalId", "The client's name for the resource.").exact().common(),
    Attribute::complex("meta", "Facts about the resource.", META).read_only().common(),
];
