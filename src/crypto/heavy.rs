//! What keeps a processor busy: signatures, and the documents that strangers send with them.
//!
//! All of the runtime's threads but one do such work at the same time, so that one is always there for what is short. Above
//! all for whoever holds the store's one writer: everybody else waits for them.

use std::sync::LazyLock;
use tokio::{runtime::Handle, sync::Semaphore};

static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(turns()));

/// Does something that takes the processor for a tenth of a millisecond and more, when it is its turn. Must be called inside a
/// runtime.
pub async fn heavy<T>(work: impl FnOnce() -> T) -> T {
    // Nobody closes it: an error is no reason to leave the work undone.
    let _turn = TURNS.acquire().await;
    work()
}

fn turns() -> usize {
    Handle::current().metrics().num_workers().saturating_sub(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
        time::Duration,
    };

    #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
    async fn one_thread_of_the_runtime_stays_free() {
        static BUSY: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let most = turns();
        let work = || {
            MOST.fetch_max(BUSY.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(5));
            BUSY.fetch_sub(1, Ordering::SeqCst);
        };
        let all: Vec<_> = (0..12).map(|_| tokio::spawn(heavy(work))).collect();
        for one in all {
            one.await.unwrap();
        }
        // Another test of this process may have been the first to ask: on a smaller runtime than this one.
        let seen = MOST.load(Ordering::SeqCst);
        assert!((1..=most).contains(&seen), "{seen} at once, {most} at most");
    }
}
