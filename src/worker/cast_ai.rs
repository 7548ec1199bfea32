//! Clusters are read from Cast AI, for each organization that gave a key, when it is due.

use super::pause;
use crate::app::{App, CastAiRound};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The pause between two looks at who is due.
const PAUSE: Duration = Duration::from_secs(20);

/// Reads until the work is to end.
pub(super) async fn run(app: &App, ending: &CancellationToken) {
    while !pause(PAUSE, ending).await {
        match app.read_due_clusters().await {
            Ok(round) if round == CastAiRound::default() => {}
            Ok(round) => tracing::debug!(?round, "read clusters from Cast AI"),
            Err(error) => tracing::warn!(%error, "reading clusters from Cast AI failed; the next round tries again"),
        }
    }
}
