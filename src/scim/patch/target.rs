//! What a PATCH path, or a key of a path-less value, points at.

use super::super::{
    error::ScimError,
    schema::{Attribute, ENTERPRISE_SCHEMA, Mutability, Named, Place, ResourceType},
    tolerance::{Leniency, Tolerance},
};
use crate::filter::{Filter, PatchPath, parse_path};

/// A place in a resource.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// The enterprise extension's object as a whole.
    Extension,
    /// An attribute, or some of its values, or a part of it or of them.
    Attribute {
        /// The attribute and its part.
        named: Named,
        /// Which of its values.
        filter: Option<Filter>,
        /// As the client wrote it, for messages.
        text: String,
    },
    /// Something that the dialect lets pass and that changes nothing.
    Nothing,
}

/// Who named the target, which decides what happens if only the server writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addressed {
    /// A `path`.
    ByPath,
    /// A key in a value or body.
    ByKey,
}

/// Reads a path and resolves it.
///
/// # Errors
/// `invalidPath` if it cannot be read or, in the strict dialect, is unknown; `mutability` if only the server writes it.
pub(crate) fn resolve(
    kind: ResourceType,
    text: &str,
    addressed: Addressed,
    leniency: &mut Leniency,
) -> Result<Target, ScimError> {
    if kind.is_extension(text.trim().trim_end_matches(':')) {
        return Ok(Target::Extension);
    }
    if let Some(attribute) = Some(text).filter(|text| is_word(text)).and_then(|word| kind.attribute(word)) {
        return settle((plain(Place::Core, attribute), None), text, addressed, leniency);
    }
    let parsed = parse_path(text, leniency.dialect());
    let path = match (parsed, addressed) {
        (Ok(path), _) => path,
        (Err(error), Addressed::ByPath) => {
            return Err(ScimError::invalid_path(format!("The path “{text}” cannot be read: {error}.")));
        }
        // Any text can be a key; one that is not a path is just not ours.
        (Err(_), Addressed::ByKey) => return unknown(kind, text, addressed, leniency),
    };
    let Some(named) = named(kind, &path) else { return unknown(kind, text, addressed, leniency) };
    if named.unqualified {
        leniency.allow(Tolerance::UnqualifiedExtension, || unknown_error(kind, text, addressed))?;
    }
    settle((named, path.filter), text, addressed, leniency)
}

/// Resolves a key inside the extension's object.
///
/// # Errors
/// As [`resolve`].
pub(crate) fn resolve_extended(kind: ResourceType, key: &str, leniency: &mut Leniency) -> Result<Target, ScimError> {
    let text = format!("{ENTERPRISE_SCHEMA}:{key}");
    match Some(key).filter(|key| is_word(key)).and_then(|word| kind.extended(word)) {
        Some(attribute) => settle((plain(Place::Enterprise, attribute), None), &text, Addressed::ByKey, leniency),
        None => resolve(kind, &text, Addressed::ByKey, leniency),
    }
}

/// Whether a key is nothing but a name, as most are: then no parser is needed to read it.
fn is_word(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn plain(place: Place, attribute: &'static Attribute) -> Named {
    Named { place, attribute, part: None, unqualified: false }
}

/// A known place, unless only the server writes it.
fn settle(
    (named, filter): (Named, Option<Filter>),
    text: &str,
    addressed: Addressed,
    leniency: &mut Leniency,
) -> Result<Target, ScimError> {
    if named.attribute.mutability == Mutability::ReadOnly {
        return match addressed {
            Addressed::ByPath => Err(ScimError::mutability(format!(
                "“{}” is the server's alone and cannot be set.",
                named.attribute.name
            ))),
            Addressed::ByKey => {
                leniency.note(Tolerance::ReadOnlyIgnored);
                Ok(Target::Nothing)
            }
        };
    }
    if named.part.is_some_and(|part| part.mutability == Mutability::ReadOnly) {
        let refusal = || ScimError::mutability(format!("“{text}” is the server's alone and cannot be set."));
        leniency.allow(Tolerance::ReadOnlyIgnored, refusal)?;
        return Ok(Target::Nothing);
    }
    if let Some(filter) = &filter {
        check_filter(named, filter, text)?;
    }
    Ok(Target::Attribute { named, filter, text: text.to_owned() })
}

fn named(kind: ResourceType, path: &PatchPath) -> Option<Named> {
    let mut attribute = path.attribute.clone();
    if let Some(sub) = &path.sub {
        attribute.sub = Some(sub.clone());
    }
    kind.find(&attribute)
}

/// Inside brackets there are parts of the attribute's values.
fn check_filter(named: Named, filter: &Filter, text: &str) -> Result<(), ScimError> {
    if !named.attribute.multi_valued {
        return Err(ScimError::invalid_path(format!(
            "The path “{text}” picks among the values of “{}”, which has only one.",
            named.attribute.name
        )));
    }
    match filter.attributes().into_iter().find(|(path, _)| named.attribute.part(&path.name).is_none()) {
        Some((unknown, _)) => Err(ScimError::invalid_filter(format!(
            "In the path “{text}”, “{}” has no part “{unknown}”.",
            named.attribute.name
        ))),
        None => Ok(()),
    }
}

fn unknown(kind: ResourceType, text: &str, addressed: Addressed, leniency: &mut Leniency) -> Result<Target, ScimError> {
    let is_password = kind == ResourceType::User && last_word(text).eq_ignore_ascii_case("password");
    let tolerance = if is_password { Tolerance::Password } else { Tolerance::UnknownAttribute };
    leniency.allow(tolerance, || unknown_error(kind, text, addressed))?;
    Ok(Target::Nothing)
}

fn last_word(text: &str) -> &str {
    text.rsplit(':').next().unwrap_or(text)
}

fn unknown_error(kind: ResourceType, text: &str, addressed: Addressed) -> ScimError {
    match addressed {
        Addressed::ByPath => ScimError::invalid_path(kind.unknown(text)),
        Addressed::ByKey => ScimError::invalid_syntax(kind.unknown(text)),
    }
}
