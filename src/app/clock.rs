//! Time, ids and randomness: from the machine in production, fixed and seeded in tests, so that snapshots are literal.

use crate::{
    crypto,
    model::{Instant, OrganizationId, RequestId},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use uuid::{Builder, Uuid};

/// Where time and randomness come from. Cheap to clone; clones share the same time.
#[derive(Debug, Clone)]
pub struct Clock(Inner);

#[derive(Debug, Clone)]
enum Inner {
    Machine,
    Fixed(Arc<Fixed>),
}

#[derive(Debug)]
struct Fixed {
    now: AtomicI64,
    drawn: AtomicU64,
    seed: u64,
}

impl Clock {
    /// The machine's clock and random numbers.
    #[must_use]
    pub fn machine() -> Self {
        Self(Inner::Machine)
    }

    /// A clock that stands still until it is moved, with random numbers that follow from `seed`. For tests.
    #[must_use]
    pub fn fixed(now: Instant, seed: u64) -> Self {
        Self(Inner::Fixed(Arc::new(Fixed { now: AtomicI64::new(now.0), drawn: AtomicU64::new(0), seed })))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Instant {
        match &self.0 {
            Inner::Machine => machine_now(),
            Inner::Fixed(fixed) => Instant(fixed.now.load(Ordering::SeqCst)),
        }
    }

    /// Moves a fixed clock; the machine's stays as it is.
    pub fn advance(&self, by: Duration) {
        match &self.0 {
            Inner::Machine => {}
            Inner::Fixed(fixed) => {
                let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
                fixed.now.fetch_add(micros, Ordering::SeqCst);
            }
        }
    }

    /// Fills `bytes` with random numbers, fit for secrets on the machine's clock.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Inner::Machine => crypto::fill_or_abort(bytes),
            Inner::Fixed(fixed) => {
                for chunk in bytes.chunks_mut(32) {
                    let drawn = fixed.drawn.fetch_add(1, Ordering::SeqCst);
                    let seeded = crypto::sha256(format!("{}/{drawn}", fixed.seed).as_bytes());
                    chunk.copy_from_slice(&seeded[..chunk.len()]);
                }
            }
        }
    }

    /// A new UUIDv7 of this moment: `OrganizationId::from_uuid(clock.uuid())`.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let random = match &self.0 {
            Inner::Machine => crypto::of_id_or_abort(),
            Inner::Fixed(_) => {
                let mut random = [0; 10];
                self.fill(&mut random);
                random
            }
        };
        Builder::from_unix_timestamp_millis(self.now().millis(), &random).into_uuid()
    }

    /// A new request id.
    #[must_use]
    pub fn request(&self) -> RequestId {
        RequestId::from_uuid(self.uuid())
    }

    /// A new organization id.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        OrganizationId::from_uuid(self.uuid())
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where the machine's time is read")]
fn machine_now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Instant(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
