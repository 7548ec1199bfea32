//! SQLite: how a connection is opened, how a statement is run, and what its errors mean.

use crate::store::{FromRow, RowRef, StoreError, Value};
use rusqlite::{Connection, ErrorCode, OpenFlags, StatementStatus, config::DbConfig, ffi};
use std::{path::Path, time::Duration};

/// Statements that stay prepared on each connection.
const PREPARED: usize = 256;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The one that writes.
    Writing,
    /// One of those that only read.
    Reading,
}

/// Opens a connection. Every commit reaches the disk before it returns (`synchronous = FULL`).
pub(super) fn open(path: &Path, purpose: Purpose) -> Result<Connection, StoreError> {
    let failed =
        |error: &rusqlite::Error| StoreError::Unavailable(format!("{} cannot be opened: {error}", path.display()));
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| failed(&error))?;
    configure(&connection, purpose).map_err(|error| failed(&error))?;
    Ok(connection)
}

fn configure(connection: &Connection, purpose: Purpose) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(PREPARED);
    // A plan must not depend on values: without this, SQLite prepares a statement with a join or an order anew whenever one
    // of its parameters changes, which is at every use.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    // Caches are in KiB when negative. Those of the readers are small because the page cache of the system does the same work; the
    // writer's holds all that one group commit of large groups touches: what does not fit is written out early, and again.
    let (cache, query_only) = match purpose {
        Purpose::Writing => (-32_768, "OFF"),
        Purpose::Reading => (-2_048, "ON"),
    };
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF; PRAGMA cache_size = {cache}; PRAGMA wal_autocheckpoint = 1000;
         PRAGMA journal_size_limit = 67108864; PRAGMA query_only = {query_only};"
    ))
}

/// Runs a word that begins or ends a transaction.
pub(super) fn control(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.raw_execute().map(|_| ())
}

/// Binds what a statement needs, and refuses more and less.
fn bind(statement: &mut rusqlite::Statement<'_>, sql: &str, args: &[Value]) -> Result<(), StoreError> {
    if statement.parameter_count() != args.len() {
        let (wants, given) = (statement.parameter_count(), args.len());
        return Err(StoreError::Misuse(format!("{wants} parameters are needed and {given} were given: {sql}")));
    }
    for (value, position) in args.iter().zip(1_usize..) {
        let bound = match value {
            Value::Null => statement.raw_bind_parameter(position, rusqlite::types::Null),
            Value::Int(number) => statement.raw_bind_parameter(position, number),
            Value::Text(text) => statement.raw_bind_parameter(position, text.as_str()),
            Value::Blob(bytes) => statement.raw_bind_parameter(position, bytes.as_slice()),
        };
        bound.map_err(|error| explain_error(None, &error, sql))?;
    }
    Ok(())
}

/// The steps a statement took since the last call; counted only when somebody wants to know.
fn steps(statement: &rusqlite::Statement<'_>) -> u64 {
    u64::try_from(statement.reset_status(StatementStatus::VmStep)).unwrap_or(0)
}

/// Reads rows, `limit` at most. Also says how many steps it took.
pub(super) fn rows<R: FromRow>(
    connection: &Connection,
    sql: &str,
    args: &[Value],
    limit: usize,
) -> Result<(Vec<R>, u64), StoreError> {
    let wrong = |error: &rusqlite::Error| explain_error(Some(connection), error, sql);
    let mut statement = connection.prepare_cached(sql).map_err(|error| wrong(&error))?;
    bind(&mut statement, sql, args)?;
    let mut found = Vec::new();
    let mut rows = statement.raw_query();
    while found.len() < limit
        && let Some(row) = rows.next().map_err(|error| wrong(&error))?
    {
        found.push(R::from_row(&RowRef::sqlite(row))?);
    }
    drop(rows);
    let steps = steps(&statement);
    Ok((found, steps))
}

/// Changes rows. Says how many, and how many steps it took.
pub(super) fn run(connection: &Connection, sql: &str, args: &[Value]) -> Result<(u64, u64), StoreError> {
    let wrong = |error: &rusqlite::Error| explain_error(Some(connection), error, sql);
    let mut statement = connection.prepare_cached(sql).map_err(|error| wrong(&error))?;
    bind(&mut statement, sql, args)?;
    let changed = statement.raw_execute().map_err(|error| wrong(&error))?;
    let steps = steps(&statement);
    Ok((u64::try_from(changed).unwrap_or(u64::MAX), steps))
}

/// What an error of SQLite means. The connection is asked for the name of the index that was hit.
pub(super) fn explain_error(connection: Option<&Connection>, error: &rusqlite::Error, sql: &str) -> StoreError {
    let rusqlite::Error::SqliteFailure(code, message) = error else {
        return StoreError::Misuse(format!("{error}: {sql}"));
    };
    let message = message.as_deref().unwrap_or_default();
    match code.code {
        ErrorCode::ConstraintViolation if is_unique(code.extended_code) => {
            let columns = message.split_once(": ").map_or(message, |(_, columns)| columns);
            let named = connection.and_then(|connection| index_of(connection, columns, code.extended_code));
            StoreError::Unique(named.unwrap_or_else(|| columns.to_owned()))
        }
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::OutOfMemory
        | ErrorCode::OperationInterrupted
        | ErrorCode::OperationAborted => StoreError::Unavailable(error.to_string()),
        ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied => StoreError::Unwritable(error.to_string()),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Misuse(format!("{error}: {sql}")),
    }
}

/// Whether an error leaves doubt about the whole transaction and not only about the statement. A row that cannot be
/// read does not: it must not undo what the neighbours wrote.
pub(super) fn is_grave(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(_) | StoreError::Unwritable(_))
}

fn is_unique(extended: std::ffi::c_int) -> bool {
    [ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_PRIMARYKEY, ffi::SQLITE_CONSTRAINT_ROWID].contains(&extended)
}

/// The name of the unique index on columns that SQLite gives as `t.a, t.b` (or `index 'name'`), in PostgreSQL's manner:
/// `t_pkey` for the primary key, `t_a_b_key` for a nameless constraint.
fn index_of(connection: &Connection, columns: &str, extended: std::ffi::c_int) -> Option<String> {
    if let Some(name) = columns.strip_prefix("index '") {
        return Some(name.trim_end_matches('\'').to_owned());
    }
    let (table, _) = columns.split_once('.')?;
    if extended != ffi::SQLITE_CONSTRAINT_UNIQUE {
        return Some(format!("{table}_pkey"));
    }
    let names: Vec<&str> = columns.split(", ").filter_map(|name| name.split_once('.')).map(|(_, name)| name).collect();
    let mut candidates = connection
        .prepare(
            "SELECT l.name, l.origin FROM pragma_index_list(?1) l WHERE l.\"unique\" = 1 AND
             (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno)) = ?2",
        )
        .ok()?;
    let (name, origin): (String, String) =
        candidates.query_row((table, names.join(", ")), |row| Ok((row.get(0)?, row.get(1)?))).ok()?;
    match origin.as_str() {
        "pk" => Some(format!("{table}_pkey")),
        "u" => Some(format!("{table}_{}_key", names.join("_"))),
        _ => Some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_planned_once_whatever_its_parameters() {
        let directory = tempfile::tempdir().unwrap();
        let connection = open(&directory.path().join("castgate.db"), Purpose::Writing).unwrap();
        connection.execute_batch("CREATE TABLE t (a TEXT, b TEXT, ended BIGINT, PRIMARY KEY (a, b))").unwrap();
        let sql =
            "SELECT x.b FROM t x JOIN t y ON y.a = x.a AND y.b = x.b WHERE x.a = ?1 AND x.ended IS NULL ORDER BY x.b";
        let mut planned = 0;
        for turn in ["one", "two", "three"] {
            let mut statement = connection.prepare_cached(sql).unwrap();
            bind(&mut statement, sql, &[Value::Text(turn.to_owned())]).unwrap();
            assert!(statement.raw_query().next().unwrap().is_none());
            planned += statement.reset_status(StatementStatus::RePrepare);
        }
        assert_eq!(planned, 0);
    }
}
