//! `Idempotency-Key`: a POST of the API that is repeated is done once, and answered alike for a day.

use super::{
    body,
    caller::ApiCaller,
    doors::MostBytes,
    error::{ApiFailure, Problem, Refusal},
};
use crate::{
    app::{App, Error, Once, Slot},
    crypto::sha256,
};
use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts as _, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Headers of an answer that are kept with it.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];
/// The longest text that a caller may choose.
const LONGEST: usize = 255;
/// The largest answer that is kept. None of the API's changes answers with more.
const LARGEST: usize = 4 * 1024 * 1024;

/// An answer as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Stands before every POST of the API.
pub(super) async fn answer(State(app): State<App>, request: Request, next: Next) -> Response {
    // The layer stands before the 405 of the address as well.
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    match Box::pin(answer_once(&app, request, next)).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    }
}

async fn answer_once(app: &App, request: Request, next: Next) -> Result<Response, ApiFailure> {
    let (mut parts, body) = request.into_parts();
    let text = key(&parts.headers)?;
    // Who asks comes first: nobody learns from a key whether somebody used it.
    let caller = ApiCaller::from_request_parts(&mut parts, app).await?;
    let body = match parts.extensions.get::<MostBytes>().copied() {
        Some(MostBytes(most)) => body::read_at_most(body, most).await?,
        None => axum::body::Bytes::new(),
    };
    let mut whole = format!("{} {}\n{:?}\n", parts.method, parts.uri, parts.headers.get(header::CONTENT_TYPE));
    whole.push_str(&data_encoding::HEXLOWER.encode(&sha256(&body)));
    let refused = |status, code, detail: &str| Err(Refusal::new(status, code, detail).into());
    let slot = match app.begin_once(&caller.ctx, &text, &sha256(whole.as_bytes())).await? {
        Once::Do(slot) => slot,
        Once::Done(kept) => return replayed(&kept),
        Once::Lost => {
            let detail = "the change of this key was made, and its answer was lost; read what is there now";
            return refused(StatusCode::CONFLICT, "answer_lost", detail);
        }
        Once::Reused => {
            let detail = "this key came with another request before; take a new one for a new request";
            return refused(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail);
        }
        Once::InProgress => {
            let detail = "the first request with this key is still being answered; repeat it in a moment";
            return refused(StatusCode::CONFLICT, "in_progress", detail);
        }
    };
    let response = app.run_once(&slot, next.run(Request::from_parts(parts, Body::from(body)))).await;
    keep(app, &slot, (response, caller.ctx.request.as_str())).await
}

/// What the caller chose: visible ASCII, once.
fn key(headers: &HeaderMap) -> Result<String, Error> {
    let bad = || Error::invalid("Idempotency-Key", format!("send one text of 1 to {LONGEST} visible letters"));
    let mut all = headers.get_all(KEY).into_iter();
    let (Some(one), None) = (all.next(), all.next()) else { return Err(bad()) };
    let text = one.to_str().map_err(|_| bad())?.trim();
    if text.is_empty() || text.len() > LONGEST { Err(bad()) } else { Ok(text.to_owned()) }
}

/// Keeps an answer that a repetition gets again; gives the key back where a repetition may do better.
async fn keep(app: &App, slot: &Slot, (response, number): (Response, &str)) -> Result<Response, ApiFailure> {
    let status = response.status();
    let may_do_better = status.is_server_error()
        || [StatusCode::UNAUTHORIZED, StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if may_do_better {
        app.let_go(slot).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST).await.map_err(|error| Refusal::internal(format!("an answer: {error}")))?;
    // The door would still write the request's number into a problem; what is kept has it already.
    let told = parts.extensions.get::<Problem>().cloned().map(|problem| problem.of_request(number));
    let headers = KEPT.iter().filter_map(|name| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    });
    let kept = Kept {
        status: status.as_u16(),
        headers: headers.collect(),
        body: told.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned()),
    };
    app.keep_answer(slot, &serde_json::to_vec(&kept).map_err(Error::internal)?).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replayed(kept: &[u8]) -> Result<Response, ApiFailure> {
    let Kept { status, headers, body } = serde_json::from_slice(kept).map_err(Error::internal)?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).map_err(Error::internal)?;
    for (name, value) in headers {
        let (name, value) = (HeaderName::try_from(name), HeaderValue::try_from(value));
        response.headers_mut().insert(name.map_err(Error::internal)?, value.map_err(Error::internal)?);
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}
