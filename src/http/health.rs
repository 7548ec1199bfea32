//! Whether castgate runs, and whether it can work: for the machine that started it.

use super::error::ApiFailure;
use crate::app::App;
use axum::{Router, extract::State, routing::get};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

async fn alive() -> &'static str {
    "ok\n"
}

/// 503 while the store does not answer.
async fn ready(State(app): State<App>) -> Result<&'static str, ApiFailure> {
    app.ready().await?;
    Ok("ready\n")
}
