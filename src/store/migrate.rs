//! Migrations: numbered SQL files, each applied once, in one transaction, and never changed afterwards.

use super::{
    StoreError,
    engine::{Dialect, statements},
};

/// One file of SQL.
#[derive(Debug, Clone, Copy)]
pub(super) struct Migration {
    /// Its number; they count from 1 without gaps.
    pub(super) version: i64,
    /// What it is about.
    pub(super) name: &'static str,
    /// Its text.
    pub(super) sql: &'static str,
}

/// All of them, in order.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "foundation", sql: include_str!("migrations/001_foundation.sql") },
    Migration { version: 2, name: "idempotency", sql: include_str!("migrations/002_idempotency.sql") },
    Migration { version: 3, name: "service accounts", sql: include_str!("migrations/003_service_accounts.sql") },
    Migration { version: 4, name: "signing keys", sql: include_str!("migrations/004_signing_keys.sql") },
    Migration { version: 5, name: "sealing", sql: include_str!("migrations/005_sealing.sql") },
    Migration { version: 6, name: "provisioning log", sql: include_str!("migrations/006_provisioning_log.sql") },
    Migration { version: 7, name: "provider auth", sql: include_str!("migrations/007_provider_auth.sql") },
    Migration { version: 8, name: "invitations", sql: include_str!("migrations/008_invitations.sql") },
    Migration { version: 9, name: "extension schemas", sql: include_str!("migrations/009_extension_schemas.sql") },
    Migration { version: 10, name: "saml", sql: include_str!("migrations/010_saml.sql") },
    Migration { version: 11, name: "sign-in trace", sql: include_str!("migrations/011_sign_in_trace.sql") },
    Migration { version: 12, name: "oidc end", sql: include_str!("migrations/012_oidc_end.sql") },
    Migration { version: 13, name: "keys", sql: include_str!("migrations/013_keys.sql") },
    Migration { version: 14, name: "passwords", sql: include_str!("migrations/014_passwords.sql") },
    Migration { version: 15, name: "access reviews", sql: include_str!("migrations/015_access_reviews.sql") },
    Migration { version: 16, name: "plans", sql: include_str!("migrations/016_plans.sql") },
    Migration { version: 17, name: "why", sql: include_str!("migrations/017_why.sql") },
    Migration { version: 18, name: "signals", sql: include_str!("migrations/018_signals.sql") },
    Migration { version: 19, name: "erasure", sql: include_str!("migrations/019_erasure.sql") },
    Migration { version: 20, name: "habits", sql: include_str!("migrations/020_habits.sql") },
    Migration { version: 21, name: "signal order", sql: include_str!("migrations/021_signal_order.sql") },
    Migration { version: 22, name: "cast ai", sql: include_str!("migrations/022_cast_ai.sql") },
    Migration { version: 23, name: "webhook dues", sql: include_str!("migrations/023_webhook_dues.sql") },
];

/// Any number will do, as long as every castgate takes the same one: the lock that a migrating process holds.
const ADVISORY_LOCK: i64 = 0x6361_7374_6761_7465;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum BIGINT NOT NULL);";
const APPLIED: &str = "SELECT version, name, checksum FROM schema_migrations ORDER BY version";

/// What the database says was applied: version, name, checksum.
type Applied = (i64, String, i64);

impl Migration {
    /// FNV-1a of the text: enough to see that a file was edited, which is all it is for.
    fn checksum(&self) -> i64 {
        let hash =
            self.sql.bytes().filter(|byte| *byte != b'\r').fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
        hash.cast_signed()
    }
}

/// What is still to be applied, or why this binary must keep its hands off the database.
fn pending(known: &'static [Migration], applied: &[Applied]) -> Result<&'static [Migration], StoreError> {
    for (version, name, checksum) in applied {
        let Some(migration) = known.iter().find(|migration| migration.version == *version) else {
            return Err(StoreError::Migration(format!(
                "the database was last used by a newer castgate (it has migration {version}, “{name}”, which this one \
                 does not know); start the newer one"
            )));
        };
        if migration.checksum() != *checksum {
            return Err(StoreError::Migration(format!(
                "migration {version}, “{name}”, is not the one that was applied to this database; use the castgate that \
                 made the database, or a later release of it"
            )));
        }
    }
    known.get(applied.len()..).ok_or_else(|| StoreError::Migration("the list of applied migrations has gaps".into()))
}

fn failed(migration: &Migration, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Migration(format!(
        "migration {}, “{}”, could not be applied: {error}",
        migration.version, migration.name
    ))
}

/// The number of the newest migration that an SQLite database has.
pub(super) fn version(connection: &rusqlite::Connection) -> Result<i64, StoreError> {
    let version = connection.query_row("SELECT COALESCE(MAX(version), 0) FROM schema_migrations", [], |row| row.get(0));
    version.map_err(|error| StoreError::Unavailable(format!("the database cannot be read: {error}")))
}

/// Refuses an SQLite database that is not up to date.
pub(super) fn is_current(connection: &rusqlite::Connection, known: &'static [Migration]) -> Result<(), StoreError> {
    let unreadable = |error: rusqlite::Error| StoreError::Unavailable(format!("the database cannot be read: {error}"));
    if pending(known, &applied(connection).map_err(unreadable)?)?.is_empty() {
        return Ok(());
    }
    Err(StoreError::Migration(
        "the database was last used by an older castgate; start this one on it once, it brings it up to date"
            .to_owned(),
    ))
}

fn applied(connection: &rusqlite::Connection) -> rusqlite::Result<Vec<Applied>> {
    connection.prepare(APPLIED).and_then(|mut select| {
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()
    })
}

/// Brings an SQLite database up to date.
pub(super) fn sqlite(connection: &mut rusqlite::Connection, known: &'static [Migration]) -> Result<(), StoreError> {
    let unreadable = |error: rusqlite::Error| StoreError::Unavailable(format!("the database cannot be read: {error}"));
    connection.execute_batch(TABLE).map_err(unreadable)?;
    let applied = applied(connection).map_err(unreadable)?;
    for migration in pending(known, &applied)? {
        let apply = |connection: &mut rusqlite::Connection| {
            let transaction = connection.transaction()?;
            for statement in statements(migration.sql, Dialect::Sqlite) {
                transaction.execute_batch(&statement)?;
            }
            transaction.execute(
                "INSERT INTO schema_migrations (version, name, checksum) VALUES (?1, ?2, ?3)",
                (migration.version, migration.name, migration.checksum()),
            )?;
            transaction.commit()
        };
        apply(connection).map_err(|error| failed(migration, &error))?;
        tracing::info!(version = migration.version, name = migration.name, "migration applied");
    }
    Ok(())
}

/// Brings a PostgreSQL database up to date; of several processes that start at once, one does it and the others wait.
pub(super) async fn postgres(client: deadpool_postgres::Object, known: &'static [Migration]) -> Result<(), StoreError> {
    // Taken out of the pool, so that its end, however it comes, gives the lock back.
    let mut client = deadpool_postgres::Object::take(client);
    let unreadable = |error: tokio_postgres::Error| {
        StoreError::Unavailable(format!("the database cannot be read: {}", told(&error)))
    };
    client.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").await.map_err(unreadable)?;
    client.execute("SELECT pg_advisory_lock($1)", &[&ADVISORY_LOCK]).await.map_err(unreadable)?;
    for statement in statements(TABLE, Dialect::Postgres) {
        client.batch_execute(&statement).await.map_err(unreadable)?;
    }
    let rows = client.query(APPLIED, &[]).await.map_err(unreadable)?;
    let applied: Vec<Applied> = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
        .collect::<Result<_, tokio_postgres::Error>>()
        .map_err(unreadable)?;
    for migration in pending(known, &applied)? {
        apply(&mut client, migration).await.map_err(|error| failed(migration, &told(&error)))?;
        tracing::info!(version = migration.version, name = migration.name, "migration applied");
    }
    client.execute("SELECT pg_advisory_unlock($1)", &[&ADVISORY_LOCK]).await.map_err(unreadable)?;
    Ok(())
}

async fn apply(client: &mut tokio_postgres::Client, migration: &Migration) -> Result<(), tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    for statement in statements(migration.sql, Dialect::Postgres) {
        transaction.batch_execute(&statement).await?;
    }
    transaction
        .execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
            &[&migration.version, &migration.name, &migration.checksum()],
        )
        .await?;
    transaction.commit().await
}

fn told(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |told| told.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::Holder,
        store::{Store, testing},
    };

    const ONE: Migration = Migration { version: 1, name: "one", sql: "CREATE TABLE one (a TEXT);" };
    const TWO: Migration =
        Migration { version: 2, name: "two", sql: "CREATE TABLE two (a TEXT); CREATE INDEX two_a ON two (a);" };
    const OTHER: Migration = Migration { version: 1, name: "one", sql: "CREATE TABLE one (a BIGINT);" };
    const BROKEN: Migration =
        Migration { version: 2, name: "two", sql: "CREATE TABLE two (a TEXT); CREATE TABLE one (a TEXT);" };

    /// Opens one database again and again with different migrations; says what went wrong each time.
    async fn story(open: impl AsyncFn(&'static [Migration]) -> Result<Store, StoreError>) -> String {
        let mut told = Vec::new();
        for known in [&[ONE][..], &[ONE, BROKEN], &[ONE, TWO], &[ONE, TWO], &[ONE], &[OTHER, TWO]] {
            told.push(match open(known).await {
                Ok(_) => "opened".to_owned(),
                Err(error) => error.to_string(),
            });
        }
        told.join("\n")
    }

    #[tokio::test]
    async fn migrations_are_applied_once_and_misfits_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let told = story(async |known| Store::open_sqlite_with(directory.path(), known).await).await;
        insta::assert_snapshot!(told);
        if let Some(url) = testing::fresh_database().await {
            let same = story(async |known| Store::open_postgres_with(&url, 1, known).await).await;
            let (broken, known) = (1, "relation \"one\" already exists");
            assert_eq!(
                same.lines().nth(broken),
                Some(format!("migration 2, “two”, could not be applied: {known}").as_str())
            );
            let without = |text: &str| {
                text.lines().enumerate().filter(|(at, _)| *at != broken).map(|(_, l)| l.to_owned()).collect::<Vec<_>>()
            };
            assert_eq!(without(&same), without(&told));
        }
    }

    /// What lies in the tables when the next migration comes: a row for every table, for each migration in turn.
    const SAMPLES: &[&str] = &[
        include_str!("migrations/001_foundation.sample.sql"),
        include_str!("migrations/002_idempotency.sample.sql"),
        include_str!("migrations/003_service_accounts.sample.sql"),
        include_str!("migrations/004_signing_keys.sample.sql"),
        include_str!("migrations/005_sealing.sample.sql"),
        include_str!("migrations/006_provisioning_log.sample.sql"),
        include_str!("migrations/007_provider_auth.sample.sql"),
        include_str!("migrations/008_invitations.sample.sql"),
        include_str!("migrations/009_extension_schemas.sample.sql"),
        include_str!("migrations/010_saml.sample.sql"),
        include_str!("migrations/011_sign_in_trace.sample.sql"),
        include_str!("migrations/012_oidc_end.sample.sql"),
        include_str!("migrations/013_keys.sample.sql"),
        include_str!("migrations/014_passwords.sample.sql"),
        include_str!("migrations/015_access_reviews.sample.sql"),
        include_str!("migrations/016_plans.sample.sql"),
        include_str!("migrations/017_why.sample.sql"),
        include_str!("migrations/018_signals.sample.sql"),
        include_str!("migrations/019_erasure.sample.sql"),
        include_str!("migrations/020_habits.sample.sql"),
        include_str!("migrations/021_signal_order.sample.sql"),
        include_str!("migrations/022_cast_ai.sample.sql"),
        include_str!("migrations/023_webhook_dues.sample.sql"),
    ];

    async fn fill(store: &Store, sample: &'static str) {
        let mut tx = store.write("sample").await.unwrap();
        let lines = sample.lines().filter(|line| line.starts_with("INSERT"));
        for statement in lines.map(|line| line.trim_end_matches(';')) {
            tx.run(statement, &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Every migration meets a database with rows in all its tables, and what it leaves can be read as what it is.
    async fn migrate_filled(open: impl AsyncFn(&'static [Migration]) -> Store) {
        for (count, sample) in SAMPLES.iter().enumerate() {
            fill(&open(&MIGRATIONS[..=count]).await, sample).await;
        }
        let store = open(MIGRATIONS).await;
        let mut tx = store.read().await.unwrap();
        let organization = tx.organization_by_slug("acme").await.unwrap().unwrap().id;
        let user = &tx.users_after(&organization, "", 10).await.unwrap()[0];
        assert_eq!(user.user_name, "Ada@acme.example");
        let reaching = tx.bindings_reaching(&organization, &user.id).await.unwrap();
        assert_eq!(reaching.len(), 1, "the open one, through the group");
        assert_eq!(tx.events(&organization, None, "", 10).await.unwrap().len(), 2);
        let keys = tx.api_keys_of(&organization, &Holder::User(user.id.clone())).await.unwrap();
        assert_eq!((keys.len(), keys[0].rights.as_ref()), (1, None), "a key from before rights carries all");
        let account = &tx.service_accounts_after(&organization, "", 10).await.unwrap()[0];
        assert_eq!(tx.api_keys_of(&organization, &Holder::ServiceAccount(account.id.clone())).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn the_real_migrations_run_on_databases_with_rows_on_both_engines() {
        assert_eq!(SAMPLES.len(), MIGRATIONS.len(), "every migration comes with its sample");
        let directory = tempfile::tempdir().unwrap();
        migrate_filled(async |known| Store::open_sqlite_with(directory.path(), known).await.unwrap()).await;
        if let Some(url) = testing::fresh_database().await {
            migrate_filled(async |known| Store::open_postgres_with(&url, 1, known).await.unwrap()).await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_several_processes_that_start_at_once_one_migrates() {
        let Some(url) = testing::fresh_database().await else { return };
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let url = url.clone();
                tokio::spawn(async move { Store::open_postgres(&url, 1).await.map(drop) })
            })
            .collect();
        for start in starts {
            assert_eq!(start.await.unwrap(), Ok(()));
        }
    }
}
