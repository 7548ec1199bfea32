//! PostgreSQL: a plain pool. It does its own group commit.

use crate::store::{FromRow, RowRef, StoreError, Value};
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use std::{error::Error as _, time::Duration};
use tokio::runtime::Handle;
use tokio_postgres::{
    Config, NoTls, Row,
    config::{Host, SslMode},
    error::SqlState,
    types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a transaction waits for a connection, and a connection for the server.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the server does with those who take too long; in milliseconds.
const LIMITS: &str =
    "SET statement_timeout = 15000; SET lock_timeout = 5000; SET idle_in_transaction_session_timeout = 30000";

/// Opens the pool; no connection is made yet.
pub(super) fn open(url: &str, size: usize) -> Result<Pool, StoreError> {
    let mut config = parse(url)?;
    config.connect_timeout(PATIENCE).application_name("castgate").keepalives_idle(Duration::from_mins(1));
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = if config.get_ssl_mode() == SslMode::Disable {
        Manager::from_config(config, NoTls, recycling)
    } else {
        let (tls, errors) = MakeRustlsConnect::with_native_certs().map_err(|_| {
            StoreError::Unavailable(
                "PostgreSQL is to be reached over TLS, but this system has no root certificates".into(),
            )
        })?;
        for error in errors {
            tracing::warn!(%error, "a root certificate of this system cannot be read");
        }
        Manager::from_config(config, tls, recycling)
    };
    let limits = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, _| {
        Box::pin(async move { client.batch_execute(LIMITS).await.map_err(HookError::Backend) })
    });
    Pool::builder(manager)
        .max_size(size.max(1))
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(PATIENCE))
        .create_timeout(Some(PATIENCE))
        .recycle_timeout(Some(PATIENCE))
        .post_create(limits)
        .build()
        .map_err(|error| StoreError::Misuse(error.to_string()))
}

/// Reads the address. Certificates are always verified, so `verify-ca` and `verify-full` mean what `require` means; an
/// address that does not say is encrypted unless it is on this machine.
fn parse(url: &str) -> Result<Config, StoreError> {
    let understood =
        url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
    let mut config: Config = understood.parse().map_err(|error: tokio_postgres::Error| {
        StoreError::Unavailable(format!("the address of PostgreSQL cannot be read: {}", with_cause(&error)))
    })?;
    if !understood.contains("sslmode=") {
        let local = config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
            #[cfg(unix)]
            Host::Unix(_) => true,
        });
        config.ssl_mode(if local { SslMode::Disable } else { SslMode::Require });
    }
    Ok(config)
}

/// Waits for a connection.
pub(super) async fn connection(pool: &Pool) -> Result<Object, StoreError> {
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            StoreError::Unavailable(format!("PostgreSQL: {}", with_cause(&error)))
        }
        PoolError::Timeout(_) => StoreError::Unavailable("no connection to PostgreSQL became free in time".into()),
        other => StoreError::Unavailable(format!("PostgreSQL: {other}")),
    })
}

/// A connection inside a transaction.
#[derive(Debug)]
pub(super) struct Session {
    client: Option<Object>,
    runtime: Handle,
    /// How the transaction begins, until it has.
    beginning: Option<Beginning>,
}

/// What goes before the first statement, and without waiting for an answer: that is one way to the server and back for all.
#[derive(Debug)]
struct Beginning {
    begin: &'static str,
    /// A lock that is held from before the first statement sees anything.
    lock: Option<(&'static str, Vec<Value>)>,
}

impl Session {
    /// Begins a transaction that may write.
    pub(super) async fn write(pool: &Pool) -> Result<Self, StoreError> {
        Self::begin(pool, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await
    }

    /// Begins a transaction that sees one state and cannot write.
    pub(super) async fn read(pool: &Pool) -> Result<Self, StoreError> {
        Self::begin(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    async fn begin(pool: &Pool, sql: &'static str) -> Result<Self, StoreError> {
        let beginning = Some(Beginning { begin: sql, lock: None });
        Ok(Self { client: Some(connection(pool).await?), runtime: Handle::current(), beginning })
    }

    /// Takes a lock: with the first statement, if there was none yet.
    pub(super) async fn lock(&mut self, sql: &'static str, args: &[Value]) -> Result<(), StoreError> {
        match &mut self.beginning {
            Some(beginning) if beginning.lock.is_none() => {
                beginning.lock = Some((sql, args.to_vec()));
                Ok(())
            }
            Some(_) | None => self.rows::<Nothing>(sql, args).await.map(drop),
        }
    }

    fn client(&self) -> Result<&Object, StoreError> {
        self.client.as_ref().ok_or_else(|| StoreError::Misuse("the transaction has ended".into()))
    }

    /// Reads rows with a statement that stays prepared.
    pub(super) async fn rows<R: FromRow>(&mut self, sql: &str, args: &[Value]) -> Result<Vec<R>, StoreError> {
        let beginning = self.beginning.take();
        let client = self.client()?;
        let rows = begun(client, beginning, prepared(client, sql, args)).await?;
        rows.iter().map(|row| R::from_row(&RowRef::postgres(row))).collect()
    }

    /// Reads rows with a text that was built at run time. It does not stay prepared: there is no end of such texts.
    pub(super) async fn rows_built<R: FromRow>(&mut self, sql: &str, args: &[Value]) -> Result<Vec<R>, StoreError> {
        let typed: Vec<(&(dyn ToSql + Sync), Type)> =
            args.iter().map(|value| (value as &(dyn ToSql + Sync), type_of(value))).collect();
        let beginning = self.beginning.take();
        let client = self.client()?;
        let read = async { client.query_typed(sql, &typed).await.map_err(|error| explain_error(&error, sql)) };
        let rows = begun(client, beginning, read).await?;
        rows.iter().map(|row| R::from_row(&RowRef::postgres(row))).collect()
    }

    /// Changes rows; says how many.
    pub(super) async fn run(&mut self, sql: &str, args: &[Value]) -> Result<u64, StoreError> {
        let beginning = self.beginning.take();
        let client = self.client()?;
        let wrong = |error: tokio_postgres::Error| explain_error(&error, sql);
        let run = async {
            let statement = client.prepare_cached(sql).await.map_err(wrong)?;
            let parameters = parameters(statement.params().len(), args, sql)?;
            client.execute(&statement, &parameters).await.map_err(wrong)
        };
        begun(client, beginning, run).await
    }

    /// Ends the transaction; the connection goes back to the pool.
    pub(super) async fn end(mut self, sql: &str) -> Result<(), StoreError> {
        if self.beginning.is_some() {
            drop(self.client.take());
            return Ok(()); // It never began.
        }
        self.client()?.batch_execute(sql).await.map_err(|error| explain_error(&error, sql))?;
        drop(self.client.take());
        Ok(())
    }
}

impl Drop for Session {
    /// Was dropped inside the transaction: the connection goes back to the pool after a rollback, and only then.
    fn drop(&mut self) {
        let Some(client) = self.client.take().filter(|_| self.beginning.is_none()) else { return };
        let undoing = Undoing(Some(client));
        self.runtime.spawn(async move {
            let mut undoing = undoing;
            if let Some(client) = &undoing.0
                && let Ok(Ok(())) = tokio::time::timeout(PATIENCE, client.batch_execute("ROLLBACK")).await
            {
                drop(undoing.0.take());
            }
        });
    }
}

/// A connection whose transaction is not over. Dropped, it is closed, and the server undoes the transaction.
struct Undoing(Option<Object>);

impl Drop for Undoing {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}

/// A row that says nothing.
struct Nothing;

impl FromRow for Nothing {
    fn from_row(_: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self)
    }
}

async fn prepared(client: &Object, sql: &str, args: &[Value]) -> Result<Vec<Row>, StoreError> {
    let wrong = |error: tokio_postgres::Error| explain_error(&error, sql);
    let statement = client.prepare_cached(sql).await.map_err(wrong)?;
    let parameters = parameters(statement.params().len(), args, sql)?;
    client.query(&statement, &parameters).await.map_err(wrong)
}

/// Runs a statement, after what the transaction begins with if it has not begun. The server takes one after the other; what
/// follows something that failed fails too, and the first of them says why.
async fn begun<T>(
    client: &Object,
    beginning: Option<Beginning>,
    statement: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let Some(Beginning { begin, lock }) = beginning else { return statement.await };
    let wrong = |error: tokio_postgres::Error| explain_error(&error, begin);
    // Prepared before anything is sent: once it is, all of it must go out in this order.
    let lock = match &lock {
        Some((sql, args)) => {
            let statement = client.prepare_cached(sql).await.map_err(wrong)?;
            let parameters = parameters(statement.params().len(), args, sql)?;
            Some((statement, parameters))
        }
        None => None,
    };
    let locked = async {
        match &lock {
            Some((statement, parameters)) => client.query(statement, parameters).await.map(drop),
            None => Ok(()),
        }
    };
    let (began, locked, done) = tokio::join!(biased; client.batch_execute(begin), locked, statement);
    began.and(locked).map_err(wrong)?;
    done
}

fn parameters<'a>(wanted: usize, args: &'a [Value], sql: &str) -> Result<Vec<&'a (dyn ToSql + Sync)>, StoreError> {
    if wanted != args.len() {
        let given = args.len();
        return Err(StoreError::Misuse(format!("{wanted} parameters are needed and {given} were given: {sql}")));
    }
    Ok(args.iter().map(|value| value as &(dyn ToSql + Sync)).collect())
}

fn type_of(value: &Value) -> Type {
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
fn with_cause(error: &tokio_postgres::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> SslMode {
        parse(url).map(|config| config.get_ssl_mode()).unwrap()
    }

    #[test]
    fn another_machine_is_reached_over_tls_unless_the_address_says_otherwise() {
        assert_eq!(mode("postgres://a:b@db.example.com/c"), SslMode::Require);
        assert_eq!(mode("postgres://a:b@db.example.com/c?sslmode=verify-full"), SslMode::Require);
        assert_eq!(mode("postgres://a:b@db.example.com/c?sslmode=disable"), SslMode::Disable);
        assert_eq!(mode("postgres://a:b@127.0.0.1:5433/c"), SslMode::Disable);
        assert_eq!(mode("postgres://a:b@localhost/c?sslmode=require"), SslMode::Require);
    }

    #[test]
    fn an_address_that_cannot_be_read_is_refused_without_repeating_the_password() {
        let error = parse("postgres://a:secret@host:port/x").unwrap_err().to_string();
        assert!(error.contains("address") && !error.contains("secret"), "{error}");
    }
}
