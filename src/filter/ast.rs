//! What a filter is once it has been read.

use super::{AttributePath, Span};
use serde_json::Number;

/// A filter, or a part of one. Equality looks at the meaning ([`Node`]) and not at the place.
#[derive(Debug, Clone)]
pub struct Filter {
    /// What it says.
    pub node: Node,
    /// Where it stands in the text, without parentheses around it.
    pub span: Span,
}

/// The kinds of filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// `title co "Intern"`.
    Compare {
        /// What is compared.
        path: AttributePath,
        /// How.
        operator: Operator,
        /// With what.
        value: Literal,
    },
    /// `title pr`: the attribute has a value that is not empty.
    Present(AttributePath),
    /// Two or more filters that must all hold.
    And(Vec<Filter>),
    /// Two or more filters of which one must hold.
    Or(Vec<Filter>),
    /// A filter that must not hold.
    Not(Box<Filter>),
    /// `emails[type eq "work"]`: one value of the attribute satisfies the whole inner filter, whose paths name
    /// sub-attributes of that value.
    Element {
        /// The multi-valued attribute; it has no sub-attribute.
        path: AttributePath,
        /// What one value must satisfy; it contains no `Element`.
        filter: Box<Filter>,
    },
}

/// The comparison operators of RFC 7644 §3.4.2.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

/// The right side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `null`: equal to an attribute that has no value.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A JSON number.
    Number(Number),
    /// A string, unescaped.
    Text(String),
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl Eq for Filter {}

impl From<Node> for Filter {
    /// A filter that no text produced.
    fn from(node: Node) -> Self {
        Self { node, span: Span::default() }
    }
}

impl Operator {
    /// Every operator, in the RFC's order.
    pub const ALL: [Self; 9] = [
        Self::Equal,
        Self::NotEqual,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Greater,
        Self::Less,
        Self::GreaterOrEqual,
        Self::LessOrEqual,
    ];

    /// The operator as the RFC writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Contains => "co",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }

    /// The operator a word stands for, in any letter case.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.word().eq_ignore_ascii_case(word))
    }
}

impl Filter {
    /// Every attribute the filter reads, in the order of the text, with the place of its name.
    ///
    /// Inside brackets the names are completed: `emails[type eq "work"]` reads `emails` and `emails.type`.
    #[must_use]
    pub fn attributes(&self) -> Vec<(AttributePath, Span)> {
        let mut found = Vec::new();
        self.collect_attributes(None, &mut found);
        found
    }

    fn collect_attributes(&self, inside: Option<&AttributePath>, found: &mut Vec<(AttributePath, Span)>) {
        match &self.node {
            Node::Compare { path, .. } | Node::Present(path) => {
                let full = inside.map_or_else(|| path.clone(), |outer| outer.with_sub(&path.name));
                found.push((full, self.name_span(path)));
            }
            Node::And(parts) | Node::Or(parts) => {
                for part in parts {
                    part.collect_attributes(inside, found);
                }
            }
            Node::Not(part) => part.collect_attributes(inside, found),
            Node::Element { path, filter } => {
                found.push((path.clone(), self.name_span(path)));
                filter.collect_attributes(Some(path), found);
            }
        }
    }

    /// A condition begins with its attribute, which is kept as it was written.
    fn name_span(&self, path: &AttributePath) -> Span {
        let start = self.span.start;
        Span::new(start, (start + path.to_string().len()).min(self.span.end))
    }
}
