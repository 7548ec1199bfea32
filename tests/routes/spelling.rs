//! One spelling of each path, and what the router says in the words of the room.

use crate::world::{Answer, World};

fn is_scim_error(answer: &Answer) -> bool {
    answer.header("content-type") == "application/scim+json"
        && answer.json()["schemas"][0] == "urn:ietf:params:scim:api:messages:2.0:Error"
        && answer.json()["status"].as_str() == Some(answer.status.to_string().as_str())
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
