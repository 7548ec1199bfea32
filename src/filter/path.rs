//! PATCH paths (RFC 7644 §3.5.2).

use super::{AttributePath, Dialect, Filter, FilterError};

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

/// Reads a PATCH path.
pub fn parse_path(text: &str, dialect: Dialect) -> Result<PatchPath, FilterError> {
    let _ = dialect;
    Ok(PatchPath { attribute: text.parse()?, filter: None, sub: None })
}
