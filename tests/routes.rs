//! The table of routes, held to what the server does.

mod world;

use castgate::http::{self, Caller};
use std::collections::HashSet;
use world::{Answer, World};

/// A path of this template that leads to nobody in particular.
fn example(template: &str) -> String {
    let mut path = String::new();
    for part in template.split('/').skip(1) {
        let part = if part.starts_with('{') { "x" } else { part };
        path = format!("{path}/{part}");
    }
    path
}

fn is_scim_error(answer: &Answer) -> bool {
    answer.header("content-type") == "application/scim+json"
        && answer.json()["schemas"][0] == "urn:ietf:params:scim:api:messages:2.0:Error"
        && answer.json()["status"].as_str() == Some(answer.status.to_string().as_str())
}

#[tokio::test]
async fn a_route_answers_nobody_but_whom_it_is_for() {
    let world = World::start().await;
    for route in http::routes() {
        let answer = world.client.send(route.method, &example(&route.path), &[], None).await;
        let what = format!("{} {}: {answer:?}", route.method, route.path);
        assert!(!answer.header("x-request-id").is_empty(), "{what}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
        match route.who {
            Caller::Anyone => assert!(![404, 405].contains(&answer.status), "{what}"),
            Caller::SignedIn => {
                assert_eq!(answer.status, 303, "{what}");
                assert!(answer.header("location").starts_with("/login"), "{what}");
            }
            Caller::SessionOrKey => {
                assert_eq!(answer.status, 401, "{what}");
                assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
            }
            Caller::ScimToken => {
                assert_eq!(answer.status, 401, "{what}");
                assert!(is_scim_error(&answer), "{what}");
                assert_eq!(answer.header("www-authenticate"), "Bearer", "{what}");
            }
        }
    }
}

#[tokio::test]
async fn every_row_of_the_table_is_a_route_and_stands_there_once() {
    let world = World::start().await;
    let organization = world.organization("acme").await;
    let okta = organization.connection("okta", castgate::model::Profile::Okta).await;
    let mut seen = HashSet::new();
    for route in http::routes() {
        assert!(seen.insert((route.method, route.path.clone())), "{route:?} stands there twice");
        let Some(path) = route.path.strip_prefix("/scim/v2") else { continue };
        let answer = okta.send(route.method, &example(path), &[], None).await;
        assert_ne!(answer.status, 405, "{route:?}: {answer:?}");
        assert_ne!(answer.json()["detail"], "There is nothing at this address.", "{route:?}");
    }
}

#[tokio::test]
async fn a_path_in_disguise_leads_nowhere_even_with_a_token() {
    let world = World::start().await;
    let okta = world.organization("acme").await.connection("okta", castgate::model::Profile::Okta).await;
    for path in ["/%55sers", "//Users", "/Users;x=1", "/Users%2F", "/Users%2fx", "/x%5C..", "/Users%00"] {
        let answer = okta.get(path).await.expect(404);
        assert!(is_scim_error(&answer), "{path}: {answer:?}");
    }
    // The refusal comes before anybody is asked for a token.
    world.client.get("/scim/v2/%55sers", &[]).await.expect(404);
    world.client.get("/scim/v2/nothing", &[]).await.expect(401);
    okta.get("/nothing").await.expect(404);
    okta.get("/Users/").await.expect(200);
}

#[tokio::test]
async fn what_the_router_says_is_said_in_the_words_of_the_room() {
    let world = World::start().await;
    let okta = world.organization("acme").await.connection("okta", castgate::model::Profile::Okta).await;
    let answer = okta.send("POST", "/Schemas", &[], None).await.expect(405);
    assert!(is_scim_error(&answer), "{answer:?}");
    assert_eq!(answer.header("allow"), "GET,HEAD");
    let answer = world.client.get("/api/v1/nothing-of-the-kind", &[]).await.expect(404);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.json()["code"], "not_found");
    let answer = world.client.get("/nothing-of-the-kind", &[]).await.expect(404);
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer = world.client.send("HEAD", "/healthz", &[], None).await.expect(200);
    assert_eq!(answer.text, "");
}
