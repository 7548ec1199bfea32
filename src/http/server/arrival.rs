//! A request between its head and its answer, as the server sees it. The door asks it for leave and for what went wrong.

use super::{
    Shared,
    framing::Doubt,
    identity::Identity,
    queue::{NoPlace, Place, Queue},
};
use crate::{
    http::error::{Refusal, Room},
    telemetry::metrics,
};
use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Version,
        header::{CONNECTION, HOST, TRANSFER_ENCODING},
    },
    response::Response,
};
use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// What the server knows of one request; in the request's extensions. As long as a clone lives, the request holds its place.
#[derive(Debug, Clone)]
pub(in crate::http) struct Arrival(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    queue: Arc<Queue>,
    identity: Arc<Identity>,
    patience: Duration,
    max_headers: usize,
    in_doubt: bool,
    place: Mutex<Option<Place>>,
    body_bytes: AtomicU64,
    trouble: OnceLock<Trouble>,
}

/// What can go wrong while a body comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    #[error("the body did not come in time")]
    Slow,
    #[error("there is no place for one more request")]
    Overload,
}

impl Arrival {
    /// A request that came on a connection. `nth` on it, and whether its end is in doubt.
    pub(super) fn new(shared: &Shared, doubt: Option<(&Doubt, u64)>) -> Self {
        Self(Arc::new(Inner {
            queue: shared.queue.clone(),
            identity: shared.identity.clone(),
            patience: shared.patience,
            max_headers: shared.max_headers,
            in_doubt: doubt.is_some_and(|(doubt, nth)| doubt.is_about(nth)),
            place: Mutex::new(None),
            body_bytes: AtomicU64::new(0),
            trouble: OnceLock::new(),
        }))
    }

    /// The process that the request came to.
    pub(in crate::http) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// Lets a request in when its head can be read in one way alone and there is a place for it.
    ///
    /// The place is taken before anything is looked up for the request. It is given back while the body is awaited, so that
    /// somebody who sends slowly keeps nobody from working, and taken again before the body's end is told.
    pub(in crate::http) fn admit(&self, request: &Request) -> impl Future<Output = Result<(), Refusal>> + use<> {
        let (arrival, sound) = (self.clone(), self.check(request));
        let is_probe = is_probe(request.uri().path());
        async move {
            sound?;
            if is_probe {
                return Ok(());
            }
            let place = arrival.0.queue.enter().await.map_err(|NoPlace| overloaded())?;
            arrival.put(place);
            Ok(())
        }
    }

    fn check(&self, request: &Request) -> Result<(), Refusal> {
        if self.0.in_doubt {
            return Err(malformed("It says in two ways how long its body is."));
        }
        if request.headers().len() > self.0.max_headers {
            // hyper counts them on HTTP/1; HTTP/2 has a bound for their size alone.
            let detail = format!("The request has more than {} header lines.", self.0.max_headers);
            return Err(Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "too_many_headers", detail));
        }
        check(request)
    }

    /// The answer of `work`, or what the server has to say in its stead.
    pub(in crate::http) async fn answered(
        &self,
        work: impl Future<Output = Response>,
        room: Room,
    ) -> Result<Response, Refusal> {
        let Ok(response) = tokio::time::timeout(self.0.patience, work).await else {
            tracing::warn!(?room, "an answer took longer than server.request_timeout");
            return Err(self.trouble().unwrap_or_else(too_long));
        };
        let failed = response.status().is_client_error() || response.status().is_server_error();
        match self.trouble() {
            // What the room said is about a body that it did not get.
            Some(refusal) if failed => Err(refusal),
            Some(_) | None => Ok(response),
        }
    }

    fn trouble(&self) -> Option<Refusal> {
        self.0.trouble.get().map(|trouble| match trouble {
            Trouble::Slow => Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                "body_too_slow",
                "The body did not come in time. Please send it again.",
            ),
            Trouble::Overload => overloaded(),
        })
    }

    pub(super) fn note(&self, trouble: Trouble) {
        // The first one counts.
        let _ = self.0.trouble.set(trouble);
    }

    /// Gives the place back; whether there was one.
    pub(super) fn step_aside(&self) -> bool {
        self.0.place.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }

    pub(super) fn put(&self, place: Place) {
        *self.0.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
    }

    pub(super) fn queue(&self) -> Arc<Queue> {
        self.0.queue.clone()
    }

    /// Counts bytes that are kept for this request until it is answered.
    pub(super) fn keep(&self, bytes: usize) -> Result<(), Trouble> {
        if !self.0.queue.take_memory(bytes as u64) {
            return Err(Trouble::Overload);
        }
        self.0.body_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.give_memory(*self.body_bytes.get_mut());
    }
}

/// Closes the connection behind an answer, where a connection carries one request at a time. HTTP/2 knows no such header
/// (RFC 9113 §8.2.2). Who only came at a bad moment keeps the connection: to make a new one would be more work for both.
pub(in crate::http) fn last_one(mut response: Response, version: Version) -> Response {
    if version <= Version::HTTP_11 && response.status() != StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// What machines ask to know whether castgate lives: overload is no reason to kill it.
fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// What hyper lets through and RFC 9112 does not.
fn check(request: &Request) -> Result<(), Refusal> {
    let headers = request.headers();
    if request.method() == Method::CONNECT {
        return Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "not_implemented",
            "There is no tunnel through castgate.",
        ));
    }
    // §3.2: 400 for "any HTTP/1.1 request message that lacks a Host header field and to any request message that contains
    // more than one".
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return Err(malformed("It names no host, or several."));
    }
    if !is_chunked_or_plain(headers) {
        // §6.1: "A server that receives a request message with a transfer coding it does not understand SHOULD respond with 501".
        let detail = "The body may be sent chunked, and in no other transfer coding.";
        return Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, "not_implemented", detail));
    }
    Ok(())
}

fn is_chunked_or_plain(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(only), None) => only.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

fn malformed(why: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "bad_request", format!("The request cannot be read. {why}"))
}

fn overloaded() -> Refusal {
    metrics().overloaded();
    let detail = "castgate has more to do than it can at this moment. Please try again in a few seconds.";
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail)
}

fn too_long() -> Refusal {
    let detail = "The answer took too long. What was asked for may still be done; please look before you try again.";
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "timed_out", detail)
}
