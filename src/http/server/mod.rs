//! The server itself: connections, and everything about a request that is not what it asks for.
//!
//! [`serve`] takes connections within the [caps]; each is [one task](connection), which serves HTTP/1 or HTTP/2 on a
//! [wire] that notes what comes and goes, and ends it when its [vitals] say so. A request is given its
//! [client's address](client_address) and its [arrival], by which the door asks for leave: is it sound, and is there a place in
//! the [queue]? Whoever sends slowly holds no place; see [body].
//!
//! hyper's builders for the two protocols are used directly: hyper-util's `auto` builder waits for the first bytes without a
//! limit, and cannot bound a head's size exactly.

mod accept;
mod arrival;
mod body;
mod caps;
mod client_address;
mod connection;
mod framing;
mod identity;
mod orders;
mod probe;
mod queue;
mod service;
mod tls;
mod vitals;
mod wire;

pub(super) use arrival::{Arrival, last_one};
pub use client_address::ClientAddress;
pub use orders::Orders;
pub use probe::probe;
pub use tls::check_tls;

use crate::{
    app::App,
    config::{Network, Server},
    http::request::Rooms,
};
use body::Pace;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use identity::Identity;
use queue::Queue;
use std::{io, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use vitals::Patience;

/// What all connections of a server share.
#[derive(Debug)]
struct Shared {
    app: App,
    rooms: Rooms,
    orders: Orders,
    identity: Arc<Identity>,
    queue: Arc<Queue>,
    tls: Option<Arc<tls::Live>>,
    trusted_proxies: Vec<Network>,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    times: Patience,
    pace: Pace,
    /// From the end of a head to the beginning of its answer.
    patience: Duration,
    max_headers: usize,
    header: Duration,
    handshake: Duration,
}

impl Shared {
    fn new(app: App, rooms: Rooms, orders: Orders) -> io::Result<Self> {
        let settings = &app.settings().server;
        Ok(Self {
            identity: Arc::new(Identity::new(&app, &orders)),
            queue: Arc::new(Queue::new(settings)),
            tls: tls::Live::open(settings)?.map(Arc::new),
            trusted_proxies: settings.trusted_proxies.clone(),
            http1: http1(settings),
            http2: http2(settings),
            times: Patience::of(settings),
            pace: Pace { pause: settings.body_timeout.get(), rate: settings.body_rate.0 },
            patience: settings.request_timeout.get(),
            max_headers: settings.max_headers,
            header: settings.header_timeout.get(),
            handshake: settings.tls_handshake_timeout.get(),
            rooms,
            orders,
            app,
        })
    }
}

fn http1(settings: &Server) -> http1::Builder {
    let mut builder = http1::Builder::new();
    let head = settings.max_header_size.bytes();
    builder
        .timer(TokioTimer::new())
        // The vitals have this clock, and tell a head from the pause before it.
        .header_read_timeout(None)
        .max_headers(settings.max_headers)
        .max_header_size(head)
        // What hyper reads ahead, also of bodies; a head that does not fit is too large already.
        .max_buf_size(head.max(64 << 10));
    builder
}

fn http2(settings: &Server) -> http2::Builder<TokioExecutor> {
    let window = |size: crate::config::Size| u32::try_from(size.0).unwrap_or(u32::MAX);
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(settings.http2_max_streams)
        .max_header_list_size(u32::try_from(settings.max_header_size.0).unwrap_or(u32::MAX))
        .initial_stream_window_size(window(settings.http2_stream_window))
        .initial_connection_window_size(window(settings.http2_connection_window))
        .max_pending_accept_reset_streams(settings.http2_max_resets)
        .keep_alive_interval(settings.http2_ping.get())
        .keep_alive_timeout(settings.http2_ping_timeout.get());
    builder
}

/// Serves until the orders say otherwise; then leaves as they say.
pub(super) async fn serve(app: App, rooms: Rooms, listener: TcpListener, orders: Orders) -> io::Result<()> {
    let shared = Arc::new(Shared::new(app, rooms, orders)?);
    accept::run(shared, listener).await;
    Ok(())
}
