//! The API of admins and their programs: `/api/v1`, JSON. An API key, or a session whose changes carry the form token in
//! `X-Castgate-Csrf`. Whether somebody may is decided by `app`; what is wrong is said as problem+json (RFC 9457).

mod authorize;
mod bindings;
mod clusters;
mod connections;
mod directory;
mod groups;
mod keys;
mod mapping;
mod organization;
mod service_accounts;
mod sessions;

use super::doors::Doors;
use crate::app::Error;
use axum::{
    Json,
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Things in a page when nothing is asked for, and the most that there are.
const PAGE: i64 = 100;
const LARGEST_PAGE: i64 = 500;
const DAY: Duration = Duration::from_hours(24);
/// Ten years: longer is a mistake in the unit.
const MOST_DAYS: u32 = 3650;

pub(super) fn doors() -> [Doors; 11] {
    [
        organization::doors(),
        clusters::doors(),
        connections::doors(),
        mapping::doors(),
        directory::doors(),
        sessions::doors(),
        groups::doors(),
        bindings::doors(),
        keys::doors(),
        service_accounts::doors(),
        authorize::doors(),
    ]
}

/// A thing with its version as the ETag, which a change sends back as `If-Match`.
fn tagged(status: StatusCode, version: i64, shown: &impl Serialize) -> Response {
    let etag = AppendHeaders([(header::ETAG, format!("\"{version}\""))]);
    (status, etag, Json(shown)).into_response()
}

/// Which page of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Paging {
    /// The `next` of the page before; nothing: the first page.
    #[serde(default)]
    after: String,
    /// How many.
    limit: Option<i64>,
}

impl Paging {
    fn limit(&self) -> Result<i64, Error> {
        limit(self.limit)
    }
}

fn limit(asked: Option<i64>) -> Result<i64, Error> {
    match asked {
        None => Ok(PAGE),
        Some(limit @ 1..=LARGEST_PAGE) => Ok(limit),
        Some(_) => Err(Error::invalid("limit", format!("give a number from 1 to {LARGEST_PAGE}"))),
    }
}

/// A page of a list.
#[derive(Debug, Serialize)]
struct List<T> {
    items: Vec<T>,
    /// What to send as `after` (of events: `before`) for the next page; nothing: this was the last.
    next: Option<String>,
}

impl<T> List<T> {
    /// A list that is never longer than one page.
    fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// A full page has another behind it, which may be empty.
    fn page(items: Vec<T>, limit: i64, id: impl Fn(&T) -> String) -> Self {
        let full = i64::try_from(items.len()).is_ok_and(|length| length >= limit);
        let next = if full { items.last().map(id) } else { None };
        Self { items, next }
    }
}

/// A life in days, as bodies give it.
fn life(days: Option<u32>) -> Result<Option<Duration>, Error> {
    match days {
        None => Ok(None),
        Some(days @ 1..=MOST_DAYS) => Ok(Some(DAY * days)),
        Some(_) => Err(Error::invalid("expires_in_days", format!("give a number of days from 1 to {MOST_DAYS}"))),
    }
}
