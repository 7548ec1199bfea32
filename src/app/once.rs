//! Requests that are done once, whoever repeats them (`Idempotency-Key`).
//!
//! A key is taken before the request runs. That its change is done is written in the change's own transaction, so a crash
//! leaves either a key that nothing was done for, which a repetition takes over, or one that says that it was done; never a
//! change that is made twice. The answer is kept beside it, sealed like every secret: answers with new tokens in them are
//! repeated as they were, and lie nowhere in the clear.

use super::{App, Ctx, Error, Work};
use crate::{
    crypto::{Context, sha256},
    model::RequestId,
    store::{OnceKey, OnceRow},
};
use std::time::Duration;

/// How long a repetition is answered alike.
pub(super) const KEPT: Duration = Duration::from_hours(24);
/// A request that has not come to its end for so long is taken to have died. One that lives after all changes nothing: its
/// transaction finds its key taken.
const ABANDONED: Duration = Duration::from_mins(2);

tokio::task_local! {
    /// The key under which the request of this task runs. Not in [`Ctx`], which says who asks and not how often.
    static RUNNING: Slot;
}

/// A key that was taken for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    key: OnceKey,
    request: RequestId,
}

/// What is to be done with a request that came with a key.
#[derive(Debug)]
pub enum Once {
    /// It is the first: do it.
    Do(Slot),
    /// It was done: this was the answer.
    Done(Vec<u8>),
    /// It was done, and the answer was lost with the process that made it.
    Lost,
    /// Another request came with this key.
    Reused,
    /// The first is still being done.
    InProgress,
}

impl App {
    /// Takes the caller's key for a request of this fingerprint, or says what became of the first one.
    pub async fn begin_once(&self, ctx: &Ctx, text: &str, fingerprint: &[u8; 32]) -> Result<Once, Error> {
        let key = OnceKey {
            organization: ctx.organization.clone(),
            actor: ctx.actor.to_string(),
            hash: sha256(text.as_bytes()),
        };
        let mut tx = self.store().write("once").await?;
        let (request, now) = (&ctx.request, ctx.now);
        let mut is_ours = tx.begin_once(&key, fingerprint, (request, now)).await?;
        let known = if is_ours { None } else { tx.once(&key).await? };
        if let Some(OnceRow { request: first, begun_at, done: false, fingerprint: theirs, .. }) = &known
            && theirs.as_slice() == fingerprint.as_slice()
            && begun_at.plus(ABANDONED) <= now
        {
            is_ours = tx.take_over_once(&key, first, (request, now)).await?;
        }
        tx.commit().await?;
        if is_ours {
            return Ok(Once::Do(Slot { key, request: request.clone() }));
        }
        // Forgotten between the two: the next attempt is the first.
        let Some(known) = known else { return Ok(Once::InProgress) };
        if known.fingerprint.as_slice() != fingerprint.as_slice() {
            return Ok(Once::Reused);
        }
        Ok(match (known.answer, known.done) {
            (Some(sealed), _) => {
                let row = row(&key);
                // A key that has left the ring since takes the answers with it that it sealed: a day's worth at most.
                self.sealer().open(&place(&key, &row), &sealed).map_or(Once::Lost, |opened| Once::Done(opened.to_vec()))
            }
            // Between the change and its answer lies a moment; after a while it was the process's last.
            (None, true) if known.begun_at.plus(ABANDONED) <= now => Once::Lost,
            (None, true | false) => Once::InProgress,
        })
    }

    /// Runs a request under its key.
    pub async fn run_once<F: Future>(&self, slot: &Slot, request: F) -> F::Output {
        RUNNING.scope(slot.clone(), request).await
    }

    /// Keeps the answer for whoever repeats the request.
    pub async fn keep_answer(&self, slot: &Slot, answer: &[u8]) -> Result<(), Error> {
        let row = row(&slot.key);
        let sealed = self.sealer().seal(&place(&slot.key, &row), answer).map_err(Error::internal)?;
        let mut tx = self.store().write("once answered").await?;
        tx.answer_once(&slot.key, &slot.request, &sealed).await?;
        Ok(tx.commit().await?)
    }

    /// Gives the key of a request back that changed nothing and may be tried again.
    pub async fn let_go(&self, slot: &Slot) -> Result<(), Error> {
        let mut tx = self.store().write("once let go").await?;
        tx.drop_once(&slot.key, &slot.request).await?;
        Ok(tx.commit().await?)
    }
}

impl Work<'_> {
    /// Says in this very transaction that the request's key is used up.
    pub(super) async fn mark_once(&mut self) -> Result<(), Error> {
        let Ok(slot) = RUNNING.try_with(Clone::clone) else { return Ok(()) };
        if self.tx.finish_once(&slot.key, &slot.request).await? {
            return Ok(());
        }
        Err(Error::conflict("in_progress", "this request took so long that its repetition has taken its place"))
    }
}

fn row(key: &OnceKey) -> String {
    format!("{}/{}", key.actor, data_encoding::HEXLOWER.encode(&key.hash))
}

fn place<'a>(key: &'a OnceKey, row: &'a str) -> Context<'a> {
    Context { organization: key.organization.as_str(), table: "idempotency", row, column: "answer" }
}
