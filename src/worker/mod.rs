//! Line 9: work that nobody waits for, done by every node at its own pace.
//!
//! Each round asks the app to keep house: close what has expired, do what waits in the outbox, forget what is long over.
//! Keys are [looked at](key_safety) after a change of rights, events [sealed](sealing), the [provisioning log](pushes) written,
//! [letters](letters) sent, [webhooks] told, [accidents](accidents) and [silence](silence) of providers looked for, clusters read [from Cast AI](cast_ai), PostgreSQL made to [count](statistics), and the
//! [master keys](keys) looked at, at a pace of their own. A round that fails is logged and the next one tries again; nothing in it
//! is lost, because all of it is rows.

mod accidents;
mod cast_ai;
mod key_safety;
mod keys;
mod letters;
mod pushes;
mod sealing;
mod silence;
mod statistics;
mod webhooks;

use crate::{app::App, telemetry};
use std::{future::Future, time::Duration};
use tokio_util::sync::CancellationToken;

/// The pause between two rounds.
const PAUSE: Duration = Duration::from_secs(15);

/// Works until `shutdown` is over.
pub async fn run(app: App, shutdown: impl Future<Output = ()>) {
    let ending = CancellationToken::new();
    let stop = async {
        shutdown.await;
        ending.cancel();
    };
    tokio::join!(
        stop,
        keep_house(&app, &ending),
        pushes::run(&app, &ending),
        sealing::run(&app, &ending),
        keys::run(&app, &ending),
        key_safety::run(&app, &ending),
        letters::run(&app, &ending),
        accidents::run(&app, &ending),
        statistics::run(&app, &ending),
        webhooks::run(&app, &ending),
        silence::run(&app, &ending),
        cast_ai::run(&app, &ending)
    );
}

async fn keep_house(app: &App, ending: &CancellationToken) {
    loop {
        let round = app.keep_house().await;
        telemetry::metrics().round(round.is_ok());
        match round {
            Ok(round) if round == crate::app::Round::default() => {}
            Ok(round) => tracing::debug!(?round, "kept house"),
            Err(error) => tracing::warn!(%error, "keeping house failed; the next round tries again"),
        }
        if pause(PAUSE, ending).await {
            return;
        }
    }
}

/// Waits; true when the work is to end.
async fn pause(time: Duration, ending: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => false,
        () = ending.cancelled() => true,
    }
}
