//! One transaction, for reading or for writing.

use crate::store::{FromRow, Recorder, StoreError, Value};

/// A transaction. Dropping it without [`Tx::commit`] undoes it.
#[derive(Debug)]
pub struct Tx {
    dirty: bool,
    statements: u32,
    recorder: Option<Recorder>,
}

impl Tx {
    /// All rows of an answer.
    pub async fn all<R: FromRow + Send>(&mut self, sql: &'static str, args: &[Value]) -> Result<Vec<R>, StoreError> {
        let _ = (sql, args);
        Err(StoreError::Misuse("not written yet".into()))
    }

    /// The first row of an answer, if it has one.
    pub async fn first<R: FromRow + Send>(
        &mut self,
        sql: &'static str,
        args: &[Value],
    ) -> Result<Option<R>, StoreError> {
        let _ = (sql, args);
        Err(StoreError::Misuse("not written yet".into()))
    }

    /// Runs a statement that changes rows; says how many. Marks the transaction dirty. An error in one that only reads.
    pub async fn run(&mut self, sql: &'static str, args: &[Value]) -> Result<u64, StoreError> {
        let _ = (sql, args);
        self.dirty = true;
        self.statements += 1;
        Err(StoreError::Misuse("not written yet".into()))
    }

    /// All rows of an answer to a text that was built at run time, such as a filter; it may look at many rows.
    pub async fn all_built<R: FromRow + Send>(&mut self, sql: String, args: Vec<Value>) -> Result<Vec<R>, StoreError> {
        let _ = (sql, args);
        Err(StoreError::Misuse("not written yet".into()))
    }

    /// How the engine would run a statement, as its text says.
    pub async fn explain(&mut self, sql: &'static str, args: &[Value]) -> Result<String, StoreError> {
        let _ = (sql, args);
        Err(StoreError::Misuse("not written yet".into()))
    }

    /// The one of two texts that is meant for this engine, where the dialects truly differ.
    pub fn pick(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        if self.is_postgres() { postgres } else { sqlite }
    }

    /// Whether something was written.
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// How many statements were run.
    pub fn statements(&self) -> u32 {
        self.statements
    }

    /// Whether the engine is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        false
    }

    /// Notes every further statement of this transaction.
    pub fn trace(&mut self) -> Recorder {
        self.recorder.get_or_insert_default().clone()
    }

    /// Makes what was written last; returns after it is on disk.
    pub async fn commit(self) -> Result<(), StoreError> {
        Err(StoreError::Misuse("not written yet".into()))
    }

    /// Undoes what was written; returns after the rows that were read are on disk, so that a refusal never rests on
    /// something that a power cut could still undo.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Err(StoreError::Misuse("not written yet".into()))
    }
}
