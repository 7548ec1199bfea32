//! What every answer is held to, whatever was asked.

use super::{
    answer::{Answer, Held, hold, short},
    ask::Ask,
    rule::{Rule, rules},
};

rules! {
    NO_FAILURE = Rule::rfc("no-5xx", "9110 §15.6",
        "No request makes the server fail.",
        "Entra and Okta send a failed request again and again, and after enough of them they stop all provisioning.",
        "Look into the server's log for this request; answer what it refuses with 4xx.");
    CONTENT_TYPE = Rule::rfc("content-type", "7644 §8.1",
        "Answers with a body are application/scim+json.",
        "Entra expects it, and typed clients read nothing else.",
        "Send Content-Type: application/scim+json with every body, errors included.");
    ERRORS = Rule::rfc("errors-are-scim", "7644 §3.12",
        "Every refusal has a body with the Error schema and its status as a text.",
        "Okta's submission test asks for it, and an admin at the provider sees nothing else of what went wrong.",
        "Answer {\"schemas\": [\"urn:ietf:params:scim:api:messages:2.0:Error\"], \"status\": \"404\", \"detail\": …}, on unknown paths and 401 too.");
    DETAIL = Rule::rfc("errors-have-detail", "7644 §3.12",
        "Every refusal says in “detail” what is wrong.",
        "The provider's log shows it to the admin; without it nobody can help themselves.",
        "Say what was wrong, where, and what to do.").advice();
    INTERNALS = Rule::habit("errors-tell-no-internals", "any provider",
        "No refusal shows a stack trace or SQL.",
        "It ends in the logs of somebody else's cloud.",
        "Log it on the server, under a number that the answer names.");
    LISTS = Rule::rfc("lists-are-whole", "7644 §3.4.2",
        "A list has the ListResponse schema and its numbers as numbers.",
        "Okta refuses numbers written as texts; typed clients (Rauthy, SailPoint) stop at a missing one.",
        "Answer schemas, totalResults, startIndex, itemsPerPage and Resources in every list, an empty one too.");
}

/// Which of these an answer fell under, and whether it held.
pub(super) fn judged(ask: &Ask, answer: &Answer) -> Vec<(&'static Rule, Held)> {
    if answer.status == 0 {
        return vec![(&NO_FAILURE, Err(answer.told()))];
    }
    // 501 says openly that something is not offered.
    let mut all: Vec<(&'static Rule, Held)> =
        vec![(&NO_FAILURE, hold(answer.status < 500 || answer.status == 501, || answer.told()))];
    if !answer.text.is_empty() {
        let kind = answer.header("content-type");
        let is_scim =
            kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/scim+json"));
        all.push((&CONTENT_TYPE, hold(is_scim, || format!("{} as {kind:?}", answer.status))));
    }
    if answer.status >= 400 && ask.method != "HEAD" {
        all.push((&ERRORS, is_scim_error(answer)));
        let detail = answer.json["detail"].as_str().is_some_and(|detail| !detail.trim().is_empty());
        all.push((&DETAIL, hold(detail, || answer.told())));
        let internals =
            ["Traceback (most", "\tat ", "SQLSTATE", "panicked at", "Exception in thread", ".java:", "SELECT "];
        let shown = internals.iter().find(|sign| answer.text.contains(**sign));
        all.push((&INTERNALS, hold(shown.is_none(), || format!("{} {}", answer.status, short(&answer.text)))));
    }
    if answer.status == 200 && !answer.json["Resources"].is_null() || !answer.json["totalResults"].is_null() {
        all.push((&LISTS, is_list(answer)));
    }
    all
}

fn is_scim_error(answer: &Answer) -> Held {
    let named = answer.json["schemas"]
        .as_array()
        .is_some_and(|all| all.iter().any(|one| one == "urn:ietf:params:scim:api:messages:2.0:Error"));
    let status = answer.json["status"].as_str() == Some(answer.status.to_string().as_str());
    hold(named && status, || answer.told())
}

fn is_list(answer: &Answer) -> Held {
    let named = answer.json["schemas"]
        .as_array()
        .is_some_and(|all| all.iter().any(|one| one == "urn:ietf:params:scim:api:messages:2.0:ListResponse"));
    hold(named, || format!("schemas is {}", answer.json["schemas"]))?;
    hold(answer.json["totalResults"].is_u64(), || format!("totalResults is {}", answer.json["totalResults"]))?;
    for name in ["startIndex", "itemsPerPage"] {
        let value = &answer.json[name];
        hold(value.is_null() || value.is_u64(), || format!("{name} is {value}"))?;
    }
    hold(answer.json["Resources"].is_array(), || "there is no list “Resources”".to_owned())?;
    let (said, there) = (answer.json["itemsPerPage"].as_u64(), answer.resources().len() as u64);
    hold(said.is_none_or(|said| said == there), || format!("itemsPerPage is {said:?} on a page of {there}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn broken(status: u16, content_type: &str, json: &serde_json::Value) -> Vec<&'static str> {
        let mut answer = Answer { status, text: json.to_string(), json: json.clone(), ..Answer::default() };
        answer.headers.insert("content-type", content_type.parse().unwrap());
        judged(&Ask::get("/x"), &answer)
            .into_iter()
            .filter(|(_, held)| held.is_err())
            .map(|(rule, _)| rule.name)
            .collect()
    }

    #[test]
    fn each_of_them_is_broken_alone() {
        let scim = "application/scim+json; charset=utf-8";
        let error =
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404", "detail": "gone"});
        assert!(broken(404, scim, &error).is_empty());
        assert_eq!(broken(404, "text/html", &error), ["content-type"]);
        assert_eq!(broken(400, scim, &error), ["errors-are-scim"]);
        let bare = json!({"schemas": error["schemas"], "status": "503", "detail": ""});
        assert_eq!(broken(503, scim, &bare), ["no-5xx", "errors-have-detail"]);
        let list = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": "1", "Resources": []});
        assert_eq!(broken(200, scim, &list), ["lists-are-whole"]);
    }
}
