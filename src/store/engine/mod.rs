//! The two engines behind one door.

mod recorder;
mod tx;

use super::StoreError;
pub use recorder::{Recorder, Statement};
use std::path::Path;
pub use tx::Tx;

/// The durable store. Cheap to clone; all clones share the connections.
#[derive(Debug, Clone)]
pub struct Store {}

impl Store {
    /// Opens the SQLite database in a directory, making both if need be, and brings it up to date.
    pub async fn open_sqlite(directory: &Path) -> Result<Self, StoreError> {
        let _ = directory;
        Err(StoreError::Misuse("not written yet".into()))
    }

    /// Opens a PostgreSQL database (`postgres://user:password@host:port/database?sslmode=require`) with at most `pool`
    /// connections, and brings it up to date.
    pub async fn open_postgres(url: &str, pool: usize) -> Result<Self, StoreError> {
        let _ = (url, pool);
        Err(StoreError::Misuse("not written yet".into()))
    }

    /// A read-only transaction that sees one state of the store.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Err(StoreError::Misuse("not written yet".into()))
    }

    /// A transaction that may write. The name says in logs and metrics what it was for.
    pub async fn write(&self, name: &'static str) -> Result<Tx, StoreError> {
        let _ = name;
        Err(StoreError::Misuse("not written yet".into()))
    }

    /// The same store, and a recorder that notes every statement run through it.
    #[must_use]
    pub fn recorded(&self) -> (Self, Recorder) {
        (self.clone(), Recorder::default())
    }

    /// Whether the engine is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        false
    }

    /// Whether the store answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
