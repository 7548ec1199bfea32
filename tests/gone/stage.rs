//! One castgate on one store, for all tenants of a run; its post.

use crate::{
    postgres::fresh_database,
    world::{Client, World},
};
use castgate::{app::Clock, store::Store};
use std::{fs, path::PathBuf, time::Duration};
use tempfile::TempDir;
use tokio::sync::Mutex;

/// 2026-11-22T08:00:00Z.
const BEGINNING: &str = "2026-11-22T08:00:00Z";
/// A remembered visit lives for longer than any way takes: what is not told to the caches is seen, however slow the machine is.
const LEASE: &str = "5m";

pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) engine: &'static str,
    letters: Mutex<Vec<String>>,
}

/// Runs a test on each store that there is, at the same time.
pub(crate) async fn everywhere(test: impl AsyncFn(&'static Stage)) {
    let directory = TempDir::new().unwrap();
    let store = Store::open_sqlite(directory.path()).await.unwrap();
    let first = test(Stage::set((store, directory), "SQLite").await);
    let Some(url) = fresh_database().await else { return first.await };
    let store = Store::open_postgres(&url, 8).await.unwrap();
    let second = test(Stage::set((store, TempDir::new().unwrap()), "PostgreSQL").await);
    tokio::join!(first, second);
}

impl Stage {
    /// It stays until the process ends: ways run as tasks of their own.
    async fn set(store: (Store, TempDir), engine: &'static str) -> &'static Self {
        let clock = Clock::fixed(BEGINNING.parse().unwrap(), 7);
        let world = Box::pin(World::on(store, clock, |settings| {
            let off = "0/s".parse().unwrap();
            settings.limits.api = off;
            settings.limits.scim = off;
            settings.limits.address = off;
            settings.limits.connections = 0;
            settings.passwords.attempts = 10_000;
            settings.passwords.address_attempts = 10_000;
            settings.cache.lease = LEASE.parse().unwrap();
        }))
        .await;
        Box::leak(Box::new(Self { world, engine, letters: Mutex::default() }))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.world.client
    }

    pub(crate) fn now(&self) -> castgate::model::Instant {
        self.world.app.clock().now()
    }

    /// What happens from now on is later than what was.
    pub(crate) fn later(&self) {
        self.world.app.clock().advance(Duration::from_millis(10));
    }

    fn mail(&self) -> PathBuf {
        self.world.app.settings().store.data_directory.join("mail")
    }

    /// The token behind `before` in the newest letter to somebody.
    pub(crate) async fn letter(&self, to: &str, before: &str) -> String {
        let mut letters = self.letters.lock().await;
        for _ in 0..500 {
            self.world.app.send_letters().await.unwrap();
            for letter in fs::read_dir(self.mail()).into_iter().flatten() {
                let path = letter.unwrap().path();
                // One that is being written this moment is read the next time.
                let Ok(text) = fs::read_to_string(&path) else { continue };
                letters.push(text.replace("=\r\n", "").replace("=3D", "="));
                fs::remove_file(path).unwrap();
            }
            let theirs = |letter: &String| letter.contains(to) && letter.contains(before);
            if let Some(place) = letters.iter().rposition(theirs) {
                let letter = letters.remove(place);
                let (_, after) = letter.split_once(before).unwrap();
                return after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no letter to {to} with {before}")
    }
}
