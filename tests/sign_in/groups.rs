//! Groups that a sign-in asserts, and what becomes of them when the provider begins to push.

use crate::{browser::Browser, scene::Scene};
use serde_json::json;

const MANAGE_STAGING: &str = "?can=manage-clusters&cluster=staging";

/// The asserted groups that exist.
async fn group_names(scene: &Scene) -> Vec<String> {
    let groups = scene.api("GET", "/groups?limit=500", None).await.expect(200).json();
    let names = groups["items"].as_array().unwrap().iter();
    names.map(|group| group["name"].as_str().or(group["display_name"].as_str()).unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_of_the_claims_give_roles_until_the_provider_pushes_its_first_group() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut bob = scene.enter("bob").await;
    scene.verify(&mut bob, MANAGE_STAGING).await.expect(200, "/auth/verify");
    let id = scene.who(&mut bob).await;
    // A group that has nothing to do with bob: from now on the directory speaks.
    scene.push_group("engineering", &[]).await.expect(201);
    scene.verify(&mut bob, MANAGE_STAGING).await.expect(403, "/auth/verify");
    let mut again = Browser::new();
    scene.sign_in(&mut again, "bob", "bob@example.test").await.expect(200, "/account");
    assert_eq!(scene.who(&mut again).await, id);
    assert_eq!(scene.roles(&mut again).await, ["viewer"], "what the claims assert is not taken any more");
    let traces = scene.sign_ins(&format!("?person={id}&limit=1")).await;
    let sync = traces[0]["sync"].to_string();
    assert!(sync.contains("not pushed: the sign-in names “k8s-staging-member”"), "{sync}");
    scene.push_user("bob").await;
    scene.push_group("k8s-staging-member", &[&id]).await.expect(201);
    scene.verify(&mut again, MANAGE_STAGING).await.expect(200, "/auth/verify");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_a_later_sign_in_does_not_assert_is_left() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut bob = scene.enter("bob").await;
    scene.verify(&mut bob, MANAGE_STAGING).await.expect(200, "/auth/verify");
    scene.provider.change("bob", "groups", json!(["engineering"]));
    let mut again = Browser::new();
    scene.sign_in(&mut again, "bob", "bob@example.test").await.expect(200, "/account");
    // It holds for both of bob's sessions.
    for browser in [&mut bob, &mut again] {
        assert_eq!(scene.roles(browser).await, ["analyst"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_group_as_a_bare_string_is_one_group() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut single = scene.enter("single").await;
    assert_eq!(scene.roles(&mut single).await, ["analyst"]);
    assert_eq!(group_names(&scene).await, ["engineering"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_and_fifty_groups_are_all_taken() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut erin = scene.enter("erin").await;
    assert_eq!(scene.roles(&mut erin).await, ["member"], "the rule is for the last of them");
    assert_eq!(group_names(&scene).await.len(), 250);
}
