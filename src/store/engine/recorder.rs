//! Notes what was run, for tests that prove how much work a request costs.

use std::sync::{Arc, Mutex, PoisonError};

/// One statement that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its text, as it was written.
    pub sql: String,
    /// Rows that came back or were touched.
    pub rows: u64,
    /// Steps of SQLite's virtual machine, which grow with every row that is looked at; 0 on PostgreSQL.
    pub steps: u64,
}

/// A list of statements, shared by everything that records into it.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    statements: Arc<Mutex<Vec<Statement>>>,
}

impl Recorder {
    /// Notes one statement.
    pub(super) fn note(&self, statement: Statement) {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).push(statement);
    }

    /// What was noted since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<Statement> {
        std::mem::take(&mut *self.statements.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
