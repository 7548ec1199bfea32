//! The numbers of this process, for the operator: counted in atomics wherever something happens, written as OpenMetrics text
//! when somebody asks.
//!
//! Every label's value is a `&'static str` of ours (a route's template, an event's name). Nothing that a stranger sends, and no
//! id of a person or an organization, can become one; so there is an end to the series.

use super::process::Process;
use crate::scim::Tolerance;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::Registry,
};
use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// What [`Metrics::write`] returns is of this type.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// The numbers of this process.
pub fn metrics() -> &'static Metrics {
    &METRICS
}

/// Whether a statement reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    /// It reads.
    Read,
    /// It inserts, updates or deletes.
    Write,
}

/// Where an answer of the cache came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheAnswer {
    /// This node's own memory.
    Memory,
    /// Redis.
    Redis,
    /// Nowhere: the store is asked.
    Miss,
}

/// A request that was answered, in words that are bounded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    /// The route's template.
    pub route: &'static str,
    /// The method; `other` for what HTTP does not know.
    pub method: &'static str,
    /// `2xx`, `3xx`, `4xx`, `5xx`.
    pub status: &'static str,
    /// Who is spoken to: `scim`, `api`, `page`, `sign_in`.
    pub room: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignIn {
    connection: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;
type Seconds = Counter<f64, AtomicNanoseconds>;

/// Nanoseconds that are shown as seconds: adding is one instruction, where a float would need a loop.
#[derive(Debug, Default)]
pub struct AtomicNanoseconds(AtomicU64);

impl prometheus_client::metrics::counter::Atomic<f64> for AtomicNanoseconds {
    fn inc(&self) -> f64 {
        self.inc_by(1.0)
    }

    fn inc_by(&self, seconds: f64) -> f64 {
        let nanoseconds = u64::try_from(Duration::from_secs_f64(seconds.max(0.0)).as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanoseconds, Ordering::Relaxed);
        self.get()
    }

    fn get(&self) -> f64 {
        Duration::from_nanos(self.0.load(Ordering::Relaxed)).as_secs_f64()
    }
}

/// Every number there is. Counting costs a few atomic additions; where it would be by label on a hot path, the labels'
/// counters are fields.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Histograms<Route>,
    in_flight: Gauge,
    connections: Gauge,
    connections_refused: Family<Kind, Counter>,
    overloaded: Counter,
    reads: Counter,
    writes: Counter,
    statement_seconds: Seconds,
    waiting_seconds: Seconds,
    transactions: Histograms<Kind>,
    batches: Histogram,
    syncs: Histogram,
    cache: [Counter; 3],
    redis_paused: Gauge,
    tolerances: Family<Kind, Counter>,
    sign_ins: Family<SignIn, Counter>,
    rate_limited: Family<Kind, Counter>,
    events: Family<Kind, Counter>,
    outbox: Gauge,
    revocations: Histogram,
    rounds: Family<Outcome, Counter>,
}

/// Counts a request as being answered until it is dropped.
#[derive(Debug)]
pub struct InFlight(());

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics().in_flight.dec();
    }
}

/// From 0.25 ms to 8 s.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.000_25, 2.0, 16))
}

impl Metrics {
    fn new() -> Self {
        let mut all = Self {
            registry: Registry::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(durations as fn() -> Histogram),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            connections_refused: Family::default(),
            overloaded: Counter::default(),
            reads: Counter::default(),
            writes: Counter::default(),
            statement_seconds: Counter::default(),
            waiting_seconds: Counter::default(),
            transactions: Family::new_with_constructor(durations as fn() -> Histogram),
            batches: Histogram::new(exponential_buckets(1.0, 2.0, 7)),
            syncs: durations(),
            cache: Default::default(),
            redis_paused: Gauge::default(),
            tolerances: Family::default(),
            sign_ins: Family::default(),
            rate_limited: Family::default(),
            events: Family::default(),
            outbox: Gauge::default(),
            revocations: durations(),
            rounds: Family::default(),
        };
        let mut registry = Registry::default();
        all.register(&mut registry);
        all.registry = registry;
        all
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("castgate_build", "What runs", Info::new(Build { version: env!("CARGO_PKG_VERSION") }));
        registry.register_collector(Box::new(Process));
        self.register_doors(registry.sub_registry_with_prefix("castgate"));
        self.register_insides(registry.sub_registry_with_prefix("castgate"));
    }

    fn register_doors(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests that were answered", self.requests.clone());
        registry.register("http_request_seconds", "From the request's head to the answer", self.durations.clone());
        registry.register("http_requests_in_flight", "Requests being answered", self.in_flight.clone());
        registry.register("connections", "Connections that are open", self.connections.clone());
        let refused = "Connections closed at once, by the cap that was reached";
        registry.register("connections_refused", refused, self.connections_refused.clone());
        registry.register("overloaded", "Requests that found no place and were answered 503", self.overloaded.clone());
        registry.register("rate_limited", "Requests answered 429, by whose limit it was", self.rate_limited.clone());
        registry.register("sign_ins", "Sign-ins, by kind of connection and outcome", self.sign_ins.clone());
        let tolerated = "What providers' requests got away with, by name";
        registry.register("scim_tolerances", tolerated, self.tolerances.clone());
    }

    fn register_insides(&self, registry: &mut Registry) {
        registry.register("store_reads", "Statements that read", self.reads.clone());
        registry.register("store_writes", "Statements that write", self.writes.clone());
        let seconds = "Time spent on statements, in seconds";
        registry.register("store_statement_seconds", seconds, self.statement_seconds.clone());
        let waiting = "Time spent waiting for connections and commits, in seconds";
        registry.register("store_waiting_seconds", waiting, self.waiting_seconds.clone());
        let transactions = "Transactions from their beginning to their end, by what they were for";
        registry.register("store_transaction_seconds", transactions, self.transactions.clone());
        registry.register("store_batch_transactions", "Transactions that shared one sync", self.batches.clone());
        registry.register("store_sync_seconds", "Time that a batch took to reach the disk", self.syncs.clone());
        let [memory, redis, miss] = &self.cache;
        registry.register("cache_memory_hits", "Answers from this node's memory", memory.clone());
        registry.register("cache_redis_hits", "Answers from Redis", redis.clone());
        registry.register("cache_misses", "Answers that the store had to give", miss.clone());
        let paused = "1 while Redis does not answer and is left alone";
        registry.register("cache_redis_paused", paused, self.redis_paused.clone());
        registry.register("events", "Events that were written, by kind", self.events.clone());
        registry.register("outbox_waiting", "Jobs that wait to be done", self.outbox.clone());
        let ended = "From the change that ends somebody's access to the moment when it is on disk and the caches know";
        registry.register("revocation_seconds", ended, self.revocations.clone());
        registry.register("worker_rounds", "Rounds of housekeeping, by outcome", self.rounds.clone());
    }

    /// A request has arrived; it counts as being answered until the guard is dropped.
    pub fn arrived(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(())
    }

    /// A request was answered.
    pub fn answered(&self, answered: &Answered, elapsed: Duration) {
        self.requests.get_or_create(answered).inc();
        self.durations.get_or_create(&Route { route: answered.route }).observe(elapsed.as_secs_f64());
    }

    /// A connection was opened.
    pub fn connected(&self) {
        self.connections.inc();
    }

    /// A connection was closed.
    pub fn disconnected(&self) {
        self.connections.dec();
    }

    /// A connection was closed at once, because this cap was reached.
    pub fn connection_refused(&self, cap: &'static str) {
        self.connections_refused.get_or_create(&Kind { kind: cap }).inc();
    }

    /// A request found no place.
    pub fn overloaded(&self) {
        self.overloaded.inc();
    }

    pub(super) fn statement(&self, kind: Statement, nanoseconds: u64) {
        match kind {
            Statement::Read => self.reads.inc(),
            Statement::Write => self.writes.inc(),
        };
        self.statement_seconds.inner().0.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    pub(super) fn waited(&self, nanoseconds: u64) {
        self.waiting_seconds.inner().0.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// A transaction was committed.
    pub fn transaction(&self, name: &'static str, elapsed: Duration) {
        self.transactions.get_or_create(&Kind { kind: name }).observe(elapsed.as_secs_f64());
    }

    /// A batch of transactions reached the disk, or failed to.
    pub fn batch(&self, transactions: usize, sync: Duration) {
        self.batches.observe(f64::from(u32::try_from(transactions).unwrap_or(u32::MAX)));
        self.syncs.observe(sync.as_secs_f64());
    }

    /// The cache was asked.
    pub fn cache(&self, answer: CacheAnswer) {
        let [memory, redis, miss] = &self.cache;
        match answer {
            CacheAnswer::Memory => memory.inc(),
            CacheAnswer::Redis => redis.inc(),
            CacheAnswer::Miss => miss.inc(),
        };
    }

    /// Whether Redis is left alone because it did not answer.
    pub fn redis_paused(&self, paused: bool) {
        self.redis_paused.set(i64::from(paused));
    }

    /// What a provider's request got away with.
    pub fn tolerated(&self, tolerances: &[Tolerance]) {
        for tolerance in tolerances {
            self.tolerances.get_or_create(&Kind { kind: tolerance.name() }).inc();
        }
    }

    /// Somebody tried to sign in, by this kind of connection and with this outcome.
    pub fn sign_in(&self, connection: &'static str, outcome: &'static str) {
        self.sign_ins.get_or_create(&SignIn { connection, outcome }).inc();
    }

    /// A request was answered 429, by this limit.
    pub fn rate_limited(&self, limit: &'static str) {
        self.rate_limited.get_or_create(&Kind { kind: limit }).inc();
    }

    /// An event of this name was written.
    pub fn event(&self, name: &'static str) {
        self.events.get_or_create(&Kind { kind: name }).inc();
    }

    /// How many jobs wait in the outbox.
    pub fn outbox(&self, waiting: i64) {
        self.outbox.set(waiting);
    }

    /// Somebody's access ended, and every cache that could be told has been.
    pub fn access_ended(&self, elapsed: Duration) {
        self.revocations.observe(elapsed.as_secs_f64());
    }

    /// A round of housekeeping is over.
    pub fn round(&self, succeeded: bool) {
        let outcome = if succeeded { "done" } else { "failed" };
        self.rounds.get_or_create(&Outcome { outcome }).inc();
    }

    /// All of it as OpenMetrics text.
    #[must_use]
    pub fn write(&self) -> String {
        let mut page = String::new();
        if text::encode(&mut page, &self.registry).is_err() {
            tracing::error!("the metrics could not be written");
        }
        page
    }
}

#[cfg(test)]
mod tests;
