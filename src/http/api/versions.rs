//! ETags and what is done on their condition (RFC 9110 §8.8.3, §13).
//!
//! A tag is the number of what is stored and the hash of what is shown, both: the first is what a change is weighed against, the
//! second moves with everything that an answer says besides (a person's access, say).

use crate::{
    app::{Error, Seen},
    crypto,
};
use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::json;

/// 200 and the thing with its tag, or 304 if the client has this one.
pub(super) fn tagged(headers: &HeaderMap, revision: &str, thing: &impl Serialize) -> Response {
    let body = json!(thing);
    let mut hash = data_encoding::HEXLOWER.encode(&crypto::sha256(body.to_string().as_bytes()));
    hash.truncate(16);
    let tag = format!("\"{revision}.{hash}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // RFC 9110 §13.1.2: the weak comparison, or `*` for anything that there is.
    let is_known = known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag);
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Json(body).into_response(),
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The thing as a change left it, with its tag.
pub(super) fn changed(status: StatusCode, version: i64, thing: &impl Serialize) -> Response {
    let mut response = tagged(&HeaderMap::new(), &version.to_string(), thing);
    *response.status_mut() = status;
    response
}

/// The version that a change is meant for; nothing: any.
pub(super) fn version_seen(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let if_match = IfMatch::of(headers)?;
    // What is no version is the tag of something else: no thing has the version -1.
    let seen = if_match.seen().map(|seen| seen.0.iter().find_map(|revision| revision.parse().ok()).unwrap_or(-1));
    Ok(seen)
}

/// What `If-Match` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IfMatch {
    /// Nothing.
    Unsaid,
    /// Whatever there is.
    Any,
    /// One of these revisions.
    These(Seen),
}

impl IfMatch {
    /// RFC 9110 §13.1.1: the strong comparison, so a weak tag never matches.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Error> {
        let Some(value) = headers.get(header::IF_MATCH) else { return Ok(Self::Unsaid) };
        let bad = || Error::invalid("If-Match", "send the ETag of the answer that was read, with its quotation marks");
        let text = value.to_str().map_err(|_| bad())?.trim();
        if text == "*" {
            return Ok(Self::Any);
        }
        let one = |tag: &str| {
            let tag = tag.trim();
            if tag.starts_with("W/") {
                return Ok(String::new());
            }
            let inside = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).ok_or_else(bad)?;
            Ok(inside.split_once('.').map_or(inside, |(revision, _)| revision).to_owned())
        };
        text.split(',').map(one).collect::<Result<Vec<_>, Error>>().map(|all| Self::These(Seen(all)))
    }

    /// What a use case is told that takes any version when nothing is said.
    pub(super) fn seen(&self) -> Option<&Seen> {
        match self {
            Self::Unsaid | Self::Any => None,
            Self::These(seen) => Some(seen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_sent_back_as_it_was_read() {
        let with =
            |text: &'static str| IfMatch::of(&[(header::IF_MATCH, text.parse().unwrap())].into_iter().collect()).ok();
        let these = |all: &[&str]| Some(IfMatch::These(Seen(all.iter().map(|&one| one.to_owned()).collect())));
        assert_eq!(with("\"7.abc\""), these(&["7"]));
        assert_eq!(with("\"7.abc\", \"8\""), these(&["7", "8"]));
        assert_eq!(with("*"), Some(IfMatch::Any));
        assert_eq!(with("W/\"7.abc\""), these(&[""]), "a weak tag matches nothing");
        assert_eq!(with("7"), None);
    }

    #[test]
    fn a_thing_that_is_known_is_not_sent_again() {
        let thing = json!({"a": 1});
        let first = tagged(&HeaderMap::new(), "7", &thing);
        let tag = first.headers()[header::ETAG].clone();
        let with = |tag: &str| [(header::IF_NONE_MATCH, tag.parse().unwrap())].into_iter().collect();
        assert_eq!(tagged(&with(tag.to_str().unwrap()), "7", &thing).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(tagged(&with("\"x\", *"), "7", &thing).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(tagged(&with(tag.to_str().unwrap()), "7", &json!({"a": 2})).status(), StatusCode::OK);
        assert_eq!(tagged(&with(tag.to_str().unwrap()), "8", &thing).status(), StatusCode::OK);
    }
}
