//! The memory of one node.

use super::Revocation;
use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::broadcast;

/// A node that heard nothing for so long does not believe its memory.
const SILENCE: Duration = Duration::from_secs(1);
/// Revocations that a subscriber may lag behind.
const BACKLOG: usize = 1024;
/// The heartbeat of a node without a feed, which needs none.
const ALWAYS: u64 = u64::MAX;

#[derive(Clone)]
struct Entry {
    value: Arc<dyn Any + Send + Sync>,
    generation: u64,
    until: Instant,
}

pub(super) struct Local {
    entries: moka::sync::Cache<String, Entry>,
    lease: Duration,
    generation: AtomicU64,
    /// Milliseconds since `began` at which the feed was heard last; 0: never.
    heard: AtomicU64,
    began: Instant,
    revocations: broadcast::Sender<Revocation>,
}

impl Local {
    pub(super) fn new(lease: Duration, capacity: u64) -> Self {
        Self {
            entries: moka::sync::Cache::builder().max_capacity(capacity).time_to_live(lease).build(),
            lease,
            generation: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            began: Instant::now(),
            revocations: broadcast::Sender::new(BACKLOG),
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Every entry belongs to a generation, revocable or not: memory is refilled from Redis or the store in no time.
    pub(super) fn get<V: Send + Sync + 'static>(&self, text: &str) -> Option<Arc<V>> {
        let entry = self.entries.get(text)?;
        let good = entry.generation == self.generation() && Instant::now() < entry.until && self.is_live();
        if good { entry.value.downcast().ok() } else { None }
    }

    /// Remembers a value whose loading began in `generation`, for the lease at most.
    pub(super) fn put<V: Send + Sync + 'static>(&self, text: &str, value: Arc<V>, ttl: Duration, generation: u64) {
        let until = Instant::now() + ttl.min(self.lease);
        self.entries.insert(text.to_owned(), Entry { value, generation, until });
    }

    /// Begins a generation too: a load that runs now must not bring the value back.
    pub(super) fn forget(&self, text: &str) {
        self.next_generation();
        self.entries.invalidate(text);
    }

    pub(super) fn next_generation(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn revoke(&self, revocation: &Revocation) {
        self.next_generation();
        // An error says that nobody listens.
        let _ = self.revocations.send(revocation.clone());
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Revocation> {
        self.revocations.subscribe()
    }

    pub(super) fn live_without_feed(&self) {
        self.heard.store(ALWAYS, Ordering::SeqCst);
    }

    pub(super) fn hear(&self) {
        self.heard.store(self.now().max(1), Ordering::SeqCst);
    }

    /// Whether revocations of other nodes would be heard.
    pub(super) fn is_live(&self) -> bool {
        match self.heard.load(Ordering::SeqCst) {
            0 => false,
            ALWAYS => true,
            heard => u128::from(self.now().saturating_sub(heard)) <= SILENCE.as_millis(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(ALWAYS - 1)
    }
}
