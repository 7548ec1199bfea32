//! `[accidents]`: what counts as an accident of a provider.

use super::{
    Span,
    check::{Finding, error},
};
use serde::Deserialize;
use std::time::Duration;

/// The removals of one job of a provider come in less.
const SHORTEST_WINDOW: Duration = Duration::from_mins(1);

/// `[accidents]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accidents {
    /// So much at least has to be gone: groups, people, or people out of groups.
    pub count: u32,
    /// And so much of what there was, in percent.
    pub share: u32,
    /// Within this time.
    pub window: Span,
}

impl Accidents {
    pub(super) fn check(&self, found: &mut Vec<Finding>) {
        if !(1..=100).contains(&self.share) {
            found.push(error("accidents.share", "is in percent: from 1 to 100"));
        }
        if self.count == 0 {
            found.push(error("accidents.count", "must be at least 1"));
        }
        if self.window.get() < SHORTEST_WINDOW {
            found.push(error("accidents.window", "must be at least 1m"));
        }
    }
}
