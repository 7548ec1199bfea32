//! How often somebody guessed: counted here, so that all nodes count together and a restart forgets nothing.

use super::{StoreError, Tx, args};
use crate::model::Instant;

/// The attempts at one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// Wrong ones, as far as they count still.
    pub failures: i64,
    /// When the last one was.
    pub last_at: Instant,
    /// Before this nothing more is tried.
    pub next_at: Instant,
}

impl Tx {
    /// The attempts at what has this name, held until the transaction ends.
    pub async fn attempts_to_count(&mut self, name: &[u8; 32], now: Instant) -> Result<Attempts, StoreError> {
        self.run(
            "INSERT INTO throttles (name, failures, last_at, next_at) VALUES (?1, 0, ?2, 0)
             ON CONFLICT (name) DO NOTHING",
            args![name, now],
        )
        .await?;
        let row: Option<(i64, Instant, Instant)> = self
            .first("SELECT failures, last_at, next_at FROM throttles WHERE name = ?1 FOR UPDATE", args![name])
            .await?;
        let (failures, last_at, next_at) = row.unwrap_or((0, now, Instant(0)));
        Ok(Attempts { failures, last_at, next_at })
    }

    /// Writes what the attempts have come to.
    pub async fn set_attempts(&mut self, name: &[u8; 32], attempts: Attempts) -> Result<(), StoreError> {
        self.run(
            "UPDATE throttles SET failures = ?2, last_at = ?3, next_at = ?4 WHERE name = ?1",
            args![name, attempts.failures, attempts.last_at, attempts.next_at],
        )
        .await
        .map(drop)
    }

    /// An attempt was none: it was right. What counts for one person is forgotten, what many share is counted one less.
    pub async fn forgive_attempts(&mut self, own: &[[u8; 32]], shared: &[[u8; 32]]) -> Result<(), StoreError> {
        for name in own {
            self.run("DELETE FROM throttles WHERE name = ?1", args![name]).await?;
        }
        for name in shared {
            self.run("UPDATE throttles SET failures = failures - 1 WHERE name = ?1 AND failures > 0", args![name])
                .await?;
        }
        Ok(())
    }
}
