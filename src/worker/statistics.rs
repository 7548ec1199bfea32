//! PostgreSQL is made to count what has changed much, sooner than it would by itself.

use super::pause;
use crate::app::App;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The pause between two looks, each half a millisecond of the server's time: a first sync fills an empty table with hundreds of
/// rows meanwhile.
const PAUSE: Duration = Duration::from_millis(250);

/// Looks until the work is to end. The embedded store needs none of it.
pub(super) async fn run(app: &App, ending: &CancellationToken) {
    while app.store().is_postgres() && !ending.is_cancelled() {
        match app.store().count_again().await {
            Ok(0) => {}
            Ok(tables) => tracing::debug!(tables, "counted again"),
            Err(error) => tracing::warn!(%error, "counting what changed failed; the next round tries again"),
        }
        if pause(PAUSE, ending).await {
            return;
        }
    }
}
