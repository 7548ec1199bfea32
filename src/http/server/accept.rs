//! The loop that takes connections, and how it leaves.

use super::{
    Shared,
    caps::{Caps, Reached},
    connection::{self, Ended},
};
use crate::telemetry::metrics;
use std::{
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep, timeout},
};
use tokio_util::task::TaskTracker;

/// How long the loop rests when the system has nothing left to make a connection of.
const OUT_OF_FILES: Duration = Duration::from_millis(100);
/// The pause between two lines about connections that were closed at once: a flood must not become one of the log.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Serves until the orders say otherwise, in two phases: first it is told that we are about to leave, then we do.
pub(super) async fn run(shared: Arc<Shared>, listener: TcpListener) {
    warn_of_few_files(shared.app.settings().server.max_connections);
    let tasks = TaskTracker::new();
    let cut = Arc::new(AtomicUsize::new(0));
    let watcher = shared.tls.clone().map(|tls| tokio::spawn(tls.watch(shared.orders.clone())));
    let notice = tokio::spawn(notice(shared.clone()));
    take(&shared, &listener, &tasks, &cut).await;
    drop(listener);
    leave(&shared, &tasks, &cut).await;
    notice.abort();
    if let Some(watcher) = watcher {
        watcher.abort();
    }
}

/// Every connection is an open file, and the usual soft limit of 1,024 is less than our own.
fn warn_of_few_files(connections: usize) {
    const OTHERS: usize = 64;
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next());
    let files: Option<usize> = files.and_then(|files| files.parse().ok());
    if let Some(files) = files.filter(|files| *files < connections + OTHERS) {
        tracing::warn!(
            files,
            connections,
            "the limit of open files (ulimit -n) is less than server.max_connections asks for"
        );
    }
}

/// The first phase.
async fn notice(shared: Arc<Shared>) {
    let orders = &shared.orders;
    orders.notice.cancelled().await;
    shared.identity.drain();
    let time = shared.app.settings().server.drain_notice.get();
    if !orders.close.is_cancelled() && !time.is_zero() {
        tracing::info!(seconds = time.as_secs_f64(), "draining: /readyz says so, requests go on");
        let _ = timeout(time, orders.close.cancelled()).await;
    }
    orders.close.cancel();
}

/// The second one: what has begun finishes, up to the deadline.
async fn leave(shared: &Shared, tasks: &TaskTracker, cut: &AtomicUsize) {
    let open = tasks.len();
    tasks.close();
    let deadline = shared.app.settings().server.drain_deadline.get();
    tracing::info!(connections = open, "draining: no connection is taken any more, what has begun finishes");
    tokio::select! {
        () = tasks.wait() => {}
        () = sleep(deadline) => {}
        () = shared.orders.cut.cancelled() => {}
    }
    shared.orders.cut.cancel();
    tasks.wait().await;
    match cut.load(Ordering::Relaxed) {
        0 => tracing::info!("drained: everything that had begun was finished"),
        connections => tracing::warn!(connections, "drained: requests were cut off on so many connections"),
    }
}

async fn take(shared: &Arc<Shared>, listener: &TcpListener, tasks: &TaskTracker, cut: &Arc<AtomicUsize>) {
    let settings = &shared.app.settings().server;
    let caps = Caps::new(settings);
    let mut turned_away = TurnedAway::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shared.orders.close.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, peer.ip().to_canonical()),
            Err(error) => {
                rest_after(&error).await;
                continue;
            }
        };
        let trusted = settings.trusted_proxies.iter().any(|network| network.contains(peer));
        match caps.count(peer, trusted) {
            Ok(counted) => {
                let (shared, cut) = (shared.clone(), cut.clone());
                tasks.spawn(async move {
                    if connection::run(shared, stream, peer).await == Ended::Cut {
                        cut.fetch_add(1, Ordering::Relaxed);
                    }
                    drop(counted);
                });
            }
            Err(reached) => turned_away.note(reached, peer),
        }
    }
}

/// A connection that failed while it was made concerns nobody else; when files or memory are short, trying again at once would
/// only burn what is left.
async fn rest_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
        tracing::error!(%error, "no connection can be taken; is the limit of open files (ulimit -n) too low?");
        sleep(OUT_OF_FILES).await;
    }
}

/// Counts what was closed at once, and says so from time to time.
struct TurnedAway {
    count: usize,
    said: Option<Instant>,
}

impl TurnedAway {
    fn new() -> Self {
        Self { count: 0, said: None }
    }

    fn note(&mut self, reached: Reached, peer: IpAddr) {
        let limit = match reached {
            Reached::All => "server.max_connections",
            Reached::OfAddress => "server.max_connections_per_address",
        };
        metrics().connection_refused(limit);
        self.count += 1;
        if self.said.is_some_and(|said| said.elapsed() < BETWEEN_LINES) {
            return;
        }
        tracing::warn!(connections = self.count, limit, last = %peer, "connections above a limit were closed at once");
        (self.count, self.said) = (0, Some(Instant::now()));
    }
}
