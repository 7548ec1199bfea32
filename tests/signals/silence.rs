//! A provider that pushes nothing for much longer than is its habit.

use crate::scene::{Scene, in_still_time};
use castgate::{
    app::SilenceRound,
    model::{EventKind, Push, PushEntry, PushId},
};
use serde_json::Value;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

/// A push, now.
async fn push(scene: &Scene) {
    let clock = scene.world.app.clock();
    let entry: PushEntry = serde_json::from_value(serde_json::json!({
        "request": clock.request(), "method": "GET", "path": "/Users", "status": 200, "ms": 1.0,
    }))
    .unwrap();
    let line =
        Push { id: PushId::from_uuid(clock.uuid()), at: clock.now(), connection: scene.okta.stored.id.clone(), entry };
    let mut tx = scene.world.store().write("test").await.unwrap();
    tx.insert_push(&scene.acme.operator.organization, &line).await.unwrap();
    tx.commit().await.unwrap();
}

async fn look(scene: &Scene) -> (usize, usize) {
    let SilenceRound { noticed, over } = scene.world.app.look_for_silence().await.unwrap();
    (noticed, over)
}

async fn shown(scene: &Scene) -> Value {
    let one = scene.api("GET", &format!("/connections/{}", scene.okta.stored.id), None).await.expect(200).json();
    let list = scene.api("GET", "/connections", None).await.expect(200).json();
    assert_eq!(list["items"][0]["silent_since"], one["silent_since"]);
    one["silent_since"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_beyond_the_habit_is_told_once_and_is_over_with_the_next_push() {
    in_still_time(async |scene| {
        for _ in 0..30 {
            push(scene).await;
            scene.advance(HOUR);
        }
        assert_eq!(look(scene).await, (0, 0));
        scene.advance(HOUR * 6);
        assert_eq!(look(scene).await, (0, 0), "seven hours: eight times its pause is eight");
        assert_eq!(shown(scene).await, Value::Null);
        scene.advance(HOUR);
        assert_eq!(look(scene).await, (1, 0));
        assert_eq!(look(scene).await, (0, 0), "told once");
        scene.advance(HOUR * 24);
        assert_eq!(look(scene).await, (0, 0), "and not again the next day");
        assert!(shown(scene).await.is_string());
        assert_eq!(scene.count(EventKind::ConnectionSilent).await, 1);
        let letters = scene.letters().await;
        assert_eq!(letters.iter().filter(|letter| letter.contains("has gone silent")).count(), 1);
        push(scene).await;
        assert_eq!(look(scene).await, (0, 1));
        assert_eq!(shown(scene).await, Value::Null);
        assert_eq!(scene.count(EventKind::ConnectionHeard).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_seldom_pushes_may_be_silent_for_long() {
    in_still_time(async |scene| {
        for _ in 0..29 {
            push(scene).await;
            scene.advance(HOUR * 24);
        }
        scene.advance(HOUR * 24 * 6);
        assert_eq!(look(scene).await, (0, 0), "a week, where its pauses are days");
        scene.advance(HOUR * 24 * 2);
        assert_eq!(look(scene).await, (1, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_that_is_disabled_or_hardly_known_nothing_is_said() {
    in_still_time(async |scene| {
        for _ in 0..10 {
            push(scene).await;
            scene.advance(HOUR);
        }
        scene.advance(HOUR * 24 * 20);
        assert_eq!(look(scene).await, (0, 0), "ten visits are no habit");
        for _ in 0..30 {
            push(scene).await;
            scene.advance(HOUR);
        }
        scene.okta.enable(false).await;
        scene.advance(HOUR * 24);
        assert_eq!(look(scene).await, (0, 0), "nobody expects anything");
    })
    .await;
}
