//! Line 9: the HTTP edge. A handler parses, makes one call of `app`, and renders.
//!
//! A request comes through the [door](request), which names it, refuses paths that are written in two ways, and writes its
//! one line when it is answered. Behind the door are the providers' rooms ([`scim`]), people's ([`login`], [`terms`],
//! [`account`]), programs' ([`api`]) and those of services behind the gateway ([`verify`]). [`ROUTES`] lists all of them.
//!
//! An error of `app` becomes a [`Refusal`](error) and is rendered in the words of the room: a SCIM error, problem+json, a
//! page, or the sign-in page. Status codes are known here and nowhere else.

mod account;
mod api;
mod body;
mod caller;
mod cli_login;
mod cookies;
mod error;
mod headers;
mod health;
mod login;
mod pages;
mod path;
mod request;
mod routes;
mod scim;
mod terms;
mod verify;

pub use routes::{Caller, ROUTES, Route};

use crate::app::App;
use axum::{Router, extract::DefaultBodyLimit, middleware};
use std::{future::Future, io};
use tokio::net::TcpListener;

/// The most that is read of a body that is not SCIM's.
const MAX_BODY: usize = 256 * 1024;

/// Everything that castgate answers.
pub fn router(app: App) -> Router {
    let rooms = Router::new()
        .merge(health::routes())
        .merge(pages::routes())
        .merge(login::routes())
        .merge(terms::routes())
        .merge(account::routes())
        .merge(cli_login::routes())
        .merge(api::routes())
        .merge(verify::routes())
        .nest("/scim/v2", scim::routes(&app))
        .layer(middleware::from_fn(request::remember_route))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(app.clone());
    Router::new().fallback(move |request| request::answer(app.clone(), rooms.clone(), request))
}

/// Serves until `shutdown` is over, then finishes what has begun.
pub async fn serve(
    app: App,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(app)).with_graceful_shutdown(shutdown).await
}
