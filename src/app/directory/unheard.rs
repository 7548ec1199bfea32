//! What a push made and its provider was never told of, because the answer did not reach the wire.
//!
//! A provider that gets no answer sends the same POST again. To refuse that as a duplicate would leave the two apart for ever:
//! the provider would never learn the id. So an answer that makes something carries a [`Receipt`]: from its making until the
//! connection took the last byte of the answer there is a mark, and whoever is marked is answered again instead of refused.
//!
//! A process that is killed leaves no mark. What was made before this one began and was not touched since may be unheard as
//! well; then an equal push is answered with what is there, which changes nothing.

use super::super::App;
use crate::{
    cache::{Feed, Key, Recent},
    model::{Group, Instant, User},
};
use std::time::Duration;

/// How long a provider may take to come back. Entra tries again after 40 minutes at most.
const COMES_BACK: Duration = Duration::from_hours(2);
/// More are forgotten: then the repetition of a lost answer's push is a duplicate.
const MOST: u64 = 10_000;

/// The mark of an answer that was lost, for other nodes.
#[derive(Debug)]
struct Lost(String);

impl Key for Lost {
    type Value = bool;
    const REVOCABLE: bool = false;
    fn text(&self) -> String {
        format!("unheard:{}", self.0)
    }
}

/// What this node has made and nobody was told of.
#[derive(Debug)]
pub(in crate::app) struct Unheard(Recent<String, ()>);

impl Default for Unheard {
    fn default() -> Self {
        Self(Recent::new(MOST, COMES_BACK))
    }
}

/// Goes along with the answer that tells of something new. Dropped before it is [taken](Receipt::taken), the answer was lost.
#[derive(Debug)]
pub struct Receipt {
    app: App,
    id: String,
}

impl Receipt {
    /// The connection has the whole answer.
    pub fn taken(&self) {
        self.app.inner.unheard.0.forget(&self.id);
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if self.app.inner.unheard.0.get(&self.id).is_none() {
            return;
        }
        tracing::info!(id = self.id, "the answer that tells of it was lost");
        // The provider may come back to another node. Without a runtime the process is ending, and guesses next time.
        if let (true, Ok(runtime)) = (self.app.cache().feed() != Feed::None, tokio::runtime::Handle::try_current()) {
            let (app, lost) = (self.app.clone(), Lost(std::mem::take(&mut self.id)));
            drop(runtime.spawn(async move { app.cache().put(&lost, true, COMES_BACK).await }));
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
        self.inner.unheard.0.put(id.to_owned(), ());
        Receipt { app: self.clone(), id: id.to_owned() }
    }

    /// Whether the provider may not know that it made this. `same`: it is pushed again exactly as it is.
    pub(super) async fn is_unheard(&self, made: &Made, same: bool, now: Instant) -> bool {
        if !made.untouched || made.at.plus(COMES_BACK) < now {
            return false;
        }
        if self.inner.unheard.0.get(&made.id).is_some() {
            return true;
        }
        let mark = Lost(made.id.clone());
        if self.cache().get(&mark).await.is_some() {
            // The next answer has a mark of its own.
            self.cache().forget(&mark).await;
            return true;
        }
        same && made.at < self.inner.began
    }
}
