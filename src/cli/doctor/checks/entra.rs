//! PATCH of a user as Entra's default job sends it, whatever the RFC says.

use crate::cli::doctor::{
    answer::{Answer, hold},
    ask::Ask,
    rule::{Rule, rules},
    samples::ENTERPRISE,
    visit::Visit,
};
use serde_json::json;

rules! {
    OFF = Rule::habit("entra-false-as-text", "Entra's default job",
        "Replace of “active” with the text \"False\" makes a user inactive.",
        "Every offboarding fails, and nobody sees it but in Entra's log.",
        "Take True and False in any case as booleans.");
    ON = Rule::habit("entra-add-active", "Entra's default job",
        "Add of “active” with the text \"True\" makes a user active.",
        "Who comes back stays locked out.",
        "Take op in any case, and add on a single value as replace.");
    MAKE = Rule::habit("entra-add-by-filter", "Entra's default job",
        "Add of phoneNumbers[type eq \"mobile\"].value makes the number where there is none.",
        "Every attribute of a list that a user lacks fails the whole message.",
        "Make {type: mobile, value: …} of what the brackets say.");
    MAKE_TWICE = Rule::habit("entra-add-by-filter-again", "Entra's default job",
        "A second such Add meets the same value, and makes no second one.",
        "The address grows with every cycle.",
        "Select before you make.");
    DOTTED = Rule::habit("entra-dotted-keys", "Entra with aadOptscim062020",
        "Keys such as name.givenName in a value without path are paths.",
        "Names arrive nowhere, and the answer says that they did.",
        "Resolve keys with dots and URNs as paths.");
    MANAGER = Rule::habit("entra-manager-as-text", "Entra's default job",
        "The manager may come as a bare id.",
        "Microsoft's validator asks for it.",
        "Take a text for manager as its value.");
    MANAGER_OUT = Rule::habit("entra-manager-removed", "Entra's default job",
        "remove of the manager clears it.",
        "Microsoft's validator asks for it.",
        "Unassign the complex attribute.");
    ROLE = Rule::habit("entra-role-by-filter", "Entra's SingleAppRoleAssignment",
        "Add of roles[primary eq \"True\"].value makes a primary role.",
        "Roles that are assigned in Entra arrive nowhere.",
        "Compare the text \"True\" with the boolean.");
    BY_ID = Rule::habit("entra-id-filter", "Entra",
        "id eq \"…\" with attributes=id finds somebody by their id.",
        "Entra checks references so before it sets a manager.",
        "Let id be compared like any attribute.");
    BARE = Rule::habit("entra-unquoted-literal", "Entra's documentation",
        "A filter's text may come without quotation marks.",
        "Microsoft's documentation shows externalId eq jyoung; tools copied it.",
        "Take a bare word as a text.").advice();
}

pub(super) async fn check(visit: &mut Visit) {
    let body = visit.person("erin");
    let Some((path, id)) = visit.somebody(&body).await else { return };
    let off = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    visit.change(&OFF, &path, off, |now| now.says("/active", &json!(false))).await;
    let on = json!([{"op": "Add", "path": "active", "value": "True"}]);
    visit.change(&ON, &path, on, |now| now.says("/active", &json!(true))).await;
    numbers(visit, &path).await;
    let mut dotted = json!({"displayName": "Erin of Entra", "name.givenName": "Erin", "name.familyName": "Entra"});
    if visit.facts.enterprise {
        dotted[format!("{ENTERPRISE}:employeeNumber")] = json!("Aklq");
    }
    let enterprise = visit.facts.enterprise;
    visit
        .change(&DOTTED, &path, json!([{"op": "replace", "value": dotted}]), |now| {
            now.says("/displayName", &json!("Erin of Entra"))?;
            now.says("/name/givenName", &json!("Erin"))?;
            let number = &now.json[ENTERPRISE]["employeeNumber"];
            hold(!enterprise || number == "Aklq", || format!("the employee number is {number}"))
        })
        .await;
    let role = json!([{"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "Viewer"}]);
    visit
        .change(&ROLE, &path, role, |now| {
            now.says("/roles/0/value", &json!("Viewer"))?;
            now.says("/roles/0/primary", &json!(true))
        })
        .await;
    if enterprise {
        manager(visit, &path, &id).await;
    }
    let ask = Ask::get("/Users").with("filter", format!("id eq \"{id}\"")).with("attributes", "id");
    let found = visit.send(ask).await;
    visit.judge(&BY_ID, &found, found.lists(&[&id]));
    let bare = visit.find("/Users", format!("externalId eq {}-erin", visit.tag)).await;
    visit.judge(&BARE, &bare, bare.lists(&[&id]));
}

async fn numbers(visit: &mut Visit, path: &str) {
    let number = |value: &str| json!([{"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": value}]);
    let only = |value: &'static str| {
        move |now: &Answer| {
            let all = now.json["phoneNumbers"].as_array().cloned().unwrap_or_default();
            let right = all.len() == 1 && all.iter().all(|one| one["value"] == value && one["type"] == "mobile");
            hold(right, || format!("the numbers are {}", serde_json::Value::Array(all)))
        }
    };
    visit.change(&MAKE, path, number("+1 555 0100"), only("+1 555 0100")).await;
    visit.change(&MAKE_TWICE, path, number("+1 555 0101"), only("+1 555 0101")).await;
}

async fn manager(visit: &mut Visit, path: &str, id: &str) {
    let at = format!("{ENTERPRISE}:manager");
    let set = json!([{"op": "Add", "path": at, "value": id}]);
    visit
        .change(&MANAGER, path, set, |now| {
            let found = &now.json[ENTERPRISE]["manager"]["value"];
            hold(found == id, || format!("the manager is {found}"))
        })
        .await;
    visit
        .change(&MANAGER_OUT, path, json!([{"op": "Remove", "path": at}]), |now| {
            let found = &now.json[ENTERPRISE]["manager"];
            hold(found.is_null(), || format!("the manager is {found}"))
        })
        .await;
}
