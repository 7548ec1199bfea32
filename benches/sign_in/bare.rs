//! The limit: the store's writer taking the very rows that a sign-in leaves behind.

use crate::{
    Failure, TASKS,
    rows::{self, NUMBER, Row, Rows},
};
use castgate::store::{Store, Value};
use std::{iter, path::Path, time::Duration};

/// A store that nobody else writes to, and the rows of one sign-in.
pub struct Bare {
    store: Store,
    rows: Rows,
}

impl Bare {
    pub async fn build(directory: &Path, rows: &Rows) -> Result<Self, Failure> {
        let store = Store::open_sqlite(directory).await?;
        Ok(Self { store, rows: rows.iter().map(with_own_code).collect() })
    }

    /// How long so many changes take, `each` in a row at `TASKS` places.
    pub async fn inserts(&self, round: usize, each: usize) -> Result<Duration, Failure> {
        let numbers = (0..TASKS * each).map(|turn| round * TASKS * each + turn);
        let changes = numbers.map(|number| rows::copy(&self.rows, number, iter::empty())).collect();
        rows::write(&self.store, changes, TASKS).await
    }
}

/// The code that a person reads to an admin is nobody else's.
fn with_own_code(row: &Row) -> Row {
    let columns = row.into.strip_prefix("INSERT INTO sign_ins (").unwrap_or_default();
    let place = columns.split([',', ')']).position(|column| column.trim() == "code");
    let mut row = row.clone();
    if let Some(code) = place.and_then(|place| row.values.get_mut(place)) {
        *code = Value::Text(NUMBER.to_owned());
    }
    row
}
