//! The rows that one change writes: recorded once, and written again under fresh ids as the bare limit.

use crate::Failure;
use castgate::{
    app::Clock,
    store::{FromRow, RowRef, Statement, Store, StoreError, Tx, Value},
};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Stands in texts where each copy has a number of its own, of as many digits.
pub const NUMBER: &str = "99999999";

/// One row to be inserted.
#[derive(Debug, Clone)]
pub struct Row {
    /// `INSERT INTO … (…) VALUES`.
    pub into: &'static str,
    /// What becomes of a row that is there already: `ON CONFLICT … DO UPDATE …`, or nothing.
    pub or_else: &'static str,
    pub values: Vec<Value>,
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
    let mut counts: Vec<(&str, &str, u64)> = Vec::new();
    for statement in statements.iter().filter(|statement| statement.rows > 0) {
        let Some(insert) = statement.sql.strip_prefix("INSERT INTO ") else { continue };
        let target = insert.split_inclusive(')').next().unwrap_or_default();
        match counts.iter_mut().find(|(known, _, _)| *known == target) {
            Some((_, _, count)) => *count += statement.rows,
            None => counts.push((target, update_in(insert), statement.rows)),
        }
    }
    let mut tx = store.read().await?;
    let mut rows = Rows::new();
    for (target, or_else, count) in counts {
        let (table, columns) = target.trim_end_matches(')').split_once('(').ok_or("an insert without columns")?;
        let found: Vec<Wide> = tx
            .all_built(format!("SELECT {columns} FROM {table} ORDER BY rowid DESC LIMIT {count}"), Vec::new())
            .await?;
        let into: &'static str =
            Box::leak(format!("INSERT INTO {} ({columns}) VALUES", table.trim_end()).into_boxed_str());
        let or_else: &'static str = Box::leak(or_else.to_owned().into_boxed_str());
        rows.extend(found.into_iter().rev().map(|Wide(values)| Row { into, or_else, values }));
    }
    tx.commit().await?;
    Ok(rows)
}

/// What an insert does with a row that is there already, if it changes it.
fn update_in(insert: &str) -> &str {
    let clause = insert.find("ON CONFLICT").and_then(|at| insert.get(at..)).unwrap_or_default();
    if clause.contains("DO UPDATE") && !clause.contains('?') && !clause.contains("RETURNING") { clause } else { "" }
}

/// The same rows about something else: other ids, another number. `people` are who the rows speak of instead, in turn;
/// without any, they get fresh ids too.
pub fn copy(rows: &Rows, number: usize, mut people: impl Iterator<Item = String>) -> Rows {
    let clock = Clock::machine();
    let number = format!("{number:08}");
    let mut ids: HashMap<String, String> = HashMap::new();
    let mut renamed = |text: &str| -> String {
        let Some((kind @ ("usr" | "grp" | "evt" | "req" | "psh" | "ses" | "sgn"), _)) = text.split_once('_') else {
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
        Value::Blob(bytes) => Value::Blob(fresh_bytes(bytes, &clock)),
        Value::Null | Value::Int(_) => value.clone(),
    };
    let mut copied = |row: &Row| row.values.iter().map(|value| renew(value, &mut renamed)).collect();
    rows.iter().map(|row| Row { values: copied(row), ..*row }).collect()
}

/// As many bytes, the first of which are at random: what a hash is.
fn fresh_bytes(bytes: &[u8], clock: &Clock) -> Vec<u8> {
    let id = clock.uuid();
    // An id begins with the time and ends at random.
    let random = id.as_bytes().iter().rev().copied();
    random.chain(bytes.iter().copied().skip(id.as_bytes().len())).take(bytes.len()).collect()
}

/// The id of the person or group that the rows are about.
pub fn id_in(rows: &Rows) -> Option<String> {
    rows.first()?.values.iter().find_map(|value| match value {
        Value::Text(text) if text.starts_with("usr_") || text.starts_with("grp_") => Some(text.clone()),
        Value::Text(_) | Value::Null | Value::Int(_) | Value::Blob(_) => None,
    })
}

/// The same rows in another organization, or of another connection.
pub fn moved(rows: &Rows, ids: &[(String, String)]) -> Rows {
    let renamed = |value: &Value| match value {
        Value::Text(text) => {
            Value::Text(ids.iter().find(|(old, _)| old == text).map_or_else(|| text.clone(), |(_, new)| new.clone()))
        }
        Value::Null | Value::Int(_) | Value::Blob(_) => value.clone(),
    };
    rows.iter().map(|row| Row { values: row.values.iter().map(renamed).collect(), ..*row }).collect()
}

/// Those rows that go into these tables.
pub fn of_tables(rows: &Rows, tables: &[&str]) -> Rows {
    let is_of = |row: &&Row| tables.iter().any(|table| row.into.starts_with(&format!("INSERT INTO {table} (")));
    rows.iter().filter(is_of).cloned().collect()
}

/// Writes all of it in a few large transactions.
pub async fn fill(store: &Store, changes: &[Rows]) -> Result<(), Failure> {
    for changes in changes.chunks(10_000) {
        let mut tx = store.write("fill").await?;
        for changes in changes.chunks(500) {
            let width = changes.first().map_or(0, Vec::len);
            // Row by row across the changes: those of one table stand together.
            insert(&mut tx, (0..width).flat_map(|place| changes.iter().filter_map(move |rows| rows.get(place))))
                .await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Inserts rows; those of one table that stand together by one statement, as anybody would who wants to be quick.
async fn insert(tx: &mut Tx, rows: impl Iterator<Item = &Row>) -> Result<(), StoreError> {
    let rows: Vec<&Row> = rows.collect();
    for together in rows.chunk_by(|one, next| std::ptr::eq(one.into, next.into)) {
        let Some(first) = together.first() else { continue };
        let values: Vec<Value> = together.iter().flat_map(|row| row.values.iter().cloned()).collect();
        tx.run(text(first, together.len()), &values).await?;
    }
    Ok(())
}

/// The statement for so many rows. The store takes texts that live as long as the program; there is a handful of them.
fn text(row: &Row, count: usize) -> &'static str {
    static TEXTS: LazyLock<Mutex<HashMap<(usize, usize), &'static str>>> = LazyLock::new(Mutex::default);
    let (Row { into, or_else, .. }, width) = (row, row.values.len());
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    texts.entry((into.as_ptr().addr(), count)).or_insert_with(|| {
        let row = |number: usize| {
            let places: Vec<String> = (1..=width).map(|place| format!("?{}", number * width + place)).collect();
            format!("({})", places.join(", "))
        };
        let rows: Vec<String> = (0..count).map(row).collect();
        Box::leak(format!("{into} {} {or_else}", rows.join(", ")).into_boxed_str())
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
                    insert(&mut tx, rows.iter()).await?;
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
