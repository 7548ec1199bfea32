//! Attributes of people that the SCIM schemas do not have and a provider sends all the same.

use super::Instant;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A schema of the organization's own: an extension of SCIM's User.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtensionSchema {
    /// Its name, which ends in a version and `User`: `urn:acme:params:scim:2.0:User`.
    pub urn: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// What it adds.
    pub attributes: Vec<ExtensionAttribute>,
}

/// A schema that all connections of an organization have, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSchema {
    /// The declaration.
    pub schema: ExtensionSchema,
    /// How often it was changed, and one.
    pub version: i64,
    /// When it was declared.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

/// One attribute of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtensionAttribute {
    /// Its name: a letter, then letters, digits, `-` and `_`.
    pub name: String,
    /// What its values are.
    #[serde(rename = "type", default)]
    pub kind: ExtensionType,
    /// Whether it has a list of them.
    #[serde(default)]
    pub multi_valued: bool,
    /// What it means.
    #[serde(default)]
    pub description: String,
    /// The parts of its values, if they are complex.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_attributes: Vec<ExtensionPart>,
}

/// One part of a complex value: a single, simple value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtensionPart {
    /// Its name. `value`, `type`, `display` and `primary` mean what they mean in the lists of SCIM (RFC 7643 §2.4).
    pub name: String,
    /// What its value is: anything but complex.
    #[serde(rename = "type", default)]
    pub kind: ExtensionType,
    /// What it means.
    #[serde(default)]
    pub description: String,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ExtensionType {
    /// A text, compared without regard to case.
    #[default]
    String,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Decimal,
    /// A point in time.
    DateTime,
    /// A URI.
    Reference,
    /// An object of parts.
    Complex,
}

impl ExtensionType {
    /// The word of RFC 7643 §2.3.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::DateTime => "dateTime",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }
}
