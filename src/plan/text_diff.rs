//! Two texts, line by line.

use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// Lines that are shown around what changed.
const AROUND: usize = 3;
/// Beyond this many pairs of lines that may differ, they are not compared with each other: all go and all come.
const MOST_PAIRS: usize = 4_000_000;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It is in both.
    Stays,
    /// It is only in the newer text.
    Comes,
    /// It is only in the older text.
    Goes,
}

/// One line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DiffLine {
    /// What became of it.
    pub fate: Fate,
    /// Its number in the older text, or where it would be; from 1.
    pub from: usize,
    /// Its number in the newer one.
    pub to: usize,
    /// What it says.
    pub text: String,
}

/// What changed from one text to another. Its `Display` is a unified diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TextDiff {
    /// Every line of both, in order.
    pub lines: Vec<DiffLine>,
}

impl TextDiff {
    /// Compares two texts.
    #[must_use]
    pub fn between(before: &str, after: &str) -> Self {
        let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
        let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
        let rest = old.len().min(new.len()) - head;
        let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(one, other)| one == other).count();
        let middle = |all: &[&str]| -> Vec<String> {
            all.iter().skip(head).take(all.len() - head - tail).map(ToString::to_string).collect()
        };
        let mut fates = vec![Fate::Stays; head];
        fates.extend(compared(&middle(&old), &middle(&new)));
        fates.extend(vec![Fate::Stays; tail]);
        let (mut from, mut to) = (old.iter(), new.iter());
        let (mut at_from, mut at_to) = (1, 1);
        let mut lines = Vec::with_capacity(fates.len());
        for fate in fates {
            let place = (at_from, at_to);
            let text = match fate {
                Fate::Stays => {
                    (at_from, at_to) = (at_from + 1, at_to + 1);
                    to.next();
                    from.next()
                }
                Fate::Comes => {
                    at_to += 1;
                    to.next()
                }
                Fate::Goes => {
                    at_from += 1;
                    from.next()
                }
            };
            let text = text.map(ToString::to_string).unwrap_or_default();
            lines.push(DiffLine { fate, from: place.0, to: place.1, text });
        }
        Self { lines }
    }

    /// Whether the texts are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.fate == Fate::Stays)
    }
}

/// The longest lines in common stay: dynamic programming over all pairs.
fn compared(old: &[String], new: &[String]) -> Vec<Fate> {
    let replaced = || [vec![Fate::Goes; old.len()], vec![Fate::Comes; new.len()]].concat();
    if old.len().saturating_mul(new.len()) > MOST_PAIRS {
        return replaced();
    }
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    let at = |from: usize, to: usize| from * width + to;
    let seen = |common: &[u32], place: usize| common.get(place).copied().unwrap_or_default();
    for (from, one) in old.iter().enumerate().rev() {
        for (to, other) in new.iter().enumerate().rev() {
            let best = match one == other {
                true => seen(&common, at(from + 1, to + 1)) + 1,
                false => seen(&common, at(from + 1, to)).max(seen(&common, at(from, to + 1))),
            };
            if let Some(place) = common.get_mut(at(from, to)) {
                *place = best;
            }
        }
    }
    let (mut from, mut to, mut fates) = (0, 0, Vec::new());
    while from < old.len() || to < new.len() {
        let same = matches!((old.get(from), new.get(to)), (Some(one), Some(other)) if one == other);
        let goes =
            to >= new.len() || (from < old.len() && seen(&common, at(from + 1, to)) >= seen(&common, at(from, to + 1)));
        let fate = match (same, goes) {
            (true, _) => Fate::Stays,
            (false, true) => Fate::Goes,
            (false, false) => Fate::Comes,
        };
        from += usize::from(fate != Fate::Comes);
        to += usize::from(fate != Fate::Goes);
        fates.push(fate);
    }
    fates
}

impl fmt::Display for TextDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changed: Vec<usize> =
            self.lines.iter().enumerate().filter(|(_, line)| line.fate != Fate::Stays).map(|(at, _)| at).collect();
        let mut shown: Option<usize> = None;
        for (at, line) in self.lines.iter().enumerate() {
            let next = changed.partition_point(|one| *one + AROUND < at);
            if changed.get(next).is_none_or(|one| *one > at + AROUND) {
                continue;
            }
            if shown != at.checked_sub(1) || shown.is_none() {
                writeln!(f, "@@ -{} +{} @@", line.from, line.to)?;
            }
            shown = Some(at);
            let sign = match line.fate {
                Fate::Stays => ' ',
                Fate::Comes => '+',
                Fate::Goes => '-',
            };
            writeln!(f, "{sign}{}", line.text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_changed_is_shown_with_what_is_around_it() {
        let old: Vec<String> = (1..=12).map(|number| format!("line {number}")).collect();
        let mut new = old.clone();
        new[5] = "another line".to_owned();
        new.push("line 13".to_owned());
        let diff = TextDiff::between(&old.join("\n"), &new.join("\n"));
        let shown = "@@ -3 +3 @@\n line 3\n line 4\n line 5\n-line 6\n+another line\n line 7\n line 8\n line 9\n line 10\n \
                     line 11\n line 12\n+line 13\n";
        assert_eq!(diff.to_string(), shown);
        assert!(TextDiff::between("a\nb", "a\nb").is_empty() && TextDiff::between("", "").to_string().is_empty());
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_a_comparison(
            old in proptest::collection::vec(0..4_u8, 0..12),
            new in proptest::collection::vec(0..4_u8, 0..12),
        ) {
            let text = |all: &[u8]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
            let (old, new) = (text(&old), text(&new));
            let diff = TextDiff::between(&old.join("\n"), &new.join("\n"));
            let without = |fate: Fate| -> Vec<String> {
                diff.lines.iter().filter(|line| line.fate != fate).map(|line| line.text.clone()).collect()
            };
            prop_assert_eq!(without(Fate::Comes), old);
            prop_assert_eq!(without(Fate::Goes), new);
        }
    }
}
