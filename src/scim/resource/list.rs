//! Pages of resources.

use serde::Serialize;

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// A page of resources.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListResponse<T> {
    schemas: [&'static str; 1],
    total_results: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_index: Option<u64>,
    items_per_page: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_cursor: Option<String>,
    // "If there are no further results, nextCursor is omitted": its absence is how a client knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(rename = "Resources")]
    resources: Vec<T>,
}

impl<T> ListResponse<T> {
    /// RFC 7644 §3.4.2: `total` in all, these beginning with the `start_index`th, counted from 1.
    #[must_use]
    pub fn by_index(resources: Vec<T>, total: u64, start_index: u64) -> Self {
        Self { start_index: Some(start_index), ..Self::by_cursor(resources, total, None, None) }
    }

    /// One that was reached by a cursor (RFC 9865 §2): there is no index that its first one would have.
    #[must_use]
    pub fn by_cursor(resources: Vec<T>, total: u64, previous: Option<String>, next: Option<String>) -> Self {
        Self {
            schemas: [SCHEMA],
            total_results: total,
            start_index: None,
            items_per_page: resources.len(),
            previous_cursor: previous,
            next_cursor: next,
            resources,
        }
    }
}
