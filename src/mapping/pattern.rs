//! Group names with holes: `k8s-{cluster}-{role}`. A hole matches known values only.

use super::vocabulary::Words;
use crate::model::{ClusterId, Role, fold};

/// What a hole stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hole {
    Cluster,
    Role,
}

impl Hole {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Cluster => "{cluster}",
            Self::Role => "{role}",
        }
    }
}

/// A group name with one or two holes.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// Folded text before the first hole.
    head: String,
    first: Hole,
    /// The folded text between, and the second hole.
    second: Option<(String, Hole)>,
    /// Folded text after the last hole.
    tail: String,
}

/// Why a text with braces is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadPattern {
    #[error("“{0}” is no placeholder; they are {{cluster}} and {{role}}")]
    Unknown(String),
    #[error("{0} stands twice in this pattern")]
    Twice(&'static str),
    #[error("a brace in this pattern is not closed, or not opened")]
    Unbalanced,
}

/// What the holes of a pattern stand for in one group's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Capture {
    pub(super) cluster: Option<ClusterId>,
    pub(super) role: Option<Role>,
}

/// How a group's name meets a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Match {
    /// In exactly one way.
    One(Capture),
    /// Not even in shape.
    No,
    /// The shape fits and a value is not known.
    Unknown { hole: Hole, word: String },
    /// In several ways; the first two.
    Ambiguous(Capture, Capture),
}

impl Pattern {
    /// Reads a pattern. `None` when the text has no brace and is a plain name.
    pub(super) fn parse(text: &str) -> Option<Result<Self, BadPattern>> {
        text.contains(['{', '}']).then(|| Self::parse_holes(text))
    }

    fn parse_holes(text: &str) -> Result<Self, BadPattern> {
        let mut literals = vec![String::new()];
        let mut holes = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (literal, from) = rest.split_at(open);
            let (hole, after) = from
                .strip_prefix('{')
                .and_then(|inside| inside.split_once('}'))
                .filter(|(hole, _)| !hole.contains('{'))
                .ok_or(BadPattern::Unbalanced)?;
            if let Some(last) = literals.last_mut() {
                *last = fold(literal);
            }
            holes.push(match hole {
                "cluster" => Hole::Cluster,
                "role" => Hole::Role,
                other => return Err(BadPattern::Unknown(format!("{{{other}}}"))),
            });
            literals.push(String::new());
            rest = after;
        }
        let tail = fold(rest);
        let mut literals = literals.into_iter();
        let head = literals.next().unwrap_or_default();
        let between = literals.next().unwrap_or_default();
        match *holes.as_slice() {
            [] => Err(BadPattern::Unbalanced),
            [first] => Ok(Self { head, first, second: None, tail }),
            [first, second] if first != second => Ok(Self { head, first, second: Some((between, second)), tail }),
            [first, second, ..] => Err(BadPattern::Twice(if first == second {
                first.word()
            } else {
                // Three holes of two kinds: the third repeats one of them.
                holes.get(2).map_or(first.word(), |third| third.word())
            })),
        }
    }

    /// Whether matching fills this hole.
    pub(super) fn captures(&self, hole: Hole) -> bool {
        self.first == hole || self.second.as_ref().is_some_and(|(_, second)| *second == hole)
    }

    /// Meets a group's folded name.
    pub(super) fn meet(&self, folded: &str, words: &Words) -> Match {
        let middle = folded.strip_prefix(self.head.as_str()).and_then(|rest| rest.strip_suffix(self.tail.as_str()));
        let Some(middle) = middle.filter(|middle| !middle.is_empty()) else { return Match::No };
        match &self.second {
            None => match value(self.first, middle, words) {
                Some(capture) => Match::One(capture),
                None => Match::Unknown { hole: self.first, word: middle.to_owned() },
            },
            Some((between, second)) => self.meet_two(middle, between, *second, words),
        }
    }

    /// Tries every place where the text between the holes could be.
    fn meet_two(&self, middle: &str, between: &str, second: Hole, words: &Words) -> Match {
        let mut found: Option<Capture> = None;
        let mut near: Option<Match> = None;
        let mut shape: Option<Match> = None;
        for (at, _) in middle.char_indices() {
            let (left, rest) = middle.split_at(at);
            let Some(right) = rest.strip_prefix(between) else { continue };
            if left.is_empty() || right.is_empty() {
                continue;
            }
            match (value(self.first, left, words), value(second, right, words)) {
                (Some(one), Some(two)) => {
                    let capture = Capture { cluster: one.cluster.or(two.cluster), role: one.role.or(two.role) };
                    match found.take() {
                        Some(earlier) if earlier != capture => return Match::Ambiguous(earlier, capture),
                        Some(_) | None => found = Some(capture),
                    }
                }
                (Some(_), None) => near = near.or_else(|| Some(unknown(second, right))),
                (None, Some(_)) => near = near.or_else(|| Some(unknown(self.first, left))),
                (None, None) => shape = shape.or_else(|| Some(unknown(self.first, left))),
            }
        }
        found.map(Match::One).or(near).or(shape).unwrap_or(Match::No)
    }
}

fn unknown(hole: Hole, word: &str) -> Match {
    Match::Unknown { hole, word: word.to_owned() }
}

/// The known value that a folded word is.
fn value(hole: Hole, word: &str, words: &Words) -> Option<Capture> {
    match hole {
        Hole::Cluster => words.cluster_folded(word).map(|id| Capture { cluster: Some(id.clone()), role: None }),
        Hole::Role => words.role_folded(word).map(|role| Capture { cluster: None, role: Some(role.clone()) }),
    }
}
