//! SQLite's readers: a few connections that see a snapshot each and never wait for the writer.

use super::sqlite::{self, Purpose};
use crate::store::StoreError;
use rusqlite::Connection;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections for reading, opened when they are needed first.
const READERS: usize = 4;
/// How long a reader waits for one of them.
const PATIENCE: Duration = Duration::from_secs(5);

/// The connections that read.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Arc<Self> {
        Arc::new(Self { path, idle: Mutex::default(), permits: Arc::new(Semaphore::new(READERS)) })
    }

    /// Waits for a connection and begins a transaction on it; its first statement fixes what it sees.
    pub(super) async fn begin(self: &Arc<Self>) -> Result<Reading, StoreError> {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned())
                .await
                .map_err(|_| StoreError::Unavailable("too many requests are reading".into()))?
                .map_err(|_| StoreError::Unavailable("the readers were closed".into()))?,
        };
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => sqlite::open(&self.path, Purpose::Reading)?,
        };
        sqlite::control(&connection, "BEGIN").map_err(|error| sqlite::explain_error(None, &error, "BEGIN"))?;
        Ok(Reading { connection: Some(connection), readers: Arc::clone(self), _permit: permit })
    }
}

/// A connection in the hands of one reader.
#[derive(Debug)]
pub(super) struct Reading {
    connection: Option<Connection>,
    readers: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl Reading {
    pub(super) fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or_else(|| StoreError::Misuse("the transaction has ended".into()))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if sqlite::control(&connection, "ROLLBACK").is_ok() && connection.is_autocommit() {
            self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}
