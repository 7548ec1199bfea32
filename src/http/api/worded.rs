//! An answer with its words.

use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Display;

/// What is said, for programs and, as `text`, for people.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}WithText")]
pub(super) struct Worded<T> {
    #[serde(flatten)]
    said: T,
    /// The same for people.
    text: String,
}

impl<T: Display> From<T> for Worded<T> {
    fn from(said: T) -> Self {
        Self { text: said.to_string(), said }
    }
}
