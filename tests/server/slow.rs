//! Clients that take their time get no more of it than the settings say.

use crate::scene::{Raw, Scene, get, millis, status};
use castgate::config::{Settings, Size};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What is being tested has the short time, everything else a long one.
fn patient(settings: &mut Settings) {
    let server = &mut settings.server;
    for time in [&mut server.header_timeout, &mut server.body_timeout, &mut server.send_timeout, &mut server.keep_alive]
    {
        *time = millis(60_000);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_head_that_does_not_end_is_given_up() {
    let scene = Scene::set(|settings| {
        patient(settings);
        settings.server.header_timeout = millis(300);
    })
    .await;
    let mut silent = scene.connect().await;
    assert!(silent.is_closed_silently().await, "nothing was asked, nothing is answered");

    let mut raw = scene.connect().await;
    let began = Instant::now();
    // Bytes that trickle in do not buy more time.
    let head = get("/healthz");
    let trickle = async {
        for byte in head.as_bytes().iter().take(20) {
            if tokio::io::AsyncWriteExt::write_all(&mut raw.stream, &[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    trickle.await;
    let text = raw.rest().await;
    assert!(text.is_empty() || status(&text) == 408, "{text}");
    assert!(began.elapsed() >= Duration::from_millis(300));

    let mut stopped = scene.connect().await;
    stopped.say("GET /healthz HTTP/1.1\r\nHo").await;
    assert_eq!(status(&stopped.rest().await), 408);

    // The second head on a connection has as little time.
    let mut second = scene.connect().await;
    second.say(get("/healthz")).await;
    assert_eq!(status(&second.answer().await), 200);
    second.say("GET /healthz HTTP/1.1\r\nHo").await;
    assert_eq!(status(&second.rest().await), 408);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_idle_connection_is_closed() {
    let scene = Scene::set(|settings| {
        patient(settings);
        settings.server.keep_alive = millis(400);
    })
    .await;
    let mut raw = scene.connect().await;
    for _ in 0..3 {
        raw.say(get("/healthz")).await;
        assert_eq!(status(&raw.answer().await), 200);
        sleep(Duration::from_millis(20)).await;
    }
    assert!(raw.is_closed_silently().await);
}

fn begin(scene: &Scene, length: usize) -> String {
    format!(
        "POST /scim/v2/Users HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\nContent-Length: {length}\r\n\r\n",
        scene.okta.token()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_body_that_stops_is_given_up_with_408() {
    let scene = Scene::set(|settings| {
        patient(settings);
        settings.server.body_timeout = millis(300);
    })
    .await;
    let mut raw = scene.connect().await;
    raw.say(format!("{}{{\"a", begin(&scene, 100))).await;
    let text = raw.rest().await;
    assert_eq!(status(&text), 408, "{text}");
    assert!(text.contains("application/scim+json") && text.to_lowercase().contains("connection: close"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_body_that_trickles_is_given_up_with_408_although_it_never_stops() {
    let scene = Scene::set(|settings| {
        patient(settings);
        settings.server.body_timeout = millis(1_000);
        settings.server.body_rate = Size(1_000);
    })
    .await;
    let mut raw = scene.connect().await;
    raw.say(begin(&scene, 100_000)).await;
    for _ in 0..100 {
        if tokio::io::AsyncWriteExt::write_all(&mut raw.stream, b" ").await.is_err() {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    let text = raw.rest().await;
    assert!(text.is_empty() || status(&text) == 408, "{text}");
}

/// Whoever waits for `100 Continue` is not slow before it comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_that_asks_first_is_told_to_go_on_only_where_it_may() {
    let scene = Scene::set(|_| {}).await;
    let mut raw = scene.connect().await;
    let expecting = begin(&scene, 2).replace("Host: h\r\n", "Host: h\r\nExpect: 100-continue\r\n");
    raw.say(&expecting).await;
    assert_eq!(status(&raw.answer().await), 100);
    raw.say("{}").await;
    assert_eq!(status(&raw.answer().await), 400);
    let mut stranger = scene.connect().await;
    stranger.say(expecting.replace(scene.okta.token(), "nobody")).await;
    assert_eq!(status(&stranger.answer().await), 401);
}

/// Many small answers, of which the client takes none.
async fn stuff(raw: &mut Raw<tokio::net::TcpStream>) {
    let many = get("/assets/castgate.css").repeat(500);
    for _ in 0..200 {
        let sending = tokio::io::AsyncWriteExt::write_all(&mut raw.stream, many.as_bytes());
        match tokio::time::timeout(Duration::from_millis(500), sending).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => break,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_that_takes_nothing_of_its_answers_is_dropped() {
    let scene = Scene::set(|settings| {
        patient(settings);
        settings.server.send_timeout = millis(500);
    })
    .await;
    let mut raw = scene.connect().await;
    stuff(&mut raw).await;
    // The server has closed when writing fails, whatever lies in the buffers on the way.
    let writing = async { while tokio::io::AsyncWriteExt::write_all(&mut raw.stream, b"x").await.is_ok() {} };
    tokio::time::timeout(crate::scene::PATIENCE, writing).await.expect("the connection is dropped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_that_takes_too_long_is_given_up_and_what_was_begun_is_done() {
    let scene = Scene::set(|settings| {
        patient(settings);
        settings.server.request_timeout = millis(600);
        settings.server.queue_deadline = millis(500);
    })
    .await;
    let held = scene.hold().await;
    let mut raw = scene.connect().await;
    raw.say(scene.create("robin@acme.example")).await;
    let text = raw.answer().await;
    assert_eq!(status(&text), 503, "{text}");
    assert!(text.contains("retry-after: ") && text.contains("application/scim+json"), "{text}");
    drop(held);
    // It was only the waiting that ended.
    let began = Instant::now();
    loop {
        let found = scene.okta.get("/Users?filter=userName%20eq%20%22robin@acme.example%22").await;
        if found.json()["totalResults"] == 1 {
            break;
        }
        assert!(began.elapsed() < crate::scene::PATIENCE, "{found:?}");
        sleep(Duration::from_millis(50)).await;
    }
}
