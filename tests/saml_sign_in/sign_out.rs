//! Signed out in one place is signed out in both.

use crate::{
    browser::{Browser, Page},
    provider::Kind,
    scene::Scene,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_out_here_is_signed_out_at_pysaml2() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let mut alice = scene.enter("alice").await;
    let account = alice.open(&format!("{}/account", scene.world.origin)).await.expect(200, "/account");
    let page = alice.submit(&account, "/logout", &[]).await;
    assert!(page.url.path().ends_with("/logout") && page.status == 200, "the provider's answer: {page:?}");
    assert!(page.text.contains("You are signed out"), "{}", page.text);
    assert_eq!(scene.verify(&mut alice).await.status, 401);
    let said = scene.provider.log();
    let told = said.lines().find(|line| line.contains("signed_out")).expect("the provider was told");
    assert!(told.contains("alice") && !told.contains("\"indexes\": []"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_out_here_is_signed_out_at_simplesamlphp() {
    let Some(scene) = Scene::set(Kind::SimpleSamlPhp).await else { return };
    let mut alice = scene.enter("alice").await;
    // Signed in at the provider: it does not ask again.
    let page = alice.open(&format!("{}/account", scene.world.origin)).await.expect(200, "/account");
    let page = alice.submit(&page, "/logout", &[]).await;
    assert!(page.url.as_str().starts_with(&scene.door("logout")) && page.status == 200, "{page:?}");
    assert_eq!(scene.verify(&mut alice).await.status, 401);
    let page = alice.open(&format!("{}/login", scene.world.origin)).await;
    let page = alice.submit(&page, "/login", &[("email", "alice@example.test")]).await;
    assert!(page.text.contains("name=\"password\""), "the provider asks again who it is: {page:?}");
}

/// The provider begins: all sessions of its person end here, in every browser, and nobody else's.
async fn the_provider_signs_somebody_out(binding: &str) {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let (mut alice, mut phone) = (scene.enter("alice").await, scene.enter("alice").await);
    let mut bob = scene.enter("bob").await;
    for browser in [&mut alice, &mut phone, &mut bob] {
        assert_eq!(scene.verify(browser).await.status, 200);
    }
    let address = format!("{}/sign-out?user=alice&binding={binding}", scene.provider.origin);
    let mut page = alice.open(&address).await;
    if binding == "post" {
        page = alice.submit(&page, "/logout", &[]).await;
    }
    assert_eq!((page.status, page.text.as_str()), (200, "signed out everywhere"), "our answer satisfies it: {page:?}");
    assert_eq!(scene.verify(&mut alice).await.status, 401);
    assert_eq!(scene.verify(&mut phone).await.status, 401);
    assert_eq!(scene.verify(&mut bob).await.status, 200);
    let mut back = scene.enter("alice").await;
    assert_eq!(scene.roles(&mut back).await, ["owner"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_provider_signs_somebody_out_by_a_redirect() {
    the_provider_signs_somebody_out("redirect").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_provider_signs_somebody_out_by_a_form() {
    the_provider_signs_somebody_out("post").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_that_nobody_signed_ends_nothing() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let mut alice = scene.enter("alice").await;
    let mut stranger = Browser::new();
    stranger.stop_before = Some("/nowhere");
    let request = stranger.ask(&format!("{}/sign-out?user=alice", scene.provider.origin)).await;
    let signed = request.header("location").to_owned();
    let stripped = signed.split("&SigAlg=").next().unwrap();
    let page = stranger.open(stripped).await;
    assert_ne!(page.status, 200, "{page:?}");
    assert_eq!(scene.verify(&mut alice).await.status, 200);
    let page = stranger.open(&signed).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(scene.verify(&mut alice).await.status, 401);
    // The same message again: it is used up.
    let mut again = scene.enter("alice").await;
    let page = stranger.open(&signed).await;
    assert_eq!(page.status, 400, "{page:?}");
    assert_eq!(scene.verify(&mut again).await.status, 200);
}

/// A page that says why it does not take the answer, without claiming that anybody is signed out.
#[track_caller]
fn refused(page: &Page) {
    assert!((400..=502).contains(&page.status) && page.status != 500, "{page:?}");
    assert!(page.alert().starts_with("What your identity provider said about signing out could not"), "{page:?}");
    assert!(!page.text.contains("at your provider have ended"), "{}", page.text);
}

impl Scene {
    /// Signs out here and stops at the provider's door: the signed answer that the provider gives there, as an address.
    async fn answer_to_sign_out(&self, browser: &mut Browser) -> String {
        let account = browser.open(&format!("{}/account", self.world.origin)).await.expect(200, "/account");
        browser.stop_before = Some("/slo");
        let asked = browser.submit(&account, "/logout", &[]).await;
        browser.stop_before = None;
        assert_eq!((asked.status, asked.url.path()), (0, "/slo"), "it leaves for the provider: {asked:?}");
        let answered = browser.ask(asked.url.as_str()).await.header("location").to_owned();
        assert!(answered.starts_with(&self.door("logout")) && answered.contains("Signature="), "{answered}");
        answered
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_a_sign_out_is_believed_only_by_the_browser_that_asked_and_only_about_what_it_asked() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let (mut alice, mut bob) = (scene.enter("alice").await, scene.enter("bob").await);
    let to_alice = scene.answer_to_sign_out(&mut alice).await;
    let to_bob = scene.answer_to_sign_out(&mut bob).await;
    // Whoever asked nothing, whoever asked something else.
    refused(&Browser::new().open(&to_alice).await);
    refused(&bob.open(&to_alice).await);
    // Signed by the provider, and an answer to nothing, to an empty name, to what nobody asked.
    for id in ["", "?in_response_to=", "?in_response_to=_another"] {
        let unasked = format!("{}/signed-out{id}", scene.provider.origin);
        refused(&alice.open(&unasked).await);
        refused(&Browser::new().open(&unasked).await);
    }
    for (browser, answer) in [(&mut alice, &to_alice), (&mut bob, &to_bob)] {
        let page = browser.open(answer).await;
        assert!(page.status == 200 && page.text.contains("at your provider have ended"), "{page:?}");
        // It is answered: the same once more answers nothing.
        refused(&browser.open(answer).await);
        assert_eq!(scene.verify(browser).await.status, 401);
    }
}
