//! TLS: the certificate in use, and how it is replaced while connections go on.

mod files;
mod pinned;
mod validity;

pub(super) use files::Files;
pub(super) use pinned::Pinned;

use super::Orders;
use crate::config::{Finding, Server, Settings, Severity};
use crate::model::Instant;
use files::Pair;
use std::{
    io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, client::verify_server_name, pki_types::ServerName, server::ParsedCertificate},
};

/// How often the files are looked at. Tools that renew certificates replace them in place and tell nobody.
const BETWEEN_LOOKS: Duration = Duration::from_secs(3);
/// A certificate that ends within this is one that nobody renews.
const SOON: Duration = Duration::from_hours(24 * 14);

/// What is wrong with the files of a certificate and its key.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsFault {
    #[error("{path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} can be read or written by others (mode {mode:o}); run: chmod 600 {path}")]
    Open { path: PathBuf, mode: u32 },
    #[error("{path} holds no certificate: a PEM file with BEGIN CERTIFICATE is needed")]
    NoCertificate { path: PathBuf },
    #[error("{path} holds no private key: a PEM file with BEGIN PRIVATE KEY, not encrypted, is needed")]
    NoKey { path: PathBuf },
    #[error("{key} is not the key of the certificate in {certificate}")]
    Mismatch { certificate: PathBuf, key: PathBuf },
    #[error("the certificate in {certificate} and the key in {key} cannot be used: {why}")]
    Unusable { certificate: PathBuf, key: PathBuf, why: String },
}

impl TlsFault {
    fn setting(&self) -> &'static str {
        match self {
            Self::Open { .. } | Self::NoKey { .. } | Self::Mismatch { .. } => "server.tls_key",
            Self::Read { .. } | Self::NoCertificate { .. } | Self::Unusable { .. } => "server.tls_certificate",
        }
    }
}

/// The pair in use.
#[derive(Debug)]
pub(super) struct Live {
    files: Files,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    config: Arc<ServerConfig>,
    /// What was looked at last, good or bad: nothing is said twice of the same bytes.
    seen: [Vec<u8>; 2],
}

impl Live {
    /// The pair that the settings name; none when they name none.
    pub(super) fn open(settings: &Server) -> io::Result<Option<Self>> {
        let Some(files) = Files::of(settings) else { return Ok(None) };
        let said =
            |fault: TlsFault| io::Error::new(io::ErrorKind::InvalidInput, format!("{}: {fault}", fault.setting()));
        let contents = files.read().map_err(said)?;
        let pair = files.pair(&contents).map_err(said)?;
        let state = State { config: pair.config, seen: contents };
        Ok(Some(Self { files, state: RwLock::new(state) }))
    }

    /// For the next connection. Those that are open keep the pair that they began with.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.state.read().unwrap_or_else(PoisonError::into_inner).config.clone())
    }

    /// Takes up what changes, until the server leaves.
    pub(super) async fn watch(self: Arc<Self>, orders: Orders) {
        loop {
            let asked = tokio::select! {
                () = tokio::time::sleep(BETWEEN_LOOKS) => false,
                () = orders.reload.notified() => true,
                () = orders.close.cancelled() => return,
            };
            let live = self.clone();
            // Files may lie on something slow.
            let _ = tokio::task::spawn_blocking(move || live.look(asked)).await;
        }
    }

    fn look(&self, asked: bool) {
        let contents = match self.files.read() {
            Ok(contents) => contents,
            // A file that is being replaced may be away for a moment.
            Err(fault) if asked => {
                return tracing::error!(%fault, "the TLS files cannot be read; the old pair stays in use");
            }
            Err(fault) => return tracing::debug!(%fault, "the TLS files cannot be read"),
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.seen == contents && !asked {
            return;
        }
        match self.files.pair(&contents) {
            Ok(Pair { config, ends, .. }) => {
                let ends = ends.map(|ends| ends.to_string());
                tracing::info!(certificate = %self.files.certificate.display(), ends, "a TLS certificate is taken up");
                state.config = config;
            }
            Err(fault) => tracing::error!(%fault, "the new TLS files are not right; the old pair stays in use"),
        }
        state.seen = contents;
    }
}

/// What is wrong with the TLS files, or soon will be: for `castgate check`.
pub fn check_tls(settings: &Settings, now: Instant) -> Vec<Finding> {
    let Some(files) = Files::of(&settings.server) else { return Vec::new() };
    let pair = match files.read().and_then(|contents| files.pair(&contents)) {
        Ok(pair) => pair,
        Err(fault) => {
            return vec![Finding { severity: Severity::Error, key: fault.setting(), message: fault.to_string() }];
        }
    };
    let warning = |message: String| Finding { severity: Severity::Warning, key: "server.tls_certificate", message };
    let mut found = Vec::new();
    match pair.ends {
        Some(ends) if ends <= now => found.push(warning(format!("the certificate ended at {ends}"))),
        Some(ends) if ends <= now.plus(SOON) => found.push(warning(format!("the certificate ends soon, at {ends}"))),
        Some(_) | None => {}
    }
    if let Some(host) = settings.server.public_url.host_str()
        && !names(&pair, host)
    {
        found.push(warning(format!("the certificate is not for {host}, the host of server.public_url")));
    }
    found
}

fn names(pair: &Pair, host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let certificate = pair.leaf.as_ref().and_then(|leaf| ParsedCertificate::try_from(leaf).ok());
    match (certificate, ServerName::try_from(bare)) {
        (Some(certificate), Ok(name)) => verify_server_name(&certificate, &name).is_ok(),
        (None, _) | (_, Err(_)) => false,
    }
}
