//! Line 1: RFC 7644 filters and paths: parse, print, evaluate, explain. Pure.
//!
//! One language serves four readers: SCIM queries (§3.4.2.2), PATCH paths (§3.5.2), the conditions of the mapping and the
//! console's search. [`parse`] turns a text into a [`Filter`] whose every node knows its [`Span`]; `Display` turns it back;
//! [`Filter::matches`] evaluates it against a JSON resource, and [`Filter::explain`] says how near a miss was.
//!
//! What a comparison means follows from three sentences. An absent attribute makes every comparison false, and `ne` is
//! `not eq` (so it is true there). `eq null` is `not pr`. A multi-valued attribute satisfies a comparison when any of its
//! values does, while brackets (`emails[type eq "work" and value co "@"]`) ask one and the same value for everything.

mod ast;
mod attribute;
mod error;
mod evaluate;
mod explain;
mod kinds;
mod lexer;
mod literal;
mod parser;
mod path;
mod print;
mod resolve;
mod span;
mod term;
#[cfg(test)]
mod tests;

pub use ast::{Filter, Literal, Node, Operator};
pub use attribute::AttributePath;
pub use error::FilterError;
pub use explain::{Explanation, Hint, Miss};
pub use kinds::{AttributeKinds, Kind, StandardKinds};
pub use parser::parse;
pub use path::{PatchPath, parse_path};
pub use span::Span;

/// How forgiving the parser is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// What provisioning clients and people really write: bare words as strings, `True`, `Eq`, any white space,
    /// `not title pr`, `emails[type eq "work"].value eq "a@x.com"`.
    Tolerant,
    /// The ABNF of RFC 7644 §3.4.2.2 and nothing else. Attribute names and operators are case-insensitive there too, and
    /// `not(` needs no space.
    Strict,
}

/// Texts longer than this many bytes are refused.
pub const MAX_LENGTH: usize = 8 * 1024;
/// Parentheses, brackets and `not` nested deeper than this are refused: a stranger's text must not exhaust the stack.
pub const MAX_DEPTH: usize = 64;
/// Filters with more conditions than this are refused.
pub const MAX_TERMS: usize = 1_000;
