//! `castgate serve`.

use super::{Configuration, Failure, open};
use crate::{http, telemetry, worker};
use std::{net::SocketAddr, process::ExitCode};
use tokio::{net::TcpListener, signal};

pub(super) async fn run(configuration: &Configuration) -> Result<ExitCode, Failure> {
    let settings = open::settings(configuration)?;
    telemetry::init(&settings.log)?;
    let address = settings.server.listen;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| Failure(format!("cannot listen on {address} (server.listen): {error}")))?;
    let metrics = listener_of_metrics(settings.metrics.listen).await?;
    let app = open::app(settings).await?;
    if let Some(listener) = metrics {
        tokio::spawn(http::serve_metrics(app.clone(), listener, std::future::pending()));
    }
    tracing::info!(%address, public_url = app.settings().server.origin(), "castgate serves");
    let orders = http::Orders::new();
    let listening = tokio::spawn(listen_to_signals(orders.clone()));
    let worker = {
        let orders = orders.clone();
        tokio::spawn(worker::run(app.clone(), async move { orders.leaving().await }))
    };
    http::serve_by(app.clone(), listener, orders).await?;
    listening.abort();
    // A round of housekeeping that is cut off is taken up by the next start.
    worker.abort();
    let _ = worker.await;
    // The last requests were answered after the worker had been asked to end.
    if let Err(error) = app.write_pushes().await {
        tracing::warn!(%error, "the last lines of the provisioning log were not written");
    }
    tracing::info!("castgate stopped");
    Ok(ExitCode::SUCCESS)
}

async fn listener_of_metrics(address: Option<SocketAddr>) -> Result<Option<TcpListener>, Failure> {
    let Some(address) = address else { return Ok(None) };
    let listener = TcpListener::bind(address).await;
    listener.map(Some).map_err(|error| Failure(format!("cannot listen on {address} (metrics.listen): {error}")))
}

/// The first SIGTERM drains, Ctrl-C closes without the notice, a second one of either cuts; SIGHUP reads the certificate again.
async fn listen_to_signals(orders: http::Orders) {
    use signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()))
    else {
        tracing::error!("the system gives no signals; castgate can only be killed");
        return;
    };
    let mut asked = false;
    loop {
        tokio::select! {
            _ = hangup.recv() => {
                orders.reload();
                continue;
            }
            _ = terminate.recv() => if asked { orders.cut() } else { orders.drain() },
            _ = interrupt.recv() => if asked { orders.cut() } else { orders.close() },
        }
        asked = true;
    }
}

/// Ends when the process is asked to: SIGTERM by a supervisor, Ctrl-C by a person.
pub(super) async fn asked_to_stop() {
    let Ok(mut terminate) = signal::unix::signal(signal::unix::SignalKind::terminate()) else {
        return drop(signal::ctrl_c().await);
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = signal::ctrl_c() => {}
    }
}
