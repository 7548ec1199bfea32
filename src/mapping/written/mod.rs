//! Rules as they are written: read for a form, added, changed and taken out, while everything around them stays as it is.
//!
//! A change is made line by line in the text, and read again: where the text would then say anything else than it should, it is
//! refused and left to whoever writes it by hand. So comments, order and layout are nobody's loss, and neither is another rule.

mod change;
mod place;
#[cfg(test)]
mod tests;

pub use change::without_rule;

use super::{
    diagnostic::Findings,
    parse::{DraftRule, Reader, Text},
    source::{Source, load},
};
use serde_json::Value;

/// A rule, as a form's fields say it. Empty: the text does not say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WrittenRule {
    /// What it is called.
    pub name: String,
    /// The groups that it is for.
    pub groups: Vec<String>,
    /// What somebody has to fit besides.
    pub when: String,
    /// The role that it gives.
    pub grant: String,
    /// The clusters on which it gives it; none: the whole organization.
    pub clusters: Vec<String>,
    /// Until when it holds.
    pub until: String,
}

/// Why a form cannot write a rule into a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotWritten {
    /// A rule needs both.
    #[error("Give the rule a name, and choose the role that it gives.")]
    Nameless,
    /// It would be for everybody or for nobody.
    #[error("Say whom the rule is for: groups, a condition, or both.")]
    ForNobody,
    /// There is no line to write it on.
    #[error("The rules stand in one line: write this one into the text by hand.")]
    OneLine,
    /// Somebody changed the text meanwhile.
    #[error("There is no rule “{0}” in the text, or there are several: change it in the text itself.")]
    NotThere(String),
    /// Anchors, several keys in one line, and what else YAML allows.
    #[error("The rule “{0}” is written in a way that a form cannot change: change it in the text itself.")]
    ByHand(String),
}

/// The rules of a text with the lines of their names (from 1); none, where it cannot be read.
#[must_use]
pub fn written_rules(text: &str) -> Vec<(usize, WrittenRule)> {
    let source = Source::new(text);
    let line =
        |rule: &DraftRule| source.place(rule.name.as_ref().map_or(rule.extent.start, |name| name.extent.start)).line;
    drafts(text).unwrap_or_default().iter().map(|rule| (line(rule), WrittenRule::of(rule))).collect()
}

/// The rules as they are parsed; none, where the text cannot be read.
fn drafts(text: &str) -> Option<Vec<DraftRule>> {
    let source = Source::new(text);
    let mut findings = Findings::new(&source);
    let root = load(text, &mut findings);
    if findings.errors() > 0 {
        return None;
    }
    root.as_ref().map(|root| Reader { findings: &mut findings }.draft(root).rules).or(Some(Vec::new()))
}

/// What a rule says, and all that a form does not ask for: two that are the same are written to the same effect.
fn said(rule: &DraftRule) -> (WrittenRule, Vec<String>, bool) {
    (WrittenRule::of(rule), values(&rule.allow), rule.broken)
}

fn values(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| text.value.clone()).collect()
}

impl WrittenRule {
    fn of(rule: &DraftRule) -> Self {
        // A condition over several lines is one line in a form, and means the same.
        let joined = |text: &Text| text.value.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned();
        let text = |text: &Option<Text>| text.as_ref().map_or_else(String::new, joined);
        Self {
            name: text(&rule.name),
            groups: values(&rule.groups),
            when: text(&rule.when),
            grant: text(&rule.grant),
            clusters: values(rule.clusters.as_deref().unwrap_or_default()),
            until: text(&rule.until),
        }
    }

    fn whole(&self) -> Result<(), NotWritten> {
        if self.name.is_empty() || self.grant.is_empty() {
            return Err(NotWritten::Nameless);
        }
        if self.groups.is_empty() && self.when.is_empty() {
            return Err(NotWritten::ForNobody);
        }
        Ok(())
    }

    /// The keys in the order in which they are written, each with its value in YAML; none: it is left out.
    fn keys(&self) -> [(&'static str, Option<String>); 6] {
        let list = |all: &[String]| {
            let quoted: Vec<String> = all.iter().map(|one| quoted(one)).collect();
            (!all.is_empty()).then(|| format!("[{}]", quoted.join(", ")))
        };
        let text = |text: &String| (!text.is_empty()).then(|| quoted(text));
        [
            ("name", text(&self.name)),
            ("groups", list(&self.groups)),
            ("when", (!self.when.is_empty()).then(|| condition(&self.when))),
            ("grant", text(&self.grant)),
            ("clusters", list(&self.clusters)),
            ("until", text(&self.until)),
        ]
    }

    fn yaml(&self, dent: &str) -> String {
        let written = self.keys().into_iter().filter_map(|(key, value)| Some((key, value?)));
        let lines = written.enumerate().map(|(place, (key, value))| {
            let mark = if place == 0 { "-" } else { " " };
            [dent, mark, " ", key, ": ", &value, "\n"].concat()
        });
        lines.collect()
    }
}

/// A condition has quotation marks of its own, and mostly reads best as it is.
fn condition(text: &str) -> String {
    let is_plain = !text.starts_with(['"', '\'', '[', '{', '&', '*', '!', '|', '>', '%', '@', '`', '#', '-'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains('\n')
        && !text.ends_with(':');
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

/// A word as it is; anything else between quotation marks, as JSON and YAML both have them.
fn quoted(text: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || ['-', '_', '/', '.'].contains(&letter);
    let begins = text.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let reserved =
        ["true", "false", "null", "yes", "no", "on", "off"].iter().any(|word| text.eq_ignore_ascii_case(word));
    let is_date = text.len() == 10 && text.chars().all(|letter| letter.is_ascii_digit() || letter == '-');
    if (begins && !reserved && text.chars().all(is_word)) || is_date {
        return text.to_owned();
    }
    let is_plain =
        begins && !reserved && text.chars().all(|letter| is_word(letter) || letter == ' ') && !text.ends_with(' ');
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}
