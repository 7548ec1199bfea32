//! Links by which a password is chosen.

use crate::scene::{ANOTHER, Browser, PASSWORD, Scene, everywhere};
use std::time::Duration;

const ADA: &str = "ada@example.com";

async fn asked(scene: &Scene) -> String {
    let fields = [("email", ADA), ("organization", "acme")];
    Browser::new(&scene.world.client).post("/login/forgot", &fields).await.expect(200);
    scene.token_behind("/login/reset?token=").await
}

fn chosen<'a>(token: &'a str, password: &'a str) -> [(&'a str, &'a str); 3] {
    [("token", token), ("password", password), ("again", password)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_chooses_a_password_once_and_signs_everybody_out() {
    everywhere(async |scene| {
        let (first, second) = (scene.member(ADA).await, Browser::new(&scene.world.client));
        second.sign_in(ADA, PASSWORD).await.expect(303);
        let token = asked(scene).await;
        let stale = asked(scene).await;
        // Mail scanners look, and send what they like along.
        let path = format!("/login/reset?token={token}");
        for method in ["GET", "HEAD", "GET"] {
            scene.world.client.send(method, &path, &[("user-agent", "scanner")], None).await.expect(200);
        }
        assert!(first.is_in().await && second.is_in().await);
        let stranger = Browser::new(&scene.world.client);
        // What is not taken does not use the link up.
        for (password, again) in [("short", "short"), ("ada@example.com!", "ada@example.com!"), (ANOTHER, PASSWORD)] {
            let fields = [("token", token.as_str()), ("password", password), ("again", again)];
            stranger.post("/login/reset", &fields).await.expect(400);
        }
        stranger.post("/login/reset", &chosen(&token, ANOTHER)).await.expect(200);
        assert!(!stranger.has("castgate"), "the link itself signs nobody in");
        assert!(!first.is_in().await && !second.is_in().await, "{}", scene.engine);
        for dead in [&token, &stale] {
            stranger.post("/login/reset", &chosen(dead, PASSWORD)).await.expect(410);
            scene.world.client.get(&format!("/login/reset?token={dead}"), &[]).await.expect(410);
        }
        first.sign_in(ADA, PASSWORD).await.expect(403);
        first.sign_in(ADA, ANOTHER).await.expect(303);
        assert!(first.is_in().await);
        assert!(scene.letters().await.iter().any(|letter| letter.contains("Your password was changed")));
        assert_eq!(scene.told("password.set").await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_used_twice_at_the_same_moment_is_used_once() {
    everywhere(async |scene| {
        scene.member(ADA).await;
        let other = scene.second_node().await;
        for round in 0..5 {
            let token = asked(scene).await;
            let (one, two) = (Browser::new(&scene.world.client), Browser::new(&other.client));
            let (mine, theirs) = (format!("{ANOTHER} {round}"), format!("{PASSWORD} {round}"));
            let (mine_sent, theirs_sent) = (chosen(&token, &mine), chosen(&token, &theirs));
            let (a, b) = tokio::join!(one.post("/login/reset", &mine_sent), two.post("/login/reset", &theirs_sent));
            let mut outcomes = [a.status, b.status];
            let won = if a.status == 200 { &mine } else { &theirs };
            outcomes.sort_unstable();
            assert_eq!(outcomes, [200, 410], "{}", scene.engine);
            Browser::new(&scene.world.client).sign_in(ADA, won).await.expect(303);
            scene.clock.advance(Duration::from_hours(3));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_ends_with_its_time_its_address_and_its_person() {
    everywhere(async |scene| {
        scene.member(ADA).await;
        let late = asked(scene).await;
        scene.clock.advance(Duration::from_hours(1));
        let stranger = Browser::new(&scene.world.client);
        stranger.post("/login/reset", &chosen(&late, ANOTHER)).await.expect(410);
        for change in 0..2 {
            let token = asked(scene).await;
            let before = scene.user(ADA).await;
            let mut after = before.clone();
            match change {
                0 => after.email = Some("other@example.com".to_owned()),
                _ => after.suspended_by_person = true,
            }
            set(scene, &after).await;
            stranger.post("/login/reset", &chosen(&token, ANOTHER)).await.expect(410);
            set(scene, &before).await;
            Browser::new(&scene.world.client).sign_in(ADA, PASSWORD).await.expect(303);
            scene.clock.advance(Duration::from_hours(3));
        }
        let token = asked(scene).await;
        scene.enforce("example.com").await;
        stranger.post("/login/reset", &chosen(&token, ANOTHER)).await.expect(410);
        for nonsense in ["", "cgp_", "x", &token.replace("cgp_", "cgi_")] {
            stranger.post("/login/reset", &chosen(nonsense, ANOTHER)).await.expect(410);
        }
    })
    .await;
}

async fn set(scene: &Scene, user: &castgate::model::User) {
    let mut tx = scene.store.write("test").await.unwrap();
    tx.update_user(&scene.acme.operator.organization, user).await.unwrap();
    tx.commit().await.unwrap();
}
