//! The door: what is done for every request, whatever it asks for.

use super::{
    error::{Internals, Problem, Refusal, Rendered, Room},
    headers::{self, REQUEST_ID},
    limits::{self, Limits, Standing},
    path, scim,
    server::{Arrival, ClientAddress, last_one},
    verify,
};
use crate::{
    app::{App, Ctx},
    model::{OrganizationId, RequestId},
    telemetry::{Answered, Meter, RequestLine, metrics},
};
use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::{HeaderValue, Method, StatusCode, header::CONNECTION},
    response::Response,
};
use std::{
    collections::HashSet,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, LazyLock, OnceLock},
    task,
    time::Duration,
};
use tower::ServiceExt as _;

/// Where a request that no route takes is counted.
const NO_ROUTE: &str = "(none)";

/// What is known of a request while it is answered. Lies in the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct Noted(Arc<Known>);

#[derive(Debug)]
struct Known {
    id: RequestId,
    caller: OnceLock<(&'static str, OrganizationId)>,
    route: OnceLock<MatchedPath>,
    meter: Meter,
    limits: Arc<Limits>,
    standing: OnceLock<Standing>,
    /// Where a request paid more than once: the price that could not be paid.
    unpaid: OnceLock<Standing>,
}

impl Noted {
    fn new(id: RequestId, limits: Arc<Limits>) -> Self {
        let (caller, route) = (OnceLock::new(), OnceLock::new());
        let (standing, unpaid) = (OnceLock::new(), OnceLock::new());
        Self(Arc::new(Known { id, caller, route, meter: Meter::default(), limits, standing, unpaid }))
    }

    /// The request's number.
    pub(super) fn id(&self) -> &RequestId {
        &self.0.id
    }

    /// Notes who asks, for the request line, and gives the context this request's id. Call it wherever a [`Ctx`] is made.
    pub(super) fn note(&self, ctx: &mut Ctx) {
        ctx.request = self.0.id.clone();
        self.note_caller(ctx.actor.kind(), &ctx.organization);
    }

    /// Notes who asks, where there is no context.
    pub(super) fn note_caller(&self, actor: &'static str, organization: &OrganizationId) {
        // The first one counts: a request has one caller.
        let _ = self.0.caller.set((actor, organization.clone()));
    }

    /// 429, in the words of the room, when an address has asked for too much at this price.
    fn too_many(&self, room: Room, address: Option<IpAddr>, price: u32) -> Option<Response> {
        let standing = self.0.limits.of_address(address, price)?;
        let mut response = standing.refusal()?.render(room);
        standing.write(response.headers_mut());
        Some(response)
    }

    /// Counts a request against its caller's limit, which the answer will tell of. An error when there were too many.
    pub(super) fn admit(&self, standing: impl FnOnce(&Limits) -> Option<Standing>) -> Result<(), Refusal> {
        let Some(standing) = standing(&self.0.limits) else { return Ok(()) };
        let _ = self.0.standing.set(standing);
        let Some(refusal) = standing.refusal() else { return Ok(()) };
        let _ = self.0.unpaid.set(standing);
        Err(refusal)
    }
}

/// Tells the door, which stands outside of the router, the template of the route that answers.
pub(super) fn remember_route(request: Request) -> Request {
    if let (Some(noted), Some(route)) = (request.extensions().get::<Noted>(), request.extensions().get::<MatchedPath>())
    {
        // It is matched once.
        let _ = noted.0.route.set(route.clone());
    }
    request
}

/// What lies behind the door, and how much of it one caller may have.
#[derive(Debug, Clone)]
pub(super) struct Rooms {
    pub(super) router: Router,
    pub(super) limits: Arc<Limits>,
}

/// Answers one request.
pub(super) async fn answer(app: App, rooms: Rooms, request: Request) -> Response {
    let begun = Stopwatch::start();
    let _in_flight = metrics().arrived();
    let noted = Noted::new(app.new_request(), rooms.limits);
    let (method, room) = (request.method().clone(), Room::of(request.uri().path()));
    let mut response = within_limits(rooms.router, request, &noted, room).await;
    let told = response.extensions_mut().remove::<Internals>();
    if let Some(Internals(why)) = told {
        tracing::error!(request = noted.id().as_str(), why, "a request failed");
    }
    if let Some(standing) = noted.0.unpaid.get().or(noted.0.standing.get()) {
        standing.write(response.headers_mut());
    }
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        *response.body_mut() = problem.of_request(noted.id().as_str()).into();
        // The router measured the body as it was.
        response.headers_mut().remove(axum::http::header::CONTENT_LENGTH);
    }
    headers::secure(&mut response, app.settings().server.is_https());
    if let Ok(id) = HeaderValue::from_str(noted.id().as_str()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    tell(&noted, (&method, room), &response, begun.elapsed());
    response
}

/// Whoever shows no good credential is counted by address: for pages before the answer, for refusals after it.
async fn within_limits(rooms: Router, request: Request, noted: &Noted, room: Room) -> Response {
    let (address, path) = (client_address(&request), request.uri().path());
    let (before, after) = (limits::price_before(room, path), limits::price_after(room, path));
    let response = pass_on(rooms, request, noted.clone(), (room, address, before)).await;
    let response = in_words_of(room, response).await;
    if noted.0.caller.get().is_some() {
        return response;
    }
    let Some(mut refused) = noted.too_many(room, address, after.of(response.status())) else { return response };
    // A connection that cannot go on is closed, whatever is said.
    if let Some(closed) = response.headers().get(CONNECTION) {
        refused.headers_mut().insert(CONNECTION, closed.clone());
    }
    refused
}

/// Where a request came from.
fn client_address(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ClientAddress>().map(|ClientAddress(address)| *address)
}

async fn pass_on(
    rooms: Router,
    mut request: Request,
    noted: Noted,
    (room, address, price): (Room, Option<IpAddr>, u32),
) -> Response {
    let (arrival, version) = (request.extensions().get::<Arrival>().cloned(), request.version());
    if let Some(arrival) = &arrival
        && let Err(refusal) = arrival.admit(&request).await
    {
        return last_one(refusal.render(room), version);
    }
    if let Some(refused) = noted.too_many(room, address, price) {
        return refused;
    }
    verify::take_from_path(&mut request);
    scim::take_from_path(&mut request);
    if !path::is_plain(request.uri().path()) {
        return Refusal::not_found().render(room);
    }
    if request.uri().query().is_some_and(path::holds_nul) {
        let detail = "The query holds the character NUL (%00), which cannot be stored.";
        return Refusal::new(StatusCode::BAD_REQUEST, "invalid", detail).render(room);
    }
    if let Some(uri) = path::without_last_slash(request.uri()) {
        *request.uri_mut() = uri;
    }
    let meter = noted.0.meter.clone();
    request.extensions_mut().insert(noted);
    let work = work(rooms, request, arrival.clone(), (room, meter));
    match arrival {
        None => work.await,
        Some(arrival) => {
            arrival.answered(work, room).await.unwrap_or_else(|refusal| last_one(refusal.render(room), version))
        }
    }
}

/// Does what is asked for, with the request's place held until it is done.
async fn work(rooms: Router, request: Request, arrival: Option<Arrival>, (room, meter): (Room, Meter)) -> Response {
    // What changes nothing needs no more than that a panic is an answer; and there are a great many questions of gateways.
    if changes_nothing(&request, room) {
        let answered = std::pin::pin!(meter.scope(rooms.oneshot(request)));
        let answered = Guarded(answered).await;
        drop(arrival);
        return match answered {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => Refusal::internal("the handler ended without an answer: it panicked").render(room),
        };
    }
    // A task of its own: somebody who hangs up does not stop a change between its commit and the caches' being told, and a
    // panic is an answer.
    let work = tokio::spawn(async move {
        let response = meter.scope(rooms.oneshot(request)).await;
        drop(arrival);
        response
    });
    match work.await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(panic) => Refusal::internal(format!("the handler ended without an answer: {panic}")).render(room),
    }
}

/// Whether a request only asks. A page's GET may do more: the sign-in comes back by one.
fn changes_nothing(request: &Request, room: Room) -> bool {
    let reads = match room {
        Room::Scim | Room::Api => request.method().is_safe(),
        Room::OAuth | Room::Page | Room::SignIn => false,
    };
    reads || verify::is_a_question(request.uri().path())
}

/// A future whose panic is an answer.
struct Guarded<F>(F);

impl<F: Future + Unpin> Future for Guarded<F> {
    type Output = Result<F::Output, Box<dyn std::any::Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> task::Poll<Self::Output> {
        // After a panic nothing of the future is looked at again: it is dropped with this.
        let polled = std::panic::AssertUnwindSafe(|| Pin::new(&mut self.0).poll(context));
        match std::panic::catch_unwind(polled) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => task::Poll::Ready(Err(panic)),
        }
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

/// One line, and the numbers.
fn tell(noted: &Noted, (method, room): (&Method, Room), response: &Response, elapsed: Duration) {
    let route = template(noted.0.route.get().map_or(NO_ROUTE, MatchedPath::as_str));
    let (status, caller) = (response.status().as_u16(), noted.0.caller.get());
    let line = RequestLine {
        request: noted.id(),
        method: method.as_str(),
        route,
        status,
        organization: caller.map(|(_, organization)| organization),
        actor: caller.map_or("nobody", |(actor, _)| *actor),
        elapsed,
        database: noted.0.meter.database(),
        queries: noted.0.meter.statements(),
    };
    line.emit();
    let answered = Answered { route, method: name_of(method), status: class_of(status), room: room.name() };
    metrics().answered(&answered, elapsed);
}

/// The template as it was declared: what is not in there has no series of its own.
fn template(route: &str) -> &'static str {
    static TEMPLATES: LazyLock<HashSet<String>> =
        LazyLock::new(|| super::routes().into_iter().map(|declared| declared.path).collect());
    TEMPLATES.get(route).map_or(NO_ROUTE, String::as_str)
}

/// RFC 9110 §9.1: a method may be any token; only those that we answer are counted by name.
fn name_of(method: &Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|known| known == method).unwrap_or("other")
}

fn class_of(status: u16) -> &'static str {
    match status {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
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
