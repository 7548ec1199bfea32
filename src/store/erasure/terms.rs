//! What a person is called, as it is looked for in other texts.

use crate::store::value::texts;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Shorter words are nobody's alone: they stand in other people's texts too.
const SHORTEST: usize = 4;
/// As short a number may be a count of something.
const SHORTEST_NUMBER: usize = 6;
/// What is longer is a picture and no name; SQLite does not look for patterns without end either.
const LONGEST: usize = 512;

/// Names, addresses and ids of one person, in lower case.
///
/// Whoever chooses a nickname does not choose what is forgotten of others: a word that others may use for something else
/// (`viewer`, `bob`) counts only in what is about the person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// What a provider or we know them by, and nobody else: it is theirs wherever it stands.
    theirs: BTreeSet<String>,
    /// What they are called, in several words. It counts everywhere but in events about others.
    names: BTreeSet<String>,
    /// Single and short words.
    words: BTreeSet<String>,
    /// Those of them that providers know the person by.
    logins: BTreeSet<String>,
}

impl Terms {
    /// Adds what providers or we know somebody by: an address, a number, a user name.
    pub fn add_login(&mut self, login: &str) {
        for login in lowered(login) {
            match is_distinct(&login) {
                true => self.theirs.insert(login),
                false => self.logins.insert(login.clone()) && self.words.insert(login),
            };
        }
    }

    /// Adds what somebody is called.
    pub fn add_name(&mut self, name: &str) {
        for name in lowered(name) {
            match is_distinct(&name) {
                true => self.names.insert(name),
                false => self.words.insert(name),
            };
        }
    }

    /// Takes out what somebody else is known by too.
    pub fn leave_out(&mut self, other: &str) {
        for other in lowered(other) {
            for set in [&mut self.theirs, &mut self.names, &mut self.words, &mut self.logins] {
                set.remove(&other);
            }
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.theirs.iter().chain(&self.names).chain(&self.words).map(String::as_str)
    }

    /// What is looked for only in what is about the person.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// Whether a text says one that is more than a word, standing alone: `ada@acme.test` is not in `dada@acme.test`.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        [&self.theirs, &self.names].into_iter().any(|terms| says_one(terms, text))
    }

    /// The same of a JSON text, whatever is escaped in it.
    #[must_use]
    pub fn are_in_json(&self, text: &str) -> bool {
        in_json(text, &|text| self.are_in(text))
    }

    /// The same of what a provider sent or was answered: what it knows the person by counts, where it is quoted.
    #[must_use]
    pub fn are_in_traffic(&self, text: &str) -> bool {
        let says = |text: &str| {
            let lower = text.to_lowercase();
            self.are_in(text)
                || self.logins.iter().any(|login| lower == *login || lower.contains(&format!("\"{login}\"")))
        };
        in_json(text, &says)
    }

    /// Whether an event's detail says what is theirs; of an event about them, what they are called too.
    #[must_use]
    pub fn are_in_event(&self, detail: &str, about: bool) -> bool {
        let all: &[&BTreeSet<String>] = if about { &[&self.theirs, &self.names, &self.words] } else { &[&self.theirs] };
        in_json(detail, &|text| all.iter().any(|terms| says_one(terms, text)))
    }

    /// For a column that is one of them: a list for `texts_of`, as `LIKE` with the escape `!` takes it.
    pub(super) fn exactly(&self) -> String {
        patterns(self.iter())
    }

    /// For a text that may say one of them.
    pub(super) fn patterns(&self) -> String {
        patterns(self.theirs.iter().chain(&self.names).map(String::as_str))
    }

    /// For what a provider sent.
    pub(super) fn of_traffic(&self) -> String {
        // In a text, and in a text in a text.
        let quoted = self.logins.iter().flat_map(|login| [format!("\"{login}\""), format!("\"{login}\\\"")]);
        let quoted: Vec<String> = quoted.collect();
        let all = self.theirs.iter().chain(&self.names).map(String::as_str);
        patterns(all.chain(quoted.iter().map(String::as_str)))
    }

    /// For an event, about the person or not.
    pub(super) fn of_event(&self, about: bool) -> String {
        if about { self.exactly() } else { patterns(self.theirs.iter().map(String::as_str)) }
    }
}

/// As the engines lower: PostgreSQL all letters, SQLite those of ASCII.
fn lowered(text: &str) -> BTreeSet<String> {
    let text = text.trim();
    match text.is_empty() || text.len() > LONGEST {
        true => BTreeSet::new(),
        false => BTreeSet::from([text.to_lowercase(), text.to_ascii_lowercase()]),
    }
}

/// Whether a text is more than a word or a number that may mean something else.
fn is_distinct(text: &str) -> bool {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = text.chars().all(char::is_alphabetic);
    let shortest = if is_number { SHORTEST_NUMBER } else { SHORTEST };
    !is_word && text.chars().count() >= shortest
}

fn says_one(terms: &BTreeSet<String>, text: &str) -> bool {
    let lower = text.to_lowercase();
    terms.iter().any(|term| lower.match_indices(term.as_str()).any(|(at, found)| stands_alone(&lower, at, found)))
}

fn in_json(text: &str, says: &dyn Fn(&str) -> bool) -> bool {
    match serde_json::from_str(text) {
        Ok(json) => in_value(&json, says),
        Err(_) => says(text),
    }
}

fn in_value(json: &Json, says: &dyn Fn(&str) -> bool) -> bool {
    match json {
        Json::Null | Json::Bool(_) => false,
        Json::Number(number) => says(&number.to_string()),
        Json::String(text) => says(text),
        Json::Array(values) => values.iter().any(|value| in_value(value, says)),
        // The words of a detail are ours; only an address or a number can be a name of a field.
        Json::Object(fields) => fields.iter().any(|(name, value)| {
            (name.contains(|letter: char| !letter.is_alphabetic() && letter != '_') && says(name))
                || in_value(value, says)
        }),
    }
}

/// In plain text and in JSON.
fn patterns<'t>(terms: impl Iterator<Item = &'t str>) -> String {
    let mut patterns = BTreeSet::new();
    for term in terms {
        let json = Json::from(term).to_string();
        let json = json.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(term);
        for text in [term, json] {
            patterns.insert(text.replace('!', "!!").replace('%', "!%").replace('_', "!_"));
        }
    }
    texts(&patterns)
}

/// Whether what stands at a place is a word of its own and no part of a longer one.
fn stands_alone(text: &str, at: usize, found: &str) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    let mut behind = text.get(at + found.len()..).unwrap_or_default().chars();
    let goes_on = match behind.next() {
        // The end of a sentence is none of the word.
        Some('.' | '-') => behind.next().is_some_and(joins),
        Some(letter) => joins(letter) || letter == '_',
        None => false,
    };
    let began = before.is_some_and(|letter| joins(letter) || matches!(letter, '.' | '_' | '-' | '+'));
    !began && !goes_on
}

/// Whether a word goes on with this letter. Scripts without capitals mostly write words without spaces: 山田太郎のPC.
fn joins(letter: char) -> bool {
    letter.is_numeric() || letter.is_lowercase() || letter.is_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        let mut terms = Terms::default();
        for login in ["Ada@Acme.test", "12345", "Bob", "00u1!x", "700 123"] {
            terms.add_login(login);
        }
        for name in ["Ada Lovelace", "Viewer", "ÄRA-7 \"q\"", "김민준", "山田 太郎", " "] {
            terms.add_name(name);
        }
        terms
    }

    #[test]
    fn a_person_is_found_by_whole_words_and_nobody_else_is() {
        let terms = terms();
        for text in
            ["to ada@acme.test.", "ADA LOVELACE", "(Ada Lovelace)", "id=00u1!x;", "ära-7 \"Q\"", "山田 太郎のPC"]
        {
            assert!(terms.are_in(text), "{text}");
        }
        for text in
            ["dada@acme.test", "x.ada@acme.test", "ada@acme.testing", "ada@acme.test.org", "Ada", "12345", "viewer", ""]
        {
            assert!(!terms.are_in(text), "{text}");
        }
        assert!(terms.are_in_json(r#"{"a":["x",{"b":"ÄRA-7 \"q\""}]}"#));
        assert!(terms.are_in_json(r#"{"ada@acme.test":1}"#));
        assert!(!terms.are_in_json(r#"{"a":12345,"b":"dada@acme.test"}"#));
    }

    #[test]
    fn a_word_that_others_use_counts_in_what_is_about_the_person() {
        let terms = terms();
        for detail in [r#"{"role":"viewer"}"#, r#"{"viewer":"x"}"#, r#"{"name":"bob"}"#, r#"{"count":12345}"#] {
            assert!(!terms.are_in_event(detail, false), "{detail}");
        }
        for detail in [r#"{"name":"bob"}"#, r#"{"name":"laptop of 김민준"}"#, r#"{"name":"12345"}"#] {
            assert!(terms.are_in_event(detail, true), "{detail}");
        }
        // A name of a field is ours, whoever is called so.
        assert!(!terms.are_in_event(r#"{"viewer":"x"}"#, true));
        assert!(!terms.are_in_event(r#"{"name":"Ada Lovelace"}"#, false));
        assert!(terms.are_in_event(r#"{"to":"ada@acme.test"}"#, false));
    }

    #[test]
    fn what_a_provider_knows_somebody_by_is_found_where_it_is_quoted() {
        let terms = terms();
        for entry in [r#"{"path":"/Users?filter=userName eq \"bob\""}"#, r#"{"value":"BOB"}"#, r#"["12345"]"#] {
            assert!(terms.are_in_traffic(entry), "{entry}");
        }
        for entry in [r#"{"role":"viewer"}"#, r#"{"a":"bobsled, bob"}"#, r#"{"bob":1}"#] {
            assert!(!terms.are_in_traffic(entry), "{entry}");
        }
        assert!(terms.of_traffic().contains("bob"));
    }

    #[test]
    fn what_somebody_else_is_known_by_too_is_nobodys() {
        let mut terms = terms();
        terms.leave_out("ADA@acme.test");
        assert!(!terms.are_in("ada@acme.test"));
    }

    #[test]
    fn nothing_in_a_name_is_a_wildcard_and_a_picture_is_no_name() {
        let mut terms = Terms::default();
        terms.add_login("100%_sure!");
        terms.add_name(&"x".repeat(60_000));
        assert_eq!(terms.patterns(), r#"["100!%!_sure!!"]"#);
        assert_eq!(terms.exactly(), r#"["100!%!_sure!!"]"#);
    }
}
