//! Somebody who takes webhooks, over real sockets, and answers as it is told to.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
};

/// How it answers.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Status(u16),
    /// 307 to another address.
    To(String),
    /// A body that is larger than anybody reads.
    Flood,
    /// Not at all.
    Never,
    /// 204, once it is told to.
    When(Arc<Semaphore>),
}

/// One message that came.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The number of the event that it tells of.
    pub(crate) fn number(&self) -> i64 {
        self.json()["data"]["number"].as_i64().unwrap()
    }
}

#[derive(Debug, Default)]
struct Inner {
    came: Mutex<Vec<Message>>,
    answers: Mutex<VecDeque<Answer>>,
    news: Notify,
}

/// A running receiver. It answers 204 unless it is told otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    inner: Arc<Inner>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/in", listener.local_addr().unwrap());
        let inner = Arc::new(Inner::default());
        let router = Router::new().fallback(take).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    /// What it answers next, one after the other; the last one is not repeated.
    pub(crate) fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.inner.answers.lock().unwrap().extend(answers);
    }

    /// What came.
    pub(crate) fn came(&self) -> Vec<Message> {
        self.messages().clone()
    }

    pub(crate) fn numbers(&self) -> Vec<i64> {
        self.messages().iter().map(Message::number).collect()
    }

    pub(crate) fn kinds(&self) -> Vec<String> {
        self.messages().iter().map(|message| message.json()["type"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until so many came.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Message> {
        let enough = async {
            loop {
                let news = self.inner.news.notified();
                if self.messages().len() >= count {
                    return;
                }
                // Told between the look and the wait, it is looked again anyway.
                let _ = tokio::time::timeout(Duration::from_millis(100), news).await;
            }
        };
        let came = tokio::time::timeout(Duration::from_mins(1), enough).await;
        assert!(came.is_ok(), "{} of {count} messages came: {:?}", self.came().len(), self.kinds());
        self.came()
    }

    fn messages(&self) -> MutexGuard<'_, Vec<Message>> {
        self.inner.came.lock().unwrap()
    }
}

async fn take(State(inner): State<Arc<Inner>>, method: Method, headers: HeaderMap, body: Bytes) -> Response {
    assert_eq!(method, Method::POST);
    let body = String::from_utf8(body.to_vec()).unwrap();
    inner.came.lock().unwrap().push(Message { headers, body });
    inner.news.notify_waiters();
    let answer = inner.answers.lock().unwrap().pop_front();
    match answer.unwrap_or(Answer::Status(204)) {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::To(url) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, url)]).into_response(),
        Answer::Flood => vec![b'x'; 1 << 20].into_response(),
        Answer::Never => std::future::pending().await,
        Answer::When(gate) => {
            gate.acquire().await.unwrap().forget();
            StatusCode::NO_CONTENT.into_response()
        }
    }
}
