//! One person is one user, whoever speaks of them first; and nobody becomes somebody else.

use crate::{browser::Browser, scene::Scene};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_pushed_first_is_the_same_user_when_they_sign_in() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let pushed = scene.push_user("alice").await.expect(201).id();
    let mut alice = scene.enter("alice").await;
    assert_eq!(scene.who(&mut alice).await, pushed);
    let mut again = Browser::new();
    scene.sign_in(&mut again, "alice", "alice@example.test").await.expect(200, "/account");
    assert_eq!(scene.who(&mut again).await, pushed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signed_in_first_is_the_same_user_when_they_are_pushed() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut alice = scene.enter("alice").await;
    let id = scene.who(&mut alice).await;
    assert_eq!(scene.push_user("alice").await.expect(201).id(), id);
    scene.set_active(&id, false).await.expect(200);
    scene.verify(&mut alice, "").await.expect(401, "/auth/verify");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unverified_address_makes_nobody_somebody_else() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut alice = scene.enter("alice").await;
    let mut mallory = Browser::new();
    // Mallory's own name at the provider, alice's address in the claims.
    let page = scene.sign_in(&mut mallory, "mallory", "alice@example.test").await.expect(200, "/terms");
    mallory.submit(&page, "/terms", &[]).await.expect(200, "/account");
    let (first, second) = (scene.who(&mut alice).await, scene.who(&mut mallory).await);
    assert_ne!(first, second);
    let users = scene.api("GET", "/users", None).await.json();
    let with_identity = |id: &str| users["items"].as_array().unwrap().iter().find(|user| user["id"] == id).cloned();
    assert_eq!(with_identity(&first).unwrap()["external_id"], "alice");
    assert_eq!(with_identity(&second).unwrap()["external_id"], "mallory");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_over_scim_means_out_at_once_and_not_in_again() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let id = scene.push_user("bob").await.expect(201).id();
    let mut bob = scene.enter("bob").await;
    scene.verify(&mut bob, "").await.expect(200, "/auth/verify");
    scene.set_active(&id, false).await.expect(200);
    scene.verify(&mut bob, "").await.expect(401, "/auth/verify");
    let mut again = Browser::new();
    let page = scene.sign_in(&mut again, "bob", "bob@example.test").await.expect(403, "/login/callback");
    assert_eq!(page.alert(), "Your access is suspended; please ask an owner of your organization.");
    scene.set_active(&id, true).await.expect(200);
    scene.verify(&mut bob, "").await.expect(401, "/auth/verify");
    let mut back = Browser::new();
    scene.sign_in(&mut back, "bob", "bob@example.test").await.expect(200, "/account");
    assert_eq!(scene.who(&mut back).await, id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_read_the_names_of_their_own_clusters() {
    let Some(scene) = Scene::set("RS256").await else { return };
    scene.api("POST", "/clusters", Some(serde_json::json!({"slug": "secret-prod"}))).await.expect(201);
    let mut bob = scene.enter("bob").await;
    let account = bob.open(&format!("{}/account", scene.world.origin)).await.expect(200, "/account");
    assert!(account.text.contains("on cluster staging"), "{}", account.text);
    assert!(!account.text.contains("secret-prod"), "{}", account.text);
}
