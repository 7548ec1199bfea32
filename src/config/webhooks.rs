//! `[webhooks]`: telling others what happens.

use super::{
    Span,
    check::{Finding, error},
};
use serde::Deserialize;
use std::time::Duration;

const LONGEST_TIMEOUT: Duration = Duration::from_mins(1);
const SOONEST: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// `[webhooks]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// How long an address may take to answer.
    pub timeout: Span,
    /// After how much failing one is switched off.
    pub give_up_after: Span,
    /// How long deliveries are remembered.
    pub deliveries_kept: Span,
}

impl Webhooks {
    pub(super) fn check(&self, found: &mut Vec<Finding>) {
        if self.timeout.get().is_zero() || self.timeout.get() > LONGEST_TIMEOUT {
            found.push(error("webhooks.timeout", "must be more than 0s and at most 1m"));
        }
        if self.give_up_after.get() < SOONEST {
            found.push(error("webhooks.give_up_after", "must be at least 1h"));
        }
        if self.deliveries_kept.get() < DAY {
            found.push(error("webhooks.deliveries_kept", "must be at least 1d"));
        }
    }
}
