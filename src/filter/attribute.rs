//! The names of attributes: `userName`, `name.familyName`, `urn:…:2.0:User:department`, a schema's URN by itself.

use super::{FilterError, Span};
use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

/// One attribute: an optional schema URN, a name and an optional sub-attribute.
///
/// Names are kept as written and compared without regard to ASCII letter case (RFC 7643 §2.1), URNs likewise.
/// An empty `name` with a schema means the schema's own object (the extension as a whole).
#[derive(Debug, Clone)]
pub struct AttributePath {
    /// The schema URN before the last colon, if the name was qualified.
    pub schema: Option<String>,
    /// The attribute; empty for a schema by itself.
    pub name: String,
    /// The sub-attribute after the dot.
    pub sub: Option<String>,
}

impl AttributePath {
    /// An unqualified attribute without sub-attribute.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { schema: None, name: name.into(), sub: None }
    }

    /// This attribute's sub-attribute.
    #[must_use]
    pub fn with_sub(&self, sub: impl Into<String>) -> Self {
        Self { sub: Some(sub.into()), ..self.clone() }
    }

    /// Whether the path names a schema's object and no attribute in it.
    #[must_use]
    pub fn is_schema(&self) -> bool {
        self.name.is_empty()
    }

    /// Whether a schema is given and is one of the SCIM core schemas, whose attributes are at the top of a resource.
    #[must_use]
    pub fn is_core(&self) -> bool {
        self.schema.as_deref().is_some_and(|schema| {
            let core = "urn:ietf:params:scim:schemas:core:";
            schema.get(..core.len()).is_some_and(|start| start.eq_ignore_ascii_case(core))
        })
    }

    /// Reads one word. `span` is where it stands, for the error.
    pub(super) fn from_word(word: &str, span: Span) -> Result<Self, FilterError> {
        let refuse =
            |message: String| Err(FilterError::new(span, message, "an attribute like userName or name.familyName"));
        let (schema, rest) = match word.rsplit_once(':') {
            None => (None, word),
            Some((before, last)) if names_a_schema(before, last) => {
                return Ok(Self { schema: Some(word.to_owned()), name: String::new(), sub: None });
            }
            Some((before, last)) => (Some(before.to_owned()), last),
        };
        if schema.as_deref().is_some_and(|schema| !is_urn(schema)) {
            return refuse(format!("“{word}” has a colon but does not begin with urn:"));
        }
        let (name, sub) = match rest.split_once('.') {
            None => (rest, None),
            Some((name, sub)) => (name, Some(sub)),
        };
        if sub.is_some_and(|sub| sub.contains('.')) {
            return refuse(format!("“{word}” goes deeper than one sub-attribute"));
        }
        if !is_name(name) || !sub.is_none_or(is_name) {
            return refuse(format!("“{word}” is not the name of an attribute"));
        }
        Ok(Self { schema, name: name.to_owned(), sub: sub.map(str::to_owned) })
    }
}

/// Whether `before:last` is a schema's URN with no attribute after it.
///
/// RFC 7643 §10.2.1 ends them in a version and a resource type (`…:2.0:User`), which is all there is to tell them by.
fn names_a_schema(before: &str, last: &str) -> bool {
    let is_version = |text: &str| {
        text.split_once('.').is_some_and(|(major, minor)| {
            [major, minor].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        })
    };
    is_urn(before) && is_name(last) && before.rsplit(':').next().is_some_and(is_version)
}

fn is_urn(schema: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b":._-/~%+$#".contains(&byte);
    schema.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
        && schema.len() > 4
        && schema.bytes().all(known)
}

/// RFC 7643 §2.1: ATTRNAME = ALPHA *(nameChar); `$ref` is the one exception the RFC itself makes. A leading underscore is
/// let through because it harms nothing.
pub(super) fn is_name(name: &str) -> bool {
    let rest = name.strip_prefix('$').unwrap_or(name);
    rest.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl FromStr for AttributePath {
    type Err = FilterError;
    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::from_word(text, Span::new(0, text.len()))
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) if self.name.is_empty() => f.write_str(schema)?,
            Some(schema) => write!(f, "{schema}:{}", self.name)?,
            None => f.write_str(&self.name)?,
        }
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

fn same(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

impl PartialEq for AttributePath {
    fn eq(&self, other: &Self) -> bool {
        same(self.schema.as_deref(), other.schema.as_deref())
            && self.name.eq_ignore_ascii_case(&other.name)
            && same(self.sub.as_deref(), other.sub.as_deref())
    }
}

impl Eq for AttributePath {}

impl Hash for AttributePath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.to_string().to_ascii_lowercase().hash(state);
    }
}
