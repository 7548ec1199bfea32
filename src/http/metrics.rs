//! `/metrics`, on a listener of its own: its numbers are the operator's, and no organization's to see.

use super::error::{ApiFailure, Refusal};
use crate::{
    app::App,
    telemetry::{OPENMETRICS, metrics},
};
use axum::{
    Router,
    extract::State,
    http::{
        Method, Uri,
        header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    response::{IntoResponse, Response},
};
use std::{future::Future, io};
use tokio::net::TcpListener;

/// Serves the numbers of this process until `shutdown` is over.
pub async fn serve_metrics(
    app: App,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = Router::new().fallback(answer).with_state(app);
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

async fn answer(State(app): State<App>, method: Method, uri: Uri) -> Response {
    if uri.path() != "/metrics" || !method.is_safe() {
        return ApiFailure::from(Refusal::not_found()).into_response();
    }
    match app.waiting_jobs().await {
        Ok(waiting) => metrics().outbox(waiting),
        // The store may be away; then its numbers are what somebody wants to see, not an error.
        Err(error) => tracing::debug!(%error, "the outbox was not counted"),
    }
    let headers = [(CONTENT_TYPE, OPENMETRICS), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, metrics().write()).into_response()
}
