//! What a command prints, for people or for programs.

use super::{
    noun::Noun,
    stop::Stop,
    table::{self, plain},
};
use crate::{blueprint::yaml, cli::say::say};
use clap::ValueEnum;
use serde_json::Value;
use std::io::{self, IsTerminal};

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// For people.
    Table,
    /// What the API sent.
    Json,
    /// The same as YAML.
    Yaml,
    /// Ids alone, one a line.
    Name,
    /// The secret alone, of commands that make one.
    Secret,
}

impl Output {
    /// Many things: `{"items": […]}`.
    pub(super) fn list(self, noun: &Noun, list: &Value) -> Result<(), Stop> {
        let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        match self {
            Self::Table if items.is_empty() => say!("{}", noun.empty),
            Self::Table => say!("{}", table::table(noun.columns, items)),
            Self::Name => items.iter().for_each(name),
            Self::Json | Self::Yaml | Self::Secret => return self.whole(list),
        }
        Ok(())
    }

    /// One thing.
    pub(super) fn one(self, thing: &Value) -> Result<(), Stop> {
        match self {
            Self::Table => say!("{}", table::facts(thing)),
            Self::Name => name(thing),
            Self::Json | Self::Yaml | Self::Secret => return self.whole(thing),
        }
        Ok(())
    }

    /// What was done: a sentence for people, the thing as it is now for programs.
    pub(super) fn done(self, sentence: &str, thing: &Value) -> Result<(), Stop> {
        match self {
            Self::Table => say!("{sentence}"),
            Self::Name | Self::Json | Self::Yaml if thing.is_null() => {}
            Self::Name => name(thing),
            Self::Json | Self::Yaml | Self::Secret => return self.whole(thing),
        }
        Ok(())
    }

    /// Something with a secret in it, which is not shown again. Where no person looks, the secret is all that standard output
    /// gets: `KEY=$(castgate keys create ci)`.
    pub(super) fn secret(self, what: &str, thing: &Value) -> Result<(), Stop> {
        let secret = thing["secret"].as_str().ok_or_else(|| Stop::wrong("the answer holds no secret"))?;
        match self {
            Self::Table if io::stdout().is_terminal() => {
                let mut shown = thing.clone();
                if let Some(fields) = shown.as_object_mut() {
                    fields.shift_remove("secret");
                }
                say!("{}\n\n{what}. Copy it now: it is not shown again.\n\n  {}", table::facts(&shown), plain(secret));
            }
            Self::Table | Self::Secret => {
                say!("{}", plain(secret));
                if self == Self::Table {
                    eprintln!("castgate: {what}; it is not shown again.");
                }
            }
            Self::Name => name(thing),
            Self::Json | Self::Yaml => return self.whole(thing),
        }
        Ok(())
    }

    fn whole(self, value: &Value) -> Result<(), Stop> {
        match self {
            Self::Json => say!("{}", json(value)),
            Self::Yaml => say!("{}", terminal_safe(&yaml(value))),
            Self::Secret => return Err(Stop::usage("-o secret is for the commands that make a secret")),
            Self::Table | Self::Name => {}
        }
        Ok(())
    }
}

fn name(thing: &Value) {
    if let Some(id) = thing["id"].as_str().or_else(|| thing["urn"].as_str()) {
        say!("{}", plain(id));
    }
}

/// JSON whose texts hold no character that a terminal obeys. The value is the same: RFC 8259 §7 lets any character be escaped.
pub(in crate::cli) fn json(value: &Value) -> String {
    use std::fmt::Write;
    let text = format!("{value:#}");
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        // The lower control characters are escaped already; line breaks are ours.
        if matches!(letter, '\u{7f}'..='\u{9f}') {
            let _ = write!(safe, "\\u{:04x}", u32::from(letter));
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// A program reads what there is; a terminal gets nothing that it would obey.
fn terminal_safe(text: &str) -> String {
    if !io::stdout().is_terminal() {
        return text.to_owned();
    }
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_means_the_same_and_moves_no_cursor() {
        let value = json!({"a": "\u{9b}2J\u{1b}\u{7f}é"});
        let text = json(&value);
        assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text:?}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
