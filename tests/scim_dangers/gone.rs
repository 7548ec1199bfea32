//! Gone means gone: whatever form a deactivation has, `/auth/verify` refuses from the moment of its answer.

use crate::{Scene, USER_SCHEMA, bulk, everywhere, group, patch};
use serde_json::{Value, json};

/// Every PATCH by which a directory says that somebody is inactive.
fn patches() -> Vec<Value> {
    vec![
        json!([{"op": "replace", "path": "active", "value": false}]),
        json!([{"op": "Replace", "path": "active", "value": "False"}]),
        json!([{"op": "replace", "path": "active", "value": "false"}]),
        json!([{"op": "replace", "value": {"active": false}}]),
        json!([{"op": "replace", "value": {"active": "False"}}]),
        json!([{"op": "Add", "path": "active", "value": "False"}]),
        json!([{"op": "add", "value": {"active": false, "nickName": "gone"}}]),
        json!([{"op": "replace", "path": "active", "value": [false]}]),
        json!([{"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": false}]),
        json!([{"op": "replace", "value": {"urn:ietf:params:scim:schemas:core:2.0:User:active": false}}]),
        json!([{"op": "replace", "path": "ACTIVE", "value": false}]),
        json!([{"op": "replace", "path": "title", "value": "x"}, {"op": "replace", "path": "active", "value": false}]),
        json!([{"op": "replace", "path": "active", "value": true}, {"op": "replace", "path": "active", "value": false}]),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_patch_cuts_sessions_and_keys_before_its_answer() {
    everywhere(async |scene| {
        for (number, operations) in patches().into_iter().enumerate() {
            let id = scene.hire(&format!("p{number}@example.com")).await;
            let held = scene.credentials(&id).await;
            held.open(scene, "").await;
            let answer = scene.okta.patch(&format!("/Users/{id}"), patch(&operations)).await.expect(200);
            held.refused(scene, "", 401, &operations.to_string()).await;
            assert_eq!(answer.json()["active"], false, "{operations}");
            let read = scene.okta.get(&format!("/Users/{id}")).await.expect(200);
            assert_eq!(read.json()["active"], false, "a deactivated user is still there to be read");
        }
    })
    .await;
}

/// By one other request each: a method, and a body.
async fn ends_by(scene: &Scene, name: &str, method: &str, body: Option<Value>, status: u16) {
    let id = scene.hire(name).await;
    let held = scene.credentials(&id).await;
    held.open(scene, "").await;
    let body = body.map(|body| body.to_string());
    scene.okta.send(method, &format!("/Users/{id}"), &[], body).await.expect(status);
    held.refused(scene, "", 401, name).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_and_a_delete_cut_sessions_and_keys_before_their_answers() {
    everywhere(async |scene| {
        let put = |name: &str, active: Value| {
            json!({"schemas": [USER_SCHEMA], "userName": name, "active": active, "groups": []})
        };
        ends_by(scene, "put@example.com", "PUT", Some(put("put@example.com", json!(false))), 200).await;
        ends_by(scene, "text@example.com", "PUT", Some(put("text@example.com", json!("False"))), 200).await;
        ends_by(scene, "delete@example.com", "DELETE", None, 204).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_of_a_bulk_request_cuts_sessions_and_keys_before_its_answer() {
    everywhere(async |scene| {
        let put = |name: &str, active: Value| {
            json!({"schemas": [USER_SCHEMA], "userName": name, "active": active, "groups": []})
        };
        let mut ways: Vec<(&str, Value, &str)> =
            patches().iter().map(|operations| ("PATCH", patch(operations), "200")).collect();
        ways.push(("PUT", put("{name}", json!(false)), "200"));
        ways.push(("PUT", put("{name}", json!("False")), "200"));
        ways.push(("DELETE", Value::Null, "204"));
        for (number, (method, data, status)) in ways.into_iter().enumerate() {
            let name = format!("bulk{number}@example.com");
            let id = scene.hire(&name).await;
            let held = scene.credentials(&id).await;
            held.open(scene, "").await;
            let data: Value = serde_json::from_str(&data.to_string().replace("{name}", &name)).unwrap();
            let mut operation = json!({"method": method, "path": format!("/Users/{id}")});
            if !data.is_null() {
                operation["data"] = data;
            }
            let answer = scene.okta.post("/Bulk", bulk(&json!([operation]))).await.expect(200);
            held.refused(scene, "", 401, &operation.to_string()).await;
            assert_eq!(answer.json()["Operations"][0]["status"], status, "{operation}: {answer:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_request_cuts_many_and_leaves_the_rest() {
    everywhere(async |scene| {
        let (mut ids, mut all) = (Vec::new(), Vec::new());
        for number in 0..4 {
            let id = scene.hire(&format!("many{number}@example.com")).await;
            all.push(scene.credentials(&id).await);
            ids.push(id);
        }
        let off = patch(&json!([{"op": "replace", "path": "active", "value": false}]));
        let operations = json!([
            {"method": "PATCH", "path": format!("/Users/{}", ids[0]), "data": off},
            {"method": "PATCH", "path": "/Users/usr_nobody", "data": off},
            {"method": "PATCH", "path": format!("/Users/{}", ids[1]), "data": patch(&json!([{"op": "replace", "path": "active"}]))},
            {"method": "DELETE", "path": format!("/Users/{}", ids[2])},
        ]);
        scene.okta.post("/Bulk", bulk(&operations)).await.expect(200);
        for (number, held) in all.iter().enumerate() {
            match number {
                0 | 2 => held.refused(scene, "", 401, "its operation").await,
                _ => held.open(scene, "").await,
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_says_inactive_of_somebody_inactive_opens_nothing() {
    everywhere(async |scene| {
        let id = scene.hire("ada@example.com").await;
        let held = scene.credentials(&id).await;
        let off = json!([{"op": "replace", "path": "active", "value": false}]);
        scene.okta.patch(&format!("/Users/{id}"), patch(&off)).await.expect(200);
        let mut body = crate::user("ada@example.com");
        body["active"] = json!("False");
        let again = scene.okta.post("/Users", body).await.expect(201);
        assert_eq!((again.id(), &again.json()["active"]), (id, &json!(false)));
        held.refused(scene, "", 401, "POST").await;
    })
    .await;
}

/// Every way in which somebody stops being in a group: a method, and a body, of `{me}` and `{other}`.
fn losses() -> Vec<(&'static str, Value)> {
    let patches = [
        json!([{"op": "remove", "path": "members[value eq \"{me}\"]"}]),
        json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "{me}"}]}]),
        json!([{"op": "remove", "path": "members", "value": {"value": "{me}"}}]),
        json!([{"op": "replace", "path": "members", "value": [{"value": "{other}"}]}]),
        json!([{"op": "replace", "path": "members", "value": []}]),
        json!([{"op": "replace", "value": {"displayName": "team", "members": [{"value": "{other}"}]}}]),
        json!([{"op": "remove", "path": "members"}]),
    ];
    let mut all: Vec<(&str, Value)> = patches.iter().map(|operations| ("PATCH", patch(operations))).collect();
    all.push(("PUT", group("team", &["{other}"])));
    all.push(("PUT", group("team", &[])));
    all.push(("PATCH", patch(&json!([{"op": "replace", "path": "displayName", "value": "another"}]))));
    all.push(("DELETE", Value::Null));
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_loss_of_a_group_takes_what_it_gave_before_its_answer() {
    everywhere(async |scene| {
        scene.publish("default: none\nrules: [{name: team, groups: [team], grant: member}]").await;
        let other = scene.hire("other@example.com").await;
        for (number, (method, body)) in losses().into_iter().enumerate() {
            let me = scene.hire(&format!("g{number}@example.com")).await;
            let held = scene.credentials(&me).await;
            let team = scene.okta.post("/Groups", group("team", &[&me, &other])).await.expect(201).id();
            held.open(scene, "?can=manage-clusters").await;
            let text = body.to_string().replace("{me}", &me).replace("{other}", &other);
            let body = (!body.is_null()).then(|| text.clone());
            let answer = scene.okta.send(method, &format!("/Groups/{team}"), &[], body).await;
            assert!([200, 204].contains(&answer.status), "{method} {text}: {answer:?}");
            held.refused(scene, "?can=manage-clusters", 403, &format!("{method} {text}")).await;
            // Whom nothing gives anything any more gets nothing at all, not even a look.
            held.refused(scene, "?can=view-clusters", 403, &format!("{method} {text}")).await;
            if method != "DELETE" {
                scene.okta.delete(&format!("/Groups/{team}")).await.expect(204);
            }
        }
    })
    .await;
}
