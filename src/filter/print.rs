//! From a filter back to its text, in the strict dialect: reading what is printed gives the same filter.

use super::{Filter, Literal, Node, Operator, PatchPath};
use std::fmt;

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::Compare { path, operator, value } => write!(f, "{path} {operator} {value}"),
            Node::Present(path) => write!(f, "{path} pr"),
            Node::And(parts) => joined(f, parts, " and ", |part| matches!(part.node, Node::And(_) | Node::Or(_))),
            Node::Or(parts) => joined(f, parts, " or ", |part| matches!(part.node, Node::Or(_))),
            Node::Not(part) => write!(f, "not ({part})"),
            Node::Element { path, filter } => write!(f, "{path}[{filter}]"),
        }
    }
}

/// Writes the parts with a word between them, and parentheses round those that would otherwise be read differently.
fn joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Filter],
    word: &str,
    needs_parentheses: fn(&Filter) -> bool,
) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        if needs_parentheses(part) {
            write!(f, "({part})")?;
        } else {
            write!(f, "{part}")?;
        }
    }
    Ok(())
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
        }
    }
}

impl fmt::Display for PatchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.attribute)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}
