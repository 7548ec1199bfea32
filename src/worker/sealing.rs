//! Events are sealed about a second after they happened.

use super::pause;
use crate::app::App;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The pause between two rounds,
const PAUSE: Duration = Duration::from_secs(1);
/// and the longest, while something has to be put right first.
const LONGEST: Duration = Duration::from_mins(1);

/// Seals until the work is to end, and what is left then.
pub(super) async fn run(app: &App, ending: &CancellationToken) {
    // At once after the start: what happened before the last end may have had nobody to seal it.
    let mut rest = Duration::ZERO;
    loop {
        let over = pause(rest, ending).await;
        let well = match app.seal_events().await {
            Ok(round) => {
                if round.events > 0 {
                    tracing::debug!(?round, "events sealed");
                }
                round.refused == 0
            }
            Err(error) => {
                tracing::warn!(%error, "sealing events failed; the next round tries again");
                false
            }
        };
        rest = if well { PAUSE } else { (rest * 2).min(LONGEST) };
        if over {
            return;
        }
    }
}
