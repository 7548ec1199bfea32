//! `when:` — a filter over a person's attributes.

use super::{
    diagnostic::{Findings, did_you_mean},
    logic,
    parse::Text,
    vocabulary::{Vocabulary, Words},
};
use crate::filter::{Dialect, Filter, Hint, Miss, parse};
use serde_json::{Value, json};

/// Attributes that people can usually write themselves, at their provider or in its self-service.
const SELF_WRITTEN: [&str; 12] = [
    "nickname",
    "displayname",
    "preferredlanguage",
    "locale",
    "timezone",
    "title",
    "profileurl",
    "photos",
    "phonenumbers",
    "ims",
    "addresses",
    "name",
];

/// A condition and its text.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) text: String,
    filter: Filter,
}

impl Condition {
    /// Reads a condition; `None` when something in it is wrong, which the findings then say.
    pub(super) fn read(text: &Text, vocabulary: &Vocabulary, findings: &mut Findings<'_>) -> Option<Self> {
        let source = findings.source();
        let filter = match parse(&text.value, Dialect::Tolerant) {
            Ok(filter) => filter,
            Err(error) => {
                let place = source.inside(text.extent, &text.value, error.span.start);
                findings.error(place, error.message, Some(format!("expected {}", error.expected)));
                return None;
            }
        };
        let mut whole = true;
        for (path, span) in filter.attributes() {
            let place = source.inside(text.extent, &text.value, span.start);
            if path.schema.is_none() && path.name.eq_ignore_ascii_case("groups") {
                whole = false;
                let help = "ask for groups with the rule's own key, groups: […]; with when, both must hold";
                findings.error(place, "a condition cannot ask for groups", Some(help.to_owned()));
            } else if let Err(near) = vocabulary.knows(&path) {
                whole = false;
                let help = near.map(|near| format!("did you mean “{near}”?"));
                let help = help.or_else(|| did_you_mean(&path.name, vocabulary.attributes.iter().map(String::as_str)));
                findings.error(place, format!("there is no attribute “{path}”"), help);
            }
        }
        whole.then(|| Self { text: text.value.clone(), filter })
    }

    /// Whether a person's attributes satisfy it.
    pub(super) fn holds(&self, attributes: &Value, words: &Words) -> bool {
        self.filter.matches(attributes, &*words.kinds)
    }

    /// What stands between a person and the condition, in words.
    pub(super) fn miss(&self, attributes: &Value, words: &Words) -> String {
        let explanation = self.filter.explain(attributes, &*words.kinds);
        let misses: Vec<String> = explanation.nearest_miss.iter().map(sentence).collect();
        if misses.is_empty() { format!("{} does not hold", self.text) } else { misses.join(", and ") }
    }

    /// Whether it holds of somebody about whom nothing is known.
    pub(super) fn holds_of_nobody(&self, words: &Words) -> bool {
        self.holds(&json!({}), words)
    }

    /// Whether it asks for this attribute, or a part of it.
    pub(super) fn asks_for(&self, name: &str) -> bool {
        self.filter.attributes().iter().any(|(path, _)| path.name.eq_ignore_ascii_case(name))
    }

    /// The e-mail addresses that it asks for: who has one is told by the provider, and not always verified.
    pub(super) fn addresses(&self) -> Vec<String> {
        let is_address = |name: &str| ["emails", "username"].iter().any(|known| name.eq_ignore_ascii_case(known));
        let mut found: Vec<String> = Vec::new();
        for (path, _) in self.filter.attributes() {
            let name = path.to_string();
            if is_address(&path.name) && path.schema.is_none() && !found.contains(&name) {
                found.push(name);
            }
        }
        found
    }

    /// Whether whoever satisfies this condition satisfies the other too, as far as their forms tell.
    pub(super) fn implies(&self, other: &Self) -> bool {
        logic::implies(&self.filter, &other.filter)
    }

    /// Whether many values fulfil it.
    pub(super) fn is_loose(&self) -> bool {
        logic::is_loose(&self.filter)
    }

    /// What is suspect about its form alone.
    pub(super) fn suspect(&self) -> Vec<(String, &'static str)> {
        let mut found = Vec::new();
        if let Some(why) = logic::contradiction(&self.filter) {
            found.push((format!("this condition can never hold: {why}"), "join them with or, or remove the rule"));
        } else if logic::asks_for_inactive(&self.filter) {
            let message = "this condition holds of people alone who are not active, and they have no access";
            found.push((message.to_owned(), "leave out what it says of active"));
        }
        if logic::holds_always(&self.filter) {
            let message = "this condition holds of everybody";
            found.push((message.to_owned(), "for everybody whom no rule gives anything there is default"));
        }
        for what in logic::invisible(&self.filter) {
            let message = format!("{what}: white space or nothing, which nobody sees");
            found.push((message, "write the text as the provider sends it"));
        }
        found
    }

    /// The attributes in it that people can usually write themselves.
    pub(super) fn self_written(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for (path, _) in self.filter.attributes() {
            let name = path.to_string();
            if SELF_WRITTEN.contains(&path.name.to_ascii_lowercase().as_str()) && !found.contains(&name) {
                found.push(name);
            }
        }
        found
    }
}

/// One thing that would have to be different.
fn sentence(miss: &Miss) -> String {
    let values: Vec<String> = miss.actual.iter().map(Value::to_string).collect();
    let actual = match (values.as_slice(), miss.more) {
        ([], _) => "absent".to_owned(),
        (values, 0) => values.join(", "),
        (values, more) => format!("{} and {more} more", values.join(", ")),
    };
    let wish = if miss.should_hold { "should hold" } else { "should not hold" };
    let hint = match miss.hint {
        Some(Hint::LetterCase) => " (but for upper and lower case it would match)",
        Some(Hint::WhiteSpace) => " (but for white space it would match)",
        None => "",
    };
    format!("{} {wish} and {} is {actual}{hint}", miss.condition, miss.attribute)
}
