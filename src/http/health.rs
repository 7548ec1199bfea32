//! Whether castgate runs, and whether it can work: for the machine that started it.

use super::{
    doors::{Caller, Doors, get},
    error::ApiFailure,
};
use crate::app::App;
use axum::extract::State;

pub(super) fn doors() -> Doors {
    Doors::at("", "Health", Caller::Anyone)
        .door(get("/healthz", alive).summary("Whether the process runs").answers_as(200, Some("text/plain")))
        .door(get("/readyz", ready).summary("Whether it can work").answers_as(200, Some("text/plain")))
}

async fn alive() -> &'static str {
    "ok\n"
}

/// 503 while the store does not answer.
async fn ready(State(app): State<App>) -> Result<&'static str, ApiFailure> {
    app.ready().await?;
    Ok("ready\n")
}
