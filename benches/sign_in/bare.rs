//! The limit: the store's writer taking the very rows that a sign-in leaves behind.
//!
//! They lie where those of a sign-in lie: the same people arrive again and again, and codes and hashes are in no order. Rows that came
//! in order would share their pages, and be written for less.

use crate::{
    Failure, PEOPLE, TASKS,
    rows::{self, Row, Rows},
};
use castgate::{
    app::Clock,
    model::UserId,
    store::{Store, Value},
};
use std::{iter, path::Path, time::Duration};

/// A store that nobody else writes to, and the rows of one sign-in.
pub struct Bare {
    store: Store,
    rows: Rows,
    people: Vec<String>,
}

impl Bare {
    pub async fn build(directory: &Path, rows: &Rows) -> Result<Self, Failure> {
        let store = Store::open_sqlite(directory).await?;
        let clock = Clock::machine();
        let people = iter::repeat_with(|| UserId::from_uuid(clock.uuid()).to_string()).take(PEOPLE).collect();
        Ok(Self { store, rows: rows.clone(), people })
    }

    /// How long so many changes take, `each` in a row at `TASKS` places.
    pub async fn inserts(&self, round: usize, each: usize) -> Result<Duration, Failure> {
        let numbers = (0..TASKS * each).map(|turn| round * TASKS * each + turn);
        rows::write(&self.store, numbers.map(|number| self.arrival(number)).collect(), TASKS).await
    }

    /// The rows of one more arrival.
    fn arrival(&self, number: usize) -> Rows {
        let person = number % PEOPLE;
        let mut rows = rows::copy(&self.rows, number, self.people.get(person).cloned().into_iter());
        for row in &mut rows {
            if let Some(code) = column(row, "code") {
                *code = Value::Text(scattered(number));
            }
            // A SAML provider's says the same of everybody.
            if let Some(Value::Text(session)) = column(row, "provider_session")
                && session.starts_with("sid-")
            {
                *session = format!("sid-{person}");
            }
        }
        rows
    }
}

fn column<'row>(row: &'row mut Row, name: &str) -> Option<&'row mut Value> {
    let columns = row.into.split_once('(')?.1;
    let place = columns.split([',', ')']).position(|column| column.trim() == name)?;
    row.values.get_mut(place)
}

/// A number of eight digits for each that is smaller than 100 million, in no order: the factor has no divisor in common with that.
fn scattered(number: usize) -> String {
    format!("{:08}", number * 61_803_399 % 100_000_000)
}
