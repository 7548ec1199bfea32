//! Notes what was run, for tests that prove how much work a request costs.

use super::postgres::Went;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// One statement that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its text, as it was written.
    pub sql: String,
    /// Rows that came back or were touched. Of several that PostgreSQL took as one, each but the last counts as one.
    pub rows: u64,
    /// Steps of SQLite's virtual machine, which grow with every row that is looked at; 0 on PostgreSQL.
    pub steps: u64,
}

/// A list of statements, shared by everything that records into it.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    statements: Arc<Mutex<Vec<Statement>>>,
    /// Ways to PostgreSQL and back.
    ways: Arc<AtomicU64>,
}

impl Recorder {
    /// Notes one statement.
    pub(super) fn note(&self, statement: Statement) {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).push(statement);
    }

    /// Notes what went to PostgreSQL with a statement.
    pub(super) fn went(&self, went: &Went) {
        for (sql, rows) in &went.statements {
            self.note(Statement { sql: (*sql).to_owned(), rows: *rows, steps: 0 });
        }
        self.ways.fetch_add(went.ways, Ordering::Relaxed);
    }

    /// How often PostgreSQL was waited for since the last call: statements that go out together are one way. 0 on SQLite.
    pub fn take_ways(&self) -> u64 {
        self.ways.swap(0, Ordering::Relaxed)
    }

    /// What was noted since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<Statement> {
        std::mem::take(&mut *self.statements.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
