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
        tokio::spawn(http::serve_metrics(app.clone(), listener, asked_to_stop()));
    }
    tracing::info!(%address, public_url = app.settings().server.origin(), "castgate serves");
    let worker = tokio::spawn(worker::run(app.clone(), asked_to_stop()));
    http::serve(app, listener, asked_to_stop()).await?;
    let _ = worker.await;
    tracing::info!("castgate stopped");
    Ok(ExitCode::SUCCESS)
}

async fn listener_of_metrics(address: Option<SocketAddr>) -> Result<Option<TcpListener>, Failure> {
    let Some(address) = address else { return Ok(None) };
    let listener = TcpListener::bind(address).await;
    listener.map(Some).map_err(|error| Failure(format!("cannot listen on {address} (metrics.listen): {error}")))
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
