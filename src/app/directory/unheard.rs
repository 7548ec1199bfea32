//! What a push made and its provider was never told of, because the answer did not reach the wire.
//!
//! A provider that gets no answer sends the same POST again. To refuse that as a duplicate would leave the two apart for ever:
//! the provider would never learn the id. So an answer that makes something carries a [`Receipt`]; one that is dropped before
//! the connection took the last byte leaves a mark, and whoever is marked is answered again instead of refused.
//!
//! A process that is killed leaves no mark. What was made before this one began and was not touched since may be unheard as
//! well; then an equal push is answered with what is there, which changes nothing.

use super::super::App;
use crate::{
    cache::Key,
    model::{Group, Instant, User},
};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// How long a provider may take to come back. Entra tries again after 40 minutes at most.
const COMES_BACK: Duration = Duration::from_hours(2);

/// The mark of an answer that was lost.
#[derive(Debug)]
struct Lost(String);

impl Key for Lost {
    type Value = bool;
    const REVOCABLE: bool = false;
    fn text(&self) -> String {
        format!("unheard:{}", self.0)
    }
}

/// The answer that tells of something new. Dropped before it is [taken](Receipt::taken), it was lost.
#[derive(Debug)]
pub struct Receipt {
    app: App,
    id: String,
    taken: AtomicBool,
}

impl Receipt {
    /// The connection has the whole answer.
    pub fn taken(&self) {
        self.taken.store(true, Ordering::Release);
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        let app = self.app.clone();
        let (lost, taken) = (Lost(std::mem::take(&mut self.id)), self.taken.load(Ordering::Acquire));
        // Without a runtime the process is ending, and the next one makes its own guess.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !taken {
            tracing::info!(id = lost.0, "the answer that tells of it was lost");
            drop(runtime.spawn(async move { app.cache().put(&lost, &true, COMES_BACK).await }));
        }
    }
}

/// Something that a push made, as far as it matters here.
#[derive(Debug)]
pub(super) struct Made {
    id: String,
    at: Instant,
    untouched: bool,
}

impl Made {
    pub(super) fn user(user: &User) -> Self {
        Self { id: user.id.to_string(), at: user.created_at, untouched: user.updated_at == user.created_at }
    }

    pub(super) fn group(group: &Group) -> Self {
        Self { id: group.id.to_string(), at: group.created_at, untouched: group.updated_at == group.created_at }
    }
}

impl App {
    /// What has to go along with the answer that tells of something new.
    #[must_use]
    pub fn receipt(&self, id: &str) -> Receipt {
        Receipt { app: self.clone(), id: id.to_owned(), taken: AtomicBool::new(false) }
    }

    /// Whether the provider may not know that it made this. `same`: it is pushed again exactly as it is.
    pub(super) async fn is_unheard(&self, made: &Made, same: bool, now: Instant) -> bool {
        if !made.untouched || made.at.plus(COMES_BACK) < now {
            return false;
        }
        let mark = Lost(made.id.clone());
        if self.cache().get(&mark).await.is_some() {
            // The next answer has a receipt of its own.
            self.cache().forget(&mark).await;
            return true;
        }
        same && made.at < self.inner.began
    }
}
