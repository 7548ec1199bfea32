//! Rows on their way out of the store.

use super::{FromValue, StoreError, Value, ValueRef};
use std::fmt;
use tokio_postgres::types::Type;

/// One row of an answer, borrowed from the engine that read it.
pub struct RowRef<'a> {
    columns: Columns<'a>,
}

enum Columns<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
    Values(&'a [Value]),
}

impl fmt::Debug for RowRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowRef").finish_non_exhaustive()
    }
}

impl<'a> RowRef<'a> {
    pub(super) fn sqlite(row: &'a rusqlite::Row<'a>) -> Self {
        Self { columns: Columns::Sqlite(row) }
    }

    pub(super) fn postgres(row: &'a tokio_postgres::Row) -> Self {
        Self { columns: Columns::Postgres(row) }
    }

    pub(super) fn values(row: &'a [Value]) -> Self {
        Self { columns: Columns::Values(row) }
    }

    /// The value at a position that counts from 0.
    pub fn value(&self, position: usize) -> Result<ValueRef<'_>, StoreError> {
        let misfit = |reason: &dyn fmt::Display| StoreError::Corrupt(format!("column {}: {reason}", position + 1));
        match self.columns {
            Columns::Sqlite(row) => match row.get_ref(position).map_err(|error| misfit(&error))? {
                rusqlite::types::ValueRef::Null => Ok(ValueRef::Null),
                rusqlite::types::ValueRef::Integer(number) => Ok(ValueRef::Int(number)),
                rusqlite::types::ValueRef::Real(_) => Err(misfit(&"a fraction was found, which nothing here stores")),
                rusqlite::types::ValueRef::Text(bytes) => {
                    std::str::from_utf8(bytes).map(ValueRef::Text).map_err(|error| misfit(&error))
                }
                rusqlite::types::ValueRef::Blob(bytes) => Ok(ValueRef::Blob(bytes)),
            },
            Columns::Postgres(row) => row.try_get(position).map_err(|error| {
                let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                misfit(&reason)
            }),
            Columns::Values(row) => {
                row.get(position).map(Value::borrow).ok_or_else(|| misfit(&"there is no such column"))
            }
        }
    }

    /// Reads the value at a position that counts from 0.
    pub fn get<T: FromValue>(&self, position: usize) -> Result<T, StoreError> {
        T::from_value(self.value(position)?)
            .map_err(|reason| StoreError::Corrupt(format!("column {}: {reason}", position + 1)))
    }
}

/// Something that can be read from one row.
pub trait FromRow: Sized {
    /// Reads it, column by column.
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError>;
}

macro_rules! tuples {
    ($($($name:ident $position:literal),+;)+) => {$(
        impl<$($name: FromValue),+> FromRow for ($($name,)+) {
            fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
                Ok(($(row.get::<$name>($position)?,)+))
            }
        }
    )+};
}

tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17, S 18;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17, S 18, T 19;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17, S 18, T 19, U 20;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17, S 18, T 19, U 20, V 21;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17, S 18, T 19, U 20, V 21, W 22;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17, S 18, T 19, U 20, V 21, W 22, X 23;
}

impl<'a> tokio_postgres::types::FromSql<'a> for ValueRef<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        match *ty {
            Type::INT8 => i64::from_sql(ty, raw).map(Self::Int),
            Type::INT4 => i32::from_sql(ty, raw).map(|number| Self::Int(i64::from(number))),
            Type::INT2 => i16::from_sql(ty, raw).map(|number| Self::Int(i64::from(number))),
            Type::BOOL => bool::from_sql(ty, raw).map(|truth| Self::Int(i64::from(truth))),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                <&str>::from_sql(ty, raw).map(Self::Text)
            }
            Type::BYTEA => Ok(Self::Blob(raw)),
            _ => Err(format!("type {ty} is not one that is stored here; cast it in the statement").into()),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
