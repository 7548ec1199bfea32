//! Following events at a gateway that answers at once: it is not asked again at once.

use crate::Scene;
use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::net::TcpListener;

/// When it was asked: the first time it has no time, and afterwards nothing to tell.
type Asked = Arc<Mutex<Vec<Instant>>>;

fn answer(asked: &Asked) -> Response {
    let mut asked = asked.lock().unwrap();
    asked.push(Instant::now());
    if asked.len() == 1 {
        let problem = json!({"detail": "too many", "code": "too_many_requests"}).to_string();
        return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "3")], problem).into_response();
    }
    json!({"items": [], "next": 5, "newest": 5}).to_string().into_response()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_without_a_place_is_asked_once_a_second_and_one_without_time_when_it_says() {
    let scene = Scene::set().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let heard = Arc::clone(&asked);
    let router = Router::new().route("/api/v1/events/feed", get(async move || answer(&heard)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut command = scene.command(&["events", "--follow", "--after", "5"]);
    let mut child = command.env("CASTGATE_URL", &origin).spawn().unwrap();
    while asked.lock().unwrap().len() < 4 {
        assert!(child.try_wait().unwrap().is_none(), "it goes on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    child.kill().await.unwrap();
    let pauses: Vec<Duration> = asked.lock().unwrap().windows(2).map(|two| two[1] - two[0]).collect();
    assert!(pauses[0] >= Duration::from_secs(3), "{pauses:?}");
    assert!(pauses[1..].iter().all(|pause| *pause >= Duration::from_secs(1)), "{pauses:?}");
}
