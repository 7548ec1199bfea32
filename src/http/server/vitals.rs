//! What a connection is doing, and when it has been doing it for too long.
//!
//! hyper has one clock for a head and for the pause before it, and none for a client that does not take its answer. This one
//! is asked by the connection's own task, which sleeps until the nearest moment at which something could be over.

use crate::config::Server;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long each phase may last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    header: Duration,
    idle: Duration,
    send: Duration,
    /// From the end of a request's head to the end of its answer.
    whole: Duration,
}

impl Patience {
    pub(super) fn of(settings: &Server) -> Self {
        Self {
            header: settings.header_timeout.get(),
            idle: settings.keep_alive.get(),
            send: settings.send_timeout.get(),
            whole: settings.request_timeout.get() + settings.response_timeout.get(),
        }
    }

    /// No phase that begins now is over before this has passed.
    fn shortest(&self) -> Duration {
        self.header.min(self.idle).min(self.send).min(self.whole)
    }
}

/// Why a connection is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// A head did not come to its end.
    Head,
    /// Nothing came.
    Idle,
    /// The client took nothing of its answer.
    Send,
    /// The client took its answer too slowly.
    Whole,
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Head => "the head of a request did not come to its end",
            Self::Idle => "nothing came",
            Self::Send => "the client took nothing of its answer",
            Self::Whole => "the client took its answer too slowly",
        })
    }
}

/// What [`Vitals::verdict`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing is over; ask again at this moment.
    Wait(Instant),
    /// Something is.
    End(Over),
}

/// One connection's state.
#[derive(Debug)]
pub(super) struct Vitals {
    patience: Patience,
    /// HTTP/2: bytes between two requests are pings and windows, and begin no head.
    multiplexed: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When each request that is not answered to its end was begun.
    begun: Vec<Instant>,
    waiting_since: Instant,
    first_byte: Option<Instant>,
    blocked_since: Option<Instant>,
    fresh: bool,
}

impl Vitals {
    pub(super) fn new(patience: Patience, multiplexed: bool, received: bool) -> Arc<Self> {
        let now = Instant::now();
        let state = State {
            begun: Vec::new(),
            waiting_since: now,
            first_byte: received.then_some(now),
            blocked_since: None,
            fresh: true,
        };
        Arc::new(Self { patience, multiplexed, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes came.
    pub(super) fn received(&self) {
        let mut state = self.state();
        if state.begun.is_empty() && state.first_byte.is_none() {
            state.first_byte = Some(Instant::now());
        }
    }

    /// The client took bytes, or is asked to.
    pub(super) fn sent(&self, took: bool) {
        let mut state = self.state();
        if took {
            state.blocked_since = None;
        } else if state.blocked_since.is_none() {
            state.blocked_since = Some(Instant::now());
        }
    }

    /// A request's head is whole. The request is over when what this gives is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Begun {
        let at = Instant::now();
        let mut state = self.state();
        state.begun.push(at);
        state.first_byte = None;
        state.fresh = false;
        Begun { vitals: self.clone(), at }
    }

    /// Whether nothing has begun, not even a head, and every answer is on its way.
    pub(super) fn is_quiet(&self) -> bool {
        let state = self.state();
        state.begun.is_empty() && state.blocked_since.is_none() && (self.multiplexed || state.first_byte.is_none())
    }

    /// Whether requests are not answered to their end.
    pub(super) fn is_busy(&self) -> bool {
        !self.state().begun.is_empty()
    }

    /// What is over at this moment, if anything is.
    pub(super) fn verdict(&self, now: Instant) -> Verdict {
        let state = self.state();
        let Patience { header, idle, send, whole } = self.patience;
        let (phase, over) = match (state.begun.iter().min(), state.first_byte) {
            (Some(oldest), _) => (*oldest + whole, Over::Whole),
            (None, Some(first)) if !self.multiplexed => (first + header, Over::Head),
            (None, _) if state.fresh => (state.waiting_since + header, Over::Idle),
            (None, _) => (state.waiting_since + idle, Over::Idle),
        };
        let blocked = state.blocked_since.map(|since| since + send);
        match blocked {
            Some(at) if at <= now => Verdict::End(Over::Send),
            _ if phase <= now => Verdict::End(over),
            // Another phase may begin while the task sleeps; it cannot be over before its own patience has passed.
            blocked => Verdict::Wait(phase.min(blocked.unwrap_or(phase)).min(now + self.patience.shortest())),
        }
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Begun {
    vitals: Arc<Vitals>,
    at: Instant,
}

impl Drop for Begun {
    fn drop(&mut self) {
        let mut state = self.vitals.state();
        if let Some(place) = state.begun.iter().position(|at| *at == self.at) {
            state.begun.swap_remove(place);
        }
        if state.begun.is_empty() {
            state.waiting_since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vitals(multiplexed: bool) -> Arc<Vitals> {
        let [header, idle, send, whole] = [200, 1_000, 300, 2_000].map(Duration::from_secs);
        Vitals::new(Patience { header, idle, send, whole }, multiplexed, false)
    }

    /// What is over so many seconds from now.
    fn over(vitals: &Vitals, seconds: u64) -> Option<Over> {
        match vitals.verdict(Instant::now() + Duration::from_secs(seconds)) {
            Verdict::End(over) => Some(over),
            Verdict::Wait(_) => None,
        }
    }

    #[test]
    fn each_phase_has_its_own_patience() {
        let one = vitals(false);
        assert_eq!((over(&one, 190), over(&one, 200)), (None, Some(Over::Idle)), "a new connection that says nothing");
        one.received();
        assert!(!one.is_quiet());
        assert_eq!((over(&one, 190), over(&one, 200)), (None, Some(Over::Head)));
        let begun = one.begin();
        assert!(one.is_busy());
        assert_eq!((over(&one, 1_990), over(&one, 2_000)), (None, Some(Over::Whole)));
        one.sent(false);
        assert_eq!((over(&one, 290), over(&one, 300)), (None, Some(Over::Send)));
        one.sent(true);
        drop(begun);
        assert!(one.is_quiet());
        assert_eq!((over(&one, 990), over(&one, 1_000)), (None, Some(Over::Idle)));
    }

    #[test]
    fn a_wait_is_never_longer_than_the_shortest_patience() {
        let one = vitals(false);
        let _begun = one.begin();
        let now = Instant::now();
        assert_eq!(one.verdict(now), Verdict::Wait(now + Duration::from_secs(200)));
    }

    #[test]
    fn on_a_multiplexed_connection_bytes_between_requests_begin_no_head() {
        let one = vitals(true);
        drop(one.begin());
        one.received();
        assert!(one.is_quiet());
        assert_eq!((over(&one, 990), over(&one, 1_000)), (None, Some(Over::Idle)));
    }
}
