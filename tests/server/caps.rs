//! How many connections there may be.

use crate::scene::{Scene, get, status};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_address_has_so_many_connections_and_one_more_is_closed_at_once() {
    let scene = Scene::set(|settings| settings.server.max_connections_per_address = 2).await;
    let mut first = scene.connect().await;
    first.say(get("/healthz")).await;
    assert_eq!(status(&first.answer().await), 200);
    let mut second = scene.connect().await;
    second.say(get("/healthz")).await;
    assert_eq!(status(&second.answer().await), 200);
    assert!(scene.connect().await.is_closed_silently().await);
    let mut neighbour = scene.connect_from("127.0.0.2").await;
    neighbour.say(get("/healthz")).await;
    assert_eq!(status(&neighbour.answer().await), 200);
    // A place is free again as soon as a connection ends.
    drop(first);
    loop {
        let mut again = scene.connect().await;
        if tokio::io::AsyncWriteExt::write_all(&mut again.stream, get("/healthz").as_bytes()).await.is_ok() {
            let text = tokio::time::timeout(std::time::Duration::from_millis(500), again.rest()).await;
            // It is kept alive, so reading goes on until the patience ends.
            if text.is_err() {
                break;
            }
        }
    }
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
    assert!(scene.connect_from("127.0.0.3").await.is_closed_silently().await);
}
