//! To come.

use crate::app::App;
use axum::Router;

pub(super) fn routes(_: &App) -> Router<App> {
    Router::new()
}
