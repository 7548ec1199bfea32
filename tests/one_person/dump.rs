//! Everything that is stored, as text to search: each table of a store whatever its columns, and each key of a Redis.

use castgate::store::{FromRow, RowRef, Store, StoreError, Value, args};

/// A row with as many columns as there are.
struct Row(Vec<Value>);

/// As many columns as a table may have here.
const WIDEST: usize = 40;

impl FromRow for Row {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let mut values = Vec::new();
        for column in 0..WIDEST {
            match row.get(column) {
                Ok(value) => values.push(value),
                Err(_) => break,
            }
        }
        Ok(Self(values))
    }
}

/// Each row of each table as one text in lower case, with its table in front. Bytes are shown as they are and as text.
pub(crate) async fn of_store(store: &Store) -> Vec<String> {
    let mut tx = store.read().await.unwrap();
    let sql = tx.pick(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
        "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1",
    );
    let tables: Vec<(String,)> = tx.all(sql, args![]).await.unwrap();
    let mut rows = Vec::new();
    for (table,) in tables {
        let all: Vec<Row> = tx.all_built(format!("SELECT * FROM {table}"), Vec::new()).await.unwrap();
        rows.extend(all.into_iter().map(|Row(values)| {
            let shown: Vec<String> = values.iter().map(shown).collect();
            format!("{table}: {}", shown.join(" | ")).to_lowercase()
        }));
    }
    assert!(rows.len() > 20, "there is hardly anything in the store");
    rows
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Every key of a Redis with what lies under it, in lower case.
pub(crate) async fn of_redis(url: &str) -> Vec<String> {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    let mut all = Vec::new();
    for key in keys {
        // One that is over by now has nothing under it.
        let value: Option<Vec<u8>> = redis::cmd("GET").arg(&key).query_async(&mut connection).await.unwrap_or_default();
        all.push(format!("{key}: {}", String::from_utf8_lossy(&value.unwrap_or_default())).to_lowercase());
    }
    all
}

/// What of these is still said somewhere: the word, and where.
pub(crate) fn found(rows: &[String], canaries: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for canary in canaries.iter().map(|canary| canary.to_lowercase()) {
        found.extend(rows.iter().filter(|row| row.contains(&canary)).map(|row| format!("{canary} in {row}")));
    }
    found
}
