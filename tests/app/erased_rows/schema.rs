//! Every table with its columns as the schema has them, everything that lies in them, and rows put into them.

use castgate::store::{FromRow, RowRef, StoreError, Tx, Value};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Text,
    Bytes,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Whether there is always something in it.
    required: bool,
    /// Whether it is a part of the primary key.
    key: bool,
}

pub(super) type Tables = BTreeMap<String, Vec<Column>>;

/// A table and the key of one of its rows, written out.
pub(super) type Place = (String, String);

/// Everything that is stored, row by row, with the values in the order of the columns.
pub(super) type Dump = BTreeMap<Place, Vec<Value>>;

/// A row with as many columns as there are.
struct Row(Vec<Value>);

/// As many columns as a table may have here.
const WIDEST: usize = 40;

impl FromRow for Row {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self((0..WIDEST).map_while(|column| row.get(column).ok()).collect()))
    }
}

pub(super) async fn tables(tx: &mut Tx) -> Tables {
    let sql = tx.pick(
        "SELECT m.name, c.name, c.type, c.\"notnull\", c.pk FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid",
        "SELECT CAST(c.table_name AS TEXT), CAST(c.column_name AS TEXT), CAST(c.data_type AS TEXT),
                CAST(CASE WHEN c.is_nullable = 'NO' THEN 1 ELSE 0 END AS BIGINT),
                (SELECT count(*) FROM information_schema.table_constraints t
                 JOIN information_schema.key_column_usage k
                   ON k.constraint_name = t.constraint_name AND k.table_schema = t.table_schema
                 WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = current_schema()
                   AND t.table_name = c.table_name AND k.column_name = c.column_name)
         FROM information_schema.columns c WHERE c.table_schema = current_schema()
         ORDER BY c.table_name, c.ordinal_position",
    );
    let rows: Vec<(String, String, String, i64, i64)> = tx.all_built(sql.to_owned(), Vec::new()).await.unwrap();
    let mut tables = Tables::new();
    for (table, name, kind, required, key) in rows {
        let kind = match kind.to_lowercase().as_str() {
            "bigint" => Kind::Number,
            "text" => Kind::Text,
            "blob" | "bytea" => Kind::Bytes,
            other => panic!("{table}.{name} is a {other}"),
        };
        tables.entry(table).or_default().push(Column { name, kind, required: required > 0, key: key > 0 });
    }
    tables
}

pub(super) async fn dump(tx: &mut Tx, tables: &Tables) -> Dump {
    let mut dump = Dump::new();
    for (table, columns) in tables {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let sql = format!("SELECT {} FROM {table}", names.join(", "));
        for Row(values) in tx.all_built(sql, Vec::new()).await.unwrap() {
            assert_eq!(values.len(), columns.len(), "{table}");
            let place = place(table, columns, &values);
            assert!(dump.insert(place.clone(), values).is_none(), "{place:?} twice");
        }
    }
    dump
}

/// Where a row lies: by its primary key, or by all of it where there is none.
fn place(table: &str, columns: &[Column], values: &[Value]) -> Place {
    let has_key = columns.iter().any(|column| column.key);
    let of_key = columns.iter().zip(values).filter(|(column, _)| column.key || !has_key);
    (table.to_owned(), of_key.map(|(_, value)| format!("{value:?}")).collect::<Vec<_>>().join(", "))
}

/// Puts a row into a table: these texts, and in every other column that must have something a value that is nobody's.
pub(super) async fn insert(
    tx: &mut Tx,
    (tables, table): (&Tables, &str),
    said: &BTreeMap<&str, String>,
    number: i64,
) -> Place {
    let columns = tables.get(table).unwrap_or_else(|| panic!("there is no table {table}"));
    let unknown: Vec<_> = said.keys().filter(|name| columns.iter().all(|column| column.name != **name)).collect();
    assert!(unknown.is_empty(), "{table} has no {unknown:?}");
    let value = |column: &Column| match (said.get(column.name.as_str()), column.kind) {
        (Some(text), Kind::Text) => Value::Text(text.clone()),
        (Some(text), Kind::Bytes) => Value::Blob(text.clone().into_bytes()),
        (Some(text), Kind::Number) => Value::Int(text.parse().unwrap()),
        (None, _) if !column.required => Value::Null,
        (None, Kind::Text) => Value::Text(format!("n{number}")),
        (None, Kind::Bytes) => Value::Blob(number.to_be_bytes().to_vec()),
        (None, Kind::Number) => Value::Int(number),
    };
    let values: Vec<Value> = columns.iter().map(value).collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let marks: Vec<String> = (1..=columns.len()).map(|number| format!("?{number}")).collect();
    let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), marks.join(", "));
    assert_eq!(tx.run_built(sql, &values).await.unwrap(), 1, "{table}");
    place(table, columns, &values)
}

/// What became of each row that is not as it was: the columns that changed, or none where the row is gone. And what is new.
pub(super) fn changes(tables: &Tables, before: &Dump, after: &Dump) -> (BTreeMap<Place, Vec<String>>, BTreeSet<Place>) {
    let mut changed = BTreeMap::new();
    for (place, was) in before {
        let columns = match after.get(place) {
            None => Vec::new(),
            Some(is) if is == was => continue,
            Some(is) => {
                let pairs = tables[&place.0].iter().zip(was.iter().zip(is));
                pairs.filter(|(_, (was, is))| was != is).map(|(column, _)| column.name.clone()).collect()
            }
        };
        changed.insert(place.clone(), columns);
    }
    (changed, after.keys().filter(|place| !before.contains_key(*place)).cloned().collect())
}

/// Each text and each run of bytes, with its place and its column.
pub(super) fn texts<'d>(tables: &'d Tables, dump: &'d Dump) -> Vec<(&'d Place, &'d Column, String)> {
    let mut texts = Vec::new();
    for (place, values) in dump {
        for (column, value) in tables[&place.0].iter().zip(values) {
            match value {
                Value::Text(text) => texts.push((place, column, text.clone())),
                Value::Blob(bytes) => texts.push((place, column, String::from_utf8_lossy(bytes).into_owned())),
                Value::Null | Value::Int(_) => {}
            }
        }
    }
    texts
}
