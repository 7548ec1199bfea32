//! PATCH paths (RFC 7644 §3.5.2).

use super::{AttributePath, Dialect, Filter, FilterError, lexer::TokenKind, parser::Parser};

/// Where a PATCH operation applies: `members`, `name.givenName`, `members[value eq "x"]`,
/// `emails[type eq "work"].value`, URN-qualified forms of these, or a schema's URN (the extension object itself).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchPath {
    /// The attribute; without brackets its sub-attribute is in here.
    pub attribute: AttributePath,
    /// What is between the brackets.
    pub filter: Option<Filter>,
    /// The sub-attribute after the brackets.
    pub sub: Option<String>,
}

impl PatchPath {
    /// The sub-attribute the path ends in, before or after brackets.
    #[must_use]
    pub fn last_sub(&self) -> Option<&str> {
        self.sub.as_deref().or(self.attribute.sub.as_deref())
    }
}

/// Reads a PATCH path.
pub fn parse_path(text: &str, dialect: Dialect) -> Result<PatchPath, FilterError> {
    read(text, dialect).map_err(|error| error.located_in(text))
}

/// RFC 7644 §3.5.2: PATH = attrPath / valuePath [subAttr].
fn read(text: &str, dialect: Dialect) -> Result<PatchPath, FilterError> {
    let mut parser = Parser::new(text, dialect)?;
    let first = parser.peek();
    if first.kind == TokenKind::End {
        return Err(FilterError::new(first.span, "the path is empty", "a path like members or name.givenName"));
    }
    let (attribute, span) = parser.attribute()?;
    let mut path = PatchPath { attribute, filter: None, sub: None };
    if parser.peek().kind == TokenKind::OpenBracket {
        path.filter = Some(parser.brackets(&path.attribute, span)?);
        path.sub = parser.sub_after_brackets()?.map(|(sub, _)| sub);
        parser.end("a sub-attribute like .value or the end")?;
    } else {
        parser.end("“[” or the end: a path is not a condition")?;
    }
    Ok(path)
}
