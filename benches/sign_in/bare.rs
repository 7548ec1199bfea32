//! The limit: the store's writer, and rows of 600 bytes.

use crate::{Failure, TASKS};
use castgate::store::{Store, args};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// The store, and how many rows a change has.
pub struct Bare {
    store: Store,
    rows: usize,
}

impl Bare {
    pub async fn build(directory: &Path, rows: usize) -> Result<Self, Failure> {
        let store = Store::open_sqlite(directory).await?;
        let mut tx = store.write("table").await?;
        tx.run("CREATE TABLE rows (id BIGINT NOT NULL PRIMARY KEY, document TEXT NOT NULL)", &[]).await?;
        tx.commit().await?;
        Ok(Self { store, rows })
    }

    /// How long so many changes take, `each` in a row at `TASKS` places.
    pub async fn inserts(&self, round: usize, each: usize) -> Result<Duration, Failure> {
        let began = Instant::now();
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let (store, rows) = (self.store.clone(), self.rows);
                tokio::spawn(async move {
                    let document = "x".repeat(600);
                    for turn in 0..each {
                        let change = (round * each + turn) * TASKS + task;
                        let mut tx = store.write("rows").await?;
                        for row in 0..rows {
                            let id = i64::try_from(change * rows + row).unwrap_or(i64::MAX);
                            tx.run("INSERT INTO rows (id, document) VALUES (?1, ?2)", args![id, document]).await?;
                        }
                        tx.commit().await?;
                    }
                    Ok::<(), castgate::store::StoreError>(())
                })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        Ok(began.elapsed())
    }
}
