//! The one line that a request leaves.

use crate::model::{OrganizationId, RequestId};
use std::time::Duration;

/// What is said of a request when it was answered. Borrowed: where nobody reads such lines, nothing is copied for them.
#[derive(Debug, Clone)]
pub struct RequestLine<'a> {
    /// The request's id, which the answer carries too.
    pub request: &'a RequestId,
    /// The HTTP method.
    pub method: &'a str,
    /// The route's template, such as `/scim/v2/Users/{id}`: a path could hold a secret or a name.
    pub route: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// The organization, when one was found.
    pub organization: Option<&'a OrganizationId>,
    /// What kind of caller it was: `nobody`, `user`, `key`, `connection`, …
    pub actor: &'static str,
    /// From the first byte read to the answer.
    pub elapsed: Duration,
    /// Of it, waiting for the store.
    pub database: Duration,
    /// Statements sent to the store.
    pub queries: u32,
}

impl RequestLine<'_> {
    /// Writes the line: an error when the failure is ours (5xx), else information.
    pub fn emit(&self) {
        let organization = self.organization.map(OrganizationId::as_str);
        let (ms, database_ms) = (millis(self.elapsed), millis(self.database));
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: "castgate::request",
                    request = self.request.as_str(),
                    method = self.method,
                    route = self.route,
                    status = self.status,
                    organization,
                    actor = self.actor,
                    ms,
                    database_ms,
                    queries = self.queries,
                    "request"
                )
            };
        }
        // 501 is what we say of what we never offered.
        if self.status >= 500 && self.status != 501 { line!(error) } else { line!(info) }
    }
}

/// Milliseconds with three digits behind the point.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}
