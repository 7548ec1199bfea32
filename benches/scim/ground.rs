//! What a row is measured on: the embedded store, or a PostgreSQL of its own that waits for the disk.

use super::{
    gateway::{Failure, Place},
    postgres, rows,
    rows::Rows,
};
use castgate::store::Store;
use std::{process::Child, time::Duration};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Connections to PostgreSQL, of castgate as of the bare writer: what castgate holds by default.
const POOL: usize = 8;

/// Where everything lies.
pub struct Ground {
    pub name: &'static str,
    /// Its address, and the server that lives as long as this.
    postgres: Option<(String, Child)>,
}

/// A store with castgate's tables and nothing in them, that nobody else writes to.
pub struct Bare {
    pub store: Store,
    _directory: Option<TempDir>,
}

impl Ground {
    /// The embedded store.
    pub fn sqlite() -> Self {
        Self { name: "SQLite", postgres: None }
    }

    /// PostgreSQL, where it is installed.
    pub fn postgres() -> Option<Self> {
        Some(Self { name: "PostgreSQL", postgres: Some(postgres::start("on")?) })
    }

    pub fn is_postgres(&self) -> bool {
        self.postgres.is_some()
    }

    async fn database(&self) -> Option<String> {
        match &self.postgres {
            Some((server, _)) => Some(postgres::database_on(server).await),
            None => None,
        }
    }

    /// A fresh place for a gateway.
    pub fn place(&self, runtime: &Runtime) -> Result<Place, Failure> {
        runtime.block_on(async { Place::make(self.database().await).await })
    }

    /// A fresh store for the bare writer.
    pub fn bare(&self, runtime: &Runtime) -> Result<Bare, Failure> {
        runtime.block_on(async {
            if let Some(url) = self.database().await {
                return Ok(Bare { store: Store::open_postgres(&url, POOL).await?, _directory: None });
            }
            let directory = tempfile::tempdir()?;
            Ok(Bare { store: Store::open_sqlite(directory.path()).await?, _directory: Some(directory) })
        })
    }
}

impl Bare {
    /// What one change of so many rows takes until it is on disk: one transaction, one sync.
    pub fn sync(&self, runtime: &Runtime, rows: &Rows, number: usize) -> Result<Duration, Failure> {
        let change = rows::copy(rows, number, std::iter::empty());
        runtime.block_on(rows::write(&self.store, vec![change], 1))
    }
}
