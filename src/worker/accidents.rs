//! The breaker looks, a few seconds after a provider took something away, whether it took unusually much.

use super::pause;
use crate::app::{App, BreakerRound};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(5);

/// Works until it is to end.
pub(super) async fn run(app: &App, ending: &CancellationToken) {
    while !pause(PAUSE, ending).await {
        match app.look_for_accidents().await {
            Ok(round) if round == BreakerRound::default() => {}
            Ok(round) => tracing::debug!(?round, "looked for accidents"),
            Err(error) => tracing::warn!(%error, "looking for accidents failed; the next round tries again"),
        }
    }
}
