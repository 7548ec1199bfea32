//! What came back, and what can be said of it. Pure: a sentence for what is wrong, nothing for what is right.

use http::HeaderMap;
use serde_json::Value;
use std::collections::BTreeSet;

/// The most letters of a stranger's text that a report repeats.
const SHOWN: usize = 240;

/// Whether an expectation held; the sentence says what came instead.
pub(super) type Held = Result<(), String>;

/// One request and its answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    /// The request, for people.
    pub(super) asked: String,
    /// The status; 0 where no answer came.
    pub(super) status: u16,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// The body, if it is JSON; else null.
    pub(super) json: Value,
    /// The body.
    pub(super) text: String,
    /// How long it took.
    pub(super) milliseconds: u128,
}

impl Answer {
    /// 2xx.
    pub(super) fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's value; empty where there is none.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The resource's id.
    pub(super) fn id(&self) -> Option<String> {
        self.json["id"].as_str().filter(|id| self.succeeded() && !id.is_empty()).map(str::to_owned)
    }

    /// What is at a JSON pointer; null where nothing is.
    pub(super) fn at(&self, pointer: &str) -> &Value {
        self.json.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// A sentence about the whole of it.
    pub(super) fn told(&self) -> String {
        match (self.status, self.text.trim()) {
            (0, reason) => format!("no answer: {reason}"),
            (status, "") => format!("{status} without a body"),
            (status, text) => format!("{status} {}", short(text)),
        }
    }

    /// It has one of these statuses.
    pub(super) fn is(&self, statuses: &[u16]) -> Held {
        if statuses.contains(&self.status) { Ok(()) } else { Err(self.told()) }
    }

    /// It is 2xx.
    pub(super) fn is_fine(&self) -> Held {
        if self.succeeded() { Ok(()) } else { Err(self.told()) }
    }

    /// At this JSON pointer it says this.
    pub(super) fn says(&self, pointer: &str, wanted: &Value) -> Held {
        let found = self.at(pointer);
        if found == wanted {
            return Ok(());
        }
        Err(format!("{} has {} at {pointer}, not {}", self.status, seen(found), seen(wanted)))
    }

    /// At this JSON pointer it says anything but null.
    pub(super) fn has(&self, pointer: &str) -> Held {
        if self.at(pointer).is_null() {
            return Err(format!("{} has nothing at {pointer}: {}", self.status, short(&self.text)));
        }
        Ok(())
    }

    /// At this JSON pointer it says nothing.
    pub(super) fn lacks(&self, pointer: &str) -> Held {
        match self.at(pointer) {
            Value::Null => Ok(()),
            found => Err(format!("{} still has {} at {pointer}", self.status, seen(found))),
        }
    }

    /// It is a refusal with this status and, if any are given, one of these keywords.
    pub(super) fn refuses(&self, status: u16, keywords: &[&str]) -> Held {
        self.is(&[status])?;
        let keyword = self.json["scimType"].as_str().unwrap_or_default();
        if keywords.is_empty() || keywords.contains(&keyword) {
            return Ok(());
        }
        let found = if keyword.is_empty() { "no scimType".to_owned() } else { format!("the scimType {keyword}") };
        Err(format!("{status} with {found}, not {}", keywords.join(" or ")))
    }

    /// The resources of a list.
    pub(super) fn resources(&self) -> &[Value] {
        self.json["Resources"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// The ids of a list's resources, in their order.
    pub(super) fn ids(&self) -> Vec<&str> {
        self.resources().iter().filter_map(|resource| resource["id"].as_str()).collect()
    }

    /// It is a list of exactly these, in any order, and counts them.
    pub(super) fn lists(&self, wanted: &[&str]) -> Held {
        self.is(&[200])?;
        let (found, all) = (self.ids(), self.resources().len());
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
        if set(&found) != set(wanted) || all != wanted.len() {
            let missing = wanted.iter().filter(|id| !found.contains(id)).count();
            let strangers = all.saturating_sub(wanted.len() - missing);
            return Err(format!(
                "a list of {all}: {missing} of the {} expected are missing, and {strangers} are there that should not be",
                wanted.len()
            ));
        }
        match self.json["totalResults"].as_u64() {
            Some(total) if total == wanted.len() as u64 => Ok(()),
            _ => Err(format!("totalResults is {} in a list of {}", seen(&self.json["totalResults"]), wanted.len())),
        }
    }

    /// The ids of a group's members, as it is answered, are these; each once.
    pub(super) fn has_members(&self, wanted: &[&str]) -> Held {
        let listed = self.json["members"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<&str> = listed.iter().filter_map(|member| member["value"].as_str()).collect();
        let mut wanted = wanted.to_vec();
        found.sort_unstable();
        wanted.sort_unstable();
        if found == wanted {
            return Ok(());
        }
        let missing = wanted.iter().filter(|id| !found.contains(id)).count();
        Err(format!(
            "the group then has {} members where {} were expected; {missing} are missing",
            found.len(),
            wanted.len()
        ))
    }
}

/// A condition, and what came instead where it does not hold.
pub(super) fn hold(condition: bool, came: impl FnOnce() -> String) -> Held {
    if condition { Ok(()) } else { Err(came()) }
}

/// A value, cut to what a line can carry.
pub(super) fn seen(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        other => short(&other.to_string()),
    }
}

/// A text in one line, cut.
pub(super) fn short(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(SHOWN) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(status: u16, json: Value) -> Answer {
        Answer { status, text: json.to_string(), json, ..Answer::default() }
    }

    #[test]
    fn a_list_has_exactly_who_was_expected() {
        let list = |ids: &[&str], total: Value| {
            let resources: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
            answer(200, json!({"totalResults": total, "Resources": resources}))
        };
        assert_eq!(list(&["a", "b"], json!(2)).lists(&["b", "a"]), Ok(()));
        assert_eq!(list(&[], json!(0)).lists(&[]), Ok(()));
        insta::assert_snapshot!(list(&["a", "x"], json!(2)).lists(&["a", "b"]).unwrap_err(), @"a list of 2: 1 of the 2 expected are missing, and 1 are there that should not be");
        insta::assert_snapshot!(list(&["a"], json!("1")).lists(&["a"]).unwrap_err(), @r#"totalResults is "1" in a list of 1"#);
        assert!(list(&["a", "a"], json!(1)).lists(&["a"]).is_err(), "twice is once too often");
        assert!(answer(404, json!({})).lists(&[]).is_err());
    }

    #[test]
    fn a_refusal_has_its_keyword() {
        let refusal = answer(400, json!({"scimType": "invalidFilter"}));
        assert_eq!(refusal.refuses(400, &["invalidFilter"]), Ok(()));
        assert_eq!(refusal.refuses(400, &[]), Ok(()));
        insta::assert_snapshot!(refusal.refuses(400, &["noTarget", "invalidPath"]).unwrap_err(), @"400 with the scimType invalidFilter, not noTarget or invalidPath");
        assert!(answer(200, json!({})).refuses(400, &[]).is_err());
    }

    #[test]
    fn members_are_counted_each_once() {
        let group = |ids: &[&str]| {
            answer(200, json!({"members": ids.iter().map(|id| json!({"value": id})).collect::<Vec<_>>()}))
        };
        assert_eq!(group(&["b", "a"]).has_members(&["a", "b"]), Ok(()));
        assert!(group(&["a", "a"]).has_members(&["a"]).is_err());
        assert_eq!(answer(200, json!({})).has_members(&[]), Ok(()));
    }

    #[test]
    fn a_long_answer_is_cut_between_letters() {
        let long = answer(200, json!("ü".repeat(1_000)));
        assert!(long.told().chars().count() < 260 && long.told().ends_with('…'));
        assert_eq!(Answer { text: "refused".to_owned(), ..Answer::default() }.told(), "no answer: refused");
    }
}
