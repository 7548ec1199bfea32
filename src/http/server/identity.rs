//! Which process this is.

use super::Orders;
use crate::{app::App, model::Instant};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What a process says of itself. Nothing in it is a secret.
#[derive(Debug)]
pub(in crate::http) struct Identity {
    pub(in crate::http) started: Instant,
    /// Tells two processes apart that serve the same address: before and after a restart, or behind one balancer.
    pub(in crate::http) instance: Uuid,
    draining: AtomicBool,
    close: CancellationToken,
}

impl Identity {
    pub(super) fn new(app: &App, orders: &Orders) -> Self {
        let (draining, close) = (AtomicBool::new(false), orders.close.clone());
        Self { started: app.clock().now(), instance: app.clock().uuid(), draining, close }
    }

    /// Whether the process is about to leave.
    pub(in crate::http) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Waits until the doors are closed: what has begun is to end, and whoever waits for something to happen waits no longer.
    /// Not before: who is answered at once while the process still says that it will leave asks again, and again.
    pub(in crate::http) async fn closed(&self) {
        self.close.cancelled().await;
    }

    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}
