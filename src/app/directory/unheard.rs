//! What a push made and its provider was never told of, because the answer did not reach the wire.
//!
//! A provider that gets no answer sends the same POST again. To refuse that as a duplicate would leave the two apart for ever:
//! the provider would never learn the id. So an answer that makes something carries a [`Receipt`]: from its making until the
//! connection took the last byte of the answer there is a mark, and whoever is marked is answered again instead of refused.
//! The mark says how the answer would have told of it: whoever was changed since is known to somebody. One answer may tell of
//! many (`/Bulk`), also of things that it made in one step and changed in the next.
//!
//! A process that is killed leaves no mark. What was made before this one began and was not touched since may be unheard as
//! well; then an equal push is answered with what is there, which changes nothing.

use super::super::App;
use crate::{
    cache::{Feed, Key, Recent},
    model::{Group, Instant, User},
};
use std::{collections::BTreeSet, time::Duration};

/// How long a provider may take to come back. Entra tries again after 40 minutes at most.
const COMES_BACK: Duration = Duration::from_hours(2);
/// More are forgotten: then the repetition of a lost answer's push is a duplicate.
const MOST: u64 = 10_000;

/// The mark of an answer that was lost, for other nodes: when what it tells of was last changed, in microseconds.
#[derive(Debug)]
struct Lost(String);

impl Key for Lost {
    type Value = i64;
    const REVOCABLE: bool = false;
    fn text(&self) -> String {
        format!("unheard:{}", self.0)
    }
}

/// What this node has made and nobody was told of, and when that was last changed.
#[derive(Debug)]
pub(in crate::app) struct Unheard(Recent<String, Instant>);

impl Default for Unheard {
    fn default() -> Self {
        Self(Recent::new(MOST, COMES_BACK))
    }
}

/// Goes along with the answer that tells of something new. Dropped before it is [taken](Receipt::taken), the answer was lost.
#[derive(Debug)]
pub struct Receipt {
    app: App,
    ids: BTreeSet<String>,
}

impl Receipt {
    /// The answer will tell of this, new and last changed at `modified`.
    pub fn tells_of(&mut self, id: &str, modified: Instant) {
        self.app.inner.unheard.0.put(id.to_owned(), modified);
        self.ids.insert(id.to_owned());
    }

    /// The request that made this changed it again, or something else that the answer does not tell of as new.
    pub fn tells_of_change(&mut self, id: &str, modified: Instant) {
        if self.ids.contains(id) {
            self.tells_of(id, modified);
        }
    }

    /// The connection has the whole answer.
    pub fn taken(&self) {
        self.ids.iter().for_each(|id| self.app.inner.unheard.0.forget(id));
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        let marked = |id: String| self.app.inner.unheard.0.get(&id).map(|modified| (Lost(id), modified.0));
        let lost: Vec<(Lost, i64)> = std::mem::take(&mut self.ids).into_iter().filter_map(marked).collect();
        let Some((Lost(first), _)) = lost.first() else { return };
        tracing::info!(id = first, all = lost.len(), "the answer that tells of it was lost");
        // The provider may come back to another node. Without a runtime the process is ending, and guesses next time.
        if let (true, Ok(runtime)) = (self.app.cache().feed() != Feed::None, tokio::runtime::Handle::try_current()) {
            let app = self.app.clone();
            drop(runtime.spawn(async move {
                for (mark, modified) in lost {
                    app.cache().put(&mark, modified, COMES_BACK).await;
                }
            }));
        }
    }
}

/// Something that a push made, as far as it matters here.
#[derive(Debug)]
pub(super) struct Made {
    id: String,
    at: Instant,
    modified: Instant,
}

impl Made {
    pub(super) fn user(user: &User) -> Self {
        Self { id: user.id.to_string(), at: user.created_at, modified: user.updated_at }
    }

    pub(super) fn group(group: &Group) -> Self {
        Self { id: group.id.to_string(), at: group.created_at, modified: group.updated_at }
    }
}

impl App {
    /// What has to go along with an answer that tells of something new. Say of what.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        Receipt { app: self.clone(), ids: BTreeSet::new() }
    }

    /// Whether the provider may not know that it made this. `same`: it is pushed again exactly as it is.
    pub(super) async fn is_unheard(&self, made: &Made, same: bool, now: Instant) -> bool {
        if made.at.plus(COMES_BACK) < now {
            return false;
        }
        if self.inner.unheard.0.get(&made.id) == Some(made.modified) {
            return true;
        }
        let mark = Lost(made.id.clone());
        if self.cache().get(&mark).await.is_some_and(|modified| *modified == made.modified.0) {
            // The next answer has a mark of its own.
            self.cache().forget(&mark).await;
            return true;
        }
        same && made.modified == made.at && made.at < self.inner.began
    }
}
