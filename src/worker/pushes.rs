//! The provisioning log is written about a second after what it tells of, and kept in order every minute.

use super::pause;
use crate::app::App;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The pause between two rounds of writing,
const PAUSE: Duration = Duration::from_secs(1);
/// and how many of them lie between two rounds of counting and forgetting.
const KEEP_EVERY: u32 = 60;

/// Works until it is to end, and writes what waits then.
pub(super) async fn run(app: &App, ending: &CancellationToken) {
    let mut rounds = 0_u32;
    loop {
        let over = pause(PAUSE, ending).await;
        if let Err(error) = app.write_pushes().await {
            tracing::warn!(%error, "lines of the provisioning log wait longer: the store does not take them");
        }
        if over {
            return;
        }
        rounds += 1;
        if rounds.is_multiple_of(KEEP_EVERY) {
            match app.keep_pushes().await {
                Ok(round) if round == crate::app::PushRound::default() => {}
                Ok(round) => tracing::debug!(?round, "kept the provisioning log"),
                Err(error) => tracing::warn!(%error, "keeping the provisioning log failed; the next round tries again"),
            }
        }
    }
}
