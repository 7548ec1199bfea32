//! SQLite's one writer, shared by all: group commit.
//!
//! One connection is handed from transaction to transaction, first come first served. They lie in one outer transaction,
//! each but the first in a savepoint of its own. Who commits releases its savepoint; if somebody waits, and the batch is
//! small and young, the connection goes on to them, otherwise the outer transaction is committed (one sync for the whole
//! batch) on a thread that may block, while those who come meanwhile queue up for the next batch. `commit()` answers when
//! the batch is on disk. So does `rollback()` when the batch holds rows of others: a refusal that rests on them must not go
//! out before they are durable.
//!
//! What must hold: the connection is always either idle, held, or being committed; whoever lets go of it, by whatever
//! way (return, error, a cancelled future, a panic), passes it on.

use super::sqlite::{self, Purpose};
use crate::{store::StoreError, telemetry::metrics};
use rusqlite::Connection;
use std::{
    collections::VecDeque,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{runtime::Handle, sync::oneshot};

/// Transactions that share one sync at most.
const BATCH_SIZE: usize = 64;
/// How old a batch may be when one more transaction joins, at least and at most.
const BATCH_AGE: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(20));
/// Between the two, as many times as long as the last batch took to commit: so the writer waits for the disk a fifth of its time.
const TIMES_ITS_COMMIT: u32 = 4;
/// How long a transaction waits for the connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a batch ended; the same for all its members.
type Outcome = Result<(), StoreError>;

/// The connection that writes, and those who wait for it.
pub(super) struct Writer {
    path: PathBuf,
    runtime: Handle,
    queue: Mutex<Queue>,
}

struct Queue {
    /// Filled only while nobody waits.
    idle: Option<Box<Lease>>,
    waiting: VecDeque<oneshot::Sender<Held>>,
}

/// The connection and what lies uncommitted on it.
struct Lease {
    connection: Connection,
    batch: Option<Batch>,
    /// How long the last batch took to commit.
    took: Duration,
}

/// The outer transaction.
struct Batch {
    opened: Instant,
    /// Transactions that ended well and wrote something.
    transactions: usize,
    /// Those who wait for it to be on disk.
    members: Vec<oneshot::Sender<Outcome>>,
}

impl Batch {
    fn may_grow(&self, took: Duration) -> bool {
        self.transactions < BATCH_SIZE && self.opened.elapsed() < oldest(took)
    }
}

/// How old a batch may be when the last one took so long to commit.
fn oldest(took: Duration) -> Duration {
    let (least, most) = BATCH_AGE;
    (took * TIMES_ITS_COMMIT).clamp(least, most)
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Writer {
    /// Takes a connection over. Must be called inside a runtime.
    pub(super) fn new(path: PathBuf, connection: Connection) -> Arc<Self> {
        let idle = Some(Box::new(Lease { connection, batch: None, took: Duration::ZERO }));
        let queue = Mutex::new(Queue { idle, waiting: VecDeque::new() });
        Arc::new(Self { path, runtime: Handle::current(), queue })
    }

    /// Waits for the connection and begins a transaction on it.
    pub(super) async fn begin(self: &Arc<Self>) -> Result<Held, StoreError> {
        let turn = {
            let mut queue = self.queue();
            if let Some(lease) = queue.idle.take() {
                Ok(lease)
            } else {
                let (sender, receiver) = oneshot::channel();
                queue.waiting.push_back(sender);
                Err(receiver)
            }
        };
        let mut held = match turn {
            Ok(lease) => self.held(lease),
            Err(receiver) => match tokio::time::timeout(PATIENCE, receiver).await {
                Ok(Ok(held)) => held,
                Ok(Err(_)) => return Err(StoreError::Unavailable("the writer was closed".into())),
                Err(_) => return Err(StoreError::Unavailable("too many changes are waiting to be written".into())),
            },
        };
        held.start()?;
        Ok(held)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(self: &Arc<Self>, lease: Box<Lease>) -> Held {
        Held { lease: Some(lease), writer: Arc::clone(self), undo: None }
    }

    /// Hands the connection to the next who still waits; gives it back when nobody does.
    fn hand_over(self: &Arc<Self>, mut lease: Box<Lease>) -> Option<Box<Lease>> {
        loop {
            let next = {
                let mut queue = self.queue();
                match queue.waiting.pop_front() {
                    Some(next) => next,
                    None if lease.batch.is_none() => {
                        queue.idle = Some(lease);
                        return None;
                    }
                    None => return Some(lease),
                }
            };
            // Who waits no longer gives the connection back by refusing it.
            match next.send(self.held(lease)) {
                Ok(()) => return None,
                Err(mut refused) => lease = refused.lease.take()?,
            }
        }
    }

    /// Lets go of the connection after a transaction has ended: on to the next, or to disk.
    fn let_go(self: &Arc<Self>, lease: Box<Lease>) {
        let may_grow = lease.batch.as_ref().is_none_or(|batch| batch.may_grow(lease.took));
        let Some(lease) = (if may_grow { self.hand_over(lease) } else { Some(lease) }) else { return };
        let mut landing = Landing { lease: Some(lease), writer: Arc::clone(self) };
        self.runtime.spawn_blocking(move || landing.commit());
    }
}

/// A batch on its way to disk. Dropped before it got there, it undoes the batch and passes the connection on.
struct Landing {
    lease: Option<Box<Lease>>,
    writer: Arc<Writer>,
}

impl Landing {
    fn commit(&mut self) {
        let Some(lease) = &mut self.lease else { return };
        let began = Instant::now();
        let committed = sqlite::control(&lease.connection, "COMMIT");
        let outcome = committed.map_err(|error| match sqlite::explain_error(None, &error, "COMMIT") {
            StoreError::Unwritable(why) => StoreError::Unwritable(why),
            _ => StoreError::Unavailable(format!("the commit failed: {error}")),
        });
        let Some(batch) = lease.batch.take() else { return };
        let sync = began.elapsed();
        metrics().batch(batch.transactions, sync);
        tracing::debug!(transactions = batch.transactions, ?sync, ok = outcome.is_ok(), "group commit");
        lease.took = sync;
        lease.roll_back_all();
        // The next first: those who are told go on to other work, and it would wait for a thread behind them.
        self.pass_on();
        for member in batch.members {
            // Who does not listen any more has gone away; the rows stay.
            let _ = member.send(outcome.clone());
        }
    }

    /// Without a batch the connection is always taken: by the next or by the place for an idle one.
    fn pass_on(&mut self) {
        drop(self.lease.take().and_then(|lease| self.writer.hand_over(lease)));
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if let Some(lease) = &mut self.lease {
            lease.roll_back_all();
        }
        self.pass_on();
    }
}

impl Lease {
    /// Leaves no transaction open. Members that were not told otherwise learn that their batch was lost.
    fn roll_back_all(&mut self) {
        self.batch = None;
        if !self.connection.is_autocommit()
            && let Err(error) = sqlite::control(&self.connection, "ROLLBACK")
        {
            tracing::error!(%error, "a rollback failed; the connection is opened anew before its next use");
        }
    }
}

/// The connection in the hands of one transaction.
pub(super) struct Held {
    lease: Option<Box<Lease>>,
    writer: Arc<Writer>,
    /// Of a transaction that has begun and not ended.
    undo: Option<Undo>,
}

/// How a transaction is undone without those before it in the batch.
#[derive(Debug, Clone, Copy)]
enum Undo {
    /// Nothing of others lies in the batch: by undoing that. SQLite then keeps no copies of the pages that are changed.
    Batch,
    /// By its savepoint.
    Savepoint,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("undo", &self.undo).finish_non_exhaustive()
    }
}

fn lost() -> StoreError {
    StoreError::Unavailable("the transaction was undone after an error of the disk or of the database".into())
}

impl Held {
    fn start(&mut self) -> Result<(), StoreError> {
        let lease = self.lease.as_mut().ok_or_else(lost)?;
        let begun = lease.batch.is_some() || {
            if !lease.connection.is_autocommit() {
                lease.connection = sqlite::open(&self.writer.path, Purpose::Writing)?;
            }
            false
        };
        let wrong = |error: &rusqlite::Error| sqlite::explain_error(None, error, "BEGIN");
        if !begun {
            sqlite::control(&lease.connection, "BEGIN IMMEDIATE").map_err(|error| wrong(&error))?;
            lease.batch = Some(Batch { opened: Instant::now(), transactions: 0, members: Vec::new() });
        }
        if lease.batch.as_ref().is_some_and(|batch| batch.transactions > 0) {
            sqlite::control(&lease.connection, "SAVEPOINT request").map_err(|error| wrong(&error))?;
            self.undo = Some(Undo::Savepoint);
        } else {
            self.undo = Some(Undo::Batch);
        }
        Ok(())
    }

    /// The connection, as long as the transaction lives.
    pub(super) fn connection(&self) -> Result<&Connection, StoreError> {
        match &self.lease {
            Some(lease) if self.undo.is_some() => Ok(&lease.connection),
            Some(_) | None => Err(lost()),
        }
    }

    /// To be called after every error: when SQLite has ended the transaction by itself, or the error leaves doubt
    /// about it, the whole batch is undone and its members are told.
    pub(super) fn look_after(&mut self, error: &StoreError) {
        let Some(lease) = &mut self.lease else { return };
        if lease.connection.is_autocommit() || sqlite::is_grave(error) {
            self.undo = None;
            lease.roll_back_all();
        }
    }

    /// Keeps what was written; returns when it is on disk.
    pub(super) async fn commit(mut self, dirty: bool) -> Outcome {
        let connection = self.connection()?;
        let kept = match self.undo {
            Some(Undo::Savepoint) => sqlite::control(connection, "RELEASE request")
                .map_err(|error| sqlite::explain_error(Some(connection), &error, "RELEASE")),
            // What would be released is not there any more.
            Some(Undo::Batch) | None if connection.is_autocommit() => Err(lost()),
            Some(Undo::Batch) | None => Ok(()),
        };
        if let Err(error) = kept {
            self.look_after(&error);
            return Err(error);
        }
        self.undo = None;
        self.settle(dirty).await
    }

    /// Undoes what was written; returns when what others have written before in the same batch is on disk.
    pub(super) async fn rollback(mut self) -> Outcome {
        self.undo();
        self.settle(false).await
    }

    /// Undoes this transaction alone, or the whole batch if that does not work.
    fn undo(&mut self) {
        let Some(lease) = &mut self.lease else { return };
        match self.undo.take() {
            None => {}
            Some(Undo::Batch) => lease.roll_back_all(),
            Some(Undo::Savepoint) => {
                let undone = sqlite::control(&lease.connection, "ROLLBACK TO request")
                    .and_then(|()| sqlite::control(&lease.connection, "RELEASE request"));
                if undone.is_err() || lease.connection.is_autocommit() {
                    lease.roll_back_all();
                }
            }
        }
    }

    /// After the savepoint: joins the batch, lets go of the connection and waits for the batch.
    async fn settle(mut self, dirty: bool) -> Outcome {
        let Some(batch) = self.lease.as_mut().and_then(|lease| lease.batch.as_mut()) else { return Ok(()) };
        if dirty {
            batch.transactions += 1;
        }
        if batch.transactions == 0 {
            return Ok(()); // Nothing is uncommitted; letting go ends the outer transaction.
        }
        let (sender, outcome) = oneshot::channel();
        batch.members.push(sender);
        drop(self);
        outcome.await.unwrap_or_else(|_| Err(lost()))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.undo();
        if let Some(mut lease) = self.lease.take() {
            if lease.batch.as_ref().is_some_and(|batch| batch.transactions == 0) {
                lease.roll_back_all();
            }
            self.writer.let_go(lease);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slower_the_disk_the_more_share_its_sync_within_reason() {
        let ms = Duration::from_millis;
        assert_eq!([ms(0), ms(3), ms(400)].map(oldest), [ms(2), ms(12), ms(20)]);
    }
}
