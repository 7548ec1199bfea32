//! What one request costs the store: a meter that lies in the task, so that no function has to hand it on.

use super::metrics::{Statement, metrics};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

tokio::task_local! {
    static CURRENT: Meter;
}

/// Counts statements and the time that is spent on the store. Cheap to clone; clones count together.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    nanoseconds: AtomicU64,
    statements: AtomicU32,
}

impl Meter {
    /// Runs `work` under this meter: whatever it asks of the store in its own task is counted here. A task that it spawns
    /// counts for nobody.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// Time spent waiting for the store: for a connection, for statements, and for the commit.
    #[must_use]
    pub fn database(&self) -> Duration {
        Duration::from_nanos(self.0.nanoseconds.load(Ordering::Relaxed))
    }

    /// Statements sent, without the beginning and the end of transactions.
    #[must_use]
    pub fn statements(&self) -> u32 {
        self.0.statements.load(Ordering::Relaxed)
    }

    fn add(&self, elapsed: Duration) {
        self.0.nanoseconds.fetch_add(nanoseconds(elapsed), Ordering::Relaxed);
    }
}

fn nanoseconds(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}

/// The same work under the meter of the task that calls, wherever it runs: for what is spawned and waited for.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let meter = CURRENT.try_with(Meter::clone).unwrap_or_default();
    meter.scope(work)
}

/// Counts one statement that began at `began`, for the request of this task and for the process.
pub fn statement(kind: Statement, began: Instant) {
    let elapsed = began.elapsed();
    metrics().statement(kind, nanoseconds(elapsed));
    // Outside of a request (the worker, a command) nobody reads a meter.
    let _ = CURRENT.try_with(|meter| {
        meter.add(elapsed);
        meter.0.statements.fetch_add(1, Ordering::Relaxed);
    });
}

/// Waits for the store, for something that is no statement: a connection, or a commit.
pub async fn waiting<F: Future>(wait: F) -> F::Output {
    let began = Instant::now();
    let done = wait.await;
    let elapsed = began.elapsed();
    metrics().waited(nanoseconds(elapsed));
    let _ = CURRENT.try_with(|meter| meter.add(elapsed));
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_task_asks_of_the_store_is_counted_for_it_alone() {
        let (one, other) = (Meter::default(), Meter::default());
        let began = Instant::now();
        let ask = async |times: u32| {
            for _ in 0..times {
                statement(Statement::Read, began);
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(one.clone().scope(ask(3)), other.clone().scope(ask(1)));
        assert_eq!((one.statements(), other.statements()), (3, 1));
        assert!(one.database() > Duration::ZERO);
    }

    #[tokio::test]
    async fn waiting_costs_time_and_is_no_statement() {
        let meter = Meter::default();
        meter.clone().scope(waiting(tokio::task::yield_now())).await;
        assert_eq!(meter.statements(), 0);
        assert!(meter.database() > Duration::ZERO);
        statement(Statement::Write, Instant::now());
        assert_eq!(meter.statements(), 0, "outside of the scope");
    }
}
