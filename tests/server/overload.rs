//! More than can be done: some wait, the rest is told so at once, and machines are always answered.

use crate::scene::{Scene, get, millis, status};
use castgate::config::Size;
use std::time::Duration;
use tokio::time::sleep;

#[tokio::test]
async fn who_finds_no_place_is_told_so_and_who_waits_in_vain_too() {
    let scene = Scene::set(|settings| {
        let server = &mut settings.server;
        (server.max_in_flight, server.queue, server.queue_deadline) = (1, 1, millis(1_500));
    })
    .await;
    let held = scene.hold();
    let mut working = scene.connect().await;
    working.say(scene.create("one@acme.example")).await;
    sleep(Duration::from_millis(300)).await;
    let mut waiting = scene.connect().await;
    waiting.say(scene.create("two@acme.example")).await;
    sleep(Duration::from_millis(300)).await;

    let mut other = scene.connect().await;
    for (path, words) in [
        ("/scim/v2/Users", "application/scim+json"),
        ("/api/v1/me", "application/problem+json"),
        ("/login", "text/html"),
    ] {
        other.say(get(path)).await;
        let text = other.answer().await;
        assert_eq!(status(&text), 503, "{text}");
        assert!(text.contains(words) && text.contains("retry-after: ") && text.contains("x-request-id: "), "{text}");
        // The connection is as good as before.
    }
    for path in ["/healthz", "/readyz"] {
        other.say(get(path)).await;
        assert_eq!(status(&other.answer().await), 200, "{path}");
    }
    assert_eq!(status(&waiting.answer().await), 503, "waited in vain");
    drop(held);
    assert_eq!(status(&working.answer().await), 201);
    // Nothing is left of it.
    let mut after = scene.connect().await;
    after.say(scene.create("three@acme.example")).await;
    assert_eq!(status(&after.answer().await), 201);
}

#[tokio::test]
async fn who_hangs_up_while_waiting_leaves_the_queue() {
    let scene = Scene::set(|settings| {
        let server = &mut settings.server;
        (server.max_in_flight, server.queue, server.queue_deadline) = (1, 1, millis(20_000));
    })
    .await;
    let held = scene.hold();
    let mut working = scene.connect().await;
    working.say(scene.create("one@acme.example")).await;
    sleep(Duration::from_millis(300)).await;
    let mut gone = scene.connect().await;
    gone.say(scene.create("two@acme.example")).await;
    sleep(Duration::from_millis(200)).await;
    drop(gone);
    sleep(Duration::from_millis(300)).await;
    let mut waiting = scene.connect().await;
    waiting.say(scene.create("three@acme.example")).await;
    sleep(Duration::from_millis(200)).await;
    drop(held);
    assert_eq!(status(&working.answer().await), 201);
    assert_eq!(status(&waiting.answer().await), 201);
}

#[tokio::test]
async fn who_sends_slowly_keeps_nobody_from_working() {
    let scene = Scene::set(|settings| (settings.server.max_in_flight, settings.server.queue) = (1, 0)).await;
    let mut slow = Vec::new();
    for number in 0..3 {
        let request = scene.create(&format!("slow{number}@acme.example"));
        let (first, last) = request.split_at(request.len() - 10);
        let mut raw = scene.connect().await;
        raw.say(first).await;
        sleep(Duration::from_millis(200)).await;
        slow.push((raw, last.to_owned()));
    }
    let mut quick = scene.connect().await;
    quick.say(scene.create("quick@acme.example")).await;
    assert_eq!(status(&quick.answer().await), 201);
    for (mut raw, last) in slow {
        raw.say(last).await;
        assert_eq!(status(&raw.answer().await), 201);
    }
}

#[tokio::test]
async fn bodies_take_so_much_memory_and_no_more() {
    let scene = Scene::set(|settings| settings.server.body_memory = Size(50_000)).await;
    let padded = |name: &str, padding: usize| {
        let request = scene.create(name);
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let head = head
            .replace(&format!("Content-Length: {}", body.len()), &format!("Content-Length: {}", body.len() + padding));
        format!("{head}\r\n\r\n{}{body}", " ".repeat(padding))
    };
    let mut raw = scene.connect().await;
    for round in 0..3 {
        raw.say(padded(&format!("fits{round}@acme.example"), 40_000)).await;
        assert_eq!(status(&raw.answer().await), 201, "what was read before is forgotten");
    }
    raw.say(padded("large@acme.example", 60_000)).await;
    let text = raw.answer().await;
    assert_eq!(status(&text), 503, "{text}");
    assert!(text.contains("retry-after: "), "{text}");
}
