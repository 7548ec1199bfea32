//! A service behind the gateway: it answers with what reached it.

use axum::{Json, Router, extract::Request};
use serde_json::{Map, Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::net::TcpListener;

pub struct Echo {
    pub port: u16,
    /// Requests that reached it.
    reached: Arc<AtomicUsize>,
}

impl Echo {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let reached = Arc::new(AtomicUsize::new(0));
        let counted = reached.clone();
        let service = Router::new().fallback(async move |request: Request| {
            counted.fetch_add(1, Ordering::SeqCst);
            Json(told(&request))
        });
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { port, reached }
    }

    pub fn reached(&self) -> usize {
        self.reached.load(Ordering::SeqCst)
    }
}

/// A header that came twice is a list.
fn told(request: &Request) -> Value {
    let mut headers = Map::new();
    for name in request.headers().keys() {
        let values: Vec<_> = request.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
        headers.insert(name.to_string(), if values.len() == 1 { json!(values[0]) } else { json!(values) });
    }
    json!({"method": request.method().as_str(), "uri": request.uri().to_string(), "headers": headers})
}
