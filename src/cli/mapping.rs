//! `castgate mapping check`: a mapping looked at without a gateway, for an editor or a pipeline.

use super::Failure;
use crate::cli::say::say;
use crate::{
    app::Clock,
    mapping::{KnownCluster, Severity, Vocabulary, check},
    model::ClusterId,
};
use clap::Subcommand;
use std::{path::PathBuf, process::ExitCode};

/// What `mapping` does.
#[derive(Debug, Subcommand)]
pub(super) enum Mapping {
    /// Says every mistake with its line and column, warns of what is probably not meant, and runs the mapping's own tests.
    ///
    /// Example: castgate mapping check mapping.yaml --connection okta --cluster prod-eu --cluster staging-eu
    Check {
        /// The mapping config.
        file: PathBuf,
        /// A connection that the organization has; repeat it for several.
        #[arg(long = "connection", value_name = "NAME")]
        connections: Vec<String>,
        /// A cluster that the organization has; repeat it for several.
        #[arg(long = "cluster", value_name = "SLUG")]
        clusters: Vec<String>,
    },
}

impl Mapping {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let Self::Check { file, connections, clusters } = self;
        let text = std::fs::read_to_string(&file)
            .map_err(|error| Failure(format!("{} cannot be read: {error}", file.display())))?;
        let clock = Clock::machine();
        let known = |slug: String| KnownCluster { id: ClusterId::from_uuid(clock.uuid()), slug, external_id: None };
        let words =
            Vocabulary { connections, clusters: clusters.into_iter().map(known).collect(), ..Vocabulary::default() };
        let checked = check(&text, &words, clock.now());
        for diagnostic in &checked.diagnostics {
            say!("{diagnostic}\n");
        }
        let errors = checked.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
        let Some(mapping) = checked.mapping else {
            say!("{errors} to put right above.");
            return Ok(ExitCode::FAILURE);
        };
        say!("{}: {} rules, and its tests hold.", file.display(), mapping.rule_names().count());
        Ok(ExitCode::SUCCESS)
    }
}
