//! One transaction, for reading or for writing.

use super::{
    dialect::{self, Dialect},
    group_commit::Held,
    postgres::Session,
    readers::Reading,
    recorder::{Recorder, Statement},
    sqlite,
};
use crate::{
    store::{FromRow, StoreError, Value},
    telemetry::{self, meter},
};
use rusqlite::Connection;
use std::time::Instant;
use tokio::runtime::{Handle, RuntimeFlavor};

/// A transaction. Dropping it without [`Tx::commit`] undoes it.
///
/// A statement that fails ends it: what follows is refused, on both engines alike.
///
/// What waits for PostgreSQL lies in a box: it is large, and every future that asks the store anything would carry room for it.
#[derive(Debug)]
pub struct Tx {
    inner: Inner,
    name: &'static str,
    began: Instant,
    /// The statement under way, or the last one.
    statement: (telemetry::Statement, Instant),
    dirty: bool,
    moved_vocabulary: bool,
    failed: bool,
    statements: u32,
    recorder: Option<Recorder>,
}

/// Whose connection the transaction runs on.
#[derive(Debug)]
pub(super) enum Inner {
    Reading(Reading),
    Writing(Held),
    PostgresReading(Session),
    PostgresWriting(Session),
}

impl Tx {
    pub(super) fn new(inner: Inner, name: &'static str, recorder: Option<Recorder>) -> Self {
        let began = Instant::now();
        let statement = (telemetry::Statement::Read, began);
        Self {
            inner,
            name,
            began,
            statement,
            dirty: false,
            moved_vocabulary: false,
            failed: false,
            statements: 0,
            recorder,
        }
    }

    /// All rows of an answer. A row that was written (`INSERT … RETURNING`) marks the transaction dirty.
    ///
    /// On PostgreSQL the statement stays prepared and its parameters take the types of what they are compared with;
    /// where there is nothing to compare with, write `CAST(?1 AS BIGINT)`.
    pub async fn all<R: FromRow + Send>(&mut self, sql: &'static str, args: &[Value]) -> Result<Vec<R>, StoreError> {
        self.rows(sql, args, usize::MAX).await
    }

    /// The first row of an answer, if it has one.
    pub async fn first<R: FromRow + Send>(
        &mut self,
        sql: &'static str,
        args: &[Value],
    ) -> Result<Option<R>, StoreError> {
        // A statement that writes is always run to its end.
        let limit = if dialect::writes(sql) { usize::MAX } else { 1 };
        Ok(self.rows(sql, args, limit).await?.into_iter().next())
    }

    /// Runs a statement that changes rows; says how many. Any row marks the transaction dirty. An error in one that only reads.
    pub async fn run(&mut self, sql: &'static str, args: &[Value]) -> Result<u64, StoreError> {
        self.enter(sql, true)?;
        let text = dialect::translated(sql, self.dialect());
        let ran = match &mut self.inner {
            Inner::Reading(reading) => reading.connection().and_then(|connection| sqlite::run(connection, text, args)),
            Inner::Writing(held) => held.connection().and_then(|connection| sqlite::run(connection, text, args)),
            Inner::PostgresReading(session) | Inner::PostgresWriting(session) => {
                Box::pin(session.run(text, args)).await.map(|rows| (rows, 0))
            }
        };
        let (rows, _) = self.leave(sql, ran, |(rows, steps)| (*rows, *steps))?;
        // A statement that finds nothing to change (`ON CONFLICT DO NOTHING`) leaves nothing to make durable or to tell of.
        self.dirty |= rows > 0;
        Ok(rows)
    }

    /// Runs a statement that writes what is there for certain afterwards, and whose answer nobody needs: on PostgreSQL it goes out
    /// with the next statement or with the commit, by the same message. What is wrong with it is then said there.
    pub async fn later(&mut self, sql: &'static str, args: &[Value]) -> Result<(), StoreError> {
        let text = dialect::translated(sql, self.dialect());
        let Inner::PostgresWriting(session) = &mut self.inner else { return self.run(sql, args).await.map(drop) };
        if self.failed {
            return Err(StoreError::Misuse(format!("{}: a statement after one that failed: {sql}", self.name)));
        }
        session.later(sql, text, args);
        meter::statement(telemetry::Statement::Write, Instant::now());
        self.statements += 1;
        self.dirty = true;
        Ok(())
    }

    /// Asks with the next statement, on PostgreSQL by the same message: right behind one that writes; with one that asks, those that
    /// hold rows first. Who asks the same with [`Tx::all`] before another statement goes out has the answer already. Nothing on
    /// SQLite, where no message is.
    pub fn soon(&mut self, sql: &'static str, args: impl FnOnce() -> Vec<Value>) {
        match &mut self.inner {
            Inner::Reading(_) | Inner::Writing(_) => {}
            Inner::PostgresReading(session) | Inner::PostgresWriting(session) => {
                session.ask(dialect::translated(sql, Dialect::Postgres), args());
            }
        }
    }

    /// Runs a statement that changes rows and whose text was built at run time; says how many. It may look at many rows.
    pub async fn run_built(&mut self, sql: String, args: &[Value]) -> Result<u64, StoreError> {
        self.enter(&sql, true)?;
        let text = dialect::translate(&sql, self.dialect());
        let write = |connection: &Connection| scanning(|| sqlite::run(connection, &text, args));
        let ran = match &mut self.inner {
            Inner::Reading(reading) => reading.connection().and_then(write),
            Inner::Writing(held) => held.connection().and_then(write),
            Inner::PostgresReading(session) | Inner::PostgresWriting(session) => {
                Box::pin(session.run(&text, args)).await.map(|rows| (rows, 0))
            }
        };
        let (rows, _) = self.leave(&sql, ran, |(rows, steps)| (*rows, *steps))?;
        self.dirty |= rows > 0;
        Ok(rows)
    }

    /// All rows of an answer to a text that was built at run time, such as a filter; it may look at many rows.
    pub async fn all_built<R: FromRow + Send>(&mut self, sql: String, args: Vec<Value>) -> Result<Vec<R>, StoreError> {
        let read = |connection: &Connection, text: &str| scanning(|| sqlite::rows(connection, text, &args, usize::MAX));
        self.built(&sql, &args, read).await
    }

    /// The same, where an index leads straight to the few rows that are looked at: then going elsewhere costs more than it saves.
    pub async fn few_built<R: FromRow + Send>(&mut self, sql: String, args: Vec<Value>) -> Result<Vec<R>, StoreError> {
        self.built(&sql, &args, |connection, text| sqlite::rows(connection, text, &args, usize::MAX)).await
    }

    async fn built<R: FromRow + Send>(
        &mut self,
        sql: &str,
        args: &[Value],
        read: impl FnOnce(&Connection, &str) -> Result<(Vec<R>, u64), StoreError>,
    ) -> Result<Vec<R>, StoreError> {
        self.enter(sql, false)?;
        let text = dialect::translate(sql, self.dialect());
        let found = match &mut self.inner {
            Inner::Reading(reading) => reading.connection().and_then(|connection| read(connection, &text)),
            Inner::Writing(held) => held.connection().and_then(|connection| read(connection, &text)),
            Inner::PostgresReading(session) | Inner::PostgresWriting(session) => {
                Box::pin(session.rows_built(&text, args)).await.map(|rows| (rows, 0))
            }
        };
        self.leave(sql, found, |(rows, steps)| (rows.len() as u64, *steps)).map(|(rows, _)| rows)
    }

    /// How the engine would run a statement: the lines of its plan.
    pub async fn explain(&mut self, sql: &str, args: &[Value]) -> Result<String, StoreError> {
        let lines: Vec<(String,)> = if self.is_postgres() {
            self.all_built(format!("EXPLAIN {sql}"), args.to_vec()).await?
        } else {
            let plan: Vec<(i64, i64, i64, String)> =
                self.all_built(format!("EXPLAIN QUERY PLAN {sql}"), args.to_vec()).await?;
            plan.into_iter().map(|(_, _, _, line)| (line,)).collect()
        };
        Ok(lines.into_iter().map(|(line,)| line).collect::<Vec<_>>().join("\n"))
    }

    /// The one of two texts that is meant for this engine, where the dialects truly differ.
    pub fn pick(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        if self.is_postgres() { postgres } else { sqlite }
    }

    /// Notes that it changed what mappings are compiled against, or which one is in force.
    pub(in crate::store) fn move_vocabulary(&mut self) {
        self.moved_vocabulary = true;
    }

    /// Whether it did: what is compiled in it may be undone with it.
    #[must_use]
    pub fn moved_vocabulary(&self) -> bool {
        self.moved_vocabulary
    }

    /// Whether a row was written, changed or deleted.
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// How many statements were run.
    pub fn statements(&self) -> u32 {
        self.statements
    }

    /// Whether the engine is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.dialect() == Dialect::Postgres
    }

    /// Takes a lock of PostgreSQL that lasts as long as the transaction: before the next statement, and by the same message.
    /// Nothing on SQLite, which has one writer.
    #[expect(
        clippy::unused_async,
        reason = "a statement like any other to whoever asks; when it is sent is our business"
    )]
    pub async fn lock(&mut self, sql: &'static str, args: &[Value]) -> Result<(), StoreError> {
        if !self.is_postgres() {
            return Ok(());
        }
        self.enter(sql, false)?;
        let text = dialect::translated(sql, self.dialect());
        let locked = match &mut self.inner {
            Inner::Reading(_) | Inner::Writing(_) => Ok(()),
            Inner::PostgresReading(session) | Inner::PostgresWriting(session) => {
                session.lock(text, args);
                Ok(())
            }
        };
        self.leave(sql, locked, |()| (0, 0))
    }

    /// Notes every further statement of this transaction.
    pub fn trace(&mut self) -> Recorder {
        self.recorder.get_or_insert_default().clone()
    }

    /// Makes what was written last; returns after it is on disk. Refused after a statement has failed.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::Misuse(format!("{}: a statement failed, so nothing can be committed", self.name)));
        }
        let (name, statements, began) = (self.name, self.statements, self.began);
        let held = began.elapsed();
        let ended = match self.inner {
            Inner::Reading(_) => Ok(()),
            Inner::Writing(held) => meter::waiting(held.commit(self.dirty)).await,
            Inner::PostgresReading(session) | Inner::PostgresWriting(session) => {
                let ended = meter::waiting(Box::pin(session.commit())).await;
                ended.map(|went| self.recorder.iter().for_each(|recorder| recorder.went(&went)))
            }
        };
        telemetry::metrics().transaction(name, began.elapsed());
        tracing::debug!(name, statements, ?held, total = ?began.elapsed(), ok = ended.is_ok(), "transaction");
        ended
    }

    /// Undoes what was written; returns after the rows that were read are on disk, so that a refusal never rests on
    /// something that a power cut could still undo.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.inner {
            Inner::Reading(_) => Ok(()),
            Inner::Writing(held) => meter::waiting(held.rollback()).await,
            Inner::PostgresReading(session) | Inner::PostgresWriting(session) => {
                meter::waiting(Box::pin(session.rollback())).await
            }
        }
    }

    fn dialect(&self) -> Dialect {
        match self.inner {
            Inner::Reading(_) | Inner::Writing(_) => Dialect::Sqlite,
            Inner::PostgresReading(_) | Inner::PostgresWriting(_) => Dialect::Postgres,
        }
    }

    async fn rows<R: FromRow + Send>(
        &mut self,
        sql: &'static str,
        args: &[Value],
        limit: usize,
    ) -> Result<Vec<R>, StoreError> {
        self.enter(sql, dialect::writes(sql))?;
        let text = dialect::translated(sql, self.dialect());
        let read = |connection: &Connection| sqlite::rows(connection, text, args, limit);
        let found = match &mut self.inner {
            Inner::Reading(reading) => reading.connection().and_then(read),
            Inner::Writing(held) => held.connection().and_then(read),
            Inner::PostgresReading(session) | Inner::PostgresWriting(session) => {
                Box::pin(session.rows(text, args)).await.map(|rows| (rows, 0))
            }
        };
        let (rows, _) = self.leave(sql, found, |(rows, steps)| (rows.len() as u64, *steps))?;
        self.dirty |= !rows.is_empty() && dialect::writes(sql);
        Ok(rows)
    }

    /// Before a statement. Until it has ended, the transaction counts as failed: a future that is dropped in the middle
    /// of one leaves a transaction of which nobody knows what it did.
    fn enter(&mut self, sql: &str, writes: bool) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::Misuse(format!("{}: a statement after one that failed: {sql}", self.name)));
        }
        if writes {
            match self.inner {
                Inner::Writing(_) | Inner::PostgresWriting(_) => {}
                Inner::Reading(_) | Inner::PostgresReading(_) => {
                    return Err(StoreError::Misuse(format!("a read-only transaction was asked to write: {sql}")));
                }
            }
        }
        self.failed = true;
        self.statements += 1;
        let kind = if writes { telemetry::Statement::Write } else { telemetry::Statement::Read };
        self.statement = (kind, Instant::now());
        Ok(())
    }

    /// After a statement.
    fn leave<T>(
        &mut self,
        sql: &str,
        result: Result<T, StoreError>,
        measure: impl Fn(&T) -> (u64, u64),
    ) -> Result<T, StoreError> {
        let (kind, began) = self.statement;
        meter::statement(kind, began);
        match &result {
            Ok(done) => {
                self.failed = false;
                if let Some(recorder) = &self.recorder {
                    if let Inner::PostgresWriting(session) | Inner::PostgresReading(session) = &mut self.inner {
                        recorder.went(&session.went());
                    }
                    let (rows, steps) = measure(done);
                    recorder.note(Statement { sql: sql.to_owned(), rows, steps });
                }
            }
            Err(error) => {
                if let Inner::Writing(held) = &mut self.inner {
                    held.look_after(error);
                }
            }
        }
        result
    }
}

/// Runs something that may take long on this thread, letting the runtime's other tasks go elsewhere if it can.
fn scanning<T>(work: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}
