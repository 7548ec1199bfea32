//! What goes to PostgreSQL and comes back, in our words: parameters, and what its errors mean.

use crate::store::{StoreError, Value};
use std::error::Error as _;
use tokio_postgres::{
    error::SqlState,
    types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

pub(super) fn parameters<'a>(
    wanted: usize,
    args: &'a [Value],
    sql: &str,
) -> Result<Vec<&'a (dyn ToSql + Sync)>, StoreError> {
    if wanted != args.len() {
        let given = args.len();
        return Err(StoreError::Misuse(format!("{wanted} parameters are needed and {given} were given: {sql}")));
    }
    Ok(args.iter().map(|value| value as &(dyn ToSql + Sync)).collect())
}

pub(super) fn type_of(value: &Value) -> Type {
    match value {
        Value::Int(_) => Type::INT8,
        Value::Null | Value::Text(_) => Type::TEXT,
        Value::Blob(_) => Type::BYTEA,
    }
}

/// A parameter of a type that the statement did not ask for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Misfit(String);

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, ty) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(number), &Type::INT8) => number.to_sql(ty, out),
            (Self::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(ty, out),
            (Self::Int(number), &Type::BOOL) => (*number != 0).to_sql(ty, out),
            (Self::Text(text), &(Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN)) => {
                text.as_str().to_sql(ty, out)
            }
            (Self::Blob(bytes), &Type::BYTEA) => bytes.as_slice().to_sql(ty, out),
            (Self::Int(_) | Self::Text(_) | Self::Blob(_), _) => Err(Box::new(Misfit(format!(
                "the statement takes a parameter for {ty}, which it was not given; cast it"
            )))),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// What an error of PostgreSQL means.
pub(super) fn explain_error(error: &tokio_postgres::Error, sql: &str) -> StoreError {
    let Some(told) = error.as_db_error() else {
        let misfit =
            error.source().is_some_and(|cause| cause.is::<Misfit>() || cause.is::<std::num::TryFromIntError>());
        let message = with_cause(error);
        return if misfit {
            StoreError::Misuse(format!("{message}: {sql}"))
        } else {
            StoreError::Unavailable(format!("PostgreSQL: {message}"))
        };
    };
    let code = told.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        return StoreError::Unique(told.constraint().or(told.table()).unwrap_or("unknown").to_owned());
    }
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return StoreError::Conflict;
    }
    // 08 connection, 53 resources, 55 locks, 57 operator, 58 system, 25P03 idle for too long, 25006 became a standby.
    let class = code.code().get(..2).unwrap_or_default();
    let message = told.message();
    if ["08", "53", "55", "57", "58"].contains(&class) || ["25P03", "25006"].contains(&code.code()) {
        return StoreError::Unavailable(format!("PostgreSQL: {message}"));
    }
    if class == "XX" {
        return StoreError::Corrupt(format!("PostgreSQL: {message}"));
    }
    StoreError::Misuse(format!("{message} ({}): {sql}", code.code()))
}

/// An error and what it was caused by; the first alone says only “db error”.
pub(super) fn with_cause(error: &tokio_postgres::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
