//! Invitations accepted with a password, changing one's own, and what single sign-on switches off.

use crate::scene::{ANOTHER, Browser, PASSWORD, everywhere};
use castgate::model::{ConnectionSettings, OidcSettings, Profile};
use serde_json::json;
use std::{fs, path::Path, time::Duration};

const ADA: &str = "ada@example.com";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_accepted_with_a_password_and_the_terms_stand_before_everything() {
    everywhere(async |scene| {
        let token = scene.invite(ADA).await;
        let path = format!("/invitations/{token}/password");
        let browser = Browser::new(&scene.world.client);
        // No provider signs anybody in here: the button leads to the password.
        let to = browser.post(&format!("/invitations/{token}"), &[]).await.expect(303);
        assert_eq!(to.header("location"), path);
        for _ in 0..3 {
            assert!(browser.get(&path).await.expect(200).text.contains(ADA));
        }
        let weak = [("password", "password1234"), ("again", "password1234")];
        let page = browser.post(&path, &weak).await.expect(400);
        assert!(page.text.contains("many people use"), "{page:?}");
        let different = [("password", PASSWORD), ("again", ANOTHER)];
        browser.post(&path, &different).await.expect(400);
        let fields = [("password", PASSWORD), ("again", PASSWORD)];
        let answer = browser.post(&path, &fields).await.expect(303);
        assert_eq!(answer.header("location"), "/terms?return_to=%2Faccount");
        assert!(browser.has("castgate") && browser.has("castgate-browser"));
        assert!(browser.get("/account/password").await.expect(303).header("location").starts_with("/terms"));
        browser.accept_terms().await;
        assert!(browser.get("/account").await.expect(200).text.to_lowercase().contains("member"), "{}", scene.engine);
        Browser::new(&scene.world.client).post(&path, &fields).await.expect(410);
        let user = scene.user(ADA).await;
        assert_eq!((user.connection, user.user_name.as_str()), (None, ADA));
        // By whatever way the address is written.
        Browser::new(&scene.world.client).sign_in(" ADA@Example.com ", PASSWORD).await.expect(303);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_invitation_accepted_twice_at_the_same_moment_makes_one_person() {
    everywhere(async |scene| {
        let other = scene.second_node().await;
        for round in 0..5 {
            let email = format!("person-{round}@example.com");
            let path = format!("/invitations/{}/password", scene.invite(&email).await);
            let (one, two) = (Browser::new(&scene.world.client), Browser::new(&other.client));
            let fields = [("password", PASSWORD), ("again", PASSWORD)];
            let (a, b) = tokio::join!(one.post(&path, &fields), two.post(&path, &fields));
            let mut outcomes = [a.status, b.status];
            outcomes.sort_unstable();
            assert_eq!(outcomes, [303, 410], "{}", scene.engine);
            let all = scene.world.app.members(&scene.acme.operator, "", 1000).await.unwrap();
            assert_eq!(all.iter().filter(|user| user.email.as_deref() == Some(&email)).count(), 1);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_never_makes_two_people_nor_takes_anybodys_account_over() {
    everywhere(async |scene| {
        let fields = [("password", ANOTHER), ("again", ANOTHER)];
        let accept = async |email: &str| {
            let path = format!("/invitations/{}/password", scene.invite(email).await);
            (Browser::new(&scene.world.client), path)
        };
        // Pushed after the invitation was sent.
        let (browser, path) = accept("oda@example.com").await;
        let okta = scene.acme.connection("okta", Profile::Okta).await;
        let person = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "oda@example.com",
                            "emails": [{"value": "oda@example.com", "primary": true}]});
        okta.post("/Users", person).await.expect(201);
        browser.post(&path, &fields).await.expect(409);
        // The operator made somebody of this address meanwhile, who has no password: the same person.
        let (browser, path) = accept("rea@example.com").await;
        scene.world.app.recover_organization("acme", "rea@example.com").await.unwrap();
        let before = scene.user("rea@example.com").await.id;
        browser.post(&path, &fields).await.expect(303);
        assert_eq!(scene.user("rea@example.com").await.id, before);
        // Enforced since: their company's own sign-in alone.
        let (browser, path) = accept("eve@enforced.test").await;
        scene.enforce("enforced.test").await;
        assert!(browser.get(&path).await.expect(303).header("location").starts_with("/invitations/"));
        browser.post(&path, &fields).await.expect(403);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changing_ones_password_asks_for_the_one_before_and_ends_ones_other_sessions() {
    everywhere(async |scene| {
        let (here, there) = (scene.member(ADA).await, Browser::new(&scene.world.client));
        there.sign_in(ADA, PASSWORD).await.expect(303);
        let change = async |browser: &Browser, current: &str, new: &str, again: &str| {
            let fields = [("current", current), ("password", new), ("again", again)];
            browser.post_own("/account/password", &fields).await.status
        };
        assert_eq!(change(&here, ANOTHER, ANOTHER, ANOTHER).await, 400);
        assert_eq!(change(&here, PASSWORD, ANOTHER, PASSWORD).await, 400);
        assert_eq!(change(&here, PASSWORD, "acmeacmeacme", "acmeacmeacme").await, 400);
        assert!(there.is_in().await);
        assert_eq!(change(&here, PASSWORD, ANOTHER, ANOTHER).await, 200);
        assert!(here.is_in().await && !there.is_in().await, "{}", scene.engine);
        there.sign_in(ADA, PASSWORD).await.expect(403);
        there.sign_in(ADA, ANOTHER).await.expect(303);
        // Somebody at a browser that was left open does not guess for long.
        for _ in 0..5 {
            assert_eq!(change(&here, "a wrong password", PASSWORD, PASSWORD).await, 400);
        }
        assert_eq!(change(&here, ANOTHER, PASSWORD, PASSWORD).await, 409);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_password_yet_gets_a_link_and_a_providers_person_does_not() {
    everywhere(async |scene| {
        let owner = Browser::new(&scene.world.client);
        owner.post("/login/link", &[("token", &scene.acme.link)]).await.expect(303);
        assert!(owner.get("/account/password").await.expect(200).text.contains("We mail a link"));
        owner.post_own("/account/second-factor", &[("current", PASSWORD)]).await.expect(409);
        owner.post_own("/account/password/link", &[]).await.expect(200);
        let token = scene.token_behind("/login/reset?token=").await;
        owner.post("/login/reset", &[("token", &token), ("password", PASSWORD), ("again", PASSWORD)]).await.expect(200);
        owner.sign_in("owner@acme.example.com", PASSWORD).await.expect(303);
        assert!(owner.is_in().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_single_sign_on_is_enforced_only_the_broken_glass_lets_in() {
    everywhere(async |scene| {
        let ada = scene.member(ADA).await;
        scene.member("bob@elsewhere.test").await;
        scene.enforce("example.com").await;
        ada.forget("castgate");
        scene.clock.advance(Duration::from_millis(2));
        ada.sign_in(ADA, PASSWORD).await.expect(403);
        assert_eq!(scene.failures(1).await, ["enforced_elsewhere"]);
        Browser::new(&scene.world.client).sign_in("bob@elsewhere.test", PASSWORD).await.expect(303);
        scene.letters().await;
        let link = scene.world.app.recover_organization("acme", ADA).await.unwrap();
        let glass = Browser::new(&scene.world.client);
        glass.post("/login/link", &[("token", link.expose())]).await.expect(303);
        assert!(glass.is_in().await);
        Browser::new(&scene.world.client).post("/login/link", &[("token", link.expose())]).await.expect(410);
        // Loud: on record, and in the owners' mail.
        assert_eq!(scene.told("access.owner_recovered").await, 1);
        let letters = scene.letters().await;
        let told = letters.iter().filter(|letter| letter.contains("at the machine itself"));
        assert!(told.count() >= 1, "{letters:?}");
        glass.post("/login/forgot", &[("email", ADA), ("organization", "acme")]).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sign_in_page_leads_to_the_password_where_no_provider_has_the_domain() {
    everywhere(async |scene| {
        let stranger = Browser::new(&scene.world.client);
        let begin = async |email: &str, slug: &str| {
            let fields = [("email", email), ("organization", slug)];
            stranger.post("/login", &fields).await.text
        };
        let (here, nowhere) = (begin(ADA, "acme").await, begin(ADA, "nowhere").await);
        assert!(here.contains("action=\"/login/password\""), "{here}");
        assert_eq!(here.replace("\"acme\"", "SLUG"), nowhere.replace("\"nowhere\"", "SLUG"));
        let mut settings = ConnectionSettings::of(Profile::Okta);
        settings.oidc = Some(OidcSettings::new("http://127.0.0.1:9", "castgate"));
        scene.acme.connection_with("okta", settings).await;
        // Nobody has a password: everybody goes to the provider, which cannot be asked here.
        assert!(begin(ADA, "acme").await.contains("could not be accepted"), "{}", scene.engine);
        scene.member("bob@example.com").await;
        let page = begin(ADA, "acme").await;
        assert!(page.contains("Continue with okta") && page.contains("Continue with a password"), "{page}");
        let fields = [("email", ADA), ("organization", "acme"), ("connection", "password")];
        let page = stranger.post("/login", &fields).await.expect(200).text;
        assert!(page.contains("action=\"/login/password\"") && page.contains(ADA), "{page}");
    })
    .await;
}

/// Every file below a directory but the post, which is what carries links.
fn files(directory: &Path, found: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true if path.ends_with("mail") => {}
            true => files(&path, found),
            false => found.push(fs::read(path).unwrap()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_lies_in_the_store() {
    everywhere(async |scene| {
        let own = scene.member(ADA).await;
        let (secret, codes) = own.enrol(&scene.clock).await;
        own.post("/login/forgot", &[("email", ADA), ("organization", "acme")]).await.expect(200);
        let token = scene.token_behind("/login/reset?token=").await;
        Browser::new(&scene.world.client).sign_in(ADA, ANOTHER).await.expect(403);
        scene.clock.advance(Duration::from_secs(30));
        let mut found = Vec::new();
        files(&scene.world.app.settings().store.data_directory, &mut found);
        let contains = |needle: &[u8]| found.iter().any(|file| file.windows(needle.len()).any(|part| part == needle));
        assert!(scene.engine != "SQLite" || contains(b"$argon2id$"), "the store itself is looked at");
        let text = data_encoding::BASE32_NOPAD.encode(&secret);
        let plain = codes[0].replace('-', "");
        for canary in [PASSWORD, ANOTHER, &codes[0], &plain, &token, &text] {
            assert!(!contains(canary.as_bytes()), "{}: {canary}", scene.engine);
        }
        assert!(!contains(&secret), "{}", scene.engine);
    })
    .await;
}
