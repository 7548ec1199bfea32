//! Whether castgate runs, and whether it can work: for the machine that started it.

use super::{
    doors::{Caller, Doors, get},
    error::{ApiFailure, Refusal},
    server::Arrival,
};
use crate::app::App;
use axum::{Extension, Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

pub(super) fn doors() -> Doors {
    Doors::at("", "Health", Caller::Anyone)
        .door(
            get("/healthz", alive)
                .summary("Whether the process runs, and which it is")
                .answers_as(200, Some("application/json")),
        )
        .door(get("/readyz", ready).summary("Whether it can work").answers_as(200, Some("text/plain")))
}

/// That it runs, and which process it is: after a restart another one.
async fn alive(arrival: Option<Extension<Arrival>>) -> Json<Value> {
    let mut alive = json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")});
    if let Some(Extension(arrival)) = arrival {
        let identity = arrival.identity();
        alive["started"] = json!(identity.started);
        alive["instance"] = json!(identity.instance.to_string());
    }
    Json(alive)
}

/// 503 while the store does not answer, and when the process is about to leave.
async fn ready(State(app): State<App>, arrival: Option<Extension<Arrival>>) -> Result<&'static str, ApiFailure> {
    if arrival.is_some_and(|Extension(arrival)| arrival.identity().is_draining()) {
        let detail = "draining: this process is about to leave";
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "draining", detail).into());
    }
    app.ready().await?;
    Ok("ready\n")
}
