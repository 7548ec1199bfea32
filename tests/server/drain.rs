//! How a server leaves.

use crate::{
    gateway::Place,
    scene::{PATIENCE, Scene, answers, get, millis, one_at_a_time, status},
    wire::Wire,
};
use std::{process::Command, time::Duration};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_says_that_it_will_leave_and_goes_on_until_the_notice_is_over() {
    let scene = Scene::set(|settings| settings.server.drain_notice = millis(60_000)).await;
    let mut raw = scene.connect().await;
    raw.say(get("/readyz")).await;
    assert_eq!(status(&raw.answer().await), 200);
    scene.orders.drain();
    let began = Instant::now();
    loop {
        raw.say(get("/readyz")).await;
        let text = raw.answer().await;
        if status(&text) == 503 {
            assert!(text.contains("draining"), "{text}");
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{text}");
    }
    let mut late = scene.connect().await;
    for path in ["/healthz", "/login"] {
        late.say(get(path)).await;
        assert_eq!(status(&late.answer().await), 200, "{path}");
    }
    scene.orders.close();
    assert!(raw.is_closed_silently().await && late.is_closed_silently().await);
    scene.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_has_begun_is_finished_and_nothing_else_begins() {
    let scene = Scene::set(one_at_a_time).await;
    let held = scene.hold().await;
    let mut working = scene.begin("one@acme.example").await;
    let mut idle = scene.connect().await;
    idle.say(get("/healthz")).await;
    assert_eq!(status(&idle.answer().await), 200);
    scene.orders.drain();
    assert!(idle.is_closed_silently().await);
    let began = Instant::now();
    while TcpStream::connect(scene.address).await.is_ok() {
        assert!(began.elapsed() < PATIENCE, "connections are still taken");
        sleep(Duration::from_millis(20)).await;
    }
    drop(held);
    // What comes behind it on the same connection is not answered.
    working.say(get("/healthz")).await;
    let text = working.rest().await;
    assert_eq!((status(&text), answers(&text)), (201, 1), "{text}");
    assert!(text.to_lowercase().contains("connection: close"), "{text}");
    scene.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_waits_for_events_is_answered_when_the_doors_close() {
    let scene = Scene::set(|settings| settings.server.drain_notice = millis(60_000)).await;
    let key = &scene.owner_key;
    let feed = |wait: u32, after: &str| {
        let path = format!("/api/v1/events/feed?wait={wait}{after}");
        format!("GET {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\n\r\n")
    };
    let body = |text: &str| -> serde_json::Value {
        assert_eq!(status(text), 200, "{text}");
        serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    let mut waiting = scene.connect().await;
    waiting.say(feed(0, "")).await;
    let newest = body(&waiting.answer().await)["newest"].as_i64().unwrap();
    waiting.say(feed(30, &format!("&after={newest}"))).await;
    scene.orders.drain();
    // As long as it only says that it will leave, it goes on waiting: else whoever follows would ask again and again.
    let mut other = scene.connect().await;
    let began = Instant::now();
    loop {
        other.say(get("/readyz")).await;
        if status(&other.answer().await) == 503 {
            break;
        }
        assert!(began.elapsed() < PATIENCE);
    }
    assert!(timeout(Duration::from_millis(500), waiting.stream.readable()).await.is_err(), "it still waits");
    let began = Instant::now();
    scene.orders.close();
    let answer = waiting.rest().await;
    assert!(began.elapsed() < Duration::from_secs(15), "half of what it would have waited: {:?}", began.elapsed());
    let told = body(&answer);
    assert_eq!((told["items"].as_array().unwrap().len(), told["next"].as_i64()), (0, Some(newest)), "{answer}");
    scene.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_the_deadline_the_rest_is_cut() {
    let scene = Scene::set(|settings| {
        one_at_a_time(settings);
        settings.server.drain_deadline = millis(500);
    })
    .await;
    let _held = scene.hold().await;
    let mut working = scene.begin("one@acme.example").await;
    let began = Instant::now();
    scene.orders.drain();
    assert!(working.is_closed_silently().await);
    assert!(began.elapsed() >= Duration::from_millis(500));
    scene.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_second_order_cuts_at_once() {
    let scene = Scene::set(|settings| {
        one_at_a_time(settings);
        settings.server.drain_notice = millis(600_000);
    })
    .await;
    let _held = scene.hold().await;
    let mut working = scene.begin("one@acme.example").await;
    scene.orders.drain();
    scene.orders.cut();
    assert!(working.is_closed_silently().await);
    scene.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_process_says_which_one_it_is() {
    let scene = Scene::set(|_| {}).await;
    let mut raw = scene.connect().await;
    raw.say(get("/healthz")).await;
    let text = raw.answer().await;
    let body: serde_json::Value = serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body["status"], "ok");
    assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
    assert!(body["started"].as_str().unwrap().ends_with('Z'), "{body}");
    assert_eq!(body["instance"].as_str().unwrap().len(), 36, "{body}");
    assert_eq!(body.as_object().unwrap().len(), 4, "nothing else is told: {body}");
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_drains_at_sigterm_and_ends_at_a_second_one() {
    let place = Place::make(None).await.unwrap();
    let mut gateway = place.start(env!("CARGO_BIN_EXE_castgate")).unwrap();
    let pid = gateway.child.id();
    let mut wire = Wire::connect(gateway.address, "-").unwrap();
    // Says nothing to the server but that its certificate may have changed; it has none.
    signal("-HUP", pid);
    assert_eq!(wire.send("GET", "/readyz", "").unwrap().status, 200);
    signal("-TERM", pid);
    let began = std::time::Instant::now();
    while wire.send("GET", "/readyz", "").unwrap().status != 503 {
        assert!(began.elapsed() < PATIENCE, "it does not say that it drains");
    }
    assert_eq!(wire.send("GET", "/healthz", "").unwrap().status, 200);
    signal("-TERM", pid);
    let ended = timeout(PATIENCE, tokio::task::spawn_blocking(move || gateway.child.wait().unwrap())).await;
    assert!(ended.unwrap().unwrap().success(), "{}", place.told());
}
