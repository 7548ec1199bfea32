//! Adding a rule, changing one, taking one out.

use super::{
    NotWritten, WrittenRule, drafts,
    place::{KeyPlace, Lines, RulePlace, place_of},
    said,
};
use std::ops::Range;

/// Lines, and what takes their place.
type Edit = (Range<usize>, Option<String>);

/// In this order keys are written.
const ORDER: [&str; 7] = ["name", "groups", "when", "grant", "clusters", "until", "allow"];

impl WrittenRule {
    /// The text with this rule behind its others.
    pub fn added_to(&self, text: &str) -> Result<String, NotWritten> {
        self.whole()?;
        let lines: Vec<&str> = text.lines().collect();
        let is_key = |line: &&str| line.starts_with(|letter: char| letter.is_alphanumeric() || letter == '"');
        let Some(begin) = lines.iter().position(|line| line.starts_with("rules:")) else {
            let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            return Ok(format!("{text}{end}rules:\n{}", self.yaml("  ")));
        };
        let behind = lines.get(begin).map_or("", |line| line.trim_start_matches("rules:").trim());
        let (head, rest) = lines.split_at(begin + 1);
        if behind.starts_with('[') && behind != "[]" {
            return Err(NotWritten::OneLine);
        }
        let block = rest.iter().position(is_key).unwrap_or(rest.len());
        let (block, after) = rest.split_at(block);
        // Blank lines and comments before the next part belong to that part.
        let is_rule = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let kept = block.iter().rposition(is_rule).map_or(0, |last| last + 1);
        let (rules, between) = block.split_at(kept);
        let dent = rules.iter().find_map(|line| line.find("- ")).unwrap_or(2);
        let blank = rules.iter().any(|line| line.trim().is_empty());
        let mut all: Vec<String> = head.iter().map(ToString::to_string).collect();
        if let Some(last) = all.last_mut().filter(|_| behind == "[]") {
            "rules:".clone_into(last);
        }
        all.extend(rules.iter().map(ToString::to_string));
        if blank && !rules.is_empty() {
            all.push(String::new());
        }
        all.extend(self.yaml(&" ".repeat(dent)).lines().map(str::to_owned));
        all.extend(between.iter().chain(after).map(ToString::to_string));
        Ok(all.join("\n") + "\n")
    }

    /// The text with this rule in the place of the one of this name. Keys that stay as they are keep their lines and comments.
    pub fn in_place_of(&self, name: &str, text: &str) -> Result<String, NotWritten> {
        self.whole()?;
        let by_hand = || NotWritten::ByHand(name.to_owned());
        let (number, lines, place, before) = found(name, text)?;
        let edits = self.edits(&lines, &place, &before).ok_or_else(by_hand)?;
        let after = carried_out(lines.0, &place, edits).join("\n");
        holds(text, &after, number, Some(self)).then_some(after).ok_or_else(by_hand)
    }

    /// Lines that others take the place of, key by key.
    fn edits(&self, lines: &Lines, place: &RulePlace, before: &Self) -> Option<Vec<Edit>> {
        let mut edits = Vec::new();
        for ((key, value), (_, was)) in self.keys().into_iter().zip(before.keys()) {
            if value == was {
                continue;
            }
            let (at, behind) = if let Some(there) = place.keys.iter().find(|known| known.name == key) {
                (there.lines.clone(), there.behind.as_str())
            } else {
                let end = last_before(&place.keys, key)?.lines.end;
                (end..end, "")
            };
            let head = lines.0.get(at.start).filter(|_| !at.is_empty());
            let head: String =
                head.map_or_else(|| " ".repeat(place.column), |line| line.chars().take(place.column).collect());
            edits.push((at, value.map(|value| format!("{head}{key}: {value}{behind}"))));
        }
        Some(edits)
    }
}

/// The lines with all edits carried out, the last first: what stands before stays where it was.
fn carried_out(mut lines: Vec<String>, place: &RulePlace, mut edits: Vec<Edit>) -> Vec<String> {
    let begin = place.lines.start;
    let dash: String = lines.get(begin).map_or("", String::as_str).chars().take(place.column).collect();
    edits.sort_by_key(|(at, _)| (at.start, at.end));
    for (at, line) in edits.into_iter().rev() {
        lines.splice(at, line);
    }
    // The key beside the dash was taken out: the dash stands before the next.
    let says = |line: &&mut String| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    if let Some(first) = lines.iter_mut().skip(begin).find(says).filter(|line| !line.starts_with(&dash)) {
        *first = dash + &first.chars().skip(place.column).collect::<String>();
    }
    lines
}

/// The text without the rule of this name.
pub fn without_rule(name: &str, text: &str) -> Result<String, NotWritten> {
    let (number, lines, place, _) = found(name, text)?;
    let mut lines = lines.0;
    lines.drain(place.lines);
    if drafts(text).is_some_and(|rules| rules.len() == 1)
        && let Some(head) = lines.iter_mut().find(|line| line.starts_with("rules:"))
    {
        head.insert_str("rules:".len(), " []");
    }
    let after = lines.join("\n");
    holds(text, &after, number, None).then_some(after).ok_or_else(|| NotWritten::ByHand(name.to_owned()))
}

/// The one rule of this name: its number, the text's lines, where it stands, what it says.
fn found(name: &str, text: &str) -> Result<(usize, Lines, RulePlace, WrittenRule), NotWritten> {
    let by_hand = || NotWritten::ByHand(name.to_owned());
    let rules = drafts(text).unwrap_or_default();
    let mut known =
        rules.iter().enumerate().filter(|(_, rule)| rule.name.as_ref().is_some_and(|text| text.value == name));
    let (Some((number, rule)), None) = (known.next(), known.next()) else {
        return Err(NotWritten::NotThere(name.to_owned()));
    };
    let lines = Lines::of(text).ok_or_else(by_hand)?;
    let place = place_of(text, &lines, rule.extent.start).ok_or_else(by_hand)?;
    Ok((number, lines, place, WrittenRule::of(rule)))
}

/// The key that is there and is written before this one.
fn last_before<'a>(keys: &'a [KeyPlace], key: &str) -> Option<&'a KeyPlace> {
    let rank = |name: &str| ORDER.iter().position(|known| *known == name);
    keys.iter().rfind(|known| rank(&known.name) < rank(key))
}

/// Whether the rules are those that they were, but for this one; where it is none, it is gone.
fn holds(before: &str, after: &str, number: usize, wished: Option<&WrittenRule>) -> bool {
    let (Some(before), Some(after)) = (drafts(before), drafts(after)) else { return false };
    let mut expected: Vec<_> = before.iter().map(said).collect();
    match (wished, expected.get_mut(number)) {
        (Some(wished), Some(rule)) => rule.0 = wished.clone(),
        (None, Some(_)) => drop(expected.remove(number)),
        (_, None) => return false,
    }
    // Where something in it could not be read, nobody can say that it is as it was.
    let is_whole = wished.is_none() || expected.get(number).is_some_and(|(.., broken)| !broken);
    is_whole && after.iter().map(said).eq(expected)
}
