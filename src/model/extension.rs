//! Attributes of people that the SCIM schemas do not have and a provider sends all the same.

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
        }
    }
}
