//! How much the group commit is worth: 32 tasks insert rows of 600 bytes, each durable before the next begins.
//!
//! `cargo bench --bench group_commit` prints inserts a second for a pool that commits each by itself and for the store.

use castgate::store::{Store, StoreError, args};
use std::{
    path::Path,
    time::{Duration, Instant},
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const TASKS: i64 = 32;
const TIME: Duration = Duration::from_secs(4);
const TABLE: &str =
    "CREATE TABLE rows (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, document TEXT NOT NULL)";
const INSERT: &str = "INSERT INTO rows (id, name, document) VALUES (?1, ?2, ?3)";

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let naive = runtime.block_on(naive(tempfile::tempdir()?.path()))?;
    let alone = runtime.block_on(grouped(tempfile::tempdir()?.path(), 1))?;
    let grouped = runtime.block_on(grouped(tempfile::tempdir()?.path(), TASKS))?;
    println!("a connection each, {TASKS} tasks: {naive:>8.0} inserts/s");
    println!("group commit, 1 task:          {alone:>8.0} inserts/s");
    println!("group commit, {TASKS} tasks:        {grouped:>8.0} inserts/s, {:.1} times", grouped / naive);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(count: i64, began: Instant) -> f64 {
    count as f64 / began.elapsed().as_secs_f64()
}

/// What a pool does: every task has a connection and commits by itself.
async fn naive(directory: &Path) -> Result<f64, Failure> {
    let path = directory.join("naive.db");
    let open = move || -> rusqlite::Result<rusqlite::Connection> {
        let connection = rusqlite::Connection::open(&path)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")?;
        Ok(connection)
    };
    open()?.execute_batch(TABLE)?;
    let began = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let open = open.clone();
            tokio::task::spawn_blocking(move || -> rusqlite::Result<i64> {
                let connection = open()?;
                let document = "x".repeat(600);
                let mut done = 0;
                while began.elapsed() < TIME {
                    let id = done * TASKS + task;
                    connection.prepare_cached(INSERT)?.execute((id, format!("name {id}"), &document))?;
                    done += 1;
                }
                Ok(done)
            })
        })
        .collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await??;
    }
    Ok(rate(sum, began))
}

/// What the store does.
async fn grouped(directory: &Path, tasks: i64) -> Result<f64, Failure> {
    let store = Store::open_sqlite(directory).await?;
    let mut tx = store.write("table").await?;
    tx.run(TABLE, &[]).await?;
    tx.commit().await?;
    let began = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                let document = "x".repeat(600);
                let mut done = 0;
                while began.elapsed() < TIME {
                    let id = done * TASKS + task;
                    let mut tx = store.write("insert").await?;
                    tx.run(INSERT, args![id, format!("name {id}"), document]).await?;
                    tx.commit().await?;
                    done += 1;
                }
                Ok::<_, StoreError>(done)
            })
        })
        .collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await??;
    }
    Ok(rate(sum, began))
}
