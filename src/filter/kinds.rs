//! What the evaluator has to be told about attributes.

use super::AttributePath;

/// How an attribute's values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Character by character (`caseExact` in RFC 7643 §2.2).
    CaseExact,
    /// As names are compared everywhere: [`crate::model::fold`].
    CaseFolded,
    /// As points in time, whatever offset they are written with.
    Instant,
}

/// Knows how each attribute is compared. Paths come as written, completed inside brackets (`emails.type`), and with
/// `.value` added where a bare complex attribute stands for its value (RFC 7644 §3.4.2.2).
pub trait AttributeKinds {
    /// How the attribute's values are compared.
    fn kind(&self, path: &AttributePath) -> Kind;
}

/// The kinds RFC 7643 gives to the attributes of User, Group and the enterprise extension; others are case folded.
#[derive(Debug, Clone, Copy, Default)]
pub struct StandardKinds;

impl AttributeKinds for StandardKinds {
    fn kind(&self, path: &AttributePath) -> Kind {
        let name = path.name.to_ascii_lowercase();
        let sub = path.sub.as_deref().map(str::to_ascii_lowercase);
        match (name.as_str(), sub.as_deref()) {
            ("meta", Some("created" | "lastmodified")) => Kind::Instant,
            ("id" | "externalid" | "$ref" | "schemas" | "profileurl" | "password", None)
            | (_, Some("$ref"))
            | ("meta", Some("version" | "location" | "resourcetype"))
            | ("members" | "groups" | "manager" | "photos" | "x509certificates", Some("value")) => Kind::CaseExact,
            (_, Some(_) | None) => Kind::CaseFolded,
        }
    }
}
