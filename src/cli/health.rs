//! `castgate health`: asks the gateway of these settings whether it is ready.

use super::{Configuration, Failure};
use crate::cli::say::say;
use crate::{config::Settings, http};
use std::process::ExitCode;

pub(super) async fn run(configuration: &Configuration) -> Result<ExitCode, Failure> {
    let settings = Settings::load(configuration.config.as_deref(), std::env::vars())?;
    let listen = settings.server.listen;
    let status = http::probe(&settings, "/readyz")
        .await
        .map_err(|error| Failure(format!("not ready: nobody answers on {listen}: {error}")))?;
    if status == 200 {
        say!("ready");
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure(format!("not ready: /readyz answers {status}")))
}
