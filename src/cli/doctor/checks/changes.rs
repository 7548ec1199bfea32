//! PATCH of a user (RFC 7644 §3.5.2), every form that the RFC knows.

use crate::cli::doctor::{
    answer::{Answer, Held, hold},
    ask::Ask,
    rule::{Rule, rules},
    samples::{ENTERPRISE, USER, with},
    visit::{Visit, patch},
};
use serde_json::{Value, json};

rules! {
    ANSWER = Rule::rfc("patch-answer", "7644 §3.5.2",
        "PATCH answers 200 with the user, or 204 without a body.",
        "Okta and Entra take both and nothing else.",
        "Answer 200 with what is stored now, or 204.");
    REPLACE = Rule::rfc("patch-replace", "7644 §3.5.2.3",
        "replace of a path sets it.",
        "Entra sends one such operation for each attribute.",
        "Set what the path names.");
    PART = Rule::rfc("patch-sub-attribute", "7644 §3.5.2.3",
        "replace of name.givenName leaves the family name alone.",
        "People lose half of their name.",
        "Set the part, keep the others.");
    MERGE = Rule::rfc("patch-without-path", "7644 §3.5.2.3",
        "replace without path sets each attribute of its value.",
        "Okta and Entra's newer dialect send nothing else.",
        "Merge the value's attributes.");
    ADD = Rule::rfc("patch-add-appends", "7644 §3.5.2.1",
        "add to a list appends to it.",
        "The first address is lost when a second one comes.",
        "Append; replace only on replace.");
    ADD_TWICE = Rule::rfc("patch-add-is-idempotent", "7644 §3.5.2.1",
        "add of a value that is there already changes nothing.",
        "Clients repeat what they got no answer to, and the list grows.",
        "Compare before you append.");
    SELECT = Rule::rfc("patch-value-filter", "7644 §3.5.2.3",
        "replace of emails[type eq \"work\"].value changes that address alone.",
        "It is how Entra changes an e-mail address.",
        "Change what the brackets select.");
    SELECT_OUT = Rule::rfc("patch-remove-by-filter", "7644 §3.5.2.2",
        "remove of emails[type eq \"home\"] takes that one alone.",
        "All of somebody's addresses would go with one.",
        "Remove what the brackets select.");
    REMOVE = Rule::rfc("patch-remove", "7644 §3.5.2.2",
        "remove of a path clears it.",
        "What was taken from somebody at the provider stays here.",
        "Unassign what the path names.");
    REMOVE_NOTHING = Rule::rfc("patch-remove-without-path", "7644 §3.5.2.2",
        "remove without path is 400 with noTarget.",
        "It could mean everything.",
        "Refuse it.");
    PRIMARY = Rule::rfc("patch-primary", "7644 §3.5.2",
        "A new primary address makes the old one secondary.",
        "With two of them mail goes to the wrong one.",
        "Clear the mark on the others.");
    URN = Rule::rfc("patch-urn-path", "7644 §3.10",
        "A path may begin with the schema's URN.",
        "Entra qualifies every extension attribute so.",
        "Take the URN off, split at its last colon.");
    EXTENSION = Rule::rfc("patch-extension", "7644 §3.10",
        "The path of an extension attribute sets it.",
        "Entra sends department and employee number so.",
        "Resolve the URN to the extension's object.");
    ATOMIC = Rule::rfc("patch-is-atomic", "7644 §3.5.2",
        "Where one operation is refused, none is done.",
        "The provider takes the whole message for failed, and its idea of the user is wrong from then on.",
        "Apply to a copy, store at the end.");
    READ_ONLY = Rule::rfc("patch-read-only", "7644 §3.5.2",
        "replace of “id” is 400 with mutability.",
        "A client believes that it did something.",
        "Refuse what only the server writes.");
    UNKNOWN_OP = Rule::rfc("patch-unknown-op", "7644 §3.5.2",
        "An op that is none of the three is 400.",
        "A client believes that it did something.",
        "Refuse with invalidSyntax.");
    REQUIRED = Rule::rfc("patch-required", "7644 §3.5.2.2",
        "remove of userName is 400.",
        "A user without a name is found by nobody.",
        "Refuse with mutability.");
    BAD_PATH = Rule::rfc("patch-bad-path", "7644 §3.5.2",
        "A path that cannot be read is 400 with invalidPath.",
        "A client believes that it did something.",
        "Refuse what does not parse.");
    UNKNOWN_ID = Rule::rfc("patch-unknown-404", "7644 §3.5.2",
        "PATCH of an id that nobody has is 404.",
        "authentik and Entra create anew by it.",
        "Answer 404.");
    QUIET = Rule::rfc("patch-of-nothing-new", "7644 §3.5.2.1",
        "A PATCH that changes nothing leaves lastModified alone.",
        "Whoever syncs by lastModified reads everybody again, every time.",
        "Compare before you store.").advice();
}

pub(super) async fn check(visit: &mut Visit) {
    let more = json!({"title": "Engineer", "nickName": "D"});
    let Some((path, _)) = visit.somebody(&with(visit.person("dora"), &more)).await else { return };
    single(visit, &path).await;
    lists(visit, &path).await;
    refused(visit, &path).await;
    let gone = visit.send(Ask::patch("/Users/7c1e3fb0-53c9-4a57-8f2a-0d4f2c6b9e11", &patch(&title("x")))).await;
    visit.judge(&UNKNOWN_ID, &gone, gone.is(&[404]));
}

fn title(title: &str) -> Value {
    json!([{"op": "replace", "path": "title", "value": title}])
}

async fn single(visit: &mut Visit, path: &str) {
    let answer = visit.send(Ask::patch(path, &patch(&title("First")))).await;
    let body = match answer.status {
        200 => answer.says("/title", &json!("First")),
        204 => hold(answer.text.is_empty(), || "204 with a body".to_owned()),
        _ => Err(answer.told()),
    };
    visit.judge(&ANSWER, &answer, body);
    visit.change(&REPLACE, path, title("Second"), |now| now.says("/title", &json!("Second"))).await;
    let given = json!([{"op": "replace", "path": "name.givenName", "value": "Theodora"}]);
    visit
        .change(&PART, path, given, |now| {
            now.says("/name/givenName", &json!("Theodora"))?;
            now.says("/name/familyName", &json!("Castgate-Doctor"))
        })
        .await;
    let merge = json!([{"op": "replace", "value": {"title": "Third", "nickName": "Dodo"}}]);
    let merged = visit
        .change(&MERGE, path, merge.clone(), |now| {
            now.says("/title", &json!("Third"))?;
            now.says("/nickName", &json!("Dodo"))
        })
        .await;
    let before = merged.at("/meta/lastModified").clone();
    visit.change(&QUIET, path, merge, |now| now.says("/meta/lastModified", &before)).await;
    let remove = json!([{"op": "remove", "path": "nickName"}]);
    visit.change(&REMOVE, path, remove, |now| now.lacks("/nickName")).await;
    let qualified = json!([{"op": "replace", "path": format!("{USER}:displayName"), "value": "By URN"}]);
    visit.change(&URN, path, qualified, |now| now.says("/displayName", &json!("By URN"))).await;
    if visit.facts.enterprise {
        let department = json!([{"op": "add", "path": format!("{ENTERPRISE}:department"), "value": "Doctors"}]);
        visit
            .change(&EXTENSION, path, department, |now| {
                let found = &now.json[ENTERPRISE]["department"];
                hold(found == "Doctors", || format!("the department is {found}"))
            })
            .await;
    }
}

/// The addresses, in any order.
fn addresses(now: &Answer) -> Vec<&str> {
    let all = now.json["emails"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut values: Vec<&str> = all.iter().filter_map(|email| email["value"].as_str()).collect();
    values.sort_unstable();
    values
}

fn has(now: &Answer, mut wanted: Vec<&str>) -> Held {
    wanted.sort_unstable();
    hold(addresses(now) == wanted, || format!("the addresses are {}", addresses(now).join(", ")))
}

async fn lists(visit: &mut Visit, path: &str) {
    let (work, home, new) = (visit.user_name("dora"), visit.user_name("dora-home"), visit.user_name("dora-new"));
    let add = json!([{"op": "add", "path": "emails", "value": [{"value": home, "type": "home"}]}]);
    visit.change(&ADD, path, add.clone(), |now| has(now, vec![&work, &home])).await;
    visit.change(&ADD_TWICE, path, add, |now| has(now, vec![&work, &home])).await;
    let moved = json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": new}]);
    visit.change(&SELECT, path, moved, |now| has(now, vec![&new, &home])).await;
    let third = visit.user_name("dora-third");
    let primary =
        json!([{"op": "add", "path": "emails", "value": [{"value": third, "type": "other", "primary": true}]}]);
    visit
        .change(&PRIMARY, path, primary, |now| {
            let all = now.json["emails"].as_array().map(Vec::as_slice).unwrap_or_default();
            let marked: Vec<&str> = all
                .iter()
                .filter(|email| email["primary"] == true)
                .filter_map(|email| email["value"].as_str())
                .collect();
            hold(marked == [third.as_str()], || format!("primary are {}", marked.join(", ")))
        })
        .await;
    let out = json!([{"op": "remove", "path": "emails[type eq \"home\"]"}]);
    visit.change(&SELECT_OUT, path, out, |now| has(now, vec![&new, &third])).await;
}

async fn refused(visit: &mut Visit, path: &str) {
    visit.refuse(&REMOVE_NOTHING, path, json!([{"op": "remove"}]), &["noTarget"]).await;
    visit.refuse(&READ_ONLY, path, json!([{"op": "replace", "path": "id", "value": "x"}]), &["mutability"]).await;
    visit.refuse(&UNKNOWN_OP, path, json!([{"op": "move", "path": "title", "value": "x"}]), &[]).await;
    visit.refuse(&REQUIRED, path, json!([{"op": "remove", "path": "userName"}]), &[]).await;
    visit
        .refuse(
            &BAD_PATH,
            path,
            json!([{"op": "replace", "path": "emails[type eq", "value": "x"}]),
            &["invalidPath", "invalidFilter"],
        )
        .await;
    let before = visit.get(path).await;
    let half = json!([
        {"op": "replace", "path": "title", "value": "Half done"},
        {"op": "replace", "path": "id", "value": "x"},
    ]);
    let answer = visit.send(Ask::patch(path, &patch(&half))).await;
    let now = visit.get(path).await;
    let whole = hold(answer.succeeded() || now.at("/title") == before.at("/title"), || {
        format!("{} for the whole, and the first operation is done all the same", answer.status)
    });
    visit.judge(&ATOMIC, &answer, whole);
}
