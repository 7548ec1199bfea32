//! `castgate backup` and `castgate restore`: the embedded database as one file, and back.

use super::{Configuration, Failure, open};
use crate::config::KeysFrom;
use crate::{
    app::{Clock, backup},
    cli::say::say,
    config::{Engine, Settings},
    crypto::{Sealer, keyfile, keyring},
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{path::PathBuf, process::ExitCode};

/// What `backup` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    #[command(flatten)]
    configuration: Configuration,
    /// The file to make; it must not exist. Its manifest is made beside it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// What `restore` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    #[command(flatten)]
    configuration: Configuration,
    /// The file that `castgate backup` made, its manifest beside it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

fn only_sqlite(settings: &Settings, tool: &str) -> Result<(), Failure> {
    match settings.store.engine {
        Engine::Sqlite => Ok(()),
        Engine::Postgres => Err(Failure(format!("the store is PostgreSQL, which brings its own tool: {tool}"))),
    }
}

impl Backup {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let settings = open::settings(&self.configuration)?;
        let file = self.file.display();
        only_sqlite(&settings, &format!("pg_dump --format=custom --file={file} \"$CASTGATE_STORE__POSTGRES_URL\""))?;
        let style = ProgressStyle::with_template("{pos} of {len} pages {wide_bar} {eta}")?;
        let bar = ProgressBar::new(0).with_style(style);
        let told = bar.clone();
        let progress = move |done, all| {
            told.set_length(all);
            told.set_position(done);
        };
        let directory = &settings.store.data_directory;
        let manifest = backup::back_up(directory, &self.file, Clock::machine().now(), progress).await?;
        bar.finish_and_clear();
        say!("{file}: {} bytes, schema {}, SHA-256 {}", manifest.bytes, manifest.schema, manifest.sha256);
        for held in &manifest.organizations {
            say!("  {}: {}", held.slug, users(held.users));
        }
        say!("What it holds is described in {}.", backup::manifest_path(&self.file).display());
        match settings.keys.source {
            KeysFrom::File => say!(
                "The master key is not in it: keep {} elsewhere, without it the secrets in the backup cannot be opened.",
                directory.join(keyfile::FILE_NAME).display()
            ),
            KeysFrom::Environment | KeysFrom::Command => {
                say!(
                    "The master key is not in it: without the keys of [keys] the secrets in the backup cannot be opened."
                );
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let settings = open::settings(&self.configuration)?;
        let file = self.file.display();
        only_sqlite(&settings, &format!("pg_restore --dbname=\"$CASTGATE_STORE__POSTGRES_URL\" {file}"))?;
        let directory = &settings.store.data_directory;
        let key_file = directory.join(keyfile::FILE_NAME);
        if settings.keys.source == KeysFrom::File && !key_file.is_file() {
            return Err(Failure(format!(
                "put the master key of the backed-up castgate into {} first: without it nothing that is sealed can be opened",
                key_file.display()
            )));
        }
        let sealer = Sealer::new(&keyring::load(&settings).await?)?;
        let manifest = backup::restore(&self.file, directory, &sealer).await?;
        say!("{} holds what was there at {}:", directory.display(), manifest.at);
        for held in &manifest.organizations {
            say!("  {}: {}; its events are as they were sealed", held.slug, users(held.users));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn users(count: i64) -> String {
    if count == 1 { "1 user".to_owned() } else { format!("{count} users") }
}
