//! `castgate mapping check`: a mapping looked at without a gateway, for an editor or a pipeline.

use super::Failure;
use crate::cli::say::say;
use crate::{
    app::Clock,
    mapping::{KnownCluster, Severity, Vocabulary, check},
    model::ClusterId,
};
use std::{path::PathBuf, process::ExitCode};

/// What a check without a gateway is told.
#[derive(Debug, clap::Args)]
#[group(skip)] // the command that these belong to has a group of this name
pub(super) struct Check {
    /// The mapping config.
    pub(super) file: PathBuf,
    /// A connection that the organization has; repeat it for several.
    #[arg(long = "connection", value_name = "NAME")]
    connections: Vec<String>,
    /// A cluster that the organization has; repeat it for several.
    #[arg(long = "cluster", value_name = "SLUG")]
    clusters: Vec<String>,
}

impl Check {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let Self { file, connections, clusters } = self;
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
