//! `castgate terms`: the documents that everybody accepts, by somebody at the machine itself.

use super::{Configuration, Failure, open};
use crate::cli::say::say;
use std::process::ExitCode;

/// Publishes the documents of the settings where they changed, as each start of a gateway does, and shows what is in force.
pub(super) async fn run(configuration: &Configuration) -> Result<ExitCode, Failure> {
    // Opening publishes.
    let app = open::app(open::settings(configuration)?).await?;
    let now = app.clock().now();
    for document in app.terms().await? {
        let binding = match document.binding_from <= now {
            true => "in force",
            false => "published; older acceptances hold until then",
        };
        let letters = document.text.chars().count();
        say!(
            "{:<8} version {}  from {}  {letters} letters  {binding}",
            document.kind,
            document.version,
            document.binding_from
        );
    }
    say!("Who has accepted them: GET /api/v1/terms/people, or the people's own /terms.");
    Ok(ExitCode::SUCCESS)
}
