//! How sessions end.

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_the_session_here_and_at_the_provider() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut alice = scene.enter("alice").await;
    let stolen = alice.clone();
    let account = alice.open(&format!("{}/account", scene.world.origin)).await.expect(200, "/account");
    // Not without the form's own token.
    let without = alice.submit(&account, "/logout", &[("form", "guessed")]).await;
    assert_eq!(without.status, 403);
    scene.verify(&mut alice, "").await.expect(200, "/auth/verify");
    let asks = alice.submit(&account, "/logout", &[]).await;
    assert!(asks.url.as_str().starts_with(&format!("{}/session/end", scene.provider.issuer)), "{}", asks.url);
    assert_eq!(asks.status, 200, "the provider accepts the address to return to: {}", asks.text);
    for mut browser in [alice, stolen] {
        scene.verify(&mut browser, "").await.expect(401, "/auth/verify");
        browser.open(&format!("{}/account", scene.world.origin)).await.expect(200, "/login");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_sign_in_of_the_same_browser_replaces_the_first() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut alice = scene.enter("alice").await;
    let mut stolen = alice.clone();
    let page = alice.open(&format!("{}/login", scene.world.origin)).await;
    assert_eq!(page.url.path(), "/account", "who is signed in is not asked again");
    let id = scene.who(&mut alice).await;
    alice.forget_session();
    scene.sign_in(&mut alice, "alice", "alice@example.test").await.expect(200, "/account");
    assert_eq!(scene.who(&mut alice).await, id);
    scene.verify(&mut stolen, "").await.expect(200, "/auth/verify");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disabling_the_connection_ends_its_sessions_and_enabling_it_does_not_bring_them_back() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut bob = scene.enter("bob").await;
    let path = |what: &str| format!("/connections/{}/{what}", scene.connection);
    scene.api("POST", &path("disable"), None).await.expect(200);
    scene.verify(&mut bob, "").await.expect(401, "/auth/verify");
    let page = bob.open(&format!("{}/login", scene.world.origin)).await;
    let page = bob.submit(&page, "/login", &[("email", "bob@example.test")]).await.expect(200, "/login");
    page.form("/login");
    scene.api("POST", &path("enable"), None).await.expect(200);
    scene.verify(&mut bob, "").await.expect(401, "/auth/verify");
    scene.sign_in(&mut bob, "bob", "bob@example.test").await.expect(200, "/account");
}
