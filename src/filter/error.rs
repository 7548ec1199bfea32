//! What was wrong with a filter, where, and what would have been right.

use super::Span;

/// A text that is not a filter or not a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}; expected {expected}")]
pub struct FilterError {
    /// The offending bytes of the text; empty at the end of it when something is missing there.
    pub span: Span,
    /// The place for people: characters, the first one is 1.
    pub column: usize,
    /// What was found, in plain English.
    pub message: String,
    /// What would have been right, to follow the word "expected".
    pub expected: String,
}

impl FilterError {
    /// An error at a span; the column is set by [`Self::located_in`], which knows the text.
    pub(super) fn new(span: Span, message: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { span, column: 1, message: message.into(), expected: expected.into() }
    }

    /// The same error with its column counted in `text`.
    pub(super) fn located_in(mut self, text: &str) -> Self {
        self.column = text.char_indices().take_while(|(at, _)| *at < self.span.start).count() + 1;
        self
    }
}
