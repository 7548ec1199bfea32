//! What every page has in common.

use crate::app::App;
use axum::Router;
use maud::{DOCTYPE, Markup, html};

pub(super) fn routes() -> Router<App> {
    Router::new()
}

/// A whole page.
pub(super) fn page(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · castgate" }
                link rel="stylesheet" href="/static/castgate.css";
            }
            body { main { h1 { (title) } (body) } }
        }
    }
}
