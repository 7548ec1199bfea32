//! An authenticator app and recovery codes.

use crate::scene::{ANOTHER, Browser, PASSWORD, Scene, codes_in, everywhere};
use castgate::crypto::totp;
use std::time::Duration;

const ADA: &str = "ada@example.com";

/// A browser that has typed the password and is asked for the code.
async fn half_in(scene: &Scene) -> Browser {
    let browser = Browser::new(&scene.world.client);
    let page = browser.sign_in(ADA, PASSWORD).await.expect(200);
    assert!(page.text.contains("/login/code") && !browser.has("castgate"), "{page:?}");
    assert!(!browser.is_in().await);
    browser
}

fn code_now(scene: &Scene, secret: &[u8]) -> String {
    totp::code(secret, totp::step_at(scene.clock.now().seconds()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_is_asked_for_after_the_password_and_each_counts_once() {
    everywhere(async |scene| {
        let own = scene.member(ADA).await;
        let (secret, _) = own.enrol(&scene.clock).await;
        assert_eq!(scene.told("second_factor.added").await, 1);
        // The code that confirmed the app is used.
        scene.clock.advance(Duration::from_millis(2));
        half_in(scene).await.post("/login/code", &[("code", &code_now(scene, &secret))]).await.expect(403);
        assert_eq!(scene.failures(1).await, ["code_wrong"]);
        scene.clock.advance(Duration::from_secs(30));
        let code = code_now(scene, &secret);
        let browser = half_in(scene).await;
        browser.post("/login/code", &[("code", "000000")]).await.expect(403);
        browser.post("/login/code", &[("code", &code)]).await.expect(303);
        assert!(browser.is_in().await);
        half_in(scene).await.post("/login/code", &[("code", &code)]).await.expect(403);
        // Without the password there is nothing to finish.
        Browser::new(&scene.world.client).post("/login/code", &[("code", &code)]).await.expect(400);
        let late = half_in(scene).await;
        scene.clock.advance(Duration::from_mins(11));
        late.post("/login/code", &[("code", &code_now(scene, &secret))]).await.expect(400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_code_used_twice_at_the_same_moment_lets_one_in() {
    everywhere(async |scene| {
        let own = scene.member(ADA).await;
        let (_, codes) = own.enrol(&scene.clock).await;
        assert_eq!(codes.len(), 10);
        let other = scene.second_node().await;
        for code in codes.iter().take(6) {
            let (one, two) = (half_in(scene).await, half_in(scene).await.at(&other.client));
            let typed = [("code", code.as_str())];
            let (a, b) = tokio::join!(one.post("/login/code", &typed), two.post("/login/code", &typed));
            let mut outcomes = [a.status, b.status];
            outcomes.sort_unstable();
            assert_eq!(outcomes, [303, 403], "{}", scene.engine);
            scene.clock.advance(Duration::from_hours(2));
        }
        // However it is written.
        let typed = codes[6].to_lowercase().replace('-', " ");
        half_in(scene).await.post("/login/code", &[("code", &typed)]).await.expect(303);
        assert_eq!(scene.told("recovery_codes.used").await, 7);
        assert!(scene.letters().await.iter().any(|letter| letter.contains("A recovery code was used")));
        // Sessions end with their age: again.
        let own = half_in(scene).await;
        own.post("/login/code", &[("code", &codes[7])]).await.expect(303);
        let page = own.post_own("/account/second-factor/codes", &[("current", PASSWORD)]).await.expect(200).text;
        let renewed = codes_in(&page);
        half_in(scene).await.post("/login/code", &[("code", &codes[8])]).await.expect(403);
        half_in(scene).await.post("/login/code", &[("code", &renewed[8])]).await.expect(303);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_code_at_two_nodes_lets_one_in_and_guessing_codes_takes_time() {
    everywhere(async |scene| {
        let own = scene.member(ADA).await;
        let (secret, _) = own.enrol(&scene.clock).await;
        scene.clock.advance(Duration::from_mins(1));
        let other = scene.second_node().await;
        let (one, two) = (half_in(scene).await, half_in(scene).await.at(&other.client));
        let code = code_now(scene, &secret);
        let typed = [("code", code.as_str())];
        let (a, b) = tokio::join!(one.post("/login/code", &typed), two.post("/login/code", &typed));
        let mut outcomes = [a.status, b.status];
        outcomes.sort_unstable();
        assert_eq!(outcomes, [303, 403], "{}", scene.engine);
        scene.clock.advance(Duration::from_hours(5));
        let browser = half_in(scene).await;
        for _ in 0..5 {
            browser.post("/login/code", &[("code", "123456")]).await.expect(403);
        }
        half_in(scene).await.post("/login/code", &[("code", &code_now(scene, &secret))]).await.expect(429);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_is_added_and_removed_by_whoever_knows_the_password_and_a_link_does_not_get_around_it() {
    everywhere(async |scene| {
        let own = scene.member(ADA).await;
        own.post_own("/account/second-factor", &[("current", ANOTHER)]).await.expect(400);
        own.post_own("/account/second-factor/confirm", &[("code", "123456")]).await.expect(409);
        own.post("/account/second-factor", &[("current", PASSWORD)]).await.expect(403);
        // Offered and not confirmed: nobody is asked for a code.
        own.post_own("/account/second-factor", &[("current", PASSWORD)]).await.expect(200);
        own.post_own("/account/second-factor/confirm", &[("code", "000000")]).await.expect(400);
        Browser::new(&scene.world.client).sign_in(ADA, PASSWORD).await.expect(303);
        let (secret, _) = own.enrol(&scene.clock).await;
        own.post_own("/account/second-factor", &[("current", PASSWORD)]).await.expect(409);
        let fields = [("email", ADA), ("organization", "acme")];
        own.post("/login/forgot", &fields).await.expect(200);
        let token = scene.token_behind("/login/reset?token=").await;
        own.post("/login/reset", &[("token", &token), ("password", ANOTHER), ("again", ANOTHER)]).await.expect(200);
        let page = own.sign_in(ADA, ANOTHER).await.expect(200);
        assert!(page.text.contains("/login/code"), "{page:?}");
        scene.clock.advance(Duration::from_secs(30));
        own.post("/login/code", &[("code", &code_now(scene, &secret))]).await.expect(303);
        own.post_own("/account/second-factor/end", &[("current", PASSWORD)]).await.expect(400);
        own.post_own("/account/second-factor/end", &[("current", ANOTHER)]).await.expect(200);
        Browser::new(&scene.world.client).sign_in(ADA, ANOTHER).await.expect(303);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_takes_a_lost_app_away_and_the_person_is_signed_out_and_told() {
    everywhere(async |scene| {
        let own = scene.member(ADA).await;
        own.enrol(&scene.clock).await;
        let ada = scene.user(ADA).await.id;
        let ctx = castgate::app::Ctx {
            actor: castgate::app::Actor::User {
                id: ada.clone(),
                session: castgate::model::SessionId::from_uuid(scene.clock.uuid()),
            },
            ..scene.acme.operator.clone()
        };
        let key = scene.world.app.create_key(&ctx, "own", None).await.unwrap().secret;
        let api = async |key: &str, method: &str, path: &str| {
            let bearer = format!("Bearer {key}");
            scene.world.client.send(method, &format!("/api/v1/users/{path}"), &[("authorization", &bearer)], None).await
        };
        let (owner, of_ada) = (scene.acme.key.as_str(), |what: &str| format!("{ada}/{what}"));
        let state = api(owner, "GET", &of_ada("sign-in")).await.expect(200).json();
        assert!(state["second_factor_since"].is_string() && state["password_changed_at"].is_string(), "{state}");
        assert_eq!((&state["recovery_codes_left"], &state["may_have_password"]), (&10.into(), &true.into()));
        assert_eq!(api(key.expose(), "GET", &of_ada("sign-in")).await.expect(200).json(), state, "one's own");
        // Neither a member nor the person's own key gets around it.
        let boss = scene.user("owner@acme.example.com").await.id;
        for path in [of_ada("second-factor"), format!("{boss}/second-factor")] {
            api(key.expose(), "DELETE", &path).await.expect(403);
        }
        api(key.expose(), "GET", &format!("{boss}/sign-in")).await.expect(403);
        api(key.expose(), "POST", &format!("{boss}/password-link")).await.expect(403);
        let own_way = api(owner, "DELETE", &format!("{boss}/second-factor")).await.expect(409).json();
        assert_eq!(own_way["code"], "own_access", "an owner's key does not stand in for the password: {own_way}");
        drop(scene.letters().await);
        assert!(own.is_in().await);

        api(owner, "DELETE", &of_ada("second-factor")).await.expect(204);
        assert!(!own.is_in().await, "{}: signed out everywhere", scene.engine);
        assert_eq!(scene.told("second_factor.removed").await, 1);
        let letters = scene.letters().await;
        let told = |letter: &String| letter.contains("An owner of your organization removed") && letter.contains(ADA);
        assert!(letters.iter().any(told), "{letters:?}");
        api(owner, "DELETE", &of_ada("second-factor")).await.expect(409);
        // The password is asked for as before, and the codes are dead.
        Browser::new(&scene.world.client).sign_in(ADA, ANOTHER).await.expect(403);
        let back = Browser::new(&scene.world.client);
        back.sign_in(ADA, PASSWORD).await.expect(303);
        assert!(back.is_in().await);
        let state = api(owner, "GET", &of_ada("sign-in")).await.expect(200).json();
        assert_eq!(
            (&state["recovery_codes_left"], &state["second_factor_since"]),
            (&0.into(), &serde_json::Value::Null)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_mails_a_password_link_to_the_persons_own_address_and_not_a_hundred() {
    everywhere(async |scene| {
        scene.member(ADA).await;
        let ada = scene.user(ADA).await.id;
        drop(scene.letters().await);
        let bearer = format!("Bearer {}", scene.acme.key);
        let ask = async |path: &str| {
            scene.world.client.send("POST", &format!("/api/v1/users/{path}"), &[("authorization", &bearer)], None).await
        };
        ask(&format!("{ada}/password-link")).await.expect(202);
        let token = scene.token_behind("/login/reset?token=").await;
        // What they have holds until they choose another.
        Browser::new(&scene.world.client).sign_in(ADA, PASSWORD).await.expect(303);
        let browser = Browser::new(&scene.world.client);
        browser.post("/login/reset", &[("token", &token), ("password", ANOTHER), ("again", ANOTHER)]).await.expect(200);
        Browser::new(&scene.world.client).sign_in(ADA, ANOTHER).await.expect(303);
        let mut last = 202;
        for _ in 0..20 {
            last = ask(&format!("{ada}/password-link")).await.status;
        }
        assert_eq!(last, 409, "nobody fills a mailbox");
        // Whom a provider signs in has no password.
        let okta = scene.acme.connection("okta", castgate::model::Profile::Okta).await;
        let body = serde_json::json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bo@example.com",
                                      "emails": [{"value": "bo@example.com", "primary": true}]});
        let bo = okta.post("/Users", body).await.expect(201).id();
        ask(&format!("{bo}/password-link")).await.expect(409);
        ask("usr_06h00krhv1t3jel88ooobccad0/password-link").await.expect(404);
    })
    .await;
}
