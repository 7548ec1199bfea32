//! Whether what a sign-in says of groups is what the provider pushed: each difference, named.

use crate::model::fold;
use std::{collections::BTreeSet, fmt};

/// A group of the directory, as one connection pushed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedGroup {
    /// Its name.
    pub name: String,
    /// Its id at the provider.
    pub external_id: Option<String>,
    /// Whether the person is in it.
    pub member: bool,
}

/// One difference between a sign-in's groups and those that were pushed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// The sign-in names it, and no such group was pushed.
    NotPushed {
        /// As the sign-in says it.
        group: String,
    },
    /// The sign-in names it, it was pushed, and the person was not pushed into it.
    Nested {
        /// As the sign-in says it.
        group: String,
    },
    /// The sign-in names ids, and groups were pushed without theirs, or the other way round.
    WrongIdKind {
        /// How many groups are named so.
        groups: usize,
    },
    /// The sign-in has another name of a group that was pushed.
    Renamed {
        /// As the sign-in says it.
        claimed: String,
        /// As it was pushed.
        pushed: String,
    },
    /// The person was pushed into it, and the sign-in does not name it.
    NotClaimed {
        /// As it was pushed.
        group: String,
    },
    /// The provider has more groups than it puts into a sign-in: nothing can be compared.
    Overage,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPushed { group } => {
                write!(f, "not pushed: the sign-in names “{group}”, and no such group was pushed; assign it to SCIM")
            }
            Self::Nested { group } => write!(
                f,
                "not a member: the sign-in names “{group}”, which was pushed without the person; nested groups are not \
                 pushed, or the push is yet to come"
            ),
            Self::WrongIdKind { groups } => write!(
                f,
                "wrong kind of id: the sign-in names {groups} groups by an id that no pushed group has; have the provider \
                 send names, or push the groups' ids as externalId"
            ),
            Self::Renamed { claimed, pushed } => {
                write!(f, "renamed: the sign-in says “{claimed}”, and “{pushed}” was pushed")
            }
            Self::NotClaimed { group } => {
                write!(f, "not in the sign-in: the person was pushed into “{group}”, which the sign-in does not name")
            }
            Self::Overage => f.write_str("overage: the provider has more groups than it puts into a sign-in"),
        }
    }
}

/// Whether a text is an id and no name: a GUID (Entra), or one of Okta's.
fn is_id(text: &str) -> bool {
    let guid = text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let okta = text.len() == 20 && text.starts_with("00g") && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    guid || okta
}

/// What differs between the groups that a sign-in names and those that were pushed. `known` are all of the connection's.
///
/// An id fits a group's externalId, compared exactly; a name its name, compared folded.
#[must_use]
pub fn differences(claimed: &[String], known: &[PushedGroup]) -> Vec<Difference> {
    let mut found = BTreeSet::new();
    let mut met = BTreeSet::new();
    let mut unknown_ids = 0;
    for claim in claimed {
        let folded = fold(claim);
        let fits = |group: &PushedGroup| group.external_id.as_deref() == Some(claim) || fold(&group.name) == folded;
        match known.iter().position(fits) {
            Some(position) => {
                met.insert(position);
                if known.get(position).is_some_and(|group| !group.member) {
                    found.insert(Difference::Nested { group: claim.clone() });
                }
            }
            None if is_id(claim) => unknown_ids += 1,
            None => drop(found.insert(Difference::NotPushed { group: claim.clone() })),
        }
    }
    if unknown_ids > 0 {
        found.insert(Difference::WrongIdKind { groups: unknown_ids });
        // What the ids stand for is not known, so nothing can be said of the groups that are not named.
        return found.into_iter().collect();
    }
    for (_, group) in known.iter().enumerate().filter(|(position, group)| group.member && !met.contains(position)) {
        let near = |other: &&Difference| match other {
            Difference::NotPushed { group: claimed } => is_near(claimed, &group.name),
            Difference::Nested { .. }
            | Difference::WrongIdKind { .. }
            | Difference::Renamed { .. }
            | Difference::NotClaimed { .. }
            | Difference::Overage => false,
        };
        match found.iter().find(near).cloned() {
            Some(Difference::NotPushed { group: claimed }) => {
                found.remove(&Difference::NotPushed { group: claimed.clone() });
                found.insert(Difference::Renamed { claimed, pushed: group.name.clone() });
            }
            Some(_) | None => drop(found.insert(Difference::NotClaimed { group: group.name.clone() })),
        }
    }
    found.into_iter().collect()
}

/// Whether one name may be what became of the other: they begin or end alike for the better part.
fn is_near(one: &str, other: &str) -> bool {
    let (one, other) = (fold(one), fold(other));
    let same = |alike: usize| 3 * alike >= 2 * one.chars().count().max(other.chars().count());
    let head = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let tail = one.chars().rev().zip(other.chars().rev()).take_while(|(a, b)| a == b).count();
    same(head) || same(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, id: &str, member: bool) -> PushedGroup {
        PushedGroup { name: name.to_owned(), external_id: Some(id.to_owned()), member }
    }

    fn said(claimed: &[&str], known: &[PushedGroup]) -> Vec<String> {
        let claimed: Vec<String> = claimed.iter().map(|claim| (*claim).to_owned()).collect();
        differences(&claimed, known)
            .iter()
            .map(|one| one.to_string().split(':').next().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn groups_that_agree_by_name_or_id_differ_in_nothing() {
        let known = [group("Eng", "00g1a2b3c4d5e6f7g8h9", true), group("ops", "o1", true), group("far", "f1", false)];
        assert!(said(&["eng", "o1"], &known).is_empty());
        assert!(said(&["00g1a2b3c4d5e6f7g8h9", "OPS"], &known).is_empty());
    }

    #[test]
    fn each_difference_has_its_name() {
        let known = [group("eng", "e1", true), group("parents", "p1", false), group("platform-owners", "x", true)];
        assert_eq!(said(&["eng", "parents", "platform-owners"], &known), ["not a member"]);
        assert_eq!(said(&["eng", "elsewhere", "platform-owners"], &known), ["not pushed"]);
        assert_eq!(said(&["platform-owners"], &known), ["not in the sign-in"]);
        assert_eq!(said(&["eng", "platform-owner"], &known), ["renamed"]);
        let guid = "4f1c1a52-8c2b-4c0e-9d53-0a4c0f7f3f10";
        assert_eq!(said(&[guid, "eng"], &known), ["wrong kind of id"]);
    }
}
