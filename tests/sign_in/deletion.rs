//! A connection goes with everybody whom it brought, as it was looked at.

use crate::{browser::Browser, scene::Scene};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_deleted_as_it_was_looked_at_and_nothing_of_it_opens_anything() {
    let Some(scene) = Scene::set("RS256").await else { return };
    scene.push_user("carol").await.expect(201);
    let mut alice = scene.enter("alice").await;
    let path = format!("/connections/{}", scene.connection);
    let plan = scene.api("GET", &format!("{path}/deletion"), None).await.expect(200).json();
    assert_eq!((&plan["people"], &plan["impact"]["owner_left"]), (&json!(2), &json!(true)), "{plan:#}");
    let loses = plan["impact"]["people"].to_string();
    assert!(loses.contains("Alice") && loses.contains("owner"), "{plan:#}");
    // Looking changed nothing.
    scene.verify(&mut alice, "").await.expect(200, "/auth/verify");

    // Somebody comes in between: what was seen is no longer what would be done.
    scene.enter("bob").await;
    let seen = plan["plan"].as_str().unwrap();
    let stale = scene.api("DELETE", &format!("{path}?plan={seen}"), None).await.expect(409);
    assert_eq!(stale.json()["code"], "plan_changed");
    scene.api("DELETE", &path, None).await.expect(400);
    let plan = scene.api("GET", &format!("{path}/deletion"), None).await.expect(200).json();
    let seen = plan["plan"].as_str().unwrap();
    let gone = scene.api("DELETE", &format!("{path}?plan={seen}"), None).await.expect(200).json();
    assert_eq!(gone["people"], 3, "{gone:#}");

    scene.verify(&mut alice, "").await.expect(401, "/auth/verify");
    scene.scim("POST", "/Users", json!({"userName": "x"})).await.expect(401);
    scene.api("GET", &path, None).await.expect(404);
    assert_eq!(scene.api("GET", "/domains", None).await.json()["items"], json!([]));
    let people = scene.api("GET", "/users", None).await.json()["items"].clone();
    let left: Vec<_> = people.as_array().unwrap().iter().filter(|user| user["state"] != "removed").collect();
    assert_eq!(left.len(), 1, "only the founder is left: {left:#?}");
    let mut browser = Browser::new();
    let page = browser.open(&format!("{}/login", scene.world.origin)).await;
    let page = browser.submit(&page, "/login", &[("email", "alice@example.test")]).await;
    assert_eq!(page.url.path(), "/login", "nobody is led anywhere");
    // Its name is free, and its people begin anew.
    let again = json!({"name": "okta", "settings": {"profile": "okta"}});
    scene.api("POST", "/connections", Some(again)).await.expect(201);
    let event = scene.api("GET", "/events?filter=kind%20eq%20%22connection.deleted%22", None).await.json();
    assert_eq!(event["items"][0]["detail"]["people"], 3, "{event:#}");
}
