//! The least SCIM service that a pusher can talk to: it stores what is created, finds it by name, and agrees.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Kept {
    /// Kind, id, name.
    resources: Vec<(String, String, String)>,
    heads: Vec<String>,
}

pub struct ScimService {
    pub base: String,
    kept: Arc<Mutex<Kept>>,
}

impl ScimService {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let kept: Arc<Mutex<Kept>> = Arc::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&kept));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, kept }
    }

    pub fn count(&self, kind: &str) -> usize {
        self.kept.lock().unwrap().resources.iter().filter(|resource| resource.0 == kind).count()
    }

    /// The headers of every request.
    pub fn heads(&self) -> Vec<String> {
        self.kept.lock().unwrap().heads.clone()
    }
}

async fn answer(
    State(kept): State<Arc<Mutex<Kept>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut kept = kept.lock().unwrap();
    let lines = headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
    kept.heads.push(lines.collect());
    let mut steps = uri.path().trim_start_matches('/').split('/');
    let (kind, id) = (steps.next().unwrap().to_owned(), steps.next().map(str::to_owned));
    match (method.as_str(), id) {
        ("POST", None) => {
            let body: Value = serde_json::from_slice(&body).unwrap();
            let name = body.get("userName").or(body.get("displayName")).unwrap().as_str().unwrap().to_owned();
            let id = format!("{}-{}", kind.to_lowercase(), kept.resources.len() + 1);
            if kept.resources.iter().any(|resource| resource.0 == kind && resource.2 == name) {
                return (StatusCode::CONFLICT, json!({"scimType": "uniqueness"}).to_string()).into_response();
            }
            kept.resources.push((kind, id.clone(), name));
            (StatusCode::CREATED, json!({"id": id}).to_string()).into_response()
        }
        ("GET", None) => {
            let query: String = url::form_urlencoded::parse(uri.query().unwrap().as_bytes())
                .find_map(|(name, value)| (name == "filter").then(|| value.into_owned()))
                .unwrap();
            let wanted = query.split('"').nth(1).unwrap().to_owned();
            let found = kept.resources.iter().filter(|resource| resource.0 == kind && resource.2 == wanted);
            let found: Vec<Value> = found.map(|resource| json!({"id": resource.1})).collect();
            json!({"totalResults": found.len(), "Resources": found}).to_string().into_response()
        }
        ("DELETE" | "PATCH", Some(_)) => StatusCode::NO_CONTENT.into_response(),
        ("GET" | "PUT", Some(id)) => json!({"id": id}).to_string().into_response(),
        (method, id) => panic!("nobody sends {method} to {kind} {id:?}"),
    }
}
