//! Versions of a resource as the HTTP headers If-Match and If-None-Match carry them (RFC 7644 §3.14, RFC 9110 §13.1).

/// The parsed value of an If-Match or If-None-Match header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntityTags {
    /// `*`: whatever version there is.
    Any,
    /// The opaque parts of the tags that were listed, weak marks dropped: SCIM compares weakly.
    Listed(Vec<String>),
}

impl EntityTags {
    /// Reads a header's value. What is not a tag is skipped, except that a bare word counts as one: several SCIM clients
    /// send `meta.version` without its quotes.
    #[must_use]
    pub fn parse(header: &str) -> Self {
        if header.trim() == "*" {
            return Self::Any;
        }
        let mut tags = Vec::new();
        let mut rest = header.trim_start_matches([' ', '\t', ',']);
        while !rest.is_empty() {
            let unmarked = rest.strip_prefix("W/").or_else(|| rest.strip_prefix("w/")).unwrap_or(rest);
            let (tag, after) = match unmarked.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => unmarked.split_once(',').unwrap_or((unmarked, "")),
            };
            tags.push(tag.trim().to_owned());
            rest = after.trim_start_matches([' ', '\t', ',']);
        }
        Self::Listed(tags)
    }

    /// Whether `version` (as in `meta.version`, marked or not) is one of these, compared weakly.
    #[must_use]
    pub fn matches(&self, version: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags.iter().any(|tag| tag == opaque(version)),
        }
    }
}

/// The weak tag of an opaque version: `W/"…"`.
#[must_use]
pub fn weak(opaque: &str) -> String {
    format!("W/\"{opaque}\"")
}

fn opaque(version: &str) -> &str {
    version.strip_prefix("W/").unwrap_or(version).trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_tags_matches_any_of_them_weakly() {
        let tags = EntityTags::parse(r#"W/"1", "2" ,"a,b""#);
        assert_eq!(tags, EntityTags::Listed(vec!["1".into(), "2".into(), "a,b".into()]));
        assert!(tags.matches(&weak("2")));
        assert!(tags.matches("\"1\""));
        assert!(!tags.matches(&weak("3")));
    }

    #[test]
    fn a_star_matches_and_nothing_matches_nothing() {
        assert!(EntityTags::parse(" * ").matches(&weak("7")));
        assert!(!EntityTags::parse("").matches(&weak("7")));
    }

    #[test]
    fn a_tag_without_quotes_or_with_one_is_still_read() {
        assert!(EntityTags::parse("7").matches(&weak("7")));
        assert!(EntityTags::parse("W/\"7").matches(&weak("7")));
    }
}
