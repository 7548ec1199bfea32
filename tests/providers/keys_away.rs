//! Keys that change, and an address of keys that does not answer.

use crate::{
    issuer::{By, keys},
    scene::{Scene, silent},
};
use serde_json::json;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

fn next(scene: &Scene) -> String {
    keys().sign(By::Stranger, r#"{"alg":"ES256","kid":"next"}"#, &scene.claims().to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_unknown_keys_makes_one_request_a_minute() {
    let scene = Scene::set().await;
    scene.show(&scene.jwt(&json!({}))).await.expect(200);
    assert_eq!(scene.issuer.asked(), 1);
    scene.advance(MINUTE);
    let unknown = |number: usize| {
        keys().sign(By::Stranger, &json!({"alg": "ES256", "kid": format!("k{number}")}).to_string(), "{}")
    };
    let flood: Vec<_> = (0..30)
        .map(|number| {
            let (client, bearer) = (scene.world.client.clone(), format!("Bearer {}", unknown(number)));
            let path = format!("/scim/v2/{}/Users", scene.entra.stored.id);
            tokio::spawn(async move { client.get(&path, &[("authorization", &bearer)]).await })
        })
        .collect();
    for answer in flood {
        silent(&answer.await.unwrap(), "an unknown key");
    }
    assert_eq!(scene.issuer.asked(), 2);
    // A key that came meanwhile is found a minute later.
    let mut set = keys().published();
    set["keys"].as_array_mut().unwrap().push(keys().strangers("next"));
    scene.issuer.says(200, &set);
    silent(&scene.show(&next(&scene)).await, "not asked for yet");
    scene.advance(MINUTE);
    scene.show(&next(&scene)).await.expect(200);
    assert_eq!(scene.issuer.asked(), 3);
    scene.advance(MINUTE);
    scene.show(&next(&scene)).await.expect(200);
    assert_eq!(scene.issuer.asked(), 3, "what is known needs no asking");
}

#[tokio::test]
async fn known_keys_work_for_a_day_while_their_address_is_away() {
    let scene = Scene::set().await;
    scene.show(&scene.jwt(&json!({}))).await.expect(200);
    scene.issuer.says(503, &json!({}));
    scene.advance(MINUTE * (24 * 60 - 1));
    scene.show(&scene.jwt(&json!({}))).await.expect(200);
    assert_eq!(scene.issuer.asked(), 2);
    scene.show(&scene.jwt(&json!({}))).await.expect(200);
    assert_eq!(scene.issuer.asked(), 2, "it is left alone for a minute");
    scene.issuer.says(200, &json!({"keys": []}));
    scene.advance(MINUTE * 2);
    let answer = scene.show(&scene.jwt(&json!({}))).await.expect(503);
    assert!(!answer.header("retry-after").is_empty());
    scene.advance(MINUTE);
    scene.issuer.says(200, &keys().published());
    scene.show(&scene.jwt(&json!({}))).await.expect(200);
    // A key that was taken back is not believed any longer than an hour.
    scene.issuer.says(200, &json!({"keys": [keys().strangers("next")]}));
    scene.advance(MINUTE * 61);
    silent(&scene.show(&scene.jwt(&json!({}))).await, "a key that was taken back");
    scene.show(&next(&scene)).await.expect(200);
}
