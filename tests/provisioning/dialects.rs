//! What a connection takes and how it answers follows its settings.

use super::{PATCH_SCHEMA, Scene, USER_SCHEMA, everywhere, group, patch, user, world::Connection};
use castgate::model::{Adoption, ConnectionSettings, GroupPush, PatchResponse, Profile, ScimDialect};
use serde_json::{Value, json};

/// What the tolerant dialect takes, and what the strict one says: method, path, body, status and keyword.
fn kindnesses(name: &str, id: &str, group: &str) -> Vec<(&'static str, String, Value, &'static str)> {
    let (user, group) = (format!("/Users/{id}"), format!("/Groups/{group}"));
    let one = |operation: Value| patch(&json!([operation]));
    let ada = |more: Value| {
        let mut body = json!({"schemas": [USER_SCHEMA], "userName": name});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    vec![
        ("PATCH", user.clone(), one(json!({"op": "replace", "value": {"active": true}})), "invalidPath"),
        ("PATCH", user.clone(), one(json!({"op": "replace", "path": "active", "value": "True"})), "invalidValue"),
        ("PATCH", user.clone(), one(json!({"op": "replace", "path": "shoeSize", "value": "4"})), "invalidPath"),
        ("PATCH", user.clone(), one(json!({"op": "replace", "path": "password", "value": "x"})), "invalidPath"),
        ("PATCH", user.clone(), one(json!({"op": "replace", "path": "department", "value": "x"})), "invalidPath"),
        (
            "PATCH",
            user.clone(),
            one(json!({"op": "add", "path": "emails[type eq \"home\"].value", "value": "x"})),
            "noTarget",
        ),
        ("PATCH", user.clone(), one(json!({"op": "remove", "path": "emails[type eq \"none\"]"})), "noTarget"),
        (
            "PATCH",
            user.clone(),
            json!({"Operations": [{"op": "replace", "path": "title", "value": "x"}]}),
            "invalidSyntax",
        ),
        ("PUT", user.clone(), ada(json!({"active": "True"})), "invalidValue"),
        ("PUT", user.clone(), ada(json!({"title": ""})), "invalidValue"),
        ("PUT", user.clone(), ada(json!({"title": 7})), "invalidValue"),
        ("PUT", user.clone(), ada(json!({"title": ["x"]})), "invalidValue"),
        ("PUT", user.clone(), ada(json!({"emails": {"value": "x@y.example"}})), "invalidValue"),
        ("PUT", user.clone(), ada(json!({"emails": ["x@y.example"]})), "invalidValue"),
        (
            "PUT",
            user.clone(),
            ada(
                json!({"emails": [{"value": "a@x.example", "primary": true}, {"value": "b@x.example", "primary": true}]}),
            ),
            "invalidValue",
        ),
        ("PUT", user.clone(), ada(json!({"emails": [{"type": "work"}]})), "invalidValue"),
        ("PUT", user.clone(), ada(json!({"shoeSize": 42})), "invalidSyntax"),
        ("PUT", user.clone(), ada(json!({"password": "1mz050nq"})), "invalidSyntax"),
        ("PUT", user.clone(), ada(json!({"department": "x"})), "invalidSyntax"),
        ("PUT", user.clone(), ada(json!({"name.givenName": "x"})), "invalidSyntax"),
        ("PUT", user, json!({"userName": name}), "invalidSyntax"),
        ("PATCH", group.clone(), one(json!({"op": "replace", "value": {"displayName": "g"}})), "invalidPath"),
        (
            "PATCH",
            group.clone(),
            one(json!({"op": "remove", "path": "members", "value": [{"value": "x"}]})),
            "invalidValue",
        ),
        ("PATCH", group, one(json!({"op": "add", "path": "members", "value": ["x"]})), "invalidValue"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_tolerant_dialect_takes_the_strict_one_refuses() {
    everywhere(async |scene: Scene| {
        let mut taken = 0;
        for dialect in [ScimDialect::Tolerant, ScimDialect::Strict] {
            let name = if dialect == ScimDialect::Strict { "strict" } else { "tolerant" };
            let connection = scene.with(name, |settings| settings.dialect = dialect).await;
            let id = connection.post("/Users", user(name)).await.expect(201).id();
            let made = connection.post("/Groups", group("g", &[&id])).await.expect(201).id();
            for (method, path, body, keyword) in kindnesses(name, &id, &made) {
                let answer = connection.send(method, &path, &[], Some(body.to_string())).await;
                let line = scene.newest().await;
                assert_eq!(line["status"], answer.status, "{body}");
                match dialect {
                    ScimDialect::Tolerant => {
                        assert_eq!(answer.status, 200, "{body} {answer:?}");
                        assert!(line.get("tolerances").is_some(), "{body} is not counted: {line}");
                        taken += 1;
                    }
                    ScimDialect::Strict => {
                        assert_eq!(
                            (answer.status, &answer.json()["scimType"]),
                            (400, &json!(keyword)),
                            "{body} {answer:?}"
                        );
                        assert_eq!((line.get("change"), line.get("tolerances")), (None, None), "{line}");
                    }
                }
            }
            let filter = connection.get("/Users?filter=externalId%20eq%20jyoung").await;
            assert_eq!(filter.status, if dialect == ScimDialect::Strict { 400 } else { 200 });
            let configuration = connection.get("/ServiceProviderConfig").await.expect(200).json();
            let is_strict = dialect == ScimDialect::Strict;
            assert_eq!(configuration["interopProfileConformant"].as_bool(), is_strict.then_some(true));
            let pagination = json!({"cursor": true, "index": true, "defaultPaginationMethod": "index",
                                    "defaultPageSize": 100, "maxPageSize": 200, "cursorTimeout": 3600});
            assert_eq!(configuration["pagination"], if is_strict { pagination } else { Value::Null });
        }
        assert!(taken > 20);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strict_connection_takes_what_is_right() {
    everywhere(async |scene: Scene| {
        let strict = scene.with("strict", |settings| settings.dialect = ScimDialect::Strict).await;
        let id = strict.post("/Users", user("ada")).await.expect(201).id();
        let made = strict.post("/Groups", group("g", &[])).await.expect(201).id();
        let off = patch(&json!([{"op": "replace", "path": "active", "value": false}]));
        assert_eq!(strict.patch(&format!("/Users/{id}"), off).await.expect(200).json()["active"], false);
        let join = patch(&json!([{"op": "add", "path": "members", "value": [{"value": id}]}]));
        strict.patch(&format!("/Groups/{made}"), join).await.expect(200);
        let leave = patch(&json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]));
        strict.patch(&format!("/Groups/{made}"), leave).await.expect(200);
        strict.get("/Users?filter=emails%5Btype%20eq%20%22work%22%20and%20value%20eq%20%22ada%22%5D").await.expect(200);
        let lines = scene.log(&format!("connection eq \"{}\" and tolerances pr", strict.stored.id)).await;
        assert!(lines.is_empty(), "{lines:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patch_is_answered_as_the_connection_wants_it() {
    everywhere(async |scene: Scene| {
        for (name, response, status) in [("full", PatchResponse::Body, 200), ("none", PatchResponse::Empty, 204)] {
            let connection = scene.with(name, |settings| settings.patch_response = response).await;
            let id = connection.post("/Users", user(name)).await.expect(201).id();
            let title = |text: &str| patch(&json!([{"op": "replace", "path": "title", "value": text}]));
            connection.patch(&format!("/Users/{id}"), title("a")).await.expect(status);
            assert_eq!(scene.newest().await["status"], status);
            let asked = connection.patch(&format!("/Users/{id}?attributes=title"), title("b")).await.expect(200).json();
            assert_eq!(asked["title"], "b");
            assert_eq!(scene.newest().await["status"], 200);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_taken_as_the_connection_says() {
    everywhere(async |scene: Scene| {
        let known = scene.with("known", |settings| settings.group_push = GroupPush::KnownMembers).await;
        let id = known.post("/Users", user("ada")).await.expect(201).id();
        let refused = known.post("/Groups", group("g", &[&id, "nobody"])).await.expect(400).json();
        assert_eq!(refused["scimType"], "invalidValue");
        assert!(refused["detail"].as_str().unwrap().contains("“nobody”"), "{refused}");
        assert_eq!(known.get("/Groups").await.expect(200).json()["totalResults"], 0, "none of it was done");
        let made = known.post("/Groups", group("g", &[&id])).await.expect(201).id();
        let join = patch(&json!([{"op": "add", "path": "members", "value": [{"value": "nobody"}]}]));
        known.patch(&format!("/Groups/{made}"), join).await.expect(400);

        let refusing = scene.with("refusing", |settings| settings.group_push = GroupPush::Refuse).await;
        refusing.post("/Users", user("bob")).await.expect(201);
        let refused = refusing.post("/Groups", group("g", &[])).await.expect(403).json();
        assert!(refused["detail"].as_str().unwrap().contains("group_push"), "{refused}");
        assert_eq!(refusing.get("/Groups").await.expect(200).json()["totalResults"], 0);
        assert_eq!(scene.log("status eq 403").await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_is_here_is_taken_over_as_the_connection_says() {
    everywhere(async |scene: Scene| {
        // The first owner is a local user.
        let owner = scene.api("GET", "/me", None).await.expect(200).json()["user"]["id"].as_str().unwrap().to_owned();
        let theirs = |name: &str| {
            let mut body = user(name);
            body["emails"] = json!([{"value": "owner@acme.example.com", "type": "work", "primary": true}]);
            body
        };
        let never = scene
            .with("never", |settings| {
                settings.adoption = Adoption::Never;
                settings.domains = vec!["acme.example.com".to_owned()];
            })
            .await;
        never.post("/Users", theirs("owner")).await.expect(409);
        let domains = json!({"settings": {"profile": "generic", "domains": []}});
        scene.api("PUT", &format!("/connections/{}", never.stored.id), Some(domains)).await.expect(200);
        let verified = scene.with("verified", |settings| settings.domains = vec!["acme.example.com".to_owned()]).await;
        assert_eq!(verified.post("/Users", theirs("owner")).await.expect(201).id(), owner);

        // Whom a connection has is no other connection's, whatever is approved.
        let asking = scene.with("asking", |settings| settings.adoption = Adoption::Approval).await;
        let path = format!("/connections/{}/adoptions", asking.stored.id);
        let refused = scene.api("POST", &path, Some(json!({"user": owner}))).await.expect(409).json();
        assert_eq!(refused["code"], "not_local");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_approves_by_name_whom_a_connection_takes_over() {
    everywhere(async |scene: Scene| {
        let owner = scene.api("GET", "/me", None).await.expect(200).json()["user"]["id"].as_str().unwrap().to_owned();
        let mut theirs = user("owner");
        theirs["emails"] = json!([{"value": "owner@acme.example.com", "type": "work", "primary": true}]);
        let asking = scene.with("asking", |settings| settings.adoption = Adoption::Approval).await;
        asking.post("/Users", theirs.clone()).await.expect(409);
        let line = scene.newest().await;
        assert_eq!((&line["status"], &line["resource"]), (&json!(409), &json!(owner)), "the admins see who it is");
        let approve = async |connection: &Connection, user: &str| {
            let path = format!("/connections/{}/adoptions", connection.stored.id);
            scene.api("POST", &path, Some(json!({"user": user}))).await
        };
        assert_eq!(approve(&scene.entra, &owner).await.expect(409).json()["code"], "not_by_approval");
        approve(&asking, &format!("usr_{}", "0".repeat(26))).await.expect(404);
        approve(&asking, &owner).await.expect(204);
        approve(&asking, &owner).await.expect(204);
        assert_eq!(asking.post("/Users", theirs).await.expect(201).id(), owner);
        assert_eq!(approve(&asking, &owner).await.expect(409).json()["code"], "already_theirs");
        let path = "/events?filter=kind%20eq%20%22user.adoption_approved%22";
        let events = scene.api("GET", path, None).await.expect(200).json();
        assert_eq!(events["items"].as_array().unwrap().len(), 1, "{events}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_are_read_set_and_checked_over_the_api() {
    everywhere(async |scene: Scene| {
        let path = format!("/connections/{}", scene.entra.stored.id);
        let settings = scene.api("GET", &path, None).await.expect(200).json()["settings"].clone();
        let spoken = |settings: &Value| {
            ["profile", "dialect", "patch_response", "adoption", "group_push"].map(|name| settings[name].clone())
        };
        assert_eq!(spoken(&settings), ["entra", "tolerant", "empty", "verified_domain", "accept"]);
        let strict =
            json!({"settings": {"profile": "okta", "dialect": "strict", "adoption": "never", "group_push": "refuse"}});
        let after = scene.api("PUT", &path, Some(strict)).await.expect(200).json();
        assert_eq!(spoken(&after["settings"]), ["okta", "strict", "body", "never", "refuse"]);
        // At once, without a restart.
        let pathless =
            json!({"schemas": [PATCH_SCHEMA], "Operations": [{"op": "replace", "value": {"active": false}}]});
        let id = scene.entra.post("/Users", user("ada")).await.expect(201).id();
        scene.entra.patch(&format!("/Users/{id}"), pathless).await.expect(400);
        let wrong = json!({"settings": {"profile": "okta", "adoption": "always"}});
        let refused = scene.api("PUT", &path, Some(wrong)).await.expect(400).json();
        assert!(refused["detail"].as_str().unwrap().contains("always"), "{refused}");
    })
    .await;
}

#[test]
fn a_connection_of_an_older_castgate_has_the_settings_of_the_profiles() {
    let mut stored = serde_json::to_value(ConnectionSettings::of(Profile::Entra)).unwrap();
    for name in ["adoption", "group_push"] {
        assert!(stored.as_object_mut().unwrap().remove(name).is_some());
    }
    assert_eq!(serde_json::from_value::<ConnectionSettings>(stored).unwrap(), ConnectionSettings::of(Profile::Entra));
}
