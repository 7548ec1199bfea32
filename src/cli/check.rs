//! `castgate check`: what is wrong with the settings.

use super::{Configuration, Failure};
use crate::cli::say::say;
use crate::{
    app::Clock,
    config::{DEFAULT, Settings, Severity},
    http,
};
use std::process::ExitCode;

/// What `check` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    #[command(flatten)]
    configuration: Configuration,
    /// Print the documented defaults instead: a file to begin with.
    #[arg(long)]
    defaults: bool,
}

impl Check {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        if self.defaults {
            say!("{}", DEFAULT.trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        let settings = Settings::load(self.configuration.config.as_deref(), std::env::vars())?;
        let mut findings = settings.check();
        findings.extend(http::check_tls(&settings, Clock::machine().now()));
        for finding in &findings {
            say!("{finding}");
        }
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        match (errors, findings.len()) {
            (0, 0) => say!("The settings are right."),
            (0, warnings) => say!("The settings work; {warnings} to think about above."),
            (errors, _) => say!("{errors} to put right above before castgate starts."),
        }
        Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
