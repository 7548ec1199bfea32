//! `[server]`: where castgate listens, and how much of whom it takes.

use super::{
    check::{Finding, error, is_loopback, warning},
    settings::optional_path,
    units::{Network, Size, Span},
};
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use url::Url;

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The origin that people and providers know. [`Settings::check`](super::Settings::check) holds it to have no path.
    pub public_url: Url,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// The certificate and its chain, PEM; none: castgate speaks plain HTTP.
    #[serde(deserialize_with = "optional_path")]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key, PEM.
    #[serde(deserialize_with = "optional_path")]
    pub tls_key: Option<PathBuf>,
    /// From the connection's beginning to the end of the TLS handshake.
    pub tls_handshake_timeout: Span,

    /// From a request's first byte to the end of its headers.
    pub header_timeout: Span,
    /// The longest pause in a body.
    pub body_timeout: Span,
    /// The least that a body must come with, in bytes a second, counted from `body_timeout` after its beginning on.
    pub body_rate: Size,
    /// From the headers' end to the beginning of the answer.
    pub request_timeout: Span,
    /// The longest pause in the taking of an answer.
    pub send_timeout: Span,
    /// How long the taking of an answer may last in all.
    pub response_timeout: Span,
    /// How long a connection may lie idle between two requests.
    pub keep_alive: Span,

    /// The most header lines of a request.
    pub max_headers: usize,
    /// The largest head of a request.
    pub max_header_size: Size,
    /// Connections in all.
    pub max_connections: usize,
    /// Connections of one address; of an IPv6 address its /64 counts. Trusted proxies are free of it.
    pub max_connections_per_address: usize,

    /// Requests that are worked on at a time.
    pub max_in_flight: usize,
    /// Requests that may wait for their turn.
    pub queue: usize,
    /// How long a request may wait for its turn.
    pub queue_deadline: Span,
    /// What the bodies that are being read may take of memory, all together.
    pub body_memory: Size,

    /// Requests at a time on one HTTP/2 connection.
    pub http2_max_streams: u32,
    /// Bytes that a client may send ahead on one HTTP/2 stream.
    pub http2_stream_window: Size,
    /// Bytes that a client may send ahead on one HTTP/2 connection.
    pub http2_connection_window: Size,
    /// Streams that a client may open and reset before we got to them.
    pub http2_max_resets: usize,
    /// The pause between two pings.
    pub http2_ping: Span,
    /// How long a ping's answer may take.
    pub http2_ping_timeout: Span,

    /// How long `/readyz` says “draining” before the doors close.
    pub drain_notice: Span,
    /// How long what has begun may take to finish then.
    pub drain_deadline: Span,
}

/// What no client needs longer for, or more of.
const LONGEST: Duration = Duration::from_hours(1);
/// What HTTP/2 can say (RFC 9113 §6.5.2): a larger window is an error of the protocol.
const LARGEST_WINDOW: u64 = (1 << 31) - 1;
/// The smallest window that the protocol begins with (RFC 9113 §6.9.2).
const SMALLEST_WINDOW: u64 = 65_535;

impl Server {
    /// The public address without the slash at its end: the issuer, and what paths are appended to.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.public_url.as_str().trim_end_matches('/')
    }

    /// Whether people reach castgate over TLS, so that cookies are `Secure` and carry the `__Host-` prefix.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// What is wrong with this section.
    pub(super) fn check(&self, found: &mut Vec<Finding>) {
        self.check_addresses(found);
        self.check_times(found);
        self.check_amounts(found);
        self.check_http2(found);
    }

    fn check_addresses(&self, found: &mut Vec<Finding>) {
        let url = &self.public_url;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(url) => {}
            "http" => found.push(error(
                "server.public_url",
                "must be https: passwords, cookies and tokens pass through it (http is for loopback)",
            )),
            other => found.push(error("server.public_url", format!("must be an https address, not {other}:"))),
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            found.push(error(
                "server.public_url",
                "must be scheme, host and port alone, such as https://sso.example.com",
            ));
        }
        if !self.listen.ip().is_loopback() && is_loopback(url) {
            found.push(warning(
                "server.public_url",
                "is loopback although castgate listens to the network; links and issuers will not work elsewhere",
            ));
        }
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            found.push(error("server.tls_certificate", "and server.tls_key go together: set both or neither"));
        }
        if self.tls_certificate.is_some() && !self.is_https() {
            found.push(error("server.public_url", "must be https when castgate itself speaks TLS"));
        }
        if self.trusted_proxies.iter().any(|network| network.bits() == 0) {
            found.push(warning(
                "server.trusted_proxies",
                "trusts the whole world: anybody can claim any address in X-Forwarded-For",
            ));
        }
    }

    fn check_times(&self, found: &mut Vec<Finding>) {
        let times = [
            ("server.tls_handshake_timeout", self.tls_handshake_timeout),
            ("server.header_timeout", self.header_timeout),
            ("server.body_timeout", self.body_timeout),
            ("server.request_timeout", self.request_timeout),
            ("server.send_timeout", self.send_timeout),
            ("server.response_timeout", self.response_timeout),
            ("server.keep_alive", self.keep_alive),
            ("server.http2_ping", self.http2_ping),
            ("server.http2_ping_timeout", self.http2_ping_timeout),
            ("server.queue_deadline", self.queue_deadline),
        ];
        for (key, time) in times {
            if time.get().is_zero() || time.get() > LONGEST {
                found.push(error(key, "must be more than nothing and at most 1h"));
            }
        }
        if self.queue_deadline >= self.request_timeout {
            found.push(error(
                "server.queue_deadline",
                "must be shorter than server.request_timeout, which the waiting is part of",
            ));
        }
        for (key, time) in [("server.drain_notice", self.drain_notice), ("server.drain_deadline", self.drain_deadline)]
        {
            if time.get() > LONGEST {
                found.push(error(key, "must be at most 1h"));
            }
        }
    }

    fn check_amounts(&self, found: &mut Vec<Finding>) {
        let amounts = [
            ("server.max_headers", self.max_headers),
            ("server.max_connections", self.max_connections),
            ("server.max_connections_per_address", self.max_connections_per_address),
            ("server.max_in_flight", self.max_in_flight),
        ];
        for (key, amount) in amounts {
            if amount == 0 {
                found.push(error(key, "must be at least 1"));
            }
        }
        if self.max_headers > 1024 {
            found.push(error("server.max_headers", "must be at most 1024"));
        }
        if self.max_header_size.0 < 8 << 10 || self.max_header_size.0 > 1 << 20 {
            found.push(error("server.max_header_size", "must be between 8KiB and 1MiB"));
        }
        if self.max_connections_per_address > self.max_connections {
            found.push(warning(
                "server.max_connections_per_address",
                "is more than server.max_connections: one address can take them all",
            ));
        }
        if self.body_memory.0 < 1 << 20 {
            found.push(error("server.body_memory", "must be at least 1MiB"));
        }
    }

    fn check_http2(&self, found: &mut Vec<Finding>) {
        if self.http2_max_streams == 0 {
            found.push(error("server.http2_max_streams", "must be at least 1"));
        }
        let windows = [
            ("server.http2_stream_window", self.http2_stream_window),
            ("server.http2_connection_window", self.http2_connection_window),
        ];
        for (key, window) in windows {
            if !(SMALLEST_WINDOW..=LARGEST_WINDOW).contains(&window.0) {
                found.push(error(key, "must be between 65535 and 2147483647 bytes"));
            }
        }
    }
}
