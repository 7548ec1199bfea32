//! Answers of the provider that castgate does not take.

use crate::{
    browser::{Browser, Page},
    scene::{DOMAIN, Scene},
};

/// A browser that stands in front of castgate's callback, and the address that it would open next.
async fn before_the_callback(scene: &Scene, user: &str) -> (Browser, Page) {
    let mut browser = Browser::new();
    browser.stop_before = Some("/login/callback");
    let page = scene.sign_in(&mut browser, user, &format!("{user}@{DOMAIN}")).await.expect(0, "/login/callback");
    browser.stop_before = None;
    (browser, page)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_for_the_browser_that_asked() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let (mut bob, answer) = before_the_callback(&scene, "bob").await;
    // A browser that never began.
    let mut victim = Browser::new();
    let page = victim.open(answer.url.as_str()).await.expect(400, "/login/callback");
    assert!(page.alert().contains("began in another browser"), "{}", page.alert());
    // A browser with a sign-in of its own under way.
    let (mut alice, _) = before_the_callback(&scene, "alice").await;
    alice.open(answer.url.as_str()).await.expect(400, "/login/callback");
    for browser in [&mut victim, &mut alice] {
        scene.verify(browser, "").await.expect(401, "/auth/verify");
    }
    bob.open(answer.url.as_str()).await.expect(200, "/terms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_for_one_use() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let (mut bob, answer) = before_the_callback(&scene, "bob").await;
    let mut copied = bob.clone();
    bob.open(answer.url.as_str()).await.expect(200, "/terms");
    let mut replayed = bob.clone();
    replayed.forget_session();
    replayed.open(answer.url.as_str()).await.expect(400, "/login/callback");
    // Somebody who copied the cookies before: the code is used up at the provider.
    let page = copied.open(answer.url.as_str()).await;
    assert!(page.status >= 400, "{page:?}");
    for browser in [&mut replayed, &mut copied] {
        scene.verify(browser, "").await.expect(401, "/auth/verify");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_answer_is_refused() {
    let Some(scene) = Scene::set("RS256").await else { return };
    for change in [
        |text: &str| text.replace("code=", "code=x"),
        |text: &str| text.replace("state=", "state=x"),
        |text: &str| text.replace("iss=http", "iss=https"),
        |text: &str| text.replace("code=", "error=access_denied&not="),
    ] {
        let (mut bob, answer) = before_the_callback(&scene, "bob").await;
        let page = bob.open(&change(answer.url.as_str())).await;
        assert!((400..=502).contains(&page.status), "{page:?}");
        assert!(page.text.contains("/login"), "it can be begun again: {}", page.text);
        scene.verify(&mut bob, "").await.expect(401, "/auth/verify");
    }
}
