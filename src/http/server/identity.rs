//! Which process this is.

use crate::{app::App, model::Instant};
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// What a process says of itself. Nothing in it is a secret.
#[derive(Debug)]
pub(in crate::http) struct Identity {
    pub(in crate::http) started: Instant,
    /// Tells two processes apart that serve the same address: before and after a restart, or behind one balancer.
    pub(in crate::http) instance: Uuid,
    draining: AtomicBool,
}

impl Identity {
    pub(super) fn new(app: &App) -> Self {
        Self { started: app.clock().now(), instance: app.clock().uuid(), draining: AtomicBool::new(false) }
    }

    /// Whether the process is about to leave.
    pub(in crate::http) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}
