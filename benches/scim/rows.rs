//! The rows that one change writes: recorded once, and written again under fresh ids as the bare limit.

use super::gateway::Failure;
use castgate::{
    app::Clock,
    store::{FromRow, RowRef, Statement, Store, StoreError, Value},
};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// Stands in texts where each copy has a number of its own, of as many digits.
pub const NUMBER: &str = "99999999";

/// One row to be inserted.
#[derive(Debug, Clone)]
pub struct Row {
    sql: &'static str,
    values: Vec<Value>,
}

/// The rows of one change, to be written in one transaction.
pub type Rows = Vec<Row>;

/// A row of any width.
struct Wide(Vec<Value>);

impl FromRow for Wide {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(
            (0..).map_while(|position| row.value(position).ok().map(castgate::store::ValueRef::to_owned)).collect(),
        ))
    }
}

/// Reads back what the statements of a change have just inserted.
pub async fn inserted(store: &Store, statements: &[Statement]) -> Result<Rows, Failure> {
    let mut counts: Vec<(&str, u64)> = Vec::new();
    for statement in statements.iter().filter(|statement| statement.rows > 0) {
        let Some(target) = statement.sql.strip_prefix("INSERT INTO ") else { continue };
        let target = target.split_inclusive(')').next().unwrap_or_default();
        match counts.iter_mut().find(|(known, _)| *known == target) {
            Some((_, count)) => *count += statement.rows,
            None => counts.push((target, statement.rows)),
        }
    }
    let mut tx = store.read().await?;
    let mut rows = Rows::new();
    for (target, count) in counts {
        let (table, columns) = target.trim_end_matches(')').split_once('(').ok_or("an insert without columns")?;
        let found: Vec<Wide> = tx
            .all_built(format!("SELECT {columns} FROM {table} ORDER BY rowid DESC LIMIT {count}"), Vec::new())
            .await?;
        let width = columns.split(',').count();
        let places: Vec<String> = (1..=width).map(|place| format!("?{place}")).collect();
        let sql = format!("INSERT INTO {table} ({columns}) VALUES ({})", places.join(", "));
        // The store takes texts that live as long as the program; there is a handful of them.
        let sql: &'static str = Box::leak(sql.into_boxed_str());
        rows.extend(found.into_iter().rev().map(|Wide(values)| Row { sql, values }));
    }
    tx.commit().await?;
    Ok(rows)
}

/// The same rows about something else: other ids, another number. `people` are who the rows speak of instead, in turn;
/// without any, they get fresh ids too.
pub fn copy(rows: &Rows, number: usize, mut people: impl Iterator<Item = String>) -> Rows {
    let clock = Clock::machine();
    let number = format!("{number:08}");
    let mut ids: HashMap<String, String> = HashMap::new();
    let mut renamed = |text: &str| -> String {
        let Some((kind @ ("usr" | "grp" | "evt" | "req" | "psh"), _)) = text.split_once('_') else {
            return text.replace(NUMBER, &number);
        };
        let fresh = || {
            let id = castgate::model::UserId::from_uuid(clock.uuid()).to_string();
            id.replacen("usr", kind, 1)
        };
        ids.entry(text.to_owned())
            .or_insert_with(|| if kind == "usr" { people.next().unwrap_or_else(fresh) } else { fresh() })
            .clone()
    };
    let renew = |value: &Value, renamed: &mut dyn FnMut(&str) -> String| match value {
        Value::Text(text) => Value::Text(renamed(text)),
        Value::Null | Value::Int(_) | Value::Blob(_) => value.clone(),
    };
    rows.iter()
        .map(|row| Row { sql: row.sql, values: row.values.iter().map(|value| renew(value, &mut renamed)).collect() })
        .collect()
}

/// The id of the person or group that the rows are about.
pub fn id_in(rows: &Rows) -> Option<String> {
    rows.first()?.values.iter().find_map(|value| match value {
        Value::Text(text) if text.starts_with("usr_") || text.starts_with("grp_") => Some(text.clone()),
        Value::Text(_) | Value::Null | Value::Int(_) | Value::Blob(_) => None,
    })
}

/// Writes changes, each in a transaction of its own, from so many tasks at once.
pub async fn write(store: &Store, changes: Vec<Rows>, tasks: usize) -> Result<Duration, Failure> {
    let changes = Arc::new(changes);
    let began = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|task| {
            let (store, changes) = (store.clone(), Arc::clone(&changes));
            let step = tasks;
            tokio::spawn(async move {
                for rows in changes.iter().skip(task).step_by(step) {
                    let mut tx = store.write("bare").await?;
                    for row in rows {
                        tx.run(row.sql, &row.values).await?;
                    }
                    tx.commit().await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(began.elapsed())
}
