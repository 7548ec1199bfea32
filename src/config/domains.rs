//! `[domains]`, and what is wrong with it.

use super::{
    Settings, Span,
    check::{Finding, error, warning},
};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// A name server is somebody else's: nobody asks it every minute.
const SHORTEST_RECHECK: Duration = Duration::from_mins(5);
/// The port of DNS.
const PORT: u16 = 53;

/// How an organization shows that a domain is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DomainProofs {
    /// By a TXT record.
    Dns,
    /// By saying so.
    Settings,
}

/// `[domains]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domains {
    /// How it is shown.
    pub proof: DomainProofs,
    /// Between two looks at a record.
    pub recheck: Span,
    /// How long a record may be missing.
    pub grace: Span,
    /// DNS servers to ask; none: the system's.
    #[serde(deserialize_with = "servers")]
    pub resolvers: Vec<SocketAddr>,
}

/// Addresses, with a port or without.
fn servers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SocketAddr>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let server = |text: &String| {
        let text = text.trim();
        let whole = text.parse::<SocketAddr>();
        let found = whole.or_else(|_| text.parse::<IpAddr>().map(|address| SocketAddr::new(address, PORT)));
        found.map_err(|_| D::Error::custom(format!("“{text}” is not the address of a DNS server like 10.0.0.53")))
    };
    texts.iter().map(server).collect()
}

impl Settings {
    pub(super) fn check_domains(&self, found: &mut Vec<Finding>) {
        let domains = &self.domains;
        if domains.recheck.get() < SHORTEST_RECHECK {
            found.push(error("domains.recheck", "must be at least 5m: the name servers are somebody else's"));
        }
        if domains.proof == DomainProofs::Settings {
            let message = "believes every organization's admins whatever e-mail domain they say is theirs: only where all \
                           organizations are yours";
            found.push(warning("domains.proof", message));
        }
    }
}
