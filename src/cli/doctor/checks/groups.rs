//! Groups themselves: made, named, found, deleted.

use crate::cli::doctor::{
    answer::hold,
    ask::Ask,
    rule::{Rule, rules},
    samples::{GROUP, with},
    visit::Visit,
};
use serde_json::json;

rules! {
    CREATED = Rule::rfc("group-create-201", "7644 §3.3",
        "POST answers 201 with the whole new group.",
        "No provider can push a group.",
        "Answer 201 with what is stored now, id included.");
    STRANGE_SCHEMA = Rule::habit("group-with-unknown-schema", "Entra",
        "A schema URN that the server does not know does no harm.",
        "Entra creates each group with one of Microsoft's own.",
        "Ignore URNs that you do not know.");
    FOUND = Rule::rfc("group-by-name", "7644 §3.4.2.2",
        "displayName eq finds the group, and no other.",
        "authentik and Entra look for a group so before they make it.",
        "Compare the whole name.");
    WITHOUT = Rule::rfc("group-without-members", "7644 §3.4.2.5",
        "excludedAttributes=members leaves the members out.",
        "Entra asks so for every group; thousands of members come for nothing.",
        "Obey it, in the statement too.");
    WITH = Rule::rfc("group-with-members", "7644 §3.4.2",
        "A group that is read has its members.",
        "Clients that compare push all of them again, every time.",
        "Answer members unless they are excluded.");
    RENAMED = Rule::habit("group-renamed", "Okta",
        "A rename without path, with the id inside its value, changes the name and no member.",
        "Okta sends it with every change of members.",
        "Ignore the id, and leave members alone.");
    RENAMED_PATH = Rule::rfc("group-renamed-by-path", "7644 §3.5.2.3",
        "replace of displayName changes the name.",
        "Entra renames so.",
        "Set what the path names.");
    CLEARED = Rule::habit("group-external-id-null", "Rauthy",
        "A null for externalId in a value without path clears it.",
        "Rauthy unlinks a group so.",
        "Take null as unassigned.");
    IN_USER = Rule::rfc("groups-of-a-user", "7643 §4.1.2",
        "A user's “groups” names the groups that they are in.",
        "Rauthy compares it, and Okta imports it.",
        "Answer it from the memberships.").advice();
    PUT_USER = Rule::habit("put-user-keeps-groups", "Okta",
        "A user's PUT with groups [] takes them out of no group.",
        "Okta sends it with every change of a profile: everybody would lose their access.",
        "groups is readOnly: ignore it.");
    DELETED = Rule::rfc("group-delete", "7644 §3.6",
        "DELETE answers 204; then the group is 404 and its members are still there.",
        "A group that was unlinked must take nobody with it.",
        "Delete the group and its memberships alone.");
}

pub(super) async fn check(visit: &mut Visit) {
    let body = visit.person("frank");
    let Some((user, id)) = visit.somebody(&body).await else { return };
    let made = visit.make("/Groups", &visit.group("staff", &[&id])).await;
    let name = json!(visit.group_name("staff"));
    let whole = made.is(&[201]).and_then(|()| made.says("/displayName", &name)).and_then(|()| made.has("/id"));
    visit.judge(&CREATED, &made, whole);
    let Some(group) = made.id() else { return visit.leave("no group could be created") };
    let path = format!("/Groups/{group}");
    strange(visit).await;

    let found = visit.find("/Groups", format!("displayName eq \"{}\"", visit.group_name("staff"))).await;
    visit.judge(&FOUND, &found, found.lists(&[&group]));
    let without = visit.send(Ask::get(&path).with("excludedAttributes", "members")).await;
    visit.judge(&WITHOUT, &without, without.is(&[200]).and_then(|()| without.lacks("/members")));
    let whole = visit.get(&path).await;
    visit.judge(&WITH, &whole, whole.is(&[200]).and_then(|()| whole.has_members(&[&id])));
    let read = visit.get(&user).await;
    visit.judge(&IN_USER, &read, read.says("/groups/0/value", &json!(group)));

    let put = visit.send(Ask::put(&user, &with(visit.person("frank"), &json!({"groups": []})))).await;
    let now = visit.get(&path).await;
    visit.judge(&PUT_USER, &put, put.is_fine().and_then(|()| now.has_members(&[&id])));

    rename(visit, &path, &group, &id).await;
    let gone = visit.send(Ask::delete(&path)).await;
    let (read, member) = (visit.get(&path).await, visit.get(&user).await);
    let held = gone.is(&[204]).and_then(|()| read.is(&[404])).and_then(|()| member.is(&[200]));
    visit.judge(&DELETED, &gone, held);
}

async fn strange(visit: &mut Visit) {
    let body = json!({
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": format!("{}-strange", visit.tag),
        "displayName": visit.group_name("strange"),
        "meta": {"resourceType": "Group"},
    });
    let made = visit.make("/Groups", &body).await;
    visit.judge(&STRANGE_SCHEMA, &made, made.is(&[201]));
    if let Some(id) = made.id() {
        let unlink =
            json!([{"op": "replace", "value": {"displayName": visit.group_name("strange"), "externalId": null}}]);
        visit.change(&CLEARED, &format!("/Groups/{id}"), unlink, |now| now.lacks("/externalId")).await;
    }
}

async fn rename(visit: &mut Visit, path: &str, group: &str, member: &str) {
    let new = visit.group_name("renamed");
    let okta = json!([{"op": "replace", "value": {"id": group, "displayName": new}}]);
    visit
        .change(&RENAMED, path, okta, |now| {
            now.says("/displayName", &json!(new))?;
            hold(now.json["id"] == group, || format!("the id is {}", now.json["id"]))?;
            now.has_members(&[member])
        })
        .await;
    let again = visit.group_name("renamed-again");
    let entra = json!([{"op": "Replace", "path": "displayName", "value": again}]);
    visit.change(&RENAMED_PATH, path, entra, |now| now.says("/displayName", &json!(again))).await;
}
