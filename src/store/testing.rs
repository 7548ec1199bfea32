//! Fresh stores for tests, on both engines.
//!
//! PostgreSQL is the server that `CASTGATE_TEST_POSTGRES_URL` names, or else one of our own, shared by the tests of the
//! process and gone with it. Without either, tests of PostgreSQL are skipped, unless `CASTGATE_TEST_LEGS=required`.

use super::{
    Store,
    migrate::{MIGRATIONS, Migration},
};
use tempfile::TempDir;

#[path = "../../tests/rig/postgres.rs"]
mod server;

pub(super) use server::fresh_database;

/// A store that nobody else uses, and what it lies in.
#[derive(Debug)]
pub(crate) struct World {
    /// The store.
    pub(crate) store: Store,
    _directory: Option<TempDir>,
}

/// SQLite in a directory of its own.
pub(crate) async fn sqlite() -> World {
    sqlite_with(MIGRATIONS).await
}

/// PostgreSQL with a database of its own, if there is one.
pub(crate) async fn postgres() -> Option<World> {
    postgres_with(MIGRATIONS).await
}

pub(super) async fn sqlite_with(migrations: &'static [Migration]) -> World {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open_sqlite_with(directory.path(), migrations).await.unwrap();
    World { store, _directory: Some(directory) }
}

pub(super) async fn postgres_with(migrations: &'static [Migration]) -> Option<World> {
    let url = fresh_database().await?;
    let store = Store::open_postgres_with(&url, 8, migrations).await.unwrap();
    Some(World { store, _directory: None })
}
