//! What a SCIM client is told when a request cannot be done (RFC 7644 §3.12).

use serde_json::{Value, json};
use std::fmt;

/// The `schemas` value of an error answer.
pub const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The keyword that lets a client react without reading the sentence (RFC 7644 §3.12, table 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScimType {
    /// The filter could not be read, or names something that does not exist.
    InvalidFilter,
    /// More results, operations or bytes than the server takes.
    TooMany,
    /// A value that must be unique is taken.
    Uniqueness,
    /// The attribute cannot be changed in this way.
    Mutability,
    /// The body is not the message that was expected.
    InvalidSyntax,
    /// The PATCH path could not be read.
    InvalidPath,
    /// The PATCH path points at nothing.
    NoTarget,
    /// A value is missing or of the wrong type.
    InvalidValue,
    /// The request would put a secret where it may be logged.
    Sensitive,
    /// The cursor is none that was given out for this query (RFC 9865 §2.1).
    InvalidCursor,
    /// The cursor was given out too long ago.
    ExpiredCursor,
    /// A page of a listing by cursor cannot have so many resources.
    InvalidCount,
}

impl ScimType {
    /// The keyword on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }
}

/// A refusal: the HTTP status, the keyword if one fits, and a sentence for the person who configures the provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ScimError {
    /// The HTTP status code.
    pub status: u16,
    /// The keyword; the RFC knows none for most statuses besides 400 and 409.
    pub scim_type: Option<ScimType>,
    /// What was wrong, where, and what to do. Never an internal.
    pub detail: String,
}

impl ScimError {
    fn new(status: u16, scim_type: Option<ScimType>, detail: impl fmt::Display) -> Self {
        Self { status, scim_type, detail: detail.to_string() }
    }

    /// 400: the filter is wrong.
    pub fn invalid_filter(detail: impl fmt::Display) -> Self {
        Self::new(400, Some(ScimType::InvalidFilter), detail)
    }

    /// 400: the PATCH path is wrong.
    pub fn invalid_path(detail: impl fmt::Display) -> Self {
        Self::new(400, Some(ScimType::InvalidPath), detail)
    }

    /// 400: the PATCH path points at nothing.
    pub fn no_target(detail: impl fmt::Display) -> Self {
        Self::new(400, Some(ScimType::NoTarget), detail)
    }

    /// 400: a value is missing or of the wrong type.
    pub fn invalid_value(detail: impl fmt::Display) -> Self {
        Self::new(400, Some(ScimType::InvalidValue), detail)
    }

    /// 400: the body is not the message that was expected.
    pub fn invalid_syntax(detail: impl fmt::Display) -> Self {
        Self::new(400, Some(ScimType::InvalidSyntax), detail)
    }

    /// 400: the attribute cannot be changed in this way.
    pub fn mutability(detail: impl fmt::Display) -> Self {
        Self::new(400, Some(ScimType::Mutability), detail)
    }

    /// 400: the cursor is none of this query.
    pub fn invalid_cursor(detail: impl fmt::Display) -> Self {
        Self::new(400, Some(ScimType::InvalidCursor), detail)
    }

    /// 400: the cursor is too old.
    pub fn expired_cursor(detail: impl fmt::Display) -> Self {
        Self::new(400, Some(ScimType::ExpiredCursor), detail)
    }

    /// 400: so many resources are never on a page that is reached by a cursor.
    pub fn invalid_count(detail: impl fmt::Display) -> Self {
        Self::new(400, Some(ScimType::InvalidCount), detail)
    }

    /// The same refusal, in the word that listings by cursor have for it.
    #[must_use]
    pub fn into_invalid_count(self) -> Self {
        Self { scim_type: Some(ScimType::InvalidCount), ..self }
    }

    /// 400: too many results or operations.
    pub fn too_many(detail: impl fmt::Display) -> Self {
        Self::new(400, Some(ScimType::TooMany), detail)
    }

    /// 409: a value that must be unique is taken.
    pub fn uniqueness(detail: impl fmt::Display) -> Self {
        Self::new(409, Some(ScimType::Uniqueness), detail)
    }

    /// 409: it clashes with something, and with no value that must be unique.
    pub fn conflict(detail: impl fmt::Display) -> Self {
        Self::new(409, None, detail)
    }

    /// 401: no token, or one that is not accepted.
    pub fn unauthorized(detail: impl fmt::Display) -> Self {
        Self::new(401, None, detail)
    }

    /// 403: the request is understood and not allowed, such as a filter on a discovery endpoint (RFC 7644 §4).
    pub fn forbidden(detail: impl fmt::Display) -> Self {
        Self::new(403, None, detail)
    }

    /// 404: no such resource or endpoint.
    pub fn not_found(detail: impl fmt::Display) -> Self {
        Self::new(404, None, detail)
    }

    /// 405: the endpoint does not take this method.
    pub fn method_not_allowed(detail: impl fmt::Display) -> Self {
        Self::new(405, None, detail)
    }

    /// 412: the resource is no longer the version that the client saw (RFC 7644 §3.14).
    pub fn precondition_failed(detail: impl fmt::Display) -> Self {
        Self::new(412, None, detail)
    }

    /// 413: the body is larger than the server takes.
    pub fn too_large(detail: impl fmt::Display) -> Self {
        Self::new(413, None, detail)
    }

    /// 415: the body is not JSON.
    pub fn unsupported_media_type(detail: impl fmt::Display) -> Self {
        Self::new(415, None, detail)
    }

    /// 429: the client should wait.
    pub fn too_many_requests(detail: impl fmt::Display) -> Self {
        Self::new(429, None, detail)
    }

    /// 500: something failed here; `detail` must not say what.
    pub fn internal(detail: impl fmt::Display) -> Self {
        Self::new(500, None, detail)
    }

    /// 501: a part of the protocol that this server does not have, such as `/Me`.
    pub fn not_implemented(detail: impl fmt::Display) -> Self {
        Self::new(501, None, detail)
    }

    /// 503: the store is away; come back later.
    pub fn unavailable(detail: impl fmt::Display) -> Self {
        Self::new(503, None, detail)
    }

    /// The answer's body.
    #[must_use]
    pub fn to_json(&self) -> Value {
        // RFC 7644 §3.12: "status: The HTTP status code expressed as a JSON string."
        match self.scim_type {
            Some(scim_type) => json!({
                "schemas": [ERROR_SCHEMA],
                "status": self.status.to_string(),
                "scimType": scim_type.as_str(),
                "detail": self.detail,
            }),
            None => json!({"schemas": [ERROR_SCHEMA], "status": self.status.to_string(), "detail": self.detail}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_a_string_and_the_keyword_is_left_out_where_there_is_none() {
        insta::assert_snapshot!(ScimError::uniqueness("userName “a” is taken").to_json(), @r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"userName “a” is taken"}"#);
        insta::assert_snapshot!(ScimError::not_found("no user has this id").to_json(), @r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404","detail":"no user has this id"}"#);
    }
}
