//! The decision: may this one do that there, and why or why not.

use crate::{
    people::{Viewer, bearer},
    world::{Answer, World},
};
use serde_json::{Value, json};

async fn asked(world: &World, key: &str, checks: Value) -> Answer {
    let key = bearer(key);
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let body = json!({"checks": checks}).to_string();
    world.client.send("POST", "/api/v1/authorize", &headers, Some(body)).await
}

async fn decided(world: &World, key: &str, checks: Value) -> Vec<Value> {
    asked(world, key, checks).await.expect(200).json()["decisions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_answer_says_why_or_what_is_missing() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let viewer = Viewer::of(&world, &acme).await;
    world.app.declare_cluster(&acme.operator, "prod-eu", None, None).await.unwrap();
    let said = decided(
        &world,
        &acme.key,
        json!([
            {"subject": viewer.id, "can": "view-costs"},
            {"subject": "Vera@acme.test", "can": "view-clusters", "cluster": "PROD-EU"},
            {"subject": viewer.id, "can": "manage-clusters", "cluster": "prod-eu"},
            {"subject": viewer.id, "can": "manage-members", "cluster": "prod-eu"},
            {"can": "manage-members"},
        ]),
    )
    .await;
    assert_eq!((&said[0]["allowed"], &said[0]["because"]["role"]), (&json!(true), &json!("viewer")));
    assert_eq!(said[0]["reason"], "viewer at organization, the default for people whom no rule gives anything");
    assert_eq!((&said[1]["allowed"], &said[1]["subject"]["id"]), (&json!(true), &json!(viewer.id)));
    assert_eq!((&said[2]["allowed"], &said[2]["nearest"]["roles"]), (&json!(false), &json!(["owner", "member"])));
    assert_eq!(said[2]["reason"], "manage-clusters needs owner or member at prod-eu; vera@acme.test holds it nowhere");
    assert_eq!(said[3]["nearest"]["at"]["kind"], "organization", "no role gives it on one cluster: {}", said[3]);
    assert_eq!((&said[4]["allowed"], &said[4]["because"]["role"]), (&json!(true), &json!("owner")));
    viewer.deactivate().await;
    let said = decided(&world, &acme.key, json!([{"subject": viewer.id, "can": "view-costs"}])).await;
    assert_eq!(
        (&said[0]["allowed"], &said[0]["reason"]),
        (&json!(false), &json!("vera@acme.test is suspended and holds nothing"))
    );
}

#[tokio::test]
async fn what_cannot_be_decided_is_a_problem_of_its_own_and_never_a_yes() {
    let world = World::start().await;
    let (acme, other) = (world.organization("acme").await, world.organization("other").await);
    let theirs = Viewer::of(&world, &other).await;
    let checks = json!([
        {"subject": "nobody@acme.test", "can": "view-costs"},
        {"subject": theirs.id, "can": "view-costs"},
        {"subject": "vera@acme.test", "can": "view-costs"},
        {"can": "view-costs", "cluster": "nowhere"},
        {"can": "view-costs"},
    ]);
    let said = decided(&world, &acme.key, checks).await;
    let problems: Vec<_> = said.iter().map(|one| one["problem"]["code"].as_str().unwrap_or("")).collect();
    assert_eq!(problems, ["unknown_subject", "unknown_subject", "unknown_subject", "unknown_cluster", ""]);
    assert_eq!(said.iter().map(|one| one["allowed"] == true).collect::<Vec<_>>(), [false, false, false, false, true]);
    for wrong in
        [json!([]), json!([{"can": "manage-everything"}]), json!([{"can": "view-costs", "role": "x"}]), json!("x")]
    {
        asked(&world, &acme.key, wrong).await.expect(400);
    }
    let many = vec![json!({"can": "view-costs"}); 101];
    asked(&world, &acme.key, json!(many)).await.expect(400);
    assert_eq!(decided(&world, &acme.key, json!(many[..100])).await.len(), 100);
}

#[tokio::test]
async fn about_oneself_anybody_may_ask_and_about_others_who_manages_members() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let viewer = Viewer::of(&world, &acme).await;
    for subject in [json!(null), json!(viewer.id), json!("VERA@acme.test")] {
        let said = decided(&world, &viewer.key, json!([{"subject": subject, "can": "view-costs"}])).await;
        assert_eq!((&said[0]["allowed"], &said[0]["subject"]["id"]), (&json!(true), &json!(viewer.id)));
    }
    for subject in ["owner@acme.example.com", "nobody@acme.test", "usr_06h00krhv1t3jel88ooobccad0"] {
        let refused =
            asked(&world, &viewer.key, json!([{"can": "view-costs"}, {"subject": subject, "can": "view-costs"}]));
        assert!(refused.await.expect(403).json()["detail"].as_str().unwrap().contains("manage-members"), "{subject}");
    }
}

#[tokio::test]
async fn a_key_that_carries_less_is_told_what_it_carries_and_not_what_its_owner_holds() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let key = bearer(&acme.key);
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let wish = json!({"name": "reports", "rights": [{"role": "viewer"}]}).to_string();
    let made = world.client.send("POST", "/api/v1/keys", &headers, Some(wish)).await.expect(201).json();
    let narrow = made["secret"].as_str().unwrap();
    let checks = json!([{"can": "view-costs"}, {"can": "manage-organization"}]);
    let allowed = |said: Vec<Value>| said.iter().map(|one| one["allowed"] == true).collect::<Vec<_>>();
    assert_eq!(allowed(decided(&world, narrow, checks.clone()).await), [true, false]);
    assert_eq!(allowed(decided(&world, &acme.key, checks).await), [true, true]);
}
