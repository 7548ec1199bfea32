//! How many connections there may be.
//!
//! One above a cap is closed at once and unanswered: an answer, not to speak of a TLS handshake before it, would be work that
//! whoever opens connections by the thousand can ask for. A balancer takes the closed connection as “try the next node”.

use crate::{config::Server, telemetry::metrics};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

#[derive(Debug)]
pub(super) struct Caps {
    all: usize,
    each: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Which cap is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    All,
    OfAddress,
}

/// One connection that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    caps: Arc<Caps>,
    address: Option<IpAddr>,
}

impl Caps {
    pub(super) fn new(settings: &Server) -> Arc<Self> {
        Arc::new(Self {
            all: settings.max_connections,
            each: settings.max_connections_per_address,
            open: Mutex::default(),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection. A proxy's are many people's: `trusted` ones count in all alone.
    pub(super) fn count(self: &Arc<Self>, peer: IpAddr, trusted: bool) -> Result<Counted, Reached> {
        let address = (!trusted).then(|| household(peer));
        let mut open = self.open();
        if open.all >= self.all {
            return Err(Reached::All);
        }
        if let Some(address) = address {
            let theirs = open.by_address.entry(address).or_default();
            if *theirs >= self.each {
                return Err(Reached::OfAddress);
            }
            *theirs += 1;
        }
        open.all += 1;
        metrics().connected();
        Ok(Counted { caps: self.clone(), address })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.caps.open();
        open.all -= 1;
        metrics().disconnected();
        if let Some(address) = self.address
            && let Some(theirs) = open.by_address.get_mut(&address)
        {
            *theirs -= 1;
            if *theirs == 0 {
                open.by_address.remove(&address);
            }
        }
    }
}

/// What one caller can have many of: an IPv6 host is given a /64.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(all: usize, each: usize) -> Arc<Caps> {
        Arc::new(Caps { all, each, open: Mutex::default() })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_above_a_cap_is_refused_until_another_one_ends() {
        let caps = caps(3, 2);
        let one = caps.count(ip("192.0.2.1"), false).unwrap();
        let two = caps.count(ip("::ffff:192.0.2.1"), false).unwrap();
        assert_eq!(caps.count(ip("192.0.2.1"), false).err(), Some(Reached::OfAddress));
        let three = caps.count(ip("192.0.2.1"), true).unwrap();
        assert_eq!(caps.count(ip("192.0.2.2"), false).err(), Some(Reached::All));
        drop(one);
        let four = caps.count(ip("192.0.2.1"), false).unwrap();
        drop((two, three, four));
        assert!(caps.open().by_address.is_empty() && caps.open().all == 0);
    }

    #[test]
    fn an_ipv6_host_is_its_network() {
        let caps = caps(9, 1);
        let _one = caps.count(ip("2001:db8::1"), false).unwrap();
        assert!(caps.count(ip("2001:db8::2"), false).is_err());
        assert!(caps.count(ip("2001:db8:0:1::2"), false).is_ok());
    }
}
