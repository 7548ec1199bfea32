//! `Idempotency-Key`: done once, answered alike.

use crate::{scene::Scene, world::Answer};

async fn post(scene: &Scene, key: &str, once: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", once)];
    scene.world.client.send("POST", &format!("/api/v1{path}"), &headers, Some(body.to_owned())).await
}

async fn count(scene: &Scene, list: &str) -> usize {
    let bearer = format!("Bearer {}", scene.acme.key);
    let answer = scene.world.client.get(&format!("/api/v1{list}"), &[("authorization", &bearer)]).await.expect(200);
    answer.json()["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_repeated_request_is_done_once_and_answered_alike() {
    let scene = Scene::set().await;
    let before = count(&scene, "/keys").await;
    let first = post(&scene, &scene.acme.key, "one", "/keys", r#"{"name": "x"}"#).await.expect(201);
    let again = post(&scene, &scene.acme.key, "one", "/keys", r#"{"name": "x"}"#).await.expect(201);
    assert_eq!(again.text, first.text, "the secret too");
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
    assert_eq!(count(&scene, "/keys").await, before + 1);
    let reused = post(&scene, &scene.acme.key, "one", "/keys", r#"{"name": "y"}"#).await.expect(422);
    assert_eq!(reused.json()["code"], "idempotency_key_reused");
    let elsewhere = post(&scene, &scene.acme.key, "one", "/clusters", r#"{"slug": "y"}"#).await.expect(422);
    assert_eq!(elsewhere.json()["code"], "idempotency_key_reused");
    // Another caller's key of the same words is another key.
    let theirs = post(&scene, &scene.viewer, "one", "/keys", r#"{"name": "x"}"#).await.expect(201);
    assert_ne!(theirs.json()["id"], first.json()["id"]);
    post(&scene, &scene.acme.key, "two", "/keys", r#"{"name": "x"}"#).await.expect(201);
    for bad in ["", " ", &"x".repeat(256)] {
        post(&scene, &scene.acme.key, bad, "/keys", r#"{"name": "x"}"#).await.expect(400);
    }
}

#[tokio::test]
async fn a_refusal_is_repeated_too() {
    let scene = Scene::set().await;
    let first = post(&scene, &scene.acme.key, "one", "/clusters", r#"{"slug": "NO"}"#).await.expect(400);
    let again = post(&scene, &scene.acme.key, "one", "/clusters", r#"{"slug": "NO"}"#).await.expect(400);
    assert_eq!(
        (again.text, again.headers["content-type"].clone()),
        (first.text, first.headers["content-type"].clone())
    );
    post(&scene, &scene.viewer, "one", "/clusters", r#"{"slug": "a"}"#).await.expect(403);
    post(&scene, "cgk_nobody", "one", "/clusters", r#"{"slug": "a"}"#).await.expect(401);
}

#[tokio::test]
async fn of_many_at_once_one_is_done() {
    let scene = Scene::set().await;
    let mut calls = Vec::new();
    for _ in 0..12 {
        let client = scene.world.client.clone();
        let bearer = format!("Bearer {}", scene.acme.key);
        calls.push(tokio::spawn(async move {
            let headers =
                [("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", "k")];
            client.send("POST", "/api/v1/clusters", &headers, Some(r#"{"slug": "once"}"#.to_owned())).await
        }));
    }
    let mut made = 0;
    for call in calls {
        let answer = call.await.unwrap();
        match answer.status {
            201 => made += 1,
            409 => assert_eq!(answer.json()["code"], "in_progress", "{answer:?}"),
            _ => panic!("{answer:?}"),
        }
    }
    assert!(made >= 1);
    assert_eq!(count(&scene, "/clusters").await, 1);
}
