//! Keeps callers away from a Redis that does not answer: one of them tries once a second, the others go on without.

use crate::telemetry::metrics;
use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

/// How long callers stay away after a failure.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// None: closed, everybody passes.
    closed_off_until: Mutex<Option<Instant>>,
}

impl Breaker {
    /// Whether this caller may try. After the pause one may, and the pause begins anew for the others.
    pub(super) fn admits(&self) -> bool {
        let mut until = self.lock();
        match *until {
            None => true,
            Some(end) if Instant::now() < end => false,
            Some(_) => {
                *until = Some(Instant::now() + PAUSE);
                true
            }
        }
    }

    pub(super) fn succeeded(&self) {
        if self.lock().take().is_some() {
            metrics().redis_paused(false);
            tracing::info!("Redis answers again");
        }
    }

    pub(super) fn failed(&self, reason: &str) {
        if self.lock().replace(Instant::now() + PAUSE).is_none() {
            metrics().redis_paused(true);
            tracing::warn!(reason, "Redis does not answer; going on without it");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.closed_off_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_one_caller_a_second_tries() {
        let breaker = Breaker::default();
        assert!(breaker.admits() && breaker.admits());
        breaker.failed("test");
        assert!(!breaker.admits());
        *breaker.lock() = Some(Instant::now());
        assert!(breaker.admits(), "one tries");
        assert!(!breaker.admits(), "the others do not wait for it");
        breaker.succeeded();
        assert!(breaker.admits());
    }
}
