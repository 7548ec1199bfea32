//! The two engines behind one door.

mod copy;
mod dialect;
mod group_commit;
mod postgres;
mod readers;
mod recorder;
mod sqlite;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod suite_sqlite;
mod tx;

use self::{group_commit::Writer, readers::Readers, sqlite::Purpose, tx::Inner};
use super::{
    StoreError,
    migrate::{self, MIGRATIONS, Migration},
};
use crate::telemetry::meter;
use deadpool_postgres::Pool;
pub(super) use dialect::{Dialect, statements};
pub use recorder::{Recorder, Statement};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
};
pub use tx::Tx;

/// The durable store. Cheap to clone; all clones share the connections.
#[derive(Debug, Clone)]
pub struct Store {
    engine: Engine,
    recorder: Option<Recorder>,
}

#[derive(Debug, Clone)]
enum Engine {
    Sqlite(Arc<Sqlite>),
    Postgres(Pool),
}

#[derive(Debug)]
struct Sqlite {
    /// None in a process that only reads beside the one that writes.
    writer: Option<Arc<Writer>>,
    readers: Arc<Readers>,
    /// Held as long as the store is open.
    _lock: Option<File>,
}

impl Store {
    /// Opens the SQLite database in a directory, making both if need be, and brings it up to date. One process at a
    /// time may have it open.
    pub async fn open_sqlite(directory: &Path) -> Result<Self, StoreError> {
        Self::open_sqlite_with(directory, MIGRATIONS).await
    }

    pub(super) async fn open_sqlite_with(
        directory: &Path,
        migrations: &'static [Migration],
    ) -> Result<Self, StoreError> {
        let directory = directory.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            let (lock, path) = claim(&directory)?;
            let mut connection = sqlite::open(&path, Purpose::Writing)?;
            migrate::sqlite(&mut connection, migrations)?;
            Ok((lock, path, connection))
        });
        let (lock, path, connection) = opened.await.map_err(|error| StoreError::Misuse(error.to_string()))??;
        let writer = Some(Writer::new(path.clone(), connection));
        let engine = Sqlite { writer, readers: Readers::new(path), _lock: Some(lock) };
        Ok(Self { engine: Engine::Sqlite(Arc::new(engine)), recorder: None })
    }

    /// Opens the SQLite database in a directory for reading alone, beside the process that has it open. It is not brought
    /// up to date, and has to be.
    pub async fn read_sqlite(directory: &Path) -> Result<Self, StoreError> {
        Self::read_sqlite_file(&directory.join(DATABASE)).await
    }

    /// Opens the SQLite database in a file for reading alone.
    pub async fn read_sqlite_file(file: &Path) -> Result<Self, StoreError> {
        let path = file.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            if !path.is_file() {
                return Err(StoreError::Unavailable(format!("there is no database {}", path.display())));
            }
            let connection = sqlite::open(&path, Purpose::Reading)?;
            migrate::is_current(&connection, MIGRATIONS)?;
            Ok(path)
        });
        let path = opened.await.map_err(|error| StoreError::Misuse(error.to_string()))??;
        let engine = Sqlite { writer: None, readers: Readers::new(path), _lock: None };
        Ok(Self { engine: Engine::Sqlite(Arc::new(engine)), recorder: None })
    }

    /// Opens a PostgreSQL database (`postgres://user:password@host:port/database?sslmode=require`) with at most `pool`
    /// connections, and brings it up to date. Certificates are verified against the roots of the system, or those that
    /// `SSL_CERT_FILE` names.
    pub async fn open_postgres(url: &str, pool: usize) -> Result<Self, StoreError> {
        Self::open_postgres_with(url, pool, MIGRATIONS).await
    }

    pub(super) async fn open_postgres_with(
        url: &str,
        pool: usize,
        migrations: &'static [Migration],
    ) -> Result<Self, StoreError> {
        let pool = postgres::open(url, pool)?;
        migrate::postgres(postgres::connection(&pool).await?, migrations).await?;
        Ok(Self { engine: Engine::Postgres(pool), recorder: None })
    }

    /// A read-only transaction that sees one state of the store.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let inner = match &self.engine {
            Engine::Sqlite(sqlite) => Inner::Reading(meter::waiting(sqlite.readers.begin()).await?),
            Engine::Postgres(pool) => {
                Inner::PostgresReading(meter::waiting(Box::pin(postgres::Session::read(pool))).await?)
            }
        };
        Ok(Tx::new(inner, "read", self.recorder.clone()))
    }

    /// A transaction that may write. The name says in logs and metrics what it was for.
    pub async fn write(&self, name: &'static str) -> Result<Tx, StoreError> {
        let inner = match &self.engine {
            Engine::Sqlite(sqlite) => match &sqlite.writer {
                Some(writer) => Inner::Writing(meter::waiting(writer.begin()).await?),
                None => return Err(StoreError::Misuse(format!("{name}: the store was opened for reading alone"))),
            },
            Engine::Postgres(pool) => {
                Inner::PostgresWriting(meter::waiting(Box::pin(postgres::Session::write(pool))).await?)
            }
        };
        Ok(Tx::new(inner, name, self.recorder.clone()))
    }

    /// The same store, and a recorder that notes every statement run through it.
    #[must_use]
    pub fn recorded(&self) -> (Self, Recorder) {
        let recorder = Recorder::default();
        (Self { engine: self.engine.clone(), recorder: Some(recorder.clone()) }, recorder)
    }

    /// Whether the engine is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        match self.engine {
            Engine::Sqlite(_) => false,
            Engine::Postgres(_) => true,
        }
    }

    /// Whether the store answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        tx.first::<(i64,)>("SELECT CAST(1 AS BIGINT)", &[]).await?;
        tx.commit().await
    }
}

/// The name of the database file in the data directory.
pub(super) const DATABASE: &str = "castgate.db";

/// Makes the directory and the database file ours alone: readable by nobody else, and locked against a second process.
fn claim(directory: &Path) -> Result<(File, PathBuf), StoreError> {
    let lock = lock(directory)?;
    let path = directory.join(DATABASE);
    // SQLite gives its other files the mode of this one.
    private(&path).map_err(|error| unusable(directory, &error))?;
    Ok((lock, path))
}

fn unusable(directory: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("the directory {} cannot be used: {error}", directory.display()))
}

/// Locks the directory, made if need be, against a second process.
pub(super) fn lock(directory: &Path) -> Result<File, StoreError> {
    let failed = |error: std::io::Error| unusable(directory, &error);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(failed)?;
    let lock = private(&directory.join("castgate.lock")).map_err(failed)?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => StoreError::LockedByAnother(directory.to_owned()),
        TryLockError::Error(error) => failed(error),
    })?;
    Ok(lock)
}

/// Opens a file, made if need be, that nobody else may read.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
