//! The provisioning log.

use super::{Scene, api, everywhere, group, log, patch, user};
use castgate::model::Profile;
use serde_json::{Value, json};
use std::time::Duration;

/// A line without what differs from run to run.
fn plain(line: &Value) -> Value {
    let mut line = line.clone();
    let fields = line.as_object_mut().unwrap();
    for name in ["id", "request", "ms"] {
        assert!(fields.remove(name).is_some(), "{name} is missing");
    }
    line
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_has_a_line_that_says_what_came_of_it() {
    everywhere(async |scene: Scene| {
        let (entra, connection) = (&scene.entra, scene.entra.stored.id.as_str());
        let at = "2026-11-21T08:30:00Z";
        let mut ada = user("ada@acme.example");
        ada["password"] = json!("1mz050nq");
        let created = entra.post("/Users", ada.clone()).await.expect(201);
        let id = created.id();
        let line = scene.newest().await;
        assert_eq!(line["request"], created.header("x-request-id"));
        assert_eq!(
            plain(&line),
            json!({"at": at, "connection": connection, "method": "POST", "path": "/Users", "resource": id, "status": 201,
                   "change": {"events": ["user.created"]},
                   "tolerances": [{"name": "password", "example": "\"password\": \"…\""}]})
        );

        let disable = patch(&json!([{"op": "Replace", "path": "active", "value": "False"}]));
        entra.patch(&format!("/Users/{id}"), disable.clone()).await.expect(204);
        assert_eq!(
            plain(&scene.newest().await),
            json!({"at": at, "connection": connection, "method": "PATCH", "path": format!("/Users/{id}"), "resource": id,
                   "status": 204, "change": {"events": ["user.suspended"]},
                   "tolerances": [{"name": "string_boolean", "example": "\"active\": \"False\""}]})
        );
        // The same again says nothing new, and has its line all the same.
        entra.patch(&format!("/Users/{id}"), disable).await.expect(204);
        let again = plain(&scene.newest().await);
        assert_eq!((&again["status"], again.get("change")), (&json!(204), None));
        assert_eq!(again["tolerances"][0]["name"], "string_boolean");

        entra.get("/Users?filter=userName%20eq%20%22ada@acme.example%22&count=1").await.expect(200);
        assert_eq!(
            plain(&scene.newest().await),
            json!({"at": at, "connection": connection, "method": "GET", "path": "/Users?filter=userName eq \"…\"&count=1",
                   "status": 200})
        );
        let refused = entra.get("/Users?filter=userName%20eq").await.expect(400);
        let line = scene.newest().await;
        assert_eq!((&line["status"], &line["scim_type"]), (&json!(400), &json!("invalidFilter")));
        assert_eq!(line["message"], refused.json()["detail"]);
        entra.get(&format!("/Users/usr_{}", "0".repeat(26))).await.expect(404);
        assert_eq!(scene.newest().await["status"], 404);
        entra.post("/Users", user("ada@acme.example")).await.expect(201);
        entra.post("/Users", user("ada@acme.example")).await.expect(409);
        assert_eq!(scene.newest().await["scim_type"], "uniqueness");
        entra.send("POST", "/Users", &[], Some("{".to_owned())).await.expect(400);
        assert_eq!(scene.newest().await["scim_type"], "invalidSyntax");
        entra.get("/Nothing").await.expect(404);
        assert_eq!(scene.newest().await["path"], "/…");
        entra.send("PROPFIND", "/Users", &[], None).await.expect(405);
        let line = scene.newest().await;
        assert_eq!((&line["method"], &line["status"]), (&json!("…"), &json!(405)));
        entra.delete(&format!("/Users/{id}")).await.expect(204);
        let line = plain(&scene.newest().await);
        assert_eq!((&line["change"]["events"], &line["status"]), (&json!(["user.removed"]), &json!(204)));
        assert!(scene.log("").await.iter().all(|line| line["ms"].as_f64().unwrap() > 0.0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_tells_of_members_sessions_attributes_and_roles() {
    everywhere(async |scene: Scene| {
        let (entra, app) = (&scene.entra, &scene.world.app);
        let rules = "rules:\n  - {name: owners, groups: [entra/owners], grant: analyst}\n  - {name: title, when: title eq \"Boss\", grant: member}\n";
        app.publish_mapping(&scene.acme.operator, rules).await.unwrap();
        let mut ids = Vec::new();
        for name in ["ada@acme.example", "bob@acme.example"] {
            ids.push(entra.post("/Users", user(name)).await.expect(201).id());
        }
        let made = entra.post("/Groups", group("owners", &[&ids[0], &ids[1], "somebody"])).await.expect(201).id();
        let line = scene.newest().await;
        assert_eq!(
            line["change"],
            json!({"events": ["group.created", "access.changed", "group.members_changed"],
                   "members_added": 2, "members_waiting": 1})
        );
        assert_eq!((&line["access"]["gained"], &line["access"]["lost"]), (&json!(3), &json!(0)), "{line}");
        assert_eq!(line["access"]["lines"][1], "+ 2 people get analyst at organization (group “owners”)");
        let told = line["access"]["lines"][0].as_str().unwrap();
        assert!(told.starts_with(&format!("+ {made} gets analyst")), "{told}");
        assert_eq!((&line["resource"], &line["tolerances"][0]["name"]), (&json!(made), &json!("unknown_member")));

        let leave = patch(&json!([{"op": "Remove", "path": "members", "value": [{"value": ids[0]}]}]));
        entra.patch(&format!("/Groups/{made}"), leave).await.expect(204);
        let line = scene.newest().await;
        assert_eq!(line["change"], json!({"events": ["group.members_changed"], "members_removed": 1}));
        let lost = json!({"gained": 0, "lost": 1, "lines": ["- 1 person loses analyst at organization (group “owners”)"]});
        assert_eq!(line["access"], lost);
        assert_eq!(line["tolerances"][0]["example"], "{\"op\": \"Remove\", \"path\": \"members\", \"value\": [{\"value\": \"…\"}]}");

        let boss = patch(&json!([{"op": "replace", "path": "title", "value": "Boss"}]));
        entra.patch(&format!("/Users/{}", ids[1]), boss).await.expect(204);
        let line = scene.newest().await;
        assert_eq!(line["change"]["attributes"], json!(["title"]));
        assert_eq!((&line["access"]["gained"], &line["access"]["lost"]), (&json!(1), &json!(0)));
        let plain = patch(&json!([{"op": "replace", "path": "title", "value": "Clerk"}]));
        entra.patch(&format!("/Users/{}", ids[1]), plain).await.expect(204);
        assert_eq!(scene.newest().await["access"]["lost"], 1);
        entra.delete(&format!("/Groups/{made}")).await.expect(204);

        // Found by what they came to, and by nothing that they did not.
        let found = async |filter: &str| scene.log(filter).await.len();
        assert_eq!(found("access.lost gt 0").await, 3);
        assert_eq!(found("change.members_removed ge 1").await, 2);
        assert_eq!(found(&format!("resource eq \"{made}\" and method eq \"patch\"")).await, 1);
        assert_eq!(found("tolerances.name eq \"unknown_member\"").await, 1);
        assert_eq!(found("change.events eq \"group.removed\"").await, 1);
        assert_eq!(found("status ge 400").await, 0);
        assert_eq!(found(&format!("connection eq \"{}\"", entra.stored.id)).await, 7);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_is_told_to_whoever_made_the_token() {
    everywhere(async |scene: Scene| {
        let okta = scene.acme.connection("okta", Profile::Okta).await;
        okta.get("/Users").await.expect(200);
        okta.revoke_token().await;
        for _ in 0..3 {
            okta.get("/Users").await.expect(401);
        }
        let lines = scene.log("status eq 401").await;
        assert_eq!(lines.len(), 1, "a flood of refusals is no flood of lines: {lines:?}");
        assert_eq!((&lines[0]["times"], &lines[0]["connection"]), (&json!(3), &json!(okta.stored.id)));
        assert_eq!(lines[0]["message"], "The token was revoked at 2026-11-21T08:30:00Z.");

        scene.entra.enable(false).await;
        scene.entra.get("/Users").await.expect(401);
        let line = scene.newest().await;
        assert_eq!(line["connection"], json!(scene.entra.stored.id));
        assert!(line["message"].as_str().unwrap().starts_with("The connection is disabled"), "{line}");

        // Of a token that never was nobody learns anything.
        let before = scene.log("").await.len();
        let nobody = format!("Bearer {}x", okta.token());
        scene.world.client.get("/scim/v2/Users", &[("authorization", &nobody)]).await.expect(401);
        scene.world.client.get("/scim/v2/Users", &[]).await.expect(401);
        assert_eq!(scene.log("").await.len(), before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changes_line_is_written_with_the_change_and_a_read_writes_nothing() {
    everywhere(async |scene: Scene| {
        let entra = &scene.entra;
        let strict = patch(&json!([{"op": "replace", "path": "active", "value": false}]));
        let loose = patch(&json!([{"op": "Replace", "path": "active", "value": "False"}]));
        let mut costs = Vec::new();
        for (name, body) in [("ada", strict), ("bob", loose)] {
            let id = entra.post("/Users", user(name)).await.expect(201).id();
            drop(scene.statements.take());
            entra.patch(&format!("/Users/{id}"), body).await.expect(204);
            costs.push(scene.statements.take().into_iter().map(|statement| statement.sql).collect::<Vec<_>>());
        }
        assert_eq!(costs[0], costs[1], "a tolerance costs a push no statement");
        let lines = costs[0].iter().filter(|sql| sql.contains("provisioning_log")).count();
        assert_eq!(lines, 1, "{costs:?}");

        // Before anybody looks, and so before anything that waits is written: the lines of all four changes are there.
        entra.get("/Users").await.expect(200);
        let writes = |sql: &str| ["INSERT", "UPDATE", "DELETE", "WITH"].iter().any(|verb| sql.starts_with(verb));
        let written: Vec<_> = scene.statements.take().into_iter().filter(|statement| writes(&statement.sql)).collect();
        assert!(written.is_empty(), "{written:?}");
        let organization = &scene.acme.founded.id;
        let mut tx = scene.store.read().await.unwrap();
        assert_eq!(tx.pushes(organization, "", 100).await.unwrap().len(), 4);
        drop(tx);
        assert_eq!(scene.world.app.write_pushes().await.unwrap(), 1);
        let mut tx = scene.store.read().await.unwrap();
        assert_eq!(tx.pushes(organization, "", 100).await.unwrap().len(), 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_change_leaves_no_line_of_a_change() {
    everywhere(async |scene: Scene| {
        let entra = &scene.entra;
        entra.post("/Groups", group("a", &[])).await.expect(201);
        let id = entra.post("/Groups", group("b", &[])).await.expect(201).id();
        let both = patch(&json!([{"op": "add", "path": "members", "value": [{"value": "x"}]},
                                 {"op": "replace", "path": "displayName", "value": "a"}]));
        entra.patch(&format!("/Groups/{id}"), both).await.expect(409);
        let line = scene.newest().await;
        assert_eq!((&line["status"], line.get("change")), (&json!(409), None), "{line}");
        assert_eq!(scene.log(&format!("resource eq \"{id}\"")).await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_looks_like_a_secret_gets_into_the_log() {
    everywhere(async |scene: Scene| {
        let entra = &scene.entra;
        let token = entra.token().to_owned();
        entra.get(&format!("/Users/{token}")).await.expect(404);
        entra.get(&format!("/{token}")).await.expect(404);
        entra.get(&format!("/Users?filter=userName%20eq%20%22{token}%22&{token}={token}&count={token}")).await;
        entra.get(&format!("/Users?filter={token}%20eq%201")).await.expect(400);
        let body = json!({"schemas": [super::USER_SCHEMA], "userName": token, "password": "canary-password", "active": "True",
                          "title": "", "emails": [{"value": "ada@acme.example"}], token.clone(): token});
        entra.post("/Users", body.clone()).await.expect(201);
        entra.post("/Users", body).await.expect(409);
        entra.patch("/Users/x", patch(&json!([{"op": token, "path": token, "value": token}]))).await.expect(400);
        // Somebody's JWT, pasted where a name belongs: the refusal of the second one repeats it to the provider alone.
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl";
        entra.post("/Users", user(jwt)).await.expect(201);
        let mut another = user(jwt);
        another["externalId"] = json!("another");
        entra.post("/Users", another).await.expect(409);
        let lines = json!(scene.log("").await).to_string();
        let organization = &scene.acme.founded.id;
        let mut tx = scene.store.read().await.unwrap();
        let stored = format!("{lines}{:?}", tx.pushes(organization, "", 100).await.unwrap());
        for secret in [token.as_str(), jwt, "canary-password", "ada@acme.example"] {
            assert!(!stored.contains(secret), "{secret} is in {stored}");
        }
        assert!(stored.contains("[hidden]"), "{stored}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_organization_never_sees_anothers_lines_or_counts() {
    everywhere(async |scene: Scene| {
        let other = scene.world.organization("other").await;
        let theirs = other.connection("entra", Profile::Entra).await;
        for connection in [&scene.entra, &theirs] {
            let mut body = user("same@example.com");
            body["active"] = json!("True");
            connection.post("/Users", body).await.expect(201);
            connection.get("/Users").await.expect(200);
        }
        for (organization, own, foreign) in [(&scene.acme, &scene.entra, &theirs), (&other, &theirs, &scene.entra)] {
            let lines = log(&scene.world, organization, "").await;
            assert_eq!(lines.len(), 2);
            assert!(lines.iter().all(|line| line["connection"] == json!(own.stored.id)), "{lines:?}");
            let call = async |path: String| api(&scene.world, organization, "GET", &path, None).await;
            let counts = call(format!("/connections/{}/tolerances", own.stored.id)).await.expect(200).json();
            assert_eq!(counts["items"][0]["times"], 1);
            call(format!("/connections/{}/tolerances", foreign.stored.id)).await.expect(404);
        }
        // A cursor of one is none of the other's.
        let page = scene.api("GET", "/provisioning-log?limit=1", None).await.expect(200).json();
        let next = page["next"].as_str().unwrap();
        let path = format!("/provisioning-log?limit=1&after={next}");
        api(&scene.world, &other, "GET", &path, None).await.expect(400);
        let rest = scene.api("GET", &path, None).await.expect(200).json();
        assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
        assert_ne!(rest["items"][0]["id"], page["items"][0]["id"]);
        // Providers do not read it.
        let bearer = format!("Bearer {}", theirs.token());
        scene.world.client.get("/api/v1/provisioning-log", &[("authorization", &bearer)]).await.expect(401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_are_kept_for_thirty_days() {
    everywhere(async |scene: Scene| {
        let app = &scene.world.app;
        scene.entra.post("/Users", user("old")).await.expect(201);
        scene.entra.get("/Users").await.expect(200);
        assert_eq!(scene.log("").await.len(), 2);
        app.clock().advance(Duration::from_hours(29 * 24));
        scene.entra.post("/Users", user("young")).await.expect(201);
        assert_eq!(app.keep_pushes().await.unwrap().forgotten, 0);
        app.clock().advance(Duration::from_hours(2 * 24));
        assert_eq!(app.keep_pushes().await.unwrap().forgotten, 2);
        let lines = scene.log("").await;
        assert_eq!(lines.len(), 1, "{lines:?}");
    })
    .await;
}
