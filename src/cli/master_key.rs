//! `castgate master-key`: the keys under which secrets lie in the store.

use super::{Configuration, Failure, open};
use crate::{
    app::KeyUse,
    cli::say::say,
    config::KeysFrom,
    crypto::{MasterKey, keyfile},
};
use clap::Subcommand;
use serde_json::json;
use std::process::ExitCode;

/// What `master-key` does.
#[derive(Debug, Subcommand)]
pub(super) enum MasterKeys {
    /// Puts a new master key in front of the others in the key file. A running gateway takes it within seconds, and seals everything
    /// again under it.
    ///
    /// Example: castgate master-key rotate
    Rotate(Configuration),
    /// Says which keys there are, and what is sealed with each.
    ///
    /// Example: castgate master-key status --json
    Status {
        #[command(flatten)]
        configuration: Configuration,
        /// As one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Prints a new key, for a vault or an environment variable. It is not stored.
    ///
    /// Example: castgate master-key new
    New,
}

impl MasterKeys {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Rotate(configuration) => rotate(&configuration),
            Self::Status { configuration, json } => status(&configuration, json).await,
            Self::New => {
                say!("{}", MasterKey::generate()?.to_hex().as_str());
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn rotate(configuration: &Configuration) -> Result<ExitCode, Failure> {
    let settings = open::settings(configuration)?;
    match settings.keys.source {
        KeysFrom::File => {}
        KeysFrom::Environment | KeysFrom::Command => {
            return Err(Failure(
                "the keys are not in a file of castgate's (keys.source): put a new one (castgate master-key new) in front \
                 of the others where they are, and send castgate SIGHUP (command) or restart it (environment)"
                    .to_owned(),
            ));
        }
    }
    let directory = &settings.store.data_directory;
    keyfile::rotate(directory)?;
    say!("A new master key stands in front in {}.", directory.join(keyfile::FILE_NAME).display());
    say!(
        "A running gateway takes it within seconds and seals everything again. When `castgate master-key status` shows 0 values"
    );
    say!(
        "under an old key, its line may be removed. Back the file up now: what is sealed from now on needs the new key."
    );
    Ok(ExitCode::SUCCESS)
}

async fn status(configuration: &Configuration, as_json: bool) -> Result<ExitCode, Failure> {
    let (store, sealer) = open::beside(&open::settings(configuration)?).await?;
    let uses = KeyUse::of(&store, &sealer).await?;
    for key in &uses {
        if as_json {
            say!("{}", json!(key));
            continue;
        }
        let what = match (key.present, key.seals, key.values) {
            (false, _, _) => "missing: put it back",
            (true, true, _) => "seals",
            (true, false, 0) => "is not needed any more and may be removed",
            (true, false, _) => "still needed",
        };
        say!("{}  {} values  {what}", key.id, key.values);
    }
    Ok(if KeyUse::missing(&uses).is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
