//! What a list of Cast AI's means for the clusters that are known: pure, and decided once for the whole list.
//!
//! An id is the same cluster, a name is not: names are not unique there, and a cluster that was made again under an old name is
//! another one. So a cluster without an id is adopted by its name where nothing else could be meant, and everything else that a
//! name alone would decide is left to a person: a wrong guess would hand somebody's roles to another cluster.

use super::reading::Listed;
use crate::model::{Cluster, ClusterId, Instant, UndecidedCluster, fold};
use std::collections::{BTreeMap, BTreeSet};

/// The longest short name.
const LONGEST_SLUG: usize = 63;

/// What a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// It was not known.
    New,
    /// It was declared by a person, without an id.
    Adopted,
    /// What is read of it changed.
    Changed,
    /// It is listed no more.
    Gone,
    /// It is listed again.
    Back,
}

/// A cluster as it will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) what: What,
    pub(super) after: Cluster,
}

/// What a list comes to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Matched {
    pub(super) changes: Vec<Change>,
    pub(super) undecided: Vec<UndecidedCluster>,
}

/// What `listed` means for the clusters that are `known`.
pub(super) fn matched(
    known: &[Cluster],
    listed: &[Listed],
    now: Instant,
    mut new_id: impl FnMut() -> ClusterId,
) -> Matched {
    let there: BTreeMap<&str, &Listed> = listed.iter().map(|one| (one.id.as_str(), one)).collect();
    let by_id: BTreeSet<&str> = known.iter().filter_map(|cluster| cluster.external_id.as_deref()).collect();
    let mut came = Matched::default();
    for cluster in known {
        let Some(id) = cluster.external_id.as_deref() else { continue };
        came.changes.extend(followed(cluster, there.get(id).copied(), now));
    }
    let fresh: Vec<&Listed> = listed.iter().filter(|one| !by_id.contains(one.id.as_str())).collect();
    for one in &fresh {
        match decided(one, &fresh, known) {
            Ok(Decided::Adopt(cluster)) => {
                let mut after = Cluster { external_id: Some(one.id.clone()), ..cluster.clone() };
                after.name_there = Some(one.name.clone());
                came.changes.push(Change { what: What::Adopted, after });
            }
            Ok(Decided::Declare(slug)) => {
                let (name, name_there) = (one.name.clone(), Some(one.name.clone()));
                let external_id = Some(one.id.clone());
                let after = Cluster { id: new_id(), slug, name, external_id, gone_since: None, name_there };
                came.changes.push(Change { what: What::New, after });
            }
            Err(why) => {
                came.undecided.push(UndecidedCluster { external_id: one.id.clone(), name: one.name.clone(), why });
            }
        }
    }
    came
}

/// A cluster whose id is known, after it was looked for there.
fn followed(cluster: &Cluster, there: Option<&Listed>, now: Instant) -> Option<Change> {
    let mut after = cluster.clone();
    let Some(there) = there else {
        after.gone_since = cluster.gone_since.or(Some(now));
        return (after != *cluster).then_some(Change { what: What::Gone, after });
    };
    after.gone_since = None;
    // A name that somebody gave it here stays; one that was read there, or made of its short name, follows.
    let was_read = cluster.name_there.as_deref() == Some(cluster.name.as_str()) || cluster.name == cluster.slug;
    if was_read {
        after.name.clone_from(&there.name);
    }
    after.name_there = Some(there.name.clone());
    let what = if cluster.gone_since.is_some() { What::Back } else { What::Changed };
    (after != *cluster).then_some(Change { what, after })
}

enum Decided<'a> {
    Adopt(&'a Cluster),
    Declare(String),
}

/// What a cluster that nobody knows by its id is; or why only a person can say.
fn decided<'a>(one: &Listed, fresh: &[&Listed], known: &'a [Cluster]) -> Result<Decided<'a>, String> {
    let fits = |listed: &Listed, cluster: &Cluster| {
        cluster.external_id.is_none()
            && (slug_of(&listed.name).is_some_and(|slug| slug == cluster.slug)
                || fold(&listed.name) == fold(&cluster.name))
    };
    let same_name = |other: &&&Listed| {
        other.id != one.id
            && (fold(&other.name) == fold(&one.name)
                || slug_of(&other.name).is_some_and(|slug| Some(slug) == slug_of(&one.name)))
    };
    if let Some(other) = fresh.iter().find(same_name) {
        return Err(format!(
            "Cast AI has another new cluster of this name, {}: declare each here with its id there, under short names of your own",
            other.id
        ));
    }
    let candidates: Vec<&Cluster> = known.iter().filter(|cluster| fits(one, cluster)).collect();
    match candidates.as_slice() {
        [] => {}
        [cluster] if !fresh.iter().any(|other| other.id != one.id && fits(other, cluster)) => {
            return Ok(Decided::Adopt(cluster));
        }
        [cluster] => {
            return Err(format!(
                "another new cluster there could be “{}” as well: give that one its id at Cast AI",
                cluster.slug
            ));
        }
        several => {
            let slugs: Vec<_> = several.iter().map(|cluster| format!("“{}”", cluster.slug)).collect();
            return Err(format!("{} could be it: give the right one its id at Cast AI", slugs.join(" and ")));
        }
    }
    let Some(slug) = slug_of(&one.name) else {
        return Err("no short name can be made of its name: declare it with one, and with its id at Cast AI".to_owned());
    };
    match known.iter().find(|cluster| fold(&cluster.slug) == slug) {
        None => Ok(Decided::Declare(slug)),
        Some(taken) => {
            let gone = if taken.gone_since.is_some() { ", which Cast AI lists no longer" } else { "" };
            Err(format!(
                "the short name “{slug}” is that of another cluster{gone}: declare this one under another, or give that one this id \
                 if it is the same"
            ))
        }
    }
}

/// The short name that a name makes: what is no letter or digit becomes a hyphen.
fn slug_of(name: &str) -> Option<String> {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(LONGEST_SLUG);
    let slug = slug.trim_end_matches('-');
    // A name in another script leaves nothing, or a number that says nothing.
    slug.bytes().any(|byte| byte.is_ascii_lowercase()).then(|| slug.to_owned())
}

#[cfg(test)]
mod tests;
