//! From time to time it is looked which providers have gone silent.

use super::pause;
use crate::app::{App, SilenceRound};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The pause between two looks. The shortest silence that anybody is told of is six hours.
const PAUSE: Duration = Duration::from_mins(15);

/// Looks until the work is to end.
pub(super) async fn run(app: &App, ending: &CancellationToken) {
    while !pause(PAUSE, ending).await {
        match app.look_for_silence().await {
            Ok(round) if round == SilenceRound::default() => {}
            Ok(round) => tracing::debug!(?round, "looked for silence"),
            Err(error) => tracing::warn!(%error, "looking for silence failed; the next round tries again"),
        }
    }
}
