//! `castgate health`: asks the gateway of these settings whether it is ready.

use super::{Configuration, Failure};
use crate::cli::say::say;
use crate::{config::Settings, net};
use std::process::ExitCode;

pub(super) async fn run(configuration: &Configuration) -> Result<ExitCode, Failure> {
    let settings = Settings::load(configuration.config.as_deref(), std::env::vars())?;
    let policy = net::Policy { allow_private_addresses: true, ..net::Policy::default() };
    // The gateway on this machine, whatever address it listens on.
    let address = format!("http://127.0.0.1:{}/readyz", settings.server.listen.port());
    let answer = net::Client::new(policy).get(&address).await?;
    if answer.status.is_success() {
        say!("ready");
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure(format!("not ready: {} answers {}", address, answer.status)))
}
