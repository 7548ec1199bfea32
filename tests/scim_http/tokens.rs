//! Who gets in.

use super::{assert_refused, okta, user};
use crate::world::World;
use castgate::model::Profile;

#[tokio::test]
async fn every_reason_to_refuse_what_was_never_a_token_looks_the_same() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let good = acme.connection("okta", Profile::Okta).await;
    let mut mistyped = good.token().to_owned();
    let last = mistyped.pop().unwrap();
    mistyped.push(if last == 'a' { 'b' } else { 'a' });
    let bearer = |token: &str| format!("Bearer {token}");
    let mut answers = Vec::new();
    for header in [
        String::new(),
        good.token().to_owned(),
        "Bearer".to_owned(),
        bearer("nonsense"),
        bearer(&mistyped),
        bearer("cgs_0000000000000000000000000000000000000000000000"),
        bearer(&acme.key),
        format!("Basic {}", good.token()),
        format!("Bearer {0}, Bearer {0}", good.token()),
    ] {
        let answer = world.client.get("/scim/v2/Users", &[("authorization", &header)]).await;
        assert_refused(&answer, 401, None);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        answers.push((header, answer.text));
    }
    for (header, text) in &answers {
        assert_eq!(text, &answers[0].1, "{header}");
    }
    // The scheme's letter case does not matter.
    let lower = format!("bearer {}", good.token());
    world.client.get("/scim/v2/Users", &[("authorization", &lower)]).await.expect(200);
}

#[tokio::test]
async fn a_token_opens_its_own_organization_alone() {
    let (world, acme) = okta().await;
    let id = acme.post("/Users", user("ada@example.com")).await.expect(201).id();
    let rival = world.organization("rival").await.connection("okta", Profile::Okta).await;
    assert_refused(&rival.get(&format!("/Users/{id}")).await, 404, None);
    rival.post("/Users", user("ada@example.com")).await.expect(201);
}
