//! Line 9: the HTTP edge. A handler parses, makes one call of `app`, and renders.
//!
//! A request comes through the [door](request), which names it, refuses paths that are written in two ways, and writes its
//! one line when it is answered. Behind the door are the providers' rooms ([`scim`]), people's ([`login`], [`terms`],
//! [`account`]), admins' ([`console`]), programs' ([`api`]) and those of services behind the gateway ([`verify`]). The [registry](doors)
//! lists all of them, with whom each answers and what it changes.
//!
//! An error of `app` becomes a [`Refusal`](error) and is rendered in the words of the room: a SCIM error, problem+json, a
//! page, or the sign-in page. Status codes are known here and nowhere else.

mod account;
mod api;
mod body;
mod caller;
mod cli_login;
mod console;
mod cookies;
mod doors;
mod error;
mod headers;
mod health;
mod introspect;
mod invitations;
mod limits;
mod login;
mod logout;
mod metrics;
mod oauth;
mod once;
mod openapi;
mod own_password;
mod pages;
mod passwords;
mod path;
mod provider;
mod request;
mod saml;
mod scim;
mod server;
mod setup;
mod ssf;
mod step_up;
mod terms;
mod trials;
mod verify;

pub use doors::{Answered, BodyLimit, Caller, Declared, OrganizationFrom, SchemaOf, Taken};
pub use metrics::serve_metrics;
pub use server::{ClientAddress, Orders, check_tls, probe};

use crate::{app::App, config::Settings};
use axum::Router;
use doors::Doors;
use limits::Limits;
use request::Rooms;
use std::{future::Future, io, pin::pin, sync::Arc};
use tokio::net::TcpListener;
use tower::util::MapRequestLayer;

/// Every room with its doors.
fn rooms() -> impl Iterator<Item = Doors> {
    [
        health::doors(),
        openapi::doors(),
        pages::doors(),
        login::doors(),
        passwords::doors(),
        saml::doors(),
        step_up::doors(),
        logout::doors(),
        provider::doors(),
        ssf::doors(),
        trials::doors(),
        setup::doors(),
        invitations::doors(),
        terms::doors(),
        account::doors(),
        own_password::doors(),
        verify::doors(),
        introspect::doors(),
        cli_login::doors(),
        scim::doors(),
        oauth::doors(),
    ]
    .into_iter()
    .chain(api::doors())
    .chain(console::doors())
}

/// What is said of every route there is.
pub fn routes() -> Vec<Declared> {
    rooms().flat_map(Doors::declared).collect()
}

/// Where a sign-in leads that was asked to lead to `text`: an address of this site or of a host that the settings name.
#[must_use]
pub fn return_address(text: &str, settings: &Settings) -> String {
    cookies::ReturnTo::of(Some(text), settings).to_string()
}

/// Everything that castgate answers.
pub fn router(app: App) -> Router {
    let rooms = behind_the_door(&app);
    Router::new().fallback(move |request| request::answer(app.clone(), rooms.clone(), request))
}

/// What lies behind the door.
fn behind_the_door(app: &App) -> Rooms {
    let router = rooms()
        .fold(Router::new(), |router, room| router.merge(room.router(app)))
        .layer(MapRequestLayer::new(request::remember_route))
        .with_state(app.clone());
    Rooms { router, limits: Arc::new(Limits::new(&app.settings().limits)) }
}

/// Serves until `shutdown` is over, then drains as the settings say.
pub async fn serve(app: App, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let orders = Orders::new();
    let mut serving = pin!(serve_by(app, listener, orders.clone()));
    tokio::select! {
        served = &mut serving => return served,
        () = shutdown => orders.drain(),
    }
    serving.await
}

/// Serves until the orders say otherwise.
pub async fn serve_by(app: App, listener: TcpListener, orders: Orders) -> io::Result<()> {
    let rooms = behind_the_door(&app);
    server::serve(app, rooms, listener, orders).await
}
