//! What a tolerant connection lets pass, each thing with a name so that it can be counted and shown to the admin who could
//! switch the provider to the strict dialect.

use super::error::ScimError;
use crate::filter::Dialect;

/// Something that the RFC does not allow, or calls meaningless, and that a request got away with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tolerance {
    /// `"True"` where `true` belongs.
    StringBoolean,
    /// A number where a text belongs.
    NumberForText,
    /// `""` or blanks, taken as no value.
    EmptyText,
    /// `["x"]` where `"x"` belongs.
    ListAroundValue,
    /// One object where a list of them belongs.
    ValueForList,
    /// `"x"` where `{"value": "x"}` belongs.
    BareValue,
    /// An object written into a text, as Entra does with app roles.
    JsonInText,
    /// A value with a type or a primary mark and nothing else.
    HollowValue,
    /// More than one primary value; the last one counts.
    SeveralPrimary,
    /// The same value twice in one list.
    RepeatedValue,
    /// An attribute or sub-attribute that no schema knows, left out.
    UnknownAttribute,
    /// An attribute of the enterprise extension without its URN.
    UnqualifiedExtension,
    /// `name.givenName` or `urn:…:department` as a key of an object.
    PathAsKey,
    /// A password, thrown away.
    Password,
    /// A value for an attribute that only the server writes, left out.
    ReadOnlyIgnored,
    /// `schemas` is missing or does not name the message.
    SchemasMissing,
    /// `remove` with a list of what to remove.
    RemoveWithValue,
    /// A value path that matches nothing made a new value.
    TargetCreated,
    /// A value path that matches nothing had nothing to remove.
    NothingToRemove,
    /// A PATCH operation without a path.
    NoPath,
    /// A filter outside of the grammar, such as one whose text has no quotes.
    LooseFilter,
    /// A space of a filter written as `+`, as forms write it and URIs do not (RFC 3986 §2).
    PlusForSpace,
    /// A `+` of an address in a filter that was sent as it is, and so reads as a space.
    UnencodedPlus,
    /// A member of a group whom nobody knows yet, kept until they come.
    UnknownMember,
}

impl Tolerance {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::StringBoolean,
        Self::NumberForText,
        Self::EmptyText,
        Self::ListAroundValue,
        Self::ValueForList,
        Self::BareValue,
        Self::JsonInText,
        Self::HollowValue,
        Self::SeveralPrimary,
        Self::RepeatedValue,
        Self::UnknownAttribute,
        Self::UnqualifiedExtension,
        Self::PathAsKey,
        Self::Password,
        Self::ReadOnlyIgnored,
        Self::SchemasMissing,
        Self::RemoveWithValue,
        Self::TargetCreated,
        Self::NothingToRemove,
        Self::NoPath,
        Self::LooseFilter,
        Self::PlusForSpace,
        Self::UnencodedPlus,
        Self::UnknownMember,
    ];

    /// What it is, for people; `None` for a name that this castgate does not know.
    #[must_use]
    pub fn meaning_of(name: &str) -> Option<&'static str> {
        Self::ALL.into_iter().find(|tolerance| tolerance.name() == name).map(Self::meaning)
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::StringBoolean => "true or false written as a text",
            Self::NumberForText => "a number where a text belongs",
            Self::EmptyText => "an empty text, taken as no value",
            Self::ListAroundValue => "a list around a single value",
            Self::ValueForList => "a single value where a list belongs",
            Self::BareValue => "a bare value where an object with “value” belongs",
            Self::JsonInText => "JSON written into a text",
            Self::HollowValue => "a value with a label and nothing else",
            Self::SeveralPrimary => "more than one primary value; the last one counts",
            Self::RepeatedValue => "the same value twice in a list",
            Self::UnknownAttribute => "an attribute that no schema knows, left out",
            Self::UnqualifiedExtension => "an attribute of the enterprise extension without its URN",
            Self::PathAsKey => "a path as a key of an object",
            Self::Password => "a password, thrown away",
            Self::ReadOnlyIgnored => "a value for an attribute that only the server writes, left out",
            Self::SchemasMissing => "“schemas” is missing or does not name the message",
            Self::RemoveWithValue => "“remove” with a list of what to remove",
            Self::TargetCreated => "a path that matches no value; the value was made",
            Self::NothingToRemove => "a path that matches no value; there was nothing to remove",
            Self::NoPath => "an operation without a path",
            Self::LooseFilter => "a filter outside of the grammar, such as a text without quotes",
            Self::PlusForSpace => "a space of a filter written as +",
            Self::UnencodedPlus => "a + of an address in a filter, sent as it is and so read as a space",
            Self::UnknownMember => "a member whom nobody knows yet, kept until they come",
        }
    }

    /// A name for counters and the console.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StringBoolean => "string_boolean",
            Self::NumberForText => "number_for_text",
            Self::EmptyText => "empty_text",
            Self::ListAroundValue => "list_around_value",
            Self::ValueForList => "value_for_list",
            Self::BareValue => "bare_value",
            Self::JsonInText => "json_in_text",
            Self::HollowValue => "hollow_value",
            Self::SeveralPrimary => "several_primary",
            Self::RepeatedValue => "repeated_value",
            Self::UnknownAttribute => "unknown_attribute",
            Self::UnqualifiedExtension => "unqualified_extension",
            Self::PathAsKey => "path_as_key",
            Self::Password => "password",
            Self::ReadOnlyIgnored => "read_only_ignored",
            Self::SchemasMissing => "schemas_missing",
            Self::RemoveWithValue => "remove_with_value",
            Self::TargetCreated => "target_created",
            Self::NothingToRemove => "nothing_to_remove",
            Self::NoPath => "no_path",
            Self::LooseFilter => "loose_filter",
            Self::PlusForSpace => "plus_for_space",
            Self::UnencodedPlus => "unencoded_plus",
            Self::UnknownMember => "unknown_member",
        }
    }
}

/// The dialect of a request, and what it was let pass so far.
#[derive(Debug, Clone)]
pub(super) struct Leniency {
    dialect: Dialect,
    used: Vec<Tolerance>,
}

impl Leniency {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, used: Vec::new() }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Lets something pass in either dialect, and counts it.
    pub(super) fn note(&mut self, tolerance: Tolerance) {
        if !self.used.contains(&tolerance) {
            self.used.push(tolerance);
        }
    }

    /// Lets something pass if the dialect is tolerant; otherwise it is the refusal.
    pub(super) fn allow(&mut self, tolerance: Tolerance, refusal: impl FnOnce() -> ScimError) -> Result<(), ScimError> {
        match self.dialect {
            Dialect::Tolerant => {
                self.note(tolerance);
                Ok(())
            }
            Dialect::Strict => Err(refusal()),
        }
    }

    pub(super) fn into_used(self) -> Vec<Tolerance> {
        self.used
    }
}
