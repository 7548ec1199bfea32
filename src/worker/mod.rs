//! Line 9: work that nobody waits for, done by every node at its own pace.
//!
//! Each round asks the app to keep house: close what has expired, tell what waits in the outbox, forget what is long over.
//! A round that fails is logged and the next one tries again; nothing in it is lost, because all of it is rows.

use crate::{app::App, telemetry};
use std::{future::Future, time::Duration};

/// The pause between two rounds.
const PAUSE: Duration = Duration::from_secs(15);

/// Works until `shutdown` is over.
pub async fn run(app: App, shutdown: impl Future<Output = ()>) {
    tokio::pin!(shutdown);
    loop {
        let round = app.keep_house().await;
        telemetry::metrics().round(round.is_ok());
        match round {
            Ok(round) if round == crate::app::Round::default() => {}
            Ok(round) => tracing::debug!(?round, "kept house"),
            Err(error) => tracing::warn!(%error, "keeping house failed; the next round tries again"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = &mut shutdown => return,
        }
    }
}
