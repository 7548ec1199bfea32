//! Signing out in all its forms, with a provider that takes part; keys that change while people sign in; a client without a secret.

use crate::{
    browser::Browser,
    scene::{DOMAIN, KEYS, Scene},
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

impl Scene {
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.world.origin)
    }

    /// Somebody with two sessions here that came of one session of the provider's: the browser, and a copy with the first one.
    async fn twice(&self, user: &str) -> (Browser, Browser) {
        let mut browser = self.enter(user).await;
        let first = browser.clone();
        browser.forget_session();
        let email = format!("{user}@{DOMAIN}");
        self.sign_in(&mut browser, user, &email).await.expect(200, "/account");
        (browser, first)
    }

    /// Somebody who has accepted the terms already, in another browser.
    async fn elsewhere(&self, user: &str) -> Browser {
        let mut browser = Browser::new();
        self.sign_in(&mut browser, user, &format!("{user}@{DOMAIN}")).await.expect(200, "/account");
        browser
    }

    async fn is_in(&self, browser: &mut Browser) -> bool {
        self.verify(browser, "").await.status == 200
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_out_at_the_provider_is_out_in_every_session_that_came_of_it() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let (mut alice, mut first) = scene.twice("alice").await;
    let mut elsewhere = scene.elsewhere("alice").await;
    let mut bob = scene.enter("bob").await;
    let account = alice.open(&scene.at("/account")).await.expect(200, "/account");
    let asks = alice.submit(&account, "/logout", &[]).await;
    assert!(scene.is_in(&mut first).await, "the provider was not yet told");
    let done = alice.press(&asks, "/session/end/confirm", ("logout", "yes")).await.expect(200, "/logout/done");
    assert!(done.text.contains("here and at your provider"), "{}", done.text);
    assert!(!scene.is_in(&mut alice).await && !scene.is_in(&mut first).await, "the back channel ended it");
    assert!(scene.is_in(&mut elsewhere).await, "another browser has another session there");
    assert!(scene.is_in(&mut bob).await);
    // Who comes to the landing page by another way is told less.
    let page = bob.open(&scene.at("/logout/done?state=guessed")).await.expect(200, "/logout/done");
    assert!(page.text.contains("Your session here has ended"), "{}", page.text);
    let events = scene.api("GET", "/events?limit=500", None).await.expect(200).json().to_string();
    assert!(events.contains("signed out at the provider"), "{events}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_of_the_provider_ends_the_session_that_it_names_and_no_other() {
    let Some(scene) = Scene::set("ES256").await else { return };
    let (mut alice, mut first) = scene.twice("alice").await;
    let account = alice.open(&scene.at("/account")).await.expect(200, "/account");
    alice.stop_before = Some("/session/end");
    let leaves = alice.submit(&account, "/logout", &[]).await;
    let hint = leaves.url.query_pairs().find(|(name, _)| name == "id_token_hint").unwrap().1.into_owned();
    let claims = BASE64URL_NOPAD.decode(hint.split('.').nth(1).unwrap().as_bytes()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let sid = claims["sid"].as_str().unwrap();
    let frame = |iss: &str, sid: &str| {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs([("iss", iss), ("sid", sid)]).finish();
        scene.at(&format!("/oidc/{}/front-channel-logout?{query}", scene.connection))
    };
    let mut anybody = Browser::new();
    assert_eq!(anybody.ask(&frame("https://evil.test", sid)).await.status, 400);
    assert_eq!(anybody.ask(&frame(&scene.provider.issuer, "")).await.status, 400);
    assert_eq!(anybody.ask(&frame(&scene.provider.issuer, "another")).await.status, 200);
    assert!(scene.is_in(&mut first).await);
    let shown = anybody.ask(&frame(&scene.provider.issuer, sid)).await;
    assert_eq!(shown.status, 200);
    let policy = shown.header("content-security-policy");
    assert!(policy.ends_with(&format!("frame-ancestors {}", scene.provider.issuer)), "{policy}");
    assert!(!scene.is_in(&mut first).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_everywhere_ends_every_session_here_and_this_browsers_at_the_provider() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let (mut alice, mut other) = (scene.enter("alice").await, scene.elsewhere("alice").await);
    let mut bob = scene.enter("bob").await;
    let account = alice.open(&scene.at("/account")).await.expect(200, "/account");
    assert!(account.text.contains("Sign out everywhere"), "{}", account.text);
    // The form of the head is the first; the button below the sessions says `everywhere`.
    let asks = alice.press(&account, "/logout", ("everywhere", "yes")).await;
    assert!(asks.url.as_str().starts_with(&format!("{}/session/end", scene.provider.issuer)), "{}", asks.url);
    assert!(!scene.is_in(&mut alice).await && !scene.is_in(&mut other).await);
    assert!(scene.is_in(&mut bob).await, "somebody else");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_fails_to_sign_in_while_the_provider_rolls_its_keys_over() {
    let Some(mut scene) = Scene::set("RS256").await else { return };
    let people = ["alice", "bob", "nora", "single"];
    // Of each four who sign in at once, two stand at the provider when the keys change and two come afterwards.
    let mut there = Vec::new();
    for user in &people[..2] {
        let mut browser = Browser::new();
        let page = browser.open(&scene.at("/login")).await.expect(200, "/login");
        let page = browser.submit(&page, "/login", &[("email", &format!("{user}@{DOMAIN}"))]).await;
        there.push((browser, page, *user));
    }
    scene.enter("erin").await;
    scene.provider.roll_keys_over();
    let finish = async |(mut browser, page, user): (Browser, crate::browser::Page, &str)| {
        let page = scene.at_provider(&mut browser, page, user).await;
        assert!(page.status == 200 && page.url.as_str().starts_with(&scene.world.origin), "{user}: {page:?}");
    };
    let come = async |user: &str| {
        let mut browser = Browser::new();
        let page = scene.sign_in(&mut browser, user, &format!("{user}@{DOMAIN}")).await;
        assert!(page.status == 200 && page.url.as_str().starts_with(&scene.world.origin), "{user}: {page:?}");
    };
    let (second, first) = (there.pop().unwrap(), there.pop().unwrap());
    tokio::join!(finish(first), finish(second), come(people[2]), come(people[3]));
    for user in people {
        come(user).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_without_a_secret_shows_a_key_that_can_be_rotated() {
    let Some(scene) = Scene::set(KEYS).await else { return };
    scene.enter("alice").await;
    let path = format!("/connections/{}/client-keys", scene.connection);
    let before = scene.api("GET", &path, None).await.expect(200).json();
    assert_eq!(before["items"].as_array().unwrap().len(), 1);
    let next = scene.api("POST", &path, Some(json!({}))).await.expect(201).json();
    assert!(next["signs_from"].as_str() > before["items"][0]["signs_from"].as_str(), "{next}");
    let published = scene.world.client.get(&format!("/oidc/{}/jwks.json", scene.connection), &[]).await.expect(200);
    assert_eq!(published.json()["keys"].as_array().unwrap().len(), 2, "{}", published.text);
    assert!(!published.text.contains("\"d\""), "only the public halves");
    // The old one signs until the provider has had a day to read the new one.
    scene.enter("bob").await;
    let revoked = scene.api("POST", &path, Some(json!({"revoke": true}))).await.expect(201).json();
    let keys = scene.world.client.get(&format!("/oidc/{}/jwks.json", scene.connection), &[]).await.expect(200).json();
    assert_eq!((keys["keys"].as_array().unwrap().len(), &keys["keys"][0]["kid"]), (1, &revoked["kid"]));
    let events = scene.api("GET", "/events?limit=500", None).await.expect(200).json().to_string();
    assert!(events.contains("old_ones_revoked"), "{events}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_signed_in_too_weakly_stays_outside() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let (client_id, secret) = scene.provider.client("RS256");
    let oidc = |more: Value| {
        let mut oidc = json!({"issuer": scene.provider.issuer, "client_id": client_id});
        oidc.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        oidc
    };
    scene.connect(oidc(json!({"max_age": 3600})), json!(secret)).await;
    let mut alice = scene.enter("alice").await;
    let id = scene.who(&mut alice).await;
    let sessions = scene.api("GET", &format!("/users/{id}/sessions"), None).await.expect(200).json();
    assert!(sessions["items"][0]["authenticated_at"].is_string(), "{sessions}");
    // The provider never does what is asked here, and says so.
    scene.connect(oidc(json!({"acr_values": ["urn:example:second-factor"]})), json!(secret)).await;
    let mut bob = Browser::new();
    let page = scene.sign_in(&mut bob, "bob", "bob@example.test").await;
    assert_eq!((page.status, page.url.path()), (502, "/login/callback"), "{page:?}");
    assert!(!scene.is_in(&mut bob).await);
    let refused = scene.api(
        "POST",
        "/connections",
        Some(json!({"name": "open", "settings": {
        "oidc": {"issuer": "https://login.microsoftonline.com/common/v2.0", "client_id": "x"}}})),
    );
    assert!(refused.await.expect(400).text.contains("every tenant"));
}
