//! Letters are sent as they come.

use super::pause;
use crate::app::{App, LettersRound};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The pause between two looks at the post.
const PAUSE: Duration = Duration::from_secs(1);

/// Sends until the work is to end. What a round does not get to, or a node dies with, is due again.
pub(super) async fn run(app: &App, ending: &CancellationToken) {
    loop {
        match app.send_letters().await {
            Ok(round) if round == LettersRound::default() => {}
            Ok(round) => tracing::debug!(?round, "sent letters"),
            Err(error) => tracing::warn!(%error, "sending letters failed; the next round tries again"),
        }
        if pause(PAUSE, ending).await {
            return;
        }
    }
}
