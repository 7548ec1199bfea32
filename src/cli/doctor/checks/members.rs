//! Who is in a group: where a mistake takes access from many at once.

use crate::cli::doctor::{
    answer::hold,
    ask::Ask,
    rule::{Rule, rules},
    visit::{Visit, patch},
};
use serde_json::{Value, json};

rules! {
    ADD = Rule::rfc("members-add", "7644 §3.5.2.1",
        "add of members adds them to who is there.",
        "A group loses everybody when one person joins.",
        "Append.");
    ADD_TWICE = Rule::rfc("members-add-is-idempotent", "7644 §3.5.2.1",
        "Adding who is in already changes nothing.",
        "Members double with every repetition.",
        "Hold a membership unique.");
    REMOVE_VALUE = Rule::habit("members-remove-by-value", "Entra, authentik, Rauthy and JumpCloud",
        "remove of “members” with a value removes only those that it lists.",
        "Read by the letter of RFC 7644 §3.5.2.2 it empties the group: one person leaves, and all lose their access.",
        "With a value, remove what it lists; without one, remove all.");
    REMOVE_FILTER = Rule::rfc("members-remove-by-filter", "7644 §3.5.2.2",
        "remove of members[value eq \"…\"] removes that one alone.",
        "Okta takes people out of groups so.",
        "Remove what the brackets select.");
    REMOVE_ABSENT = Rule::habit("members-remove-absent", "Entra and Okta",
        "Removing who is not in the group is no error.",
        "Clients repeat what they got no answer to; a refusal stops the whole message.",
        "Answer as if it had been done.");
    REPLACE = Rule::rfc("members-replace", "7644 §3.5.2.3",
        "replace of “members” leaves exactly those that it lists.",
        "Okta's full push sets a group right by it.",
        "Replace the list.");
    REPLACE_NONE = Rule::habit("members-replace-by-none", "Okta",
        "replace of “members” by [] empties the group.",
        "It is Okta's “Push now” of an empty group; people keep what they should lose.",
        "Take an empty list at its word here.");
    REMOVE_ALL = Rule::rfc("members-remove-all", "7644 §3.5.2.2",
        "remove of “members” without a value empties the group.",
        "People keep what they should lose.",
        "Unassign the whole attribute.");
    PUT = Rule::rfc("members-put", "7644 §3.5.1",
        "PUT leaves exactly the members that it lists.",
        "Okta's wizard apps and Canaille change members so.",
        "Replace the list.");
    MANY = Rule::habit("members-many-operations", "authentik, and what IPSIE demands",
        "A PATCH of 60 operations, one for each member, is done.",
        "authentik sends one operation for each member, up to bulk.maxOperations in one message.",
        "Take as many operations as a body can hold.");
    UNKNOWN = Rule::habit("members-unknown", "Okta and Entra",
        "A member whom nobody knows does not fail the others.",
        "Okta does not repeat a refused push: the whole group is lost for one person who comes later.",
        "Add those who are known, and keep the other until they come.");
    INACTIVE = Rule::habit("members-inactive-stay", "Entra",
        "Who is made inactive stays a member.",
        "Entra brings somebody back without their groups: they would be in none.",
        "Keep memberships of inactive people, without effect.").advice();
    DELETED = Rule::rfc("members-deleted-go", "7644 §3.6",
        "Who is deleted is no member any more.",
        "A client that compares finds a member that it cannot read.",
        "End the memberships of who is deleted.").advice();
    FIND = Rule::rfc("members-filter", "7644 §3.4.2.2",
        "members[value eq \"…\"] or members eq finds the groups that somebody is in.",
        "IPSIE demands it; a client asks so before it takes somebody out.",
        "Let filters look into members.").advice();
}

pub(super) async fn check(visit: &mut Visit) {
    let mut people = Vec::new();
    for who in ["gina", "hugo", "iris"] {
        let body = visit.person(who);
        let Some((_, id)) = visit.somebody(&body).await else { return };
        people.push(id);
    }
    let Some(group) = visit.make("/Groups", &visit.group("team", &[])).await.id() else {
        return visit.leave("no group could be created");
    };
    let [gina, hugo, iris] = people.as_slice() else { return };
    let path = format!("/Groups/{group}");
    let all = [gina.as_str(), hugo.as_str(), iris.as_str()];
    changed(visit, &path, all).await;
    pushed(visit, &path, all).await;
    people_change(visit, &path, all).await;
}

fn values(ids: &[&str]) -> Value {
    ids.iter().map(|id| json!({"value": id})).collect()
}

fn add(ids: &[&str]) -> Value {
    json!([{"op": "add", "path": "members", "value": values(ids)}])
}

async fn changed(visit: &mut Visit, path: &str, [gina, hugo, iris]: [&str; 3]) {
    visit.change(&ADD, path, add(&[gina]), |now| now.has_members(&[gina])).await;
    visit.change(&ADD, path, add(&[hugo, iris]), |now| now.has_members(&[gina, hugo, iris])).await;
    visit.change(&ADD_TWICE, path, add(&[hugo]), |now| now.has_members(&[gina, hugo, iris])).await;
    let entra = json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": iris}]}]);
    visit.change(&REMOVE_VALUE, path, entra, |now| now.has_members(&[gina, hugo])).await;
    set(visit, path, &[gina, hugo, iris]).await;
    let okta = json!([{"op": "remove", "path": format!("members[value eq \"{hugo}\"]")}]);
    visit.change(&REMOVE_FILTER, path, okta.clone(), |now| now.has_members(&[gina, iris])).await;
    let absent = visit.send(Ask::patch(path, &patch(&okta))).await;
    visit.judge(&REMOVE_ABSENT, &absent, absent.is_fine());
    let entra = json!([{"op": "Remove", "path": "members", "value": [{"value": hugo}]}]);
    visit.change(&REMOVE_ABSENT, path, entra, |now| now.has_members(&[gina, iris])).await;
    let found = visit.find("/Groups", format!("members[value eq \"{iris}\"]")).await;
    let id = path.trim_start_matches("/Groups/");
    visit.judge(&FIND, &found, found.lists(&[id]));
    visit.change(&REMOVE_ALL, path, json!([{"op": "remove", "path": "members"}]), |now| now.has_members(&[])).await;
}

/// Brings the group into a known state, whatever a fault before left there.
async fn set(visit: &mut Visit, path: &str, members: &[&str]) {
    let replace = json!([{"op": "replace", "path": "members", "value": values(members)}]);
    visit.send(Ask::patch(path, &patch(&replace))).await;
}

async fn pushed(visit: &mut Visit, path: &str, [gina, hugo, iris]: [&str; 3]) {
    let replace = |ids: &[&str]| json!([{"op": "replace", "path": "members", "value": values(ids)}]);
    visit.change(&REPLACE, path, replace(&[gina, hugo]), |now| now.has_members(&[gina, hugo])).await;
    visit.change(&REPLACE, path, replace(&[iris]), |now| now.has_members(&[iris])).await;
    visit.change(&REPLACE_NONE, path, replace(&[]), |now| now.has_members(&[])).await;
    let put = visit.send(Ask::put(path, &visit.group("team", &[gina, iris]))).await;
    visit.see(&PUT, path, &put, |now| now.has_members(&[gina, iris])).await;
    let one_each = |ids: &[&str]| json!({"op": "add", "path": "members", "value": values(ids)});
    let many: Vec<Value> = [gina, hugo, iris].iter().cycle().take(60).map(|id| one_each(&[id])).collect();
    visit.change(&MANY, path, json!(many), |now| now.has_members(&[gina, hugo, iris])).await;
    set(visit, path, &[gina]).await;
    let unknown = format!("castgate-doctor-{}", visit.tag);
    visit
        .change(&UNKNOWN, path, add(&[hugo, &unknown]), |now| {
            let listed = now.json["members"].as_array().map(Vec::as_slice).unwrap_or_default();
            let both = [gina, hugo].iter().all(|id| listed.iter().any(|member| member["value"] == *id));
            hold(both, || format!("the members are {}", now.json["members"]))
        })
        .await;
}

async fn people_change(visit: &mut Visit, path: &str, [gina, hugo, _]: [&str; 3]) {
    set(visit, path, &[gina, hugo]).await;
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    let answer = visit.send(Ask::patch(format!("/Users/{gina}"), &patch(&off))).await;
    visit.see(&INACTIVE, path, &answer, |now| now.has_members(&[gina, hugo])).await;
    let gone = visit.send(Ask::delete(format!("/Users/{hugo}"))).await;
    visit.see(&DELETED, path, &gone, |now| now.has_members(&[gina])).await;
}
