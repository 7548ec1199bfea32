//! `castgate signing-keys`: the keys that sign what services behind the gateway verify.

use super::{Configuration, Failure, open};
use crate::app::{Rotated, Rotation};
use crate::cli::say::say;
use clap::Subcommand;
use std::process::ExitCode;

/// What `signing-keys` does.
#[derive(Debug, Subcommand)]
pub(super) enum SigningKeys {
    /// Makes the next signing key now, whatever `tokens.rotate_every` says.
    ///
    /// It is published at once and signs a quarter of an hour later, when everybody who keeps the published keys has read
    /// it; what the old key signed stays good. Running nodes notice within seconds. With the embedded database the gateway
    /// has to be stopped first.
    ///
    /// Example: castgate signing-keys rotate
    ///
    /// Example, when a key may have leaked: castgate signing-keys rotate --revoke-old
    Rotate {
        #[command(flatten)]
        configuration: Configuration,
        /// Sign with the new key at once, and take every older one back: what they signed is good no more. Services that keep the
        /// published keys refuse new tokens until they have read them again.
        #[arg(long)]
        revoke_old: bool,
    },
}

impl SigningKeys {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let Self::Rotate { configuration, revoke_old } = self;
        let app = open::app(open::settings(&configuration)?).await?;
        let how = if revoke_old { Rotation::RevokeOld } else { Rotation::Orderly };
        let Rotated { kid, signs_from } = app.rotate_signing_key(how).await?;
        match how {
            Rotation::Orderly => say!("The key {kid} is published and signs from {signs_from}."),
            Rotation::RevokeOld => say!("The key {kid} signs from now on; every older key is taken back."),
        }
        Ok(ExitCode::SUCCESS)
    }
}
