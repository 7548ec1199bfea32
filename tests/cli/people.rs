//! Access reviews, second factors and erasure, as people see them.

use crate::Scene;
use castgate::{
    crypto::totp,
    model::{Instant, Profile, UserId},
};
use insta::assert_snapshot;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_review_from_its_beginning_to_its_end() {
    let scene = Scene::set().await;
    assert_snapshot!(scene.shows(&["reviews", "list"]).await, @"No access reviews yet. Begin one with: castgate reviews start NAME");
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    scene.push(&okta, "ada@acme.test").await;
    scene.push(&okta, "grace@acme.test").await;
    scene.world.app.clock().advance(Duration::from_hours(24 * 120));
    assert_snapshot!("reviews_start", scene.shows(&["reviews", "start", "spring"]).await);
    assert_snapshot!("reviews_list", scene.shows(&["reviews", "list"]).await);
    assert_snapshot!("reviews_get", scene.shows(&["reviews", "get", "spring"]).await);
    assert_snapshot!("reviews_proposals", scene.shows(&["reviews", "proposals", "spring"]).await);
    let decide = ["reviews", "decide", "spring", "suspend", "--kind", "unused_account", "--note", "gone for long"];
    assert_snapshot!("reviews_decide", scene.shows(&decide).await);
    let nothing = scene.run(&decide).await.expect(2);
    assert!(nothing.err.contains("nothing is left to decide so"), "{nothing:?}");
    assert_snapshot!("reviews_apply", scene.shows(&["reviews", "apply", "spring", "--yes"]).await);
    assert_eq!(
        scene.run(&["users", "get", "ada@acme.test", "-o", "json"]).await.expect(0).json()["state"],
        "suspended"
    );
    let csv = scene.shows(&["reviews", "evidence", "spring", "--csv"]).await;
    assert!(csv.lines().count() > 2 && csv.contains("gone for long"), "{csv}");
    let evidence = scene.run(&["reviews", "evidence", "spring"]).await.expect(0).json();
    assert_eq!(evidence["review"]["name"], "spring");
    assert_snapshot!(scene.shows(&["reviews", "close", "spring", "--yes"]).await, @"The review is closed.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_factor_is_looked_at_and_taken_away() {
    let scene = Scene::set().await;
    let app = &scene.world.app;
    let organization = &scene.organization.operator.organization;
    app.recover_organization("acme", "grace@acme.test").await.unwrap();
    assert_snapshot!("users_sign_in", scene.shows(&["users", "sign-in", "grace@acme.test"]).await);
    let none = scene.run(&["users", "clear-second-factor", "grace@acme.test", "--yes"]).await;
    assert_eq!(none.code, 6, "{none:?}");
    let id: UserId =
        scene.run(&["users", "get", "grace@acme.test", "-o", "name"]).await.expect(0).out.trim().parse().unwrap();
    let mut tx = scene.store.write("test").await.unwrap();
    let now = app.clock().now();
    assert!(tx.offer_second_factor(organization, &id, &[1; totp::SECRET], now).await.unwrap());
    assert!(tx.confirm_second_factor(organization, (&id, now), 1, Instant(now.0 + 1)).await.unwrap());
    tx.commit().await.unwrap();
    assert_snapshot!(
        scene.shows(&["users", "clear-second-factor", "grace@acme.test", "--yes"]).await,
        @"grace@acme.test has no authenticator app any more."
    );
    assert_snapshot!(
        scene.shows(&["users", "password-link", "grace@acme.test"]).await,
        @"A link to choose a password is on its way."
    );
    let state = scene.run(&["users", "sign-in", "grace@acme.test", "-o", "json"]).await.expect(0).json();
    assert!(state["second_factor_since"].is_null() && state["password_link_until"].is_string(), "{state}");
    assert_eq!(scene.run(&["users", "sign-in", "-o", "json"]).await.expect(0).json()["recovery_codes_left"], 0);
    scene.run(&["users", "password-link"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_erased_by_whoever_repeats_their_name() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    let ada = scene.push(&okta, "ada@acme.test").await;
    let active = scene.run(&["users", "erase", &ada, "--preview"]).await;
    assert!(active.code == 6 && active.err.contains("suspend or remove them first"), "{active:?}");
    scene.run(&["users", "suspend", &ada, "--yes"]).await.expect(0);
    let preview = scene.shows(&["users", "erase", "ada@acme.test", "--preview"]).await;
    let (shown, plan) = preview.split_once("plan ").unwrap();
    assert_eq!(plan.trim().len(), 32, "{preview}");
    assert_snapshot!("users_erase_preview", shown);
    let unasked = scene.run(&["users", "erase", &ada, "--yes"]).await.expect(2);
    assert!(unasked.err.contains("repeat it with --confirm"), "{unasked:?}");
    let wrong = scene.run(&["users", "erase", &ada, "--confirm", "grace@acme.test"]).await;
    assert_ne!(wrong.code, 0, "{wrong:?}");
    let done = scene.shows(&["users", "erase", &ada, "--confirm", "ada@acme.test"]).await;
    assert_eq!(done, format!("What was personal of {} is erased.\n", crate::steady(&ada)));
    let again = scene.run(&["users", "erase", &ada, "--preview"]).await;
    assert!(again.code == 6 && again.err.contains("erased before"), "{again:?}");
    let anew = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@acme.test"});
    assert_ne!(okta.post("/Users", anew).await.expect(201).id(), ada);
    // What may mean others too is said before it is asked.
    let named =
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "grace", "nickName": "viewer"});
    let grace = okta.post("/Users", named).await.expect(201).id();
    scene.run(&["users", "suspend", &grace, "--yes"]).await.expect(0);
    let asked = scene.run(&["users", "erase", &grace]).await.expect(2);
    assert!(asked.err.contains("looked for only in what is about them: grace, viewer."), "{asked:?}");
}
