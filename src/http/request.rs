//! The door: what is done for every request, whatever it asks for.

use super::{
    error::{Internals, Problem, Refusal, Rendered, Room},
    headers::{self, REQUEST_ID},
    path,
};
use crate::{
    app::{App, Ctx},
    model::{OrganizationId, RequestId},
    telemetry::RequestLine,
};
use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::{HeaderValue, Method, Uri},
    middleware::Next,
    response::Response,
};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tower::ServiceExt as _;

/// Where a request that no route takes is counted.
const NO_ROUTE: &str = "(none)";

/// What is known of a request while it is answered. Lies in the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct Noted {
    id: RequestId,
    caller: Arc<OnceLock<(&'static str, OrganizationId)>>,
}

impl Noted {
    fn new(id: RequestId) -> Self {
        Self { id, caller: Arc::default() }
    }

    /// The request's number.
    pub(super) fn id(&self) -> &RequestId {
        &self.id
    }

    /// Notes who asks, for the request line, and gives the context this request's id. Call it wherever a [`Ctx`] is made.
    pub(super) fn note(&self, ctx: &mut Ctx) {
        ctx.request = self.id.clone();
        self.note_caller(ctx.actor.kind(), &ctx.organization);
    }

    /// Notes who asks, where there is no context.
    pub(super) fn note_caller(&self, actor: &'static str, organization: &OrganizationId) {
        // The first one counts: a request has one caller.
        let _ = self.caller.set((actor, organization.clone()));
    }
}

/// The template of the route that answered; in the answer's extensions.
#[derive(Debug, Clone)]
struct Route(MatchedPath);

/// Carries the route's template out to the door, which stands outside of the router.
pub(super) async fn remember_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(Route(route));
    }
    response
}

/// Answers one request.
pub(super) async fn answer(app: App, rooms: Router, request: Request) -> Response {
    let begun = Stopwatch::start();
    let noted = Noted::new(app.new_request());
    let (method, room) = (request.method().clone(), Room::of(request.uri().path()));
    let mut response = in_words_of(room, pass_on(rooms, request, noted.clone(), room).await).await;
    let told = response.extensions_mut().remove::<Internals>();
    if let Some(Internals(why)) = told {
        tracing::error!(request = noted.id.as_str(), why, "a request failed");
    }
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        *response.body_mut() = problem.of_request(noted.id.as_str()).into();
    }
    headers::secure(&mut response, app.settings().server.is_https());
    if let Ok(id) = HeaderValue::from_str(noted.id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    line(&noted, &method, &response, begun.elapsed()).emit();
    response
}

async fn pass_on(rooms: Router, mut request: Request, noted: Noted, room: Room) -> Response {
    if !path::is_plain(request.uri().path()) {
        return Refusal::not_found().render(room);
    }
    if let Some(uri) = path::without_last_slash(request.uri()) {
        *request.uri_mut() = uri;
    }
    request.extensions_mut().insert(noted);
    // A task of its own: somebody who hangs up does not stop a change between its commit and the caches' being told, and a
    // panic is an answer.
    match tokio::spawn(rooms.oneshot(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(panic) => Refusal::internal(format!("the handler ended without an answer: {panic}")).render(room),
    }
}

/// What the router and its extractors say in plain text (404, 405, 400, 413, …) in the words of the room. `Allow` stays.
async fn in_words_of(room: Room, response: Response) -> Response {
    let status = response.status();
    let said = response.extensions().get::<Rendered>().is_some();
    if said || !(status.is_client_error() || status.is_server_error()) || !is_bare(&response) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let why = axum::body::to_bytes(body, 1024).await.unwrap_or_default();
    let mut rendered = Refusal::bare(status, &String::from_utf8_lossy(&why)).render(room);
    for (name, value) in &parts.headers {
        if !rendered.headers().contains_key(name) && name != axum::http::header::CONTENT_LENGTH {
            rendered.headers_mut().insert(name.clone(), value.clone());
        }
    }
    rendered.extensions_mut().extend(parts.extensions);
    rendered
}

fn is_bare(response: &Response) -> bool {
    let kind = response.headers().get(axum::http::header::CONTENT_TYPE);
    kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

fn line(noted: &Noted, method: &Method, response: &Response, elapsed: Duration) -> RequestLine {
    let caller = noted.caller.get();
    RequestLine {
        request: noted.id.clone(),
        method: method.as_str().to_owned(),
        route: response.extensions().get::<Route>().map_or(NO_ROUTE, |route| route.0.as_str()).to_owned(),
        status: response.status().as_u16(),
        organization: caller.map(|(_, organization)| organization.clone()),
        actor: caller.map_or("nobody", |(actor, _)| *actor),
        elapsed,
        database: Duration::ZERO,
        queries: 0,
    }
}

/// How long an answer took. The only place where the edge looks at a clock, and nothing depends on it but a number in a log.
#[derive(Debug)]
struct Stopwatch(std::time::Instant);

impl Stopwatch {
    fn start() -> Self {
        Self(std::time::Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The parameters behind the question mark, decoded as forms are: `+` and `%20` are both a space.
pub(super) fn parameters(uri: &Uri) -> Vec<(String, String)> {
    url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}
