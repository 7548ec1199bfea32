//! What people, groups and the rest are called in a document: the shortest name that means nobody else.

use crate::model::fold;
use std::collections::{BTreeSet, HashMap};

/// Names of things, with what each of them may mean.
#[derive(Debug, Clone)]
pub struct Names<T> {
    /// By the folded name; the places of what it may mean.
    meant: HashMap<String, BTreeSet<usize>>,
    all: Vec<(T, String)>,
    /// What somebody is called who may be another, by the folded name: what to write if they are meant.
    unsure: HashMap<String, String>,
}

/// Whom a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant<'n, T> {
    /// This one, and what it is called everywhere.
    One(&'n T, &'n str),
    /// Several.
    Several,
    /// Nobody.
    Nobody,
}

impl<T: Clone> Names<T> {
    /// Of things with their names, the best first; the last one has to be its own alone, as an id is.
    #[must_use]
    pub fn of(things: impl IntoIterator<Item = (T, Vec<String>)>) -> Self {
        let mut meant: HashMap<String, BTreeSet<usize>> = HashMap::new();
        let things: Vec<_> = things.into_iter().collect();
        for (place, (_, names)) in things.iter().enumerate() {
            for name in names {
                meant.entry(fold(name)).or_default().insert(place);
            }
        }
        let alone = |name: &&String| meant.get(&fold(name)).is_some_and(|places| places.len() == 1);
        let best = |names: &[String]| names.iter().find(alone).or(names.last()).cloned().unwrap_or_default();
        let all = things.iter().map(|(thing, names)| (thing.clone(), best(names))).collect();
        Self { meant, all, unsure: HashMap::new() }
    }

    /// With names that mean nobody, because nobody has shown whose they are, each with what to write instead.
    #[must_use]
    pub fn with_unsure(mut self, names: impl IntoIterator<Item = (String, String)>) -> Self {
        self.unsure.extend(names.into_iter().map(|(name, write)| (fold(&name), write)));
        self
    }

    /// What to write for somebody who is called so and may be another.
    pub(super) fn unsure(&self, name: &str) -> Option<&str> {
        self.unsure.get(&fold(name)).map(String::as_str)
    }

    /// Whom a name means.
    #[must_use]
    pub fn meant(&self, name: &str) -> Meant<'_, T> {
        let Some(places) = self.meant.get(&fold(name)) else { return Meant::Nobody };
        match (places.len(), places.first().and_then(|place| self.all.get(*place))) {
            (1, Some((thing, best))) => Meant::One(thing, best),
            (_, Some(_)) => Meant::Several,
            (_, None) => Meant::Nobody,
        }
    }

    /// Everything with what it is called.
    pub fn iter(&self) -> impl Iterator<Item = (&T, &str)> {
        self.all.iter().map(|(thing, best)| (thing, best.as_str()))
    }

    /// The names that mean several things and are called so, for a refusal that says what to write.
    pub(super) fn choices(&self, name: &str) -> Vec<&str> {
        let places = self.meant.get(&fold(name)).into_iter().flatten();
        places.filter_map(|place| self.all.get(*place)).map(|(_, best)| best.as_str()).take(5).collect()
    }

    /// Every name.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|(_, best)| best.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn somebody_is_called_by_the_first_name_that_is_theirs_alone() {
        let known = Names::of([
            (1, names(&["ada@acme.test", "ada", "okta/ada", "usr_1"])),
            (2, names(&["ada@acme.test", "bob", "okta/bob", "usr_2"])),
            (3, names(&["bob", "local/bob", "usr_3"])),
        ]);
        let called: Vec<_> = known.iter().map(|(_, best)| best).collect();
        assert_eq!(called, ["ada", "okta/bob", "local/bob"]);
        assert_eq!(known.meant("Okta/BOB"), Meant::One(&2, "okta/bob"));
        assert_eq!(known.meant("ada@acme.test"), Meant::Several);
        assert_eq!(known.choices("bob"), ["okta/bob", "local/bob"]);
        assert_eq!(known.meant("carol"), Meant::Nobody);
        assert_eq!(known.meant("USR_2"), Meant::One(&2, "okta/bob"));
    }
}
