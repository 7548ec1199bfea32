//! What a request about one person must not do.

use crate::{USER_SCHEMA, everywhere, group, patch, sorted, user};
use castgate::model::Profile;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_without_active_lets_nobody_in_or_out() {
    everywhere(async |scene| {
        let id = scene.hire("ada@example.com").await;
        let held = scene.credentials(&id).await;
        let put = |title: &str| json!({"schemas": [USER_SCHEMA], "userName": "ada@example.com", "title": title});
        let path = format!("/Users/{id}");
        let answer = scene.okta.put(&path, put("Countess")).await.expect(200);
        assert_eq!(answer.json()["active"], true);
        held.open(scene, "").await;
        let off = json!([{"op": "replace", "path": "active", "value": false}]);
        scene.okta.patch(&path, patch(&off)).await.expect(200);
        let answer = scene.okta.put(&path, put("Lady")).await.expect(200);
        assert_eq!(answer.json()["active"], false);
        assert_eq!(answer.json()["externalId"], "ext-ada@example.com", "nor is the provider's own id lost");
        held.refused(scene, "", 401, "a PUT without active").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_on_a_user_are_not_a_way_to_change_groups() {
    everywhere(async |scene| {
        let id = scene.hire("ada@example.com").await;
        let team = scene.okta.post("/Groups", group("team", &[&id])).await.expect(201).id();
        let other = scene.okta.post("/Groups", group("other", &[])).await.expect(201).id();
        let path = format!("/Users/{id}");
        for groups in [json!([]), json!([{"value": other}]), json!(null)] {
            let mut body = user("ada@example.com");
            body["groups"] = groups.clone();
            let answer = scene.okta.put(&path, body).await.expect(200);
            assert_eq!(answer.json()["groups"][0]["value"], team, "{}: {groups}", scene.engine());
            assert_eq!(scene.members(&team).await, sorted(&[&id]));
            assert_eq!(scene.members(&other).await, sorted(&[]));
        }
        let mut made = user("bob@example.com");
        made["groups"] = json!([{"value": team}]);
        scene.okta.post("/Users", made).await.expect(201);
        assert_eq!(scene.members(&team).await, sorted(&[&id]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehire_is_the_same_person_and_a_deleted_name_is_free() {
    everywhere(async |scene| {
        let id = scene.hire("ada@example.com").await;
        let team = scene.okta.post("/Groups", group("team", &[&id])).await.expect(201).id();
        let path = format!("/Users/{id}");
        let off = json!([{"op": "replace", "value": {"active": false}}]);
        scene.okta.patch(&path, patch(&off)).await.expect(200);
        assert_eq!(scene.members(&team).await, sorted(&[&id]), "Entra never sends the memberships again");
        let again = scene.okta.post("/Users", user("ada@example.com")).await.expect(201);
        assert_eq!((again.id(), &again.json()["active"]), (id.clone(), &json!(true)), "{}", scene.engine());
        assert!(again.header("location").ends_with(&path), "{again:?}");
        scene.credentials(&id).await.open(scene, "").await;
        // Deleted, the name is free at once; with the same externalId it is the same person.
        scene.okta.delete(&path).await.expect(204);
        let back = scene.okta.post("/Users", user("ada@example.com")).await.expect(201);
        assert_eq!(back.id(), id);
        assert_eq!(scene.members(&team).await, sorted(&[&id]));
        scene.okta.delete(&path).await.expect(204);
        let mut stranger = user("ada@example.com");
        stranger["externalId"] = json!("somebody else");
        let stranger = scene.okta.post("/Users", stranger).await.expect(201).id();
        assert_ne!(stranger, id);
        assert_eq!(scene.members(&team).await, sorted(&[]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_404_is_said_only_of_what_is_not_there() {
    everywhere(async |scene| {
        let id = scene.hire("ada@example.com").await;
        let path = format!("/Users/{id}");
        let team = scene.okta.post("/Groups", group("team", &[])).await.expect(201).id();
        // Whatever its state: a client that meets a 404 forgets the link and makes a second person.
        let off = json!([{"op": "replace", "path": "active", "value": false}]);
        scene.okta.patch(&path, patch(&off)).await.expect(200);
        scene.world.app.suspend_member(&scene.acme.operator, &id.parse().unwrap()).await.unwrap();
        scene.okta.get(&path).await.expect(200);
        scene.okta.put(&path, user("ada@example.com")).await.expect(200);
        let found = scene.okta.get("/Users?filter=userName%20eq%20%22ADA@example.com%22").await.expect(200).json();
        assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(id)));
        let nothing = scene.okta.get("/Users?filter=userName%20eq%20%22nobody%22").await.expect(200).json();
        assert_eq!((&nothing["totalResults"], &nothing["Resources"]), (&json!(0), &json!([])), "a lookup is no 404");
        scene.okta.get("/Groups?filter=displayName%20eq%20%22nobody%22").await.expect(200);
        scene.okta.delete(&path).await.expect(204);
        for (method, body) in [("GET", None), ("PUT", Some(user("ada@example.com"))), ("PATCH", Some(patch(&off)))] {
            scene.okta.send(method, &path, &[], body.map(|body| body.to_string())).await.expect(404);
        }
        scene.okta.delete(&path).await.expect(404);
        let rival = scene.acme.connection("rival", Profile::Generic).await;
        rival.get(&format!("/Groups/{team}")).await.expect(404);
        scene.okta.get(&format!("/Groups/{team}")).await.expect(200);
        // A member who is not there is no 404 either, nor is taking out somebody who is not in.
        let odd = json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]);
        scene.okta.patch(&format!("/Groups/{team}"), patch(&odd)).await.expect(200);
    })
    .await;
}
