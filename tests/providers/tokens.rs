//! Tokens in two slots: rotation, warnings, and what is said to whoever comes with an old one.

use crate::{
    scene::{DAY, Scene, silent, told},
    world::Connection,
};
use castgate::{
    app::Error,
    model::{EventKind, Profile},
};
use serde_json::{Value, json};
use std::time::Duration;

async fn ended(scene: &Scene, connection: &Connection) -> Vec<Value> {
    let list = scene.api(&format!("/connections/{}/ended-tokens", connection.stored.id)).await;
    list["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_token_is_replaced_without_a_gap_and_the_old_one_says_so_afterwards() {
    let scene = Scene::set().await;
    let (okta, app) = (scene.acme.connection("okta", Profile::Okta).await, &scene.world.app);
    let id = &okta.stored.id;
    scene.push("/Users", okta.token()).await.expect(200);
    let times = (Some(DAY * 365), DAY);
    let new = app.rotate_scim_token(&scene.operator(), (id, &okta.token.id), times).await.unwrap();
    for token in [okta.token(), new.secret.expose()] {
        scene.push("/Users", token).await.expect(200);
    }
    let again = app.rotate_scim_token(&scene.operator(), (id, &okta.token.id), times).await;
    assert!(matches!(again, Err(Error::Conflict { code: "already_replaced", .. })), "{again:?}");
    let third = app.create_scim_token(&scene.operator(), id, None).await;
    assert!(matches!(third, Err(Error::Conflict { code: "slots_taken", .. })), "{third:?}");
    assert_eq!(ended(&scene, &okta).await, Vec::<Value>::new());

    scene.advance(DAY);
    let why = format!("this secret was replaced by the one that begins with {} and ended on ", new.token.hint);
    told(&scene.push("/Users", okta.token()).await, &why);
    scene.push("/Users", new.secret.expose()).await.expect(200);
    let seen = &ended(&scene, &okta).await[0];
    assert_eq!((&seen["id"], &seen["replaced_by"]), (&json!(okta.token.id), &json!(new.token.id)));
    assert_eq!(seen["last_refused"]["from"], "127.0.0.1");
    assert!(seen["last_refused"]["why"].as_str().unwrap().starts_with(&why));
    assert_eq!(seen["last_used_from"], "127.0.0.1");
    // Its slot is free now.
    let next = app.create_scim_token(&scene.operator(), id, None).await.unwrap();
    assert_eq!(next.token.slot, okta.token.slot);
    told(&scene.push("/Users", okta.token()).await, &why);
    assert_eq!(scene.events(EventKind::TokenReplaced).await.len(), 1);
    // At once: what is cached of the old one is forgotten with it.
    scene.push("/Users", next.secret.expose()).await.expect(200);
    app.revoke_scim_token(&scene.operator(), id, &new.token.id).await.unwrap();
    app.rotate_scim_token(&scene.operator(), (id, &next.token.id), (None, Duration::ZERO)).await.unwrap();
    told(&scene.push("/Users", next.secret.expose()).await, "this secret was replaced by");
}

#[tokio::test]
async fn whoever_shows_an_old_secret_is_told_what_became_of_it_and_nobody_else() {
    let scene = Scene::set().await;
    let revoked = scene.acme.connection("revoked", Profile::Okta).await;
    scene.push("/Users", revoked.token()).await.expect(200);
    revoked.revoke_token().await;
    told(&scene.push("/Users", revoked.token()).await, "this secret was revoked on 20");
    let mut almost = revoked.token().to_owned();
    almost.replace_range(10..11, if &almost[10..11] == "a" { "b" } else { "a" });
    silent(&scene.push("/Users", &almost).await, "almost the secret");
    silent(&scene.push("/Users", &revoked.token.hint).await, "the hint");
    let first = ended(&scene, &revoked).await[0]["last_refused"]["at"].clone();
    scene.advance(Duration::from_secs(30));
    told(&scene.push("/Users", revoked.token()).await, "this secret was revoked on 20");
    assert_eq!(ended(&scene, &revoked).await[0]["last_refused"]["at"], first, "to the minute");
    scene.advance(Duration::from_secs(31));
    told(&scene.push("/Users", revoked.token()).await, "this secret was revoked on 20");
    assert_ne!(ended(&scene, &revoked).await[0]["last_refused"]["at"], first);

    let expired = scene.acme.connection("expired", Profile::Okta).await;
    let app = &scene.world.app;
    let short = app.create_scim_token(&scene.operator(), &expired.stored.id, Some(DAY)).await.unwrap();
    scene.push("/Users", short.secret.expose()).await.expect(200);
    scene.advance(DAY);
    told(&scene.push("/Users", short.secret.expose()).await, "this secret expired on 20");
    // What was revoked before it expired was revoked, and the other way round.
    app.revoke_scim_token(&scene.operator(), &expired.stored.id, &short.token.id).await.unwrap();
    told(&scene.push("/Users", short.secret.expose()).await, "this secret expired on 20");

    let disabled = scene.acme.connection("disabled", Profile::Okta).await;
    scene.push("/Users", disabled.token()).await.expect(200);
    disabled.enable(false).await;
    told(&scene.push("/Users", disabled.token()).await, "this secret ended when its connection was disabled");
    disabled.enable(true).await;
    told(&scene.push("/Users", disabled.token()).await, "this secret ended when its connection was disabled");

    let (okta, other) = (scene.acme.connection("okta", Profile::Okta).await, scene.world.organization("other").await);
    let theirs = other.connection("okta", Profile::Okta).await;
    let path = format!("/{}/Users", theirs.stored.id);
    told(&scene.push(&path, okta.token()).await, "this secret belongs to another connection than this address");
    let list = scene.api(&format!("/connections/{}/tokens", okta.stored.id)).await;
    assert!(list["items"][0]["last_refused"]["why"].as_str().unwrap().contains("another connection"));
    scene.push("/Users", okta.token()).await.expect(200);
}

#[tokio::test]
async fn the_end_of_a_token_is_told_30_7_and_1_days_before_and_once_each() {
    let scene = Scene::set().await;
    let app = &scene.world.app;
    let okta = scene.acme.connection("okta", Profile::Okta).await;
    app.create_scim_token(&scene.operator(), &okta.stored.id, Some(DAY * 60)).await.unwrap();
    let short = scene.acme.connection("short", Profile::Okta).await;
    let gone = app.create_scim_token(&scene.operator(), &short.stored.id, Some(DAY * 60)).await.unwrap().token;
    app.revoke_scim_token(&scene.operator(), &short.stored.id, &gone.id).await.unwrap();
    app.create_scim_token(&scene.operator(), &short.stored.id, Some(DAY * 5)).await.unwrap();
    let mut told_at = Vec::new();
    for day in 0..=61 {
        let warned = app.keep_house().await.unwrap().warned + app.keep_house().await.unwrap().warned;
        if warned > 0 {
            told_at.push((day, warned));
        }
        scene.advance(DAY);
    }
    // The one of five days is told of a day before its end, and no sooner: who made it knew.
    assert_eq!(told_at, [(4, 1), (30, 1), (53, 1), (59, 1)]);
    let mut days: Vec<Value> =
        scene.events(EventKind::TokenExpiring).await.iter().map(|detail| detail["days"].clone()).collect();
    days.reverse();
    assert_eq!(days, [json!(1), json!(30), json!(7), json!(1)]);
    assert_eq!(app.waiting_jobs().await.unwrap(), 0, "the operator was told of all of them");
    let list = scene.api(&format!("/connections/{}/tokens", okta.stored.id)).await;
    let long = list["items"].as_array().unwrap().iter().find(|token| !token["expires_at"].is_null()).unwrap();
    assert_eq!(long["warned_days"], 1);
}
