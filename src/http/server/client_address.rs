//! Where a request comes from, when proxies stand in between.

use crate::config::Network;
use axum::http::{HeaderMap, HeaderName};
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

/// The one forwarding header that is read, and only from proxies that the operator named. Host and scheme are never believed:
/// the address that people know is a setting.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of whoever sent a request; in the request's extensions. An IPv4 address is never in its IPv6 form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who sent a request that came from `peer`.
///
/// Each proxy appends the address that it saw, so the header is read from its end, and only as far as it was written by
/// somebody trusted: what stands before the first stranger is the stranger's own claim. A chain of trusted addresses alone
/// began at its left end. Anything that is no address makes the whole header worthless: then it is the peer.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> ClientAddress {
    let peer = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        return ClientAddress(peer);
    }
    let mut nearest = peer;
    for value in headers.get_all(FORWARDED_FOR).into_iter().collect::<Vec<_>>().into_iter().rev() {
        for entry in value.to_str().unwrap_or("?").rsplit(',') {
            let Some(address) = address_in(entry) else { return ClientAddress(peer) };
            nearest = address;
            if !is_trusted(address) {
                return ClientAddress(address);
            }
        }
    }
    ClientAddress(nearest)
}

/// One entry: an address, which some proxies write with its port.
fn address_in(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let address: IpAddr = bare.parse().or_else(|_| entry.parse().map(|socket: SocketAddr| socket.ip())).ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, headers: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let headers = headers.iter().map(|text| (FORWARDED_FOR, text.parse().unwrap())).collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_whoever_the_connection_says() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(seen("::ffff:203.0.113.9", &[]), "203.0.113.9");
        assert_eq!(seen("2001:db8::1", &["10.0.0.1"]), "2001:db8::1");
    }

    #[test]
    fn a_trusted_proxy_names_the_nearest_stranger() {
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4, 203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4", "203.0.113.9", "10.0.0.2,10.0.0.3"]), "203.0.113.9");
        assert_eq!(seen("fd00::1", &["2001:db8::7, fd00::2"]), "2001:db8::7");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(seen("10.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["::ffff:203.0.113.9"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["10.9.9.9, 10.0.0.2"]), "10.9.9.9");
    }

    #[test]
    fn garbage_is_not_believed() {
        for garbage in ["", "unknown", "203.0.113.9 10.0.0.2", "203.0.113.9,", "203.0.113.9, _hidden, 10.0.0.2", "é"] {
            assert_eq!(seen("10.0.0.1", &[garbage]), "10.0.0.1", "{garbage}");
        }
        // What a stranger wrote before the proxy's own entry is not even looked at.
        assert_eq!(seen("10.0.0.1", &["garbage, 203.0.113.9"]), "203.0.113.9");
    }
}
