//! More than can be done: some wait, the rest is told so, and machines are always answered.

use crate::scene::{Scene, get, millis, one_at_a_time, status};
use castgate::config::Size;
use std::time::Duration;
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_in_vain_is_told_so_in_the_words_of_the_room_and_machines_are_always_answered() {
    let scene = Scene::set(one_at_a_time).await;
    let held = scene.hold().await;
    let mut working = scene.begin("one@acme.example").await;
    let mut other = scene.connect().await;
    for (path, words) in [("/scim/v2/Users", "application/scim+json"), ("/login", "text/html")] {
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
    drop(held);
    assert_eq!(status(&working.answer().await), 201);
    // Nothing is left of it.
    other.say(scene.create("two@acme.example")).await;
    assert_eq!(status(&other.answer().await), 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_finds_no_place_in_the_queue_is_told_so() {
    let scene = Scene::set(|settings| {
        one_at_a_time(settings);
        settings.server.queue = 1;
    })
    .await;
    let held = scene.hold().await;
    let mut working = scene.begin("one@acme.example").await;
    // Two wait for the one place in the queue: one of them is refused, and it is not told of the other one.
    let mut two = [scene.connect().await, scene.connect().await];
    for raw in &mut two {
        raw.say(get("/api/v1/me")).await;
    }
    let [one, other] = &mut two;
    let (first, second) = tokio::join!(one.answer(), other.answer());
    assert!(first.contains("application/problem+json") && first.contains("\"code\":\"overloaded\""), "{first}");
    assert_eq!((status(&first), status(&second)), (503, 503));
    drop(held);
    assert_eq!(status(&working.answer().await), 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_gets_the_next_place() {
    let scene = Scene::set(|settings| {
        one_at_a_time(settings);
        settings.server.queue_deadline = millis(3_000);
    })
    .await;
    let held = scene.hold().await;
    let mut working = scene.begin("one@acme.example").await;
    let mut waiting = scene.connect().await;
    waiting.say(scene.create("two@acme.example")).await;
    sleep(Duration::from_millis(200)).await;
    drop(held);
    assert_eq!(status(&working.answer().await), 201);
    assert_eq!(status(&waiting.answer().await), 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
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
