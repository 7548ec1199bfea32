//! Webhooks are told about a second after something happened, each by itself.

use super::pause;
use crate::app::App;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The pause between two looks at who has something to be told.
const PAUSE: Duration = Duration::from_millis(500);

/// Tells until the work is to end. What is under way then is sent again, under the same id.
pub(super) async fn run(app: &App, ending: &CancellationToken) {
    let mut telling = JoinSet::new();
    while !pause(PAUSE, ending).await {
        while telling.try_join_next().is_some() {}
        match app.due_webhooks().await {
            // Whoever is in hand is not due: one that is slow keeps nobody else waiting.
            Ok(due) => due.into_iter().for_each(|due| {
                let app = app.clone();
                telling.spawn(async move {
                    if let Err(error) = app.deliver_to(&due).await {
                        tracing::warn!(webhook = %due.id, %error, "telling a webhook failed; it is tried again");
                    }
                });
            }),
            Err(error) => tracing::warn!(%error, "nobody knows which webhooks are due; the next look finds them"),
        }
    }
}
