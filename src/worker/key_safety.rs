//! Keys are looked at about a second after their owners' rights changed, and their uses written every few seconds.

use super::pause;
use crate::app::{App, ReviewRound};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The pause between two rounds,
const PAUSE: Duration = Duration::from_secs(1);
/// and how many of them lie between two writings of uses.
const WRITE_EVERY: u32 = 10;

/// Works until it is to end, and writes what was counted then.
pub(super) async fn run(app: &App, ending: &CancellationToken) {
    let mut rounds = 0_u32;
    loop {
        let over = pause(PAUSE, ending).await;
        rounds += 1;
        if (over || rounds.is_multiple_of(WRITE_EVERY))
            && let Err(error) = app.write_key_uses().await
        {
            tracing::warn!(%error, "uses of keys wait longer: the store does not take them");
        }
        if over {
            return;
        }
        match app.review_keys().await {
            Ok(round) if round == ReviewRound::default() => {}
            Ok(round) => tracing::debug!(?round, "looked at keys"),
            Err(error) => tracing::warn!(%error, "looking at keys failed; the next round goes on"),
        }
    }
}
