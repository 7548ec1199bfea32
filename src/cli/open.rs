//! From settings to a running [`App`].

use super::{Configuration, Failure};
use crate::{
    app::{App, Clock},
    cache::Cache,
    config::{Engine, Settings, Severity},
    crypto::{Sealer, keyring},
    store::Store,
};
use secrecy::ExposeSecret;

/// The settings of file and environment, if nothing about them is wrong. Warnings go to stderr.
pub(super) fn settings(configuration: &Configuration) -> Result<Settings, Failure> {
    let settings = Settings::load(configuration.config.as_deref(), std::env::vars())?;
    let findings = settings.check();
    let wrong = findings.iter().any(|finding| finding.severity == Severity::Error);
    for finding in &findings {
        eprintln!("castgate: {finding}");
    }
    if wrong { Err(Failure("the settings above have to be put right first".to_owned())) } else { Ok(settings) }
}

/// Opens store, keys and cache.
pub(super) async fn app(settings: Settings) -> Result<App, Failure> {
    let directory = &settings.store.data_directory;
    std::fs::create_dir_all(directory)
        .map_err(|error| Failure(format!("the data directory {} cannot be made: {error}", directory.display())))?;
    let sealer = Sealer::new(&keyring::load(&settings).await?)?;
    let store = match (settings.store.engine, &settings.store.postgres_url) {
        (Engine::Sqlite, _) => Store::open_sqlite(directory).await?,
        (Engine::Postgres, Some(url)) => {
            Store::open_postgres(url.expose_secret(), settings.store.postgres_pool).await?
        }
        (Engine::Postgres, None) => return Err(Failure("store.postgres_url is not set".to_owned())),
    };
    let cache = Cache::open(&settings.cache)?;
    let app = App::new(settings, store, cache, sealer, Clock::machine());
    app.prepare().await?;
    Ok(app)
}

/// Opens the store for reading beside a gateway that has it open, and the keys.
pub(super) async fn beside(settings: &Settings) -> Result<(Store, Sealer), Failure> {
    let store = match (settings.store.engine, &settings.store.postgres_url) {
        (Engine::Sqlite, _) => Store::read_sqlite(&settings.store.data_directory).await?,
        (Engine::Postgres, Some(url)) => Store::open_postgres(url.expose_secret(), 2).await?,
        (Engine::Postgres, None) => return Err(Failure("store.postgres_url is not set".to_owned())),
    };
    // After the store: a wrong directory gets no key file.
    Ok((store, Sealer::new(&keyring::load(settings).await?)?))
}
