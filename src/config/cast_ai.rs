//! `[cast_ai]`: reading clusters from Cast AI.

use super::{
    Span,
    check::{Finding, error, is_loopback},
};
use serde::Deserialize;
use std::time::Duration;
use url::Url;

const SOONEST: Duration = Duration::from_mins(1);
const LONGEST_TIMEOUT: Duration = Duration::from_mins(1);

/// `[cast_ai]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CastAi {
    /// Where its API is.
    pub url: Url,
    /// How often clusters are read.
    pub read_every: Span,
    /// How long one answer may take.
    pub timeout: Span,
}

impl CastAi {
    pub(super) fn check(&self, found: &mut Vec<Finding>) {
        let url = &self.url;
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(url)) {
            found.push(error("cast_ai.url", "must be https: keys go there"));
        }
        let whole = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !whole || url.fragment().is_some() || url.path() != "/" {
            found.push(error("cast_ai.url", "must be scheme, host and port alone, such as https://api.cast.ai"));
        }
        if self.read_every.get() < SOONEST {
            found.push(error("cast_ai.read_every", "must be at least 1m"));
        }
        if self.timeout.get().is_zero() || self.timeout.get() > LONGEST_TIMEOUT {
            found.push(error("cast_ai.timeout", "must be more than 0s and at most 1m"));
        }
    }
}
