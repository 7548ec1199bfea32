//! What a person is called, as it is looked for in other texts.

use crate::store::value::texts;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Shorter words are nobody's alone: they stand in other people's texts too.
const SHORTEST: usize = 4;
/// As short a number may be a count of something.
const SHORTEST_NUMBER: usize = 6;

/// Names, addresses and ids of one person, in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms(BTreeSet<String>);

impl Terms {
    /// Adds what somebody is called, unless it is too short to be theirs alone.
    pub fn add(&mut self, called: &str) {
        let called = called.trim();
        let is_number = called.bytes().all(|byte| byte.is_ascii_digit());
        let shortest = if is_number { SHORTEST_NUMBER } else { SHORTEST };
        if called.chars().count() >= shortest {
            // As the engines lower: PostgreSQL all letters, SQLite those of ASCII.
            self.0.insert(called.to_lowercase());
            self.0.insert(called.to_ascii_lowercase());
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a text says one of them, as words of their own: `ada@acme.test` is not in `dada@acme.test`.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        let lower = text.to_lowercase();
        self.0.iter().any(|term| lower.match_indices(term.as_str()).any(|(at, found)| stands_alone(&lower, at, found)))
    }

    /// The same of a JSON text, whatever is escaped in it.
    #[must_use]
    pub fn are_in_json(&self, text: &str) -> bool {
        match serde_json::from_str(text) {
            Ok(json) => self.are_in_value(&json),
            Err(_) => self.are_in(text),
        }
    }

    fn are_in_value(&self, json: &Json) -> bool {
        match json {
            Json::Null | Json::Bool(_) => false,
            Json::Number(number) => self.0.contains(&number.to_string()),
            Json::String(text) => self.are_in(text),
            Json::Array(values) => values.iter().any(|value| self.are_in_value(value)),
            Json::Object(fields) => fields.iter().any(|(name, value)| self.are_in(name) || self.are_in_value(value)),
        }
    }

    /// As `LIKE` with the escape `!` looks for them, in plain text and in JSON: a list for `texts_of`.
    pub(super) fn patterns(&self) -> String {
        let mut patterns = BTreeSet::new();
        for term in &self.0 {
            let json = Json::from(term.as_str()).to_string();
            let json = json.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(term);
            for text in [term.as_str(), json] {
                patterns.insert(text.replace('!', "!!").replace('%', "!%").replace('_', "!_"));
            }
        }
        texts(&patterns)
    }
}

/// Whether what stands at a place is a word of its own and no part of a longer one.
fn stands_alone(text: &str, at: usize, found: &str) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    let mut behind = text.get(at + found.len()..).unwrap_or_default().chars();
    let goes_on = match behind.next() {
        // The end of a sentence is none of the word.
        Some('.' | '-') => behind.next().is_some_and(char::is_alphanumeric),
        Some(letter) => letter.is_alphanumeric() || letter == '_',
        None => false,
    };
    let began = before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '_' | '-' | '+'));
    !began && !goes_on
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_found_by_whole_words_and_nobody_else_is() {
        let mut terms = Terms::default();
        for called in ["Ada@Acme.test", "Ada Lovelace", "Ada", "12345", "00u1!x", "ÄRA-7 \"q\""] {
            terms.add(called);
        }
        for text in ["to ada@acme.test.", "ADA LOVELACE", "(Ada Lovelace)", "id=00u1!x;", "ära-7 \"Q\""] {
            assert!(terms.are_in(text), "{text}");
        }
        for text in ["dada@acme.test", "x.ada@acme.test", "ada@acme.testing", "ada@acme.test.org", "Ada", "12345", ""] {
            assert!(!terms.are_in(text), "{text}");
        }
        assert!(terms.are_in_json(r#"{"a":["x",{"b":"ÄRA-7 \"q\""}]}"#));
        assert!(terms.are_in_json(r#"{"ada lovelace":1}"#));
        assert!(!terms.are_in_json(r#"{"a":12345,"b":"dada@acme.test"}"#));
    }

    #[test]
    fn nothing_in_a_name_is_a_wildcard() {
        let mut terms = Terms::default();
        terms.add("100%_sure!");
        assert_eq!(terms.patterns(), r#"["100!%!_sure!!"]"#);
    }
}
