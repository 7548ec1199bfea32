//! How many connections there may be.

use crate::scene::{Raw, Scene, get, status};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

/// Whether a connection is closed although it asks for something.
async fn is_turned_away(mut raw: Raw<TcpStream>) -> bool {
    let request = get("/healthz").replace("Host: h", "Host: h\r\nConnection: close");
    // It may be closed before the request is written.
    let _ = raw.stream.write_all(request.as_bytes()).await;
    raw.is_closed_silently().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_address_has_so_many_connections_and_one_more_is_closed_at_once() {
    let scene = Scene::set(|settings| settings.server.max_connections_per_address = 2).await;
    let mut first = scene.connect().await;
    first.say(get("/healthz")).await;
    assert_eq!(status(&first.answer().await), 200);
    let mut second = scene.connect().await;
    second.say(get("/healthz")).await;
    assert_eq!(status(&second.answer().await), 200);
    assert!(is_turned_away(scene.connect().await).await);
    let mut neighbour = scene.connect_from("127.0.0.2").await;
    neighbour.say(get("/healthz")).await;
    assert_eq!(status(&neighbour.answer().await), 200);
    // A place is free again as soon as a connection ends.
    drop(first);
    while is_turned_away(scene.connect().await).await {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_trusted_proxy_is_many_people() {
    let scene = Scene::set(|settings| {
        settings.server.max_connections_per_address = 1;
        settings.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..5 {
        let mut raw = scene.connect().await;
        raw.say(get("/healthz")).await;
        assert_eq!(status(&raw.answer().await), 200);
        open.push(raw);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn there_are_so_many_connections_in_all() {
    let scene = Scene::set(|settings| settings.server.max_connections = 2).await;
    let mut open = Vec::new();
    for address in ["127.0.0.1", "127.0.0.2"] {
        let mut raw = scene.connect_from(address).await;
        raw.say(get("/healthz")).await;
        assert_eq!(status(&raw.answer().await), 200);
        open.push(raw);
    }
    assert!(is_turned_away(scene.connect_from("127.0.0.3").await).await);
}
