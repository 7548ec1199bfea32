//! PostgreSQL: a plain pool. It does its own group commit.

mod around;
mod asked;
mod together;
mod words;

use self::{
    around::{Around, Came, Later, ready},
    asked::{Answered, Ask, Record, questions},
    together::together,
    words::{explain_error, type_of, with_cause},
};
use super::dialect::writes;
use crate::store::{FromRow, RowRef, StoreError, Value};
pub(super) use around::Went;
use deadpool::managed::QueueMode;
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio_postgres::{
    Config, NoTls,
    config::{Host, SslMode},
    types::{ToSql, Type},
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a transaction waits for a connection, and a connection for the server.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the server does with those who take too long, in milliseconds; and that it compiles no statement: ours look at a few rows,
/// and where it takes them for many, compiling takes longer than running.
const LIMITS: &str = "SET statement_timeout = 15000; SET lock_timeout = 5000;
    SET idle_in_transaction_session_timeout = 30000; SET jit = off";

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
        // Whoever was used last has the most prepared and planned.
        .queue_mode(QueueMode::Lifo)
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
    beginning: Option<&'static str>,
    /// What goes out with the next statement that somebody waits for.
    later: Vec<Later>,
    /// What is asked with it.
    asks: Vec<Ask>,
    /// What was answered with the last statement.
    answered: Vec<Answered>,
    /// What nobody has asked about yet.
    went: Went,
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
        let (client, beginning) = (Some(connection(pool).await?), Some(sql));
        let (later, asks, answered) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { client, runtime: Handle::current(), beginning, later, asks, answered, went: Went::default() })
    }

    /// Takes a lock with the next statement, which sees what there is once it is held.
    pub(super) fn lock(&mut self, sql: &'static str, args: &[Value]) {
        self.later.push(Later { written: Vec::new(), sql, args: args.to_vec() });
        self.answered.clear();
    }

    /// Runs a statement with the next one that somebody waits for, before it and by the same message; at the latest with the commit.
    pub(super) fn later(&mut self, written: &'static str, sql: &'static str, args: &[Value]) {
        self.later.push(Later { written: vec![written], sql, args: args.to_vec() });
        self.answered.clear();
    }

    /// Asks with the next statement. Who asks the same before another goes out has the answer already.
    pub(super) fn ask(&mut self, sql: &'static str, args: Vec<Value>) {
        if self.place_of(sql, &args).is_none() {
            self.asks.push(Ask { sql, args });
        }
    }

    /// What went out since the last call.
    pub(super) fn went(&mut self) -> Went {
        std::mem::take(&mut self.went)
    }

    fn client(&self) -> Result<&Object, StoreError> {
        self.client.as_ref().ok_or_else(|| StoreError::Misuse("the transaction has ended".into()))
    }

    /// Reads rows with a statement that stays prepared; what is asked with a question is one with it.
    pub(super) async fn rows<R: FromRow>(&mut self, sql: &'static str, args: &[Value]) -> Result<Vec<R>, StoreError> {
        if !self.asks.is_empty() && !writes(sql) && self.place_of(sql, args).is_none() {
            if !self.asks.iter().any(|ask| ask.is(sql, args)) {
                self.asks.insert(0, Ask { sql, args: args.to_vec() });
            }
            let around = self.around();
            let came = around.run(self.client()?, std::future::ready(Ok(()))).await?;
            self.keep(came);
        }
        if let Some(place) = self.place_of(sql, args) {
            let (_, records) = self.answered.swap_remove(place);
            return records.iter().map(|Record(values)| R::from_row(&RowRef::values(values))).collect();
        }
        let around = self.around();
        let client = self.client()?;
        let (statement, parameters) = ready(client, sql, args).await?;
        let read = async { client.query(&statement, &parameters).await.map_err(|error| explain_error(&error, sql)) };
        let came = around.run(client, read).await?;
        self.keep(came).iter().map(|row| R::from_row(&RowRef::postgres(row))).collect()
    }

    /// Where the answer to a question lies that was asked with the last statement.
    fn place_of(&self, sql: &str, args: &[Value]) -> Option<usize> {
        self.answered.iter().position(|(ask, _)| ask.is(sql, args))
    }

    /// Reads rows with a text that was built at run time. It does not stay prepared: there is no end of such texts.
    pub(super) async fn rows_built<R: FromRow>(&mut self, sql: &str, args: &[Value]) -> Result<Vec<R>, StoreError> {
        let typed: Vec<(&(dyn ToSql + Sync), Type)> =
            args.iter().map(|value| (value as &(dyn ToSql + Sync), type_of(value))).collect();
        let around = self.around();
        let client = self.client()?;
        let read = async { client.query_typed(sql, &typed).await.map_err(|error| explain_error(&error, sql)) };
        let came = around.run(client, read).await?;
        self.keep(came).iter().map(|row| R::from_row(&RowRef::postgres(row))).collect()
    }

    /// Changes rows; says how many.
    pub(super) async fn run(&mut self, sql: &str, args: &[Value]) -> Result<u64, StoreError> {
        let around = self.around();
        let client = self.client()?;
        let (statement, parameters) = ready(client, sql, args).await?;
        let run = async { client.execute(&statement, &parameters).await.map_err(|error| explain_error(&error, sql)) };
        let came = around.run(client, run).await?;
        Ok(self.keep(came))
    }

    /// Makes the transaction last; the connection goes back to the pool. What went out with it.
    pub(super) async fn commit(mut self) -> Result<Went, StoreError> {
        self.end("COMMIT").await?;
        Ok(self.went())
    }

    /// Undoes the transaction; the connection goes back to the pool.
    pub(super) async fn rollback(mut self) -> Result<(), StoreError> {
        self.later.clear();
        self.end("ROLLBACK").await
    }

    async fn end(&mut self, sql: &str) -> Result<(), StoreError> {
        self.asks.clear();
        if self.beginning.is_some() && self.later.is_empty() {
            drop(self.client.take());
            return Ok(()); // It never began.
        }
        let around = self.around();
        let client = self.client()?;
        let ended = async { client.batch_execute(sql).await.map_err(|error| explain_error(&error, sql)) };
        // The server makes a rollback of a commit behind something that failed, and says nothing: what failed does.
        let came = around.run(client, ended).await?;
        drop(self.client.take());
        self.keep(came);
        Ok(())
    }

    /// What goes out with the next statement. From now on the transaction has begun, and what was answered before may be old.
    fn around(&mut self) -> Around {
        self.answered.clear();
        let (later, asks) = (std::mem::take(&mut self.later), std::mem::take(&mut self.asks));
        Around { beginning: self.beginning.take(), later: together(later), questions: questions(asks) }
    }

    fn keep<T>(&mut self, came: Came<T>) -> T {
        let Came { done, went, answered } = came;
        self.went.statements.extend(went);
        self.went.ways += 1;
        self.answered = answered;
        done
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
