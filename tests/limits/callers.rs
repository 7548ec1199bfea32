//! Too many requests of one caller.

use super::limited;
use crate::world::{Answer, World};
use castgate::model::Profile;
use serde_json::json;

fn is_told_where_it_stands(answer: &Answer, limit: &str, remaining: &str) {
    assert_eq!(answer.header("x-rate-limit-limit"), limit, "{answer:?}");
    assert_eq!(answer.header("x-rate-limit-remaining"), remaining, "{answer:?}");
    assert!(answer.header("x-rate-limit-reset").parse::<u64>().is_ok(), "{answer:?}");
}

fn is_told_when_to_come_back(answer: &Answer, limit: &str) {
    assert_eq!(answer.status, 429, "{answer:?}");
    is_told_where_it_stands(answer, limit, "0");
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=36_000).contains(&seconds), "{answer:?}");
}

#[tokio::test]
async fn a_provider_that_pushes_too_much_is_told_so_in_scims_words() {
    let world = limited(|limits| (limits.scim, limits.scim_burst) = ("1/h".parse().unwrap(), 3)).await;
    let acme = world.organization("acme").await;
    let (okta, other) = (acme.connection("okta", Profile::Okta).await, acme.connection("other", Profile::Okta).await);
    for remaining in ["2", "1", "0"] {
        let answer = okta.get("/Users").await.expect(200);
        is_told_where_it_stands(&answer, "3", remaining);
        assert_eq!(answer.header("retry-after"), "");
    }
    let answer = okta.get("/Users").await;
    is_told_when_to_come_back(&answer, "3");
    assert_eq!(answer.header("content-type"), "application/scim+json");
    assert_eq!(answer.json()["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(answer.json()["status"], "429");
    // A refusal costs nothing more, and nobody else anything.
    is_told_when_to_come_back(&okta.get("/Users").await, "3");
    other.get("/Users").await.expect(200);
    world.client.get("/api/v1/me", &[("x-api-key", &acme.key)]).await.expect(200);
}

#[tokio::test]
async fn an_organization_shares_one_limit_at_the_api() {
    let world = limited(|limits| (limits.api, limits.api_burst) = ("1/h".parse().unwrap(), 2)).await;
    let (acme, rival) = (world.organization("acme").await, world.organization("rival").await);
    let ask = async |key: &str| world.client.get("/api/v1/organization", &[("x-api-key", key)]).await;
    is_told_where_it_stands(&ask(&acme.key).await.expect(200), "2", "1");
    ask(&acme.key).await.expect(200);
    let answer = ask(&acme.key).await;
    is_told_when_to_come_back(&answer, "2");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.json()["code"], "rate_limited");
    ask(&rival.key).await.expect(200);
    // What services behind the gateway ask is another matter: they ask for everybody.
    for _ in 0..5 {
        world.client.get("/auth/verify", &[("x-api-key", &acme.key)]).await.expect(200);
    }
}

async fn with_ten_from_an_address() -> World {
    limited(|limits| (limits.address, limits.address_burst) = ("1/h".parse().unwrap(), 10)).await
}

#[tokio::test]
async fn strangers_are_counted_by_address_and_those_with_a_good_credential_are_not() {
    let world = with_ten_from_an_address().await;
    let acme = world.organization("acme").await;
    let okta = acme.connection("okta", Profile::Okta).await;
    for _ in 0..10 {
        world.client.get("/login", &[]).await.expect(200);
    }
    let answer = world.client.get("/login", &[]).await;
    is_told_when_to_come_back(&answer, "10");
    assert!(answer.header("content-type").starts_with("text/html"), "{answer:?}");
    assert!(answer.text.contains("too many requests"), "{answer:?}");
    assert!(!answer.header("content-security-policy").is_empty(), "{answer:?}");
    // The same address, with something to show.
    okta.get("/Users").await.expect(200);
    world.client.get("/api/v1/me", &[("x-api-key", &acme.key)]).await.expect(200);
    // What a page needs, and what a supervisor asks, cost nothing.
    world.client.get("/assets/castgate.css", &[]).await.expect(200);
    world.client.get("/healthz", &[]).await.expect(200);
    world.client.get("/readyz", &[]).await.expect(200);
}

#[tokio::test]
async fn a_credential_that_is_refused_costs_more_than_a_page() {
    let world = with_ten_from_an_address().await;
    let okta = world.organization("acme").await.connection("okta", Profile::Okta).await;
    for _ in 0..2 {
        world.client.get("/scim/v2/Users", &[("authorization", "Bearer guess")]).await.expect(401);
    }
    let answer = world.client.get("/scim/v2/Users", &[("authorization", "Bearer guess")]).await;
    is_told_when_to_come_back(&answer, "10");
    assert_eq!(answer.header("content-type"), "application/scim+json");
    is_told_when_to_come_back(&world.client.get("/api/v1/me", &[("x-api-key", "guess")]).await, "10");
    // A mistake of somebody who is known is no try.
    for _ in 0..20 {
        okta.get("/Users/nobody").await.expect(404);
    }
}

#[tokio::test]
async fn the_gateway_that_asks_for_everybody_is_not_counted_by_its_address() {
    let world = with_ten_from_an_address().await;
    for _ in 0..20 {
        world.client.get("/auth/verify", &[("cookie", "castgate=guess")]).await.expect(401);
    }
}

#[tokio::test]
async fn limits_that_are_off_say_nothing() {
    let world = super::unlimited().await;
    let okta = world.organization("acme").await.connection("okta", Profile::Okta).await;
    let answer = okta.get("/Users").await.expect(200);
    assert_eq!(answer.header("x-rate-limit-limit"), "");
}
