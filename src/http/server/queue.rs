//! Who is worked on, who waits, and who is turned away.
//!
//! Without a bound everybody gets slower until nobody is answered in time; with no queue at all a short burst is refused
//! although there would have been room a moment later. So: a bounded number at work, a bounded number waiting for a bounded time.
//! Whoever finds no place even to wait is told so after a [pause](PAUSE): told at once they would ask again at once, and
//! refusing would soon be all the work that is done.

use crate::config::Server;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A place among those who are worked on. Given back when it is dropped.
pub(super) type Place = OwnedSemaphorePermit;

/// How long the connection of one who is turned away rests. It is no place in the queue: nothing was looked up or read for
/// them, and there are no more of them than connections.
const PAUSE: Duration = Duration::from_millis(250);

/// There is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoPlace;

#[derive(Debug)]
pub(super) struct Queue {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    most_waiting: usize,
    deadline: Duration,
    body_bytes: AtomicU64,
    most_body_bytes: u64,
}

impl Queue {
    pub(super) fn new(settings: &Server) -> Self {
        Self {
            places: Arc::new(Semaphore::new(settings.max_in_flight.min(Semaphore::MAX_PERMITS))),
            waiting: AtomicUsize::new(0),
            most_waiting: settings.queue,
            deadline: settings.queue_deadline.get(),
            body_bytes: AtomicU64::new(0),
            most_body_bytes: settings.body_memory.0,
        }
    }

    /// A place, at once or after waiting; first come, first served.
    pub(super) async fn enter(&self) -> Result<Place, NoPlace> {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Ok(place);
        }
        let Ok(_waiting) = Waiting::join(self) else {
            tokio::time::sleep(PAUSE).await;
            return Err(NoPlace);
        };
        match tokio::time::timeout(self.deadline, self.places.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(NoPlace),
        }
    }

    /// Counts bytes of a body that are kept until its request is answered; false when there is no room for them.
    pub(super) fn take_memory(&self, bytes: u64) -> bool {
        let before = self.body_bytes.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= self.most_body_bytes;
        if !fits {
            self.give_memory(bytes);
        }
        fits
    }

    pub(super) fn give_memory(&self, bytes: u64) {
        self.body_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// One who waits. Whoever hangs up while waiting leaves the queue.
struct Waiting<'a>(&'a Queue);

impl<'a> Waiting<'a> {
    fn join(queue: &'a Queue) -> Result<Self, NoPlace> {
        let waiting = Self(queue);
        let before = queue.waiting.fetch_add(1, Ordering::Relaxed);
        if before < queue.most_waiting { Ok(waiting) } else { Err(NoPlace) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use std::future::Future as _;

    fn queue(places: usize, waiting: usize) -> Queue {
        let mut server = Settings::load(None, std::iter::empty()).unwrap().server;
        (server.max_in_flight, server.queue) = (places, waiting);
        server.queue_deadline = "300ms".parse().unwrap();
        Queue::new(&server)
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_work_so_many_wait_and_the_rest_is_turned_away_after_a_pause() {
        let queue = Arc::new(queue(1, 1));
        let first = queue.enter().await.unwrap();
        let second = tokio::spawn({
            let queue = queue.clone();
            async move { queue.enter().await.map(drop) }
        });
        while queue.waiting.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        let began = tokio::time::Instant::now();
        assert_eq!(queue.enter().await.err(), Some(NoPlace));
        assert_eq!(began.elapsed(), PAUSE);
        drop(first);
        assert_eq!(second.await.unwrap(), Ok(()));
        assert_eq!(queue.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_deadline() {
        let queue = queue(1, 5);
        let _first = queue.enter().await.unwrap();
        let began = tokio::time::Instant::now();
        assert_eq!(queue.enter().await.err(), Some(NoPlace));
        assert!(began.elapsed() >= queue.deadline);
        assert_eq!(queue.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn who_hangs_up_while_waiting_leaves_the_queue() {
        let queue = queue(1, 1);
        let _first = queue.enter().await.unwrap();
        for _ in 0..3 {
            let mut gone = Box::pin(queue.enter());
            let waits = std::future::poll_fn(|cx| std::task::Poll::Ready(gone.as_mut().poll(cx))).await;
            assert!(waits.is_pending(), "{waits:?}");
        }
    }

    #[test]
    fn memory_for_bodies_is_bounded() {
        let queue = queue(1, 1);
        assert!(queue.take_memory(queue.most_body_bytes));
        assert!(!queue.take_memory(1));
        queue.give_memory(1);
        assert!(queue.take_memory(1));
    }
}
