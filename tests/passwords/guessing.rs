//! What somebody who guesses learns, and how fast.

use crate::scene::{ANOTHER, Browser, PASSWORD, Scene, everywhere};
use castgate::model::Profile;
use serde_json::json;
use std::time::Duration;

const ADA: &str = "ada@example.com";

/// Everybody who does not get in, each with the organization, the address, what is typed, and the reason that admins read.
async fn people(scene: &Scene) -> Vec<(&'static str, &'static str, &'static str, &'static str, &'static str)> {
    scene.member(ADA).await;
    for email in ["sue@example.com", "eve@enforced.test", "moved@example.com"] {
        scene.member(email).await;
    }
    let okta = scene.acme.connection("okta", Profile::Okta).await;
    let person = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "oda@example.com",
                        "emails": [{"value": "oda@example.com", "primary": true}]});
    okta.post("/Users", person).await.expect(201);
    scene.enforce("enforced.test").await;
    let (mut sue, mut moved) = (scene.user("sue@example.com").await, scene.user("moved@example.com").await);
    sue.suspended_by_person = true;
    moved.email = Some("elsewhere@example.com".to_owned());
    let mut tx = scene.store.write("test").await.unwrap();
    for user in [&sue, &moved] {
        tx.update_user(&scene.acme.operator.organization, user).await.unwrap();
    }
    tx.commit().await.unwrap();
    vec![
        ("somebody whose password is another", "acme", ADA, ANOTHER, "password_wrong"),
        ("nobody", "acme", "nobody@example.com", PASSWORD, "unknown_person"),
        ("a provider's person", "acme", "oda@example.com", PASSWORD, "no_password"),
        ("the first owner, who never chose one", "acme", "owner@acme.example.com", PASSWORD, "no_password"),
        ("somebody suspended", "acme", "sue@example.com", PASSWORD, "suspended"),
        ("somebody of a domain with single sign-on", "acme", "eve@enforced.test", PASSWORD, "enforced_elsewhere"),
        ("somebody with an address that is not shown", "acme", "elsewhere@example.com", PASSWORD, "email_unverified"),
        ("an organization that is not here", "no-such-one", ADA, PASSWORD, ""),
        ("no address", "acme", "nonsense", PASSWORD, "unknown_person"),
        ("a password that is too long", "acme", ADA, "too-long", "password_wrong"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reason_looks_the_same_and_costs_the_same() {
    everywhere(async |scene| {
        let people = people(scene).await;
        let mut pages: Vec<(String, String)> = Vec::new();
        for (who, organization, email, password, reason) in &people {
            let long = "a violet tractor ".repeat(100);
            let password = if *password == "too-long" { &long } else { *password };
            scene.clock.advance(Duration::from_millis(2)); // traces sort by it
            let before = scene.world.app.passwords_computed();
            let fields = [("email", *email), ("organization", *organization), ("password", password)];
            let answer = Browser::new(&scene.world.client).post("/login/password", &fields).await.expect(403);
            assert_eq!(scene.world.app.passwords_computed() - before, 1, "{who}: the same work");
            assert_eq!(answer.header("set-cookie"), "", "{who}");
            // What was typed is shown again.
            let page =
                answer.text.replace(&format!("\"{email}\""), "EMAIL").replace(&format!("\"{organization}\""), "SLUG");
            let headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
            pages.push((page, headers.join(" ")));
            assert_eq!(pages[0], *pages.last().unwrap(), "{}: {who}", scene.engine);
            if !reason.is_empty() {
                assert_eq!(scene.failures(1).await, [*reason], "{who}");
            }
        }
        Browser::new(&scene.world.client).sign_in(ADA, PASSWORD).await.expect(303);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_for_a_link_learns_nothing_and_only_who_may_have_one_gets_it() {
    everywhere(async |scene| {
        let people = people(scene).await;
        scene.letters().await;
        let mut pages = Vec::new();
        for (who, organization, email, _, _) in &people {
            let fields = [("email", *email), ("organization", *organization)];
            let page = Browser::new(&scene.world.client).post("/login/forgot", &fields).await.expect(200);
            pages.push(page.text);
            assert_eq!(pages[0], *pages.last().unwrap(), "{}: {who}", scene.engine);
        }
        let mut got = Vec::new();
        for _ in 0..50 {
            got.extend(scene.letters().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let to = |letter: &String| letter.lines().find_map(|line| line.strip_prefix("To: ")).unwrap().trim().to_owned();
        let mut got: Vec<String> = got.iter().map(to).collect();
        got.sort();
        assert_eq!(got, [ADA, ADA, "elsewhere@example.com", "owner@acme.example.com"], "{}", scene.engine);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_count_together_and_a_browser_of_the_persons_own_gets_in_all_the_same() {
    everywhere(async |scene| {
        let own = scene.member(ADA).await;
        let other = scene.second_node().await;
        for email in [ADA, "nobody@example.com"] {
            for attempt in 0..5 {
                let node = if attempt % 2 == 0 { &scene.world } else { &other };
                Browser::new(&node.client).sign_in(email, "a wrong password").await.expect(403);
            }
            for node in [&scene.world, &other] {
                let before = node.app.passwords_computed();
                let answer = Browser::new(&node.client).sign_in(email, PASSWORD).await.expect(429);
                assert_eq!(answer.header("retry-after"), "3", "{}: {email}", scene.engine);
                assert_eq!(node.app.passwords_computed(), before, "nothing is tried");
            }
        }
        // The person's own browser, at either node.
        own.forget("castgate");
        own.sign_in(ADA, PASSWORD).await.expect(303);
        own.at(&other.client).sign_in(ADA, PASSWORD).await.expect(303);
        // Somebody else's browser is as good as none.
        let theirs = scene.member("eve@example.com").await;
        theirs.sign_in(ADA, PASSWORD).await.expect(429);
        scene.clock.advance(Duration::from_secs(3));
        let stranger = Browser::new(&other.client);
        stranger.sign_in(ADA, "a wrong password").await.expect(403);
        // Twice as long.
        assert_eq!(stranger.sign_in(ADA, PASSWORD).await.expect(429).header("retry-after"), "5");
        scene.clock.advance(Duration::from_secs(5));
        stranger.sign_in(ADA, PASSWORD).await.expect(303);
        assert!(stranger.has("castgate-browser"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_guesses_at_the_same_moment_are_forty() {
    everywhere(async |scene| {
        scene.member(ADA).await;
        let other = scene.second_node().await;
        let guesses = (0..40).map(|guess| {
            let client = if guess % 2 == 0 { scene.world.client.clone() } else { other.client.clone() };
            tokio::spawn(async move { Browser::new(&client).sign_in(ADA, "a wrong password").await.status })
        });
        let mut tried = 0;
        for guess in guesses.collect::<Vec<_>>() {
            match guess.await.unwrap() {
                403 => tried += 1,
                429 => {}
                status => panic!("{}: {status}", scene.engine),
            }
        }
        assert_eq!(tried, 5, "{}", scene.engine);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_that_tries_everybody_has_to_wait() {
    everywhere(async |scene| {
        scene.member(ADA).await;
        for number in 0..50 {
            let email = format!("guess-{number}@example.com");
            Browser::new(&scene.world.client).sign_in(&email, PASSWORD).await.expect(403);
        }
        Browser::new(&scene.world.client).sign_in(ADA, PASSWORD).await.expect(429);
        scene.clock.advance(Duration::from_secs(3));
        Browser::new(&scene.world.client).sign_in(ADA, PASSWORD).await.expect(303);
    })
    .await;
}
