//! Two organizations with sealed events, and a way to put everything back after somebody tampered with it.

use crate::postgres::fresh_database;
use castgate::{
    app::{App, Audit, Auditor, Checkpoint, Clock, NewOrganization},
    cache::Cache,
    config::Settings,
    crypto::{MasterKey, Sealer},
    model::{Event, EventId, EventKind, OrganizationId},
    store::{FromRow, Store, Value},
};
use serde_json::json;
use std::time::Duration;
use tempfile::TempDir;

/// The tables that a tamper may touch.
const TABLES: [&str; 4] = ["events", "event_subjects", "event_heads", "event_checkpoints"];

/// Events that each organization gets, beside those of its founding.
const EVENTS: usize = 117;

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) store: Store,
    pub(crate) organization: OrganizationId,
    pub(crate) other: OrganizationId,
    _directory: Option<TempDir>,
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open_sqlite(directory.path()).await.unwrap();
        Self::of(store, Some(directory)).await
    }

    pub(crate) async fn postgres() -> Option<Self> {
        let url = fresh_database().await?;
        Some(Self::of(Store::open_postgres(&url, 4).await.unwrap(), None).await)
    }

    async fn of(store: Store, directory: Option<TempDir>) -> Self {
        let clock = Clock::fixed("2026-11-21T08:30:00Z".parse().unwrap(), 7);
        let app = app(store.clone(), clock).await;
        let mut organizations = Vec::new();
        for slug in ["acme", "globex"] {
            let new = NewOrganization {
                slug: slug.to_owned(),
                name: slug.to_owned(),
                owner: format!("ada@{slug}.example"),
                accept_terms: true,
            };
            organizations.push(app.found_organization(&new).await.unwrap().organization.id);
        }
        let [organization, other] = organizations.try_into().unwrap();
        let world = Self { app, store, organization, other, _directory: directory };
        for number in 0..EVENTS {
            for organization in [&world.organization, &world.other] {
                world.happen(organization, number).await;
            }
            if number % 20 == 19 {
                world.seal().await;
            }
        }
        world.seal().await;
        world
    }

    pub(crate) fn engine(&self) -> &'static str {
        if self.store.is_postgres() { "PostgreSQL" } else { "SQLite" }
    }

    /// Something happens, as it does in a change.
    pub(crate) async fn happen(&self, organization: &OrganizationId, number: usize) {
        let clock = self.app.clock();
        clock.advance(Duration::from_secs(7));
        let event = Event {
            id: EventId::from_uuid(clock.uuid()),
            number: None,
            at: clock.now(),
            kind: EventKind::ALL[2 + number % 20],
            actor: "operator".to_owned(),
            request: clock.request(),
            subjects: (0..number % 4).map(|subject| format!("usr_{number}_{subject}")).collect(),
            subjects_in_all: None,
            detail: json!({"number": number}),
        };
        let mut tx = self.store.write("happen").await.unwrap();
        tx.insert_event(organization, &event).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Seals until nothing waits. On PostgreSQL a transaction of somebody else may hold it up for a moment.
    pub(crate) async fn seal(&self) {
        loop {
            self.app.seal_events().await.unwrap();
            let mut tx = self.store.read().await.unwrap();
            if tx.organization_to_seal("").await.unwrap().is_none() {
                return;
            }
            drop(tx);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn verify(&self, organization: &OrganizationId, anchors: &[Checkpoint]) -> Audit {
        let keys = self.app.audit_keys().unwrap();
        Auditor::new(&self.store, &keys).verify(organization, anchors, |_| {}).await.unwrap()
    }

    /// Writes what castgate would never write.
    pub(crate) async fn run(&self, sql: String, args: &[Value]) -> u64 {
        let mut tx = self.store.write("tamper").await.unwrap();
        let rows = tx.run(sql.leak(), args).await.unwrap();
        tx.commit().await.unwrap();
        rows
    }

    pub(crate) async fn rows<R: FromRow + Send>(&self, sql: String, args: &[Value]) -> Vec<R> {
        self.store.read().await.unwrap().all_built(sql, args.to_vec()).await.unwrap()
    }

    /// Remembers how things are.
    pub(crate) async fn remember(&self) {
        let mut tx = self.store.write("remember").await.unwrap();
        for table in TABLES {
            tx.run(format!("CREATE TABLE {table}_before AS SELECT * FROM {table}").leak(), &[]).await.unwrap();
        }
        tx.run("UPDATE organizations SET access_epoch = access_epoch", &[]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Puts everything back.
    pub(crate) async fn restore(&self) {
        let mut tx = self.store.write("restore").await.unwrap();
        for table in TABLES {
            tx.run(format!("DELETE FROM {table}").leak(), &[]).await.unwrap();
            tx.run(format!("INSERT INTO {table} SELECT * FROM {table}_before").leak(), &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

/// The use cases on a store.
pub(crate) async fn app(store: Store, clock: Clock) -> App {
    let settings = Settings::load(None, std::iter::empty()).unwrap();
    let cache = Cache::open(&settings.cache).unwrap();
    let sealer = Sealer::new(&[MasterKey::from_bytes([7; 32])]).unwrap();
    let app = App::new(settings, store, cache, sealer, clock);
    app.prepare().await.unwrap();
    app
}
