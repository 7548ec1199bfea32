//! Each operation of a bulk request has its own line, beside that of the whole.

use super::{Scene, everywhere, group, patch, user};
use serde_json::{Value, json};

const BULK_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Sends operations; the results, and the lines that they left behind, the first operation's first.
async fn run(scene: &Scene, operations: &Value, fail_on_errors: Option<u64>) -> (Vec<Value>, Vec<Value>) {
    let mut body = json!({"schemas": [BULK_SCHEMA], "Operations": operations});
    if let Some(most) = fail_on_errors {
        body["failOnErrors"] = json!(most);
    }
    let before = scene.log("").await.len();
    let answer = scene.entra.post("/Bulk", body).await.expect(200);
    let mut lines = scene.log("").await;
    lines.truncate(lines.len() - before);
    let request = answer.header("x-request-id");
    assert!(lines.iter().all(|line| line["request"] == request), "all are of one request: {lines:?}");
    let at = lines.iter().position(|line| line["path"] == "/Bulk").expect("the whole has its line");
    assert_eq!(lines.remove(at)["status"], 200);
    lines.reverse();
    (answer.json()["Operations"].as_array().unwrap().clone(), lines)
}

fn what(line: &Value) -> String {
    let events = line["change"]["events"].as_array().map_or_else(String::new, |all| format!(" {}", json!(all)));
    format!("{} {} {}{events}", line["method"].as_str().unwrap(), line["path"].as_str().unwrap(), line["status"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_operation_has_its_verdict_its_change_and_its_tolerances() {
    everywhere(async |scene: Scene| {
        let ada = scene.entra.post("/Users", user("ada@acme.example")).await.expect(201).id();
        let at = format!("/Users/{ada}");
        let off = patch(&json!([{"op": "Replace", "path": "active", "value": "False"}]));
        let (results, lines) = run(
            &scene,
            &json!([
                {"method": "post", "path": "/Users", "bulkId": "bob", "data": user("bob@acme.example")},
                {"method": "POST", "path": "/Users", "bulkId": "twin", "data": user("ada@acme.example")},
                {"method": "PATCH", "path": at, "data": off},
                {"method": "PATCH", "path": at, "data": off},
                {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("team", &["bulkId:bob", "nobody"])},
                {"method": "PUT", "path": "/Users/bulkId:bob", "data": user("bob@acme.example")},
                {"method": "DELETE", "path": at},
                {"method": "STEAL", "path": "/Users/secret@acme.example", "data": {}},
                {"method": "DELETE", "path": "/Devices/1"},
            ]),
            None,
        )
        .await;
        let id = |at: usize| results[at]["location"].as_str().unwrap().rsplit('/').next().unwrap();
        let (bob, team) = (id(0), id(4));
        // The clock stands still: what changed nothing comes behind what did.
        let expected = [
            "POST /Users 201 [\"user.created\"]".to_owned(),
            "POST /Users 409".to_owned(),
            format!("PATCH {at} 200 [\"user.suspended\"]"),
            format!("PATCH {at} 200"),
            "POST /Groups 201 [\"group.created\",\"group.members_changed\"]".to_owned(),
            format!("PUT /Users/{bob} 200"),
            format!("DELETE {at} 204 [\"user.removed\"]"),
            "… /Users/… 400".to_owned(),
            "DELETE /…/… 404".to_owned(),
        ];
        let find = |wanted: &String| lines.iter().find(|line| what(line) == *wanted).cloned();
        let found: Vec<Value> = expected.iter().filter_map(find).collect();
        assert_eq!((found.len(), lines.len()), (9, 9), "{expected:#?} {lines:#?}");
        let lines = found;
        let resources: Vec<&Value> = lines.iter().map(|line| &line["resource"]).collect();
        let (ada, bob, team, none) = (json!(ada), json!(bob), json!(team), Value::Null);
        assert_eq!(resources, [&bob, &none, &ada, &ada, &team, &bob, &ada, &none, &none]);
        assert_eq!(
            (&lines[1]["scim_type"], &lines[1]["message"]),
            (&json!("uniqueness"), &results[1]["response"]["detail"])
        );
        // What an operation gets away with is that operation's.
        let names = |line: &Value| line["tolerances"].as_array().map_or(0, Vec::len);
        assert_eq!(lines.iter().map(names).collect::<Vec<_>>(), [0, 0, 1, 1, 1, 0, 0, 0, 0]);
        assert_eq!(lines[2]["tolerances"], json!([{"name": "string_boolean", "example": "\"active\": \"False\""}]));
        assert_eq!(lines[4]["tolerances"][0]["name"], "unknown_member");
        // By which the log is searched.
        assert_eq!(scene.log(&format!("resource eq {bob} and status eq 201")).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_a_circle_is_a_change_with_a_line_and_what_was_not_tried_has_none() {
    everywhere(async |scene: Scene| {
        let with = |name: &str, manager: &str| {
            let mut user = user(name);
            user[ENTERPRISE] = json!({"manager": {"value": manager}});
            user
        };
        let circle = json!([
            {"method": "POST", "path": "/Users", "bulkId": "a", "data": with("a@acme.example", "bulkId:b")},
            {"method": "POST", "path": "/Users", "bulkId": "b", "data": with("b@acme.example", "bulkId:a")},
        ]);
        let (results, lines) = run(&scene, &circle, None).await;
        let b = results[1]["location"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        assert_eq!(
            lines.iter().map(what).collect::<Vec<_>>(),
            [
                "POST /Users 201 [\"user.created\"]".to_owned(),
                "POST /Users 201 [\"user.created\"]".to_owned(),
                format!("PATCH /Users/{b} 200 [\"user.changed\"]"),
            ],
            "{lines:#?}"
        );

        let (results, lines) = run(
            &scene,
            &json!([
                {"method": "DELETE", "path": "/Users/usr_1"},
                {"method": "POST", "path": "/Users", "bulkId": "c", "data": user("c@acme.example")},
            ]),
            Some(1),
        )
        .await;
        assert_eq!((results.len(), lines.len()), (1, 1), "{lines:?}");
        assert_eq!(lines[0]["status"], 404);
    })
    .await;
}
