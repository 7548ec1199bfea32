//! Coming and going: replaced, made inactive, brought back, deleted.

use crate::cli::doctor::{
    answer::{Answer, hold},
    ask::Ask,
    rule::{Rule, rules},
    samples::with,
    visit::{Visit, patch},
};
use serde_json::json;

rules! {
    REPLACED = Rule::rfc("put-replaces", "7644 §3.5.1",
        "PUT answers 200 and stores what it says.",
        "Okta, authentik and Canaille tell every change by PUT.",
        "Store the whole body and answer what is stored now.");
    READ_ONLY = Rule::rfc("put-ignores-read-only", "7644 §3.5.1",
        "What PUT says of id, meta and groups is ignored.",
        "Okta reads, edits and puts the whole resource back, meta and all.",
        "Ignore readOnly attributes; refuse nothing for them.");
    SILENT = Rule::habit("put-without-active-keeps-it", "Okta and admins' templates",
        "A PUT that does not say “active” brings nobody back.",
        "Somebody who was shut out is in again through a change of name.",
        "Keep active where a PUT does not mention it.").advice();
    PUT_UNKNOWN = Rule::rfc("put-unknown-404", "7644 §3.5.1",
        "PUT never creates: an id that nobody has is 404.",
        "authentik creates anew after a 404; two would come of it.",
        "Answer 404.");
    PUT_TAKEN = Rule::rfc("put-taken-name-409", "7644 §3.5.1",
        "PUT with somebody else's userName is 409.",
        "Two people would share a name, and look-ups find the wrong one.",
        "Hold userName unique on every write.");
    OFF = Rule::habit("deactivate-okta", "Okta",
        "A PATCH without path, {\"active\": false}, makes a user inactive.",
        "It is how Okta's catalogue apps shut people out.",
        "Merge the value's attributes (RFC 7644 §3.5.2.3).");
    OFF_PATH = Rule::rfc("deactivate-path", "7644 §3.5.2.3",
        "A PATCH of “active” makes a user inactive.",
        "It is how Entra shuts people out when its SCIM flag is set.",
        "Set it, and end sessions and keys before you answer.");
    OFF_PUT = Rule::rfc("deactivate-put", "7644 §3.5.1",
        "A PUT with active false makes a user inactive.",
        "It is how Okta's wizard apps and authentik shut people out.",
        "Set it, and end sessions and keys before you answer.");
    STAYS = Rule::habit("inactive-is-still-there", "Entra and Okta",
        "Somebody inactive is read and found like everybody else.",
        "Entra looks them up before it brings them back; a 404 makes a second account.",
        "Leave out only those who were deleted.");
    BACK = Rule::rfc("reactivate", "7644 §3.5.2.3",
        "A PATCH makes a user active again.",
        "Who comes back from leave has no access.",
        "Set it; keep the same id.");
    REHIRE = Rule::habit("re-hire", "Okta",
        "A POST of somebody inactive with the same userName and externalId brings back the same id.",
        "Okta creates who was unassigned before; a 409 there leaves the person locked out.",
        "Answer 201 or 200 with the same id, active again.").advice();
    DELETED = Rule::rfc("delete-204", "7644 §3.6",
        "DELETE answers 204.",
        "Clients repeat what was not confirmed.",
        "Answer 204 without a body.");
    GONE = Rule::rfc("deleted-is-gone", "7644 §3.6",
        "Who was deleted is 404 and in no list.",
        "Entra and authentik would patch somebody who is not there.",
        "Leave deleted people out of every answer.");
    GONE_AGAIN = Rule::rfc("delete-again-404", "7644 §3.6",
        "A second DELETE is 404.",
        "Clients learn by it that the first one worked.",
        "Answer 404 for what is gone.");
    FREE = Rule::rfc("deleted-name-is-free", "7644 §3.6",
        "The userName of who was deleted may be used again.",
        "Who comes back after a deletion can never be provisioned.",
        "Leave deleted people out of the check for uniqueness.");
}

pub(super) async fn check(visit: &mut Visit) {
    let body = visit.person("bob");
    let Some((path, id)) = visit.somebody(&body).await else { return };
    replace(visit, &path, &id).await;
    activity(visit, &path, &id).await;
    rehire(visit, &path, &id).await;
    delete(visit, &path, &id).await;
}

async fn replace(visit: &mut Visit, path: &str, id: &str) {
    let changed = with(
        visit.person("bob"),
        &json!({
            "id": id, "title": "Doctor", "name": {"givenName": "Another", "familyName": "Name"},
        }),
    );
    let put = visit.send(Ask::put(path, &changed)).await;
    let answered = put.is(&[200]).and_then(|()| put.says("/title", &json!("Doctor")));
    visit.judge(&REPLACED, &put, answered);
    visit
        .see(&REPLACED, path, &put, |now| {
            now.says("/title", &json!("Doctor"))?;
            now.says("/name/familyName", &json!("Name"))
        })
        .await;
    let claims = json!({
        "id": "another", "groups": [{"value": "nothing"}],
        "meta": {"resourceType": "User", "created": "2001-01-01T00:00:00Z", "version": "x"},
    });
    let put = visit.send(Ask::put(path, &with(changed.clone(), &claims))).await;
    visit
        .see(&READ_ONLY, path, &put, |now| {
            now.says("/id", &json!(id))?;
            let created = now.at("/meta/created").as_str().unwrap_or_default();
            hold(!created.starts_with("2001"), || format!("meta.created is {created}"))
        })
        .await;
    let nowhere = visit.send(Ask::put("/Users/7c1e3fb0-53c9-4a57-8f2a-0d4f2c6b9e11", &visit.person("nobody"))).await;
    if let Some(id) = nowhere.id() {
        visit.ledger.note_made("/Users", id);
    }
    visit.judge(&PUT_UNKNOWN, &nowhere, nowhere.is(&[404]));
    let other = visit.person("carol");
    if visit.somebody(&other).await.is_some() {
        let taken = visit.send(Ask::put(path, &with(changed, &json!({"userName": other["userName"]})))).await;
        visit.judge(&PUT_TAKEN, &taken, taken.refuses(409, &["uniqueness"]));
    }
}

async fn activity(visit: &mut Visit, path: &str, id: &str) {
    let (on, off) = (json!(true), json!(false));
    let is = |wanted: serde_json::Value| move |now: &Answer| now.says("/active", &wanted);
    visit.change(&OFF_PATH, path, json!([{"op": "replace", "path": "active", "value": false}]), is(off.clone())).await;
    visit.change(&BACK, path, json!([{"op": "replace", "path": "active", "value": true}]), is(on)).await;
    visit.change(&OFF, path, json!([{"op": "replace", "value": {"active": false}}]), is(off.clone())).await;
    let mut silent = visit.person("bob");
    if let Some(body) = silent.as_object_mut() {
        body.remove("active");
    }
    let put = visit.send(Ask::put(path, &silent)).await;
    visit.see(&SILENT, path, &put, is(off.clone())).await;
    let put = visit.send(Ask::put(path, &with(visit.person("bob"), &json!({"active": false})))).await;
    visit.see(&OFF_PUT, path, &put, is(off)).await;
    let found = visit.find("/Users", format!("userName eq \"{}\"", visit.user_name("bob"))).await;
    visit.judge(&STAYS, &found, found.lists(&[id]));
}

async fn rehire(visit: &mut Visit, path: &str, id: &str) {
    let again = visit.make("/Users", &visit.person("bob")).await;
    let held = again.is(&[200, 201]).and_then(|()| again.says("/id", &json!(id)));
    visit.judge(&REHIRE, &again, held.and_then(|()| again.says("/active", &json!(true))));
    visit.send(Ask::patch(path, &patch(&json!([{"op": "replace", "path": "active", "value": true}])))).await;
}

async fn delete(visit: &mut Visit, path: &str, id: &str) {
    let answer = visit.send(Ask::delete(path)).await;
    visit.judge(&DELETED, &answer, answer.is(&[204]));
    let read = visit.get(path).await;
    visit.judge(&GONE, &read, read.is(&[404]));
    let found = visit.find("/Users", format!("userName eq \"{}\"", visit.user_name("bob"))).await;
    visit.judge(&GONE, &found, found.lists(&[]));
    if read.status == 200 {
        visit.ledger.note_made("/Users", id.to_owned());
    }
    let again = visit.send(Ask::delete(path)).await;
    visit.judge(&GONE_AGAIN, &again, again.is(&[404]));
    let body = with(visit.person("bob"), &json!({"externalId": format!("{}-new", visit.tag)}));
    let new = visit.make("/Users", &body).await;
    visit.judge(&FREE, &new, new.is(&[201]));
}
