//! Something that answers as Cast AI's list of clusters does: key, user agent, three ways of paging, and its troubles.

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

/// How it answers whoever shows the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    /// All in one page, as it was seen.
    #[default]
    Whole,
    /// So many in a page, in one of the three shapes that its neighbours have.
    Pages(usize, Paging),
    /// This status, with the body that goes with it.
    Status(u16),
    /// A page of somebody else's, with 200.
    Html,
    /// JSON, and no list.
    Other,
    /// More than anybody reads.
    Flood,
    /// The same page for ever.
    Circle,
    /// Nothing, for as long as anybody waits.
    Never,
    /// Somewhere else.
    Redirect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `nextPage`
    Page,
    /// `nextCursor`
    Cursor,
    /// `nextPageCursor`
    PageCursor,
}

#[derive(Debug, Default)]
struct There {
    key: String,
    clusters: Vec<Value>,
    mood: Mood,
    asked: usize,
}

/// It, running.
#[derive(Debug, Clone)]
pub struct CastAi {
    pub url: String,
    there: Arc<Mutex<There>>,
}

impl CastAi {
    pub async fn start(key: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let there = Arc::new(Mutex::new(There { key: key.to_owned(), ..There::default() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&there));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, there }
    }

    /// What is there now: id and name.
    pub fn has(&self, clusters: &[(&str, &str)]) {
        let one = |(id, name): &(&str, &str)| json!({"id": id, "name": name, "status": "ready", "providerType": "eks"});
        self.there.lock().unwrap().clusters = clusters.iter().map(one).collect();
    }

    /// One more, in a status.
    pub fn has_in_status(&self, id: &str, name: &str, status: &str) {
        self.there.lock().unwrap().clusters.push(json!({"id": id, "name": name, "status": status}));
    }

    pub fn is(&self, mood: Mood) {
        self.there.lock().unwrap().mood = mood;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.there.lock().unwrap().asked
    }
}

fn page(clusters: &[Value], size: usize, shape: Paging, cursor: &str) -> Value {
    let from: usize = cursor.strip_prefix("at=").map_or(0, |from| from.parse().unwrap());
    let items: Vec<_> = clusters.iter().skip(from).take(size).cloned().collect();
    let next = if from + size < clusters.len() { format!("at={}", from + size) } else { String::new() };
    match shape {
        Paging::Page => {
            json!({"items": items, "nextPage": {"limit": size.to_string(), "cursor": next}, "totalCount": "3"})
        }
        Paging::Cursor => json!({"items": items, "nextCursor": next}),
        Paging::PageCursor => json!({"items": items, "nextPageCursor": next, "prevPageCursor": ""}),
    }
}

async fn answer(
    State(there): State<Arc<Mutex<There>>>,
    uri: Uri,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let (mood, clusters) = {
        let mut there = there.lock().unwrap();
        there.asked += 1;
        let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        if says("user-agent").is_empty() {
            return (StatusCode::FORBIDDEN, "error code: 1010").into_response();
        }
        if says("x-api-key") != there.key {
            let body = json!({"message": "Unauthorized", "fieldViolations": []});
            return (StatusCode::UNAUTHORIZED, axum::Json(body)).into_response();
        }
        (there.mood, there.clusters.clone())
    };
    if uri.path() != "/v1/kubernetes/external-clusters" {
        return StatusCode::NOT_FOUND.into_response();
    }
    let cursor = query.get("page.cursor").map_or("", String::as_str);
    match mood {
        Mood::Whole => axum::Json(json!({"items": clusters})).into_response(),
        Mood::Pages(size, shape) => axum::Json(page(&clusters, size, shape, cursor)).into_response(),
        Mood::Status(status) => {
            let body = json!({"message": "Internal Server Error", "fieldViolations": []});
            (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
        }
        Mood::Html => ([("content-type", "text/html")], "<!doctype html><p>Sign in").into_response(),
        Mood::Other => axum::Json(json!({"clusters": []})).into_response(),
        Mood::Flood => vec![b' '; 9 << 20].into_response(),
        Mood::Circle => axum::Json(json!({"items": clusters, "nextCursor": "again"})).into_response(),
        Mood::Never => std::future::pending().await,
        Mood::Redirect => (StatusCode::FOUND, [("location", "/elsewhere")]).into_response(),
    }
}
