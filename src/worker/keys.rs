//! The ring of master keys is looked at from time to time, so that a rotation needs no restart.

use super::pause;
use crate::app::App;
use crate::config::KeysFrom;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The pause between two looks at the key file.
const PAUSE: Duration = Duration::from_secs(5);
/// Looks after which what is sealed is counted again, as long as there is more than one key: another node, or a request that
/// was under way, may have used the older one a little longer.
const RECOUNT: u32 = 12;

/// Watches until the work is to end. A program that prints the keys is asked again on SIGHUP alone, a file also by itself.
pub(super) async fn run(app: &App, ending: &CancellationToken) {
    let mut hangup = signal(SignalKind::hangup()).ok();
    let is_file = app.settings().keys.source == KeysFrom::File;
    let mut due = true;
    let mut looks = 0_u32;
    let mut told = false;
    while !ending.is_cancelled() {
        if due {
            due = !seal_again(app, looks > 0, &mut told).await;
            looks = 0;
        }
        let asked = tokio::select! {
            over = pause(PAUSE, ending) => if over { return } else { false },
            () = hung_up(hangup.as_mut()) => true,
        };
        looks += 1;
        if asked || is_file {
            match app.reload_master_keys().await {
                Ok(true) => {
                    tracing::info!("the ring of master keys changed; what older keys sealed is sealed again");
                    (due, looks, told) = (true, 0, false);
                }
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "the ring of master keys cannot be used; the one before stays"),
            }
        }
        due |= looks >= RECOUNT;
    }
}

async fn hung_up(hangup: Option<&mut tokio::signal::unix::Signal>) {
    match hangup {
        Some(hangup) => drop(hangup.recv().await),
        None => std::future::pending().await,
    }
}

/// Seals again what older keys sealed, and says when they are needed no more. False when it has to be tried again.
async fn seal_again(app: &App, settled: bool, told: &mut bool) -> bool {
    match app.master_keys().await {
        Ok(keys) if keys.len() == 1 => return true,
        Ok(keys) if keys.iter().filter(|key| !key.seals).all(|key| key.values == 0) => {
            if settled && !std::mem::replace(told, true) {
                let ids: Vec<&str> = keys.iter().filter(|key| !key.seals).map(|key| key.id.as_str()).collect();
                tracing::info!(keys = ids.join(" "), "nothing is sealed under these master keys: they may be removed");
            }
            return settled;
        }
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(%error, "what master keys seal cannot be counted; the next round tries again");
            return false;
        }
    }
    match app.seal_again().await {
        Ok(done) => {
            tracing::info!(values = done.values, stuck = done.stuck, "secrets are sealed under the new master key");
        }
        Err(error) => tracing::warn!(%error, "sealing secrets again failed; the next round goes on"),
    }
    false
}
