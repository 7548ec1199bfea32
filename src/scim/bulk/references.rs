//! `bulkId:…` in the place of an id that is not known yet (RFC 7644 §3.7.2).

use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// What marks a reference.
pub(super) const MARK: &str = "bulkId:";

/// What may stand in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// An id, whole: a text that is a reference is nothing else.
    Id,
    /// A path or address with an id in it.
    Path,
    /// Neither; a text is a text, whatever it begins with.
    Object,
}

impl Place {
    /// The place under a key.
    pub(super) fn of_key(key: &str) -> Self {
        let name = key.rsplit([':', '.']).next().unwrap_or(key).to_ascii_lowercase();
        match name.as_str() {
            "value" | "manager" | "members" => Self::Id,
            "path" | "$ref" => Self::Path,
            _ => Self::Object,
        }
    }
}

/// Calls `found` with each bulkId that is referred to.
pub(super) fn each_reference(value: &Value, place: Place, found: &mut dyn FnMut(&str)) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => match place {
            Place::Id => text.strip_prefix(MARK).into_iter().for_each(found),
            Place::Path => in_path(text).into_iter().for_each(|(_, id)| found(id)),
            Place::Object => {}
        },
        Value::Array(list) => list.iter().for_each(|value| each_reference(value, place, found)),
        Value::Object(object) => {
            object.iter().for_each(|(key, value)| each_reference(value, Place::of_key(key), found));
        }
    }
}

/// Where in a path references begin, and the bulkId of each: up to the quote, slash or bracket that ends it.
fn in_path(text: &str) -> Vec<(usize, &str)> {
    let end = |rest: &str| rest.find(['"', '/', ']', ')', ' ', '?']).unwrap_or(rest.len());
    let id = |at: usize| text.get(at + MARK.len()..).map(|rest| (at, rest.get(..end(rest)).unwrap_or(rest)));
    text.match_indices(MARK).filter_map(|(at, _)| id(at)).collect()
}

/// A path with ids in the places of the references that `known` knows.
pub(super) fn substitute_text(text: &str, known: &dyn Fn(&str) -> Option<String>) -> String {
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for (at, bulk_id) in in_path(text) {
        if let (Some(id), Some(before)) = (known(bulk_id), text.get(from..at)) {
            out.push_str(before);
            out.push_str(&id);
            from = at + MARK.len() + bulk_id.len();
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// The same value with ids; and whether something was left out because it refers to one of `without`. An object goes with
/// the id in it: a member is no member without one.
pub(super) fn substitute(
    value: &Value,
    place: Place,
    made: &HashMap<String, String>,
    without: &BTreeSet<String>,
) -> (Option<Value>, bool) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => (Some(value.clone()), false),
        Value::String(text) => {
            let mut is_missing = false;
            each_reference(value, place, &mut |id| is_missing |= without.contains(id));
            if is_missing {
                return (None, true);
            }
            let text = match (place, text.strip_prefix(MARK)) {
                (Place::Id, Some(bulk_id)) => made.get(bulk_id).unwrap_or(text).clone(),
                (Place::Path, _) => substitute_text(text, &|bulk_id| made.get(bulk_id).cloned()),
                (Place::Id, None) | (Place::Object, _) => text.clone(),
            };
            (Some(Value::String(text)), false)
        }
        Value::Array(list) => {
            let mut left_out = false;
            let kept = list.iter().filter_map(|element| {
                let (element, missing) = substitute(element, place, made, without);
                left_out |= missing;
                element
            });
            let kept = kept.collect();
            (Some(Value::Array(kept)), left_out)
        }
        Value::Object(object) => {
            let (mut kept, mut left_out) = (Map::new(), false);
            for (key, value) in object {
                let (new, missing) = substitute(value, Place::of_key(key), made, without);
                left_out |= missing;
                match new {
                    Some(new) => drop(kept.insert(key.clone(), new)),
                    None if value.is_string() => return (None, true),
                    None => {}
                }
            }
            let is_hollow = left_out && kept.is_empty();
            (Some(Value::Object(kept)).filter(|_| !is_hollow), left_out)
        }
    }
}
