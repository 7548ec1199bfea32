//! Hosts as people write them: `costs.example.com`, `*.example.com`, `localhost:3000`.

use super::units::BadUnit;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{fmt, str::FromStr};
use url::{Host, Url};

/// One host, or every host below a domain; at one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    name: String,
    below: bool,
    port: Option<u16>,
}

impl HostPattern {
    /// The host, or the domain that the hosts lie below.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether an address leads to such a host. Without a port of its own the pattern means the scheme's.
    #[must_use]
    pub fn covers(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let named = match self.below {
            false => host == self.name,
            true => host.strip_suffix(self.name.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        };
        named && self.port.map_or(url.port().is_none(), |port| url.port_or_known_default() == Some(port))
    }
}

impl FromStr for HostPattern {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        let bad = || BadUnit { text: text.to_owned(), expected: "a host like costs.example.com or *.example.com" };
        let (below, rest) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
        let (name, port) = match rest.rsplit_once(':') {
            Some((name, port)) if !rest.ends_with(']') => (name, Some(port.parse().map_err(|_| bad())?)),
            Some(_) | None => (rest, None),
        };
        let host = Host::parse(name).map_err(|_| bad())?;
        // Everything below `com` would be everybody's.
        let too_wide = below && !matches!(&host, Host::Domain(domain) if domain.contains('.'));
        if too_wide || name.contains('*') || name.contains('/') {
            return Err(bad());
        }
        Ok(Self { name: host.to_string(), below, port })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stars = if self.below { "*." } else { "" };
        write!(f, "{stars}{}", self.name)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl<'de> Deserialize<'de> for HostPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, url: &str) -> bool {
        pattern.parse::<HostPattern>().unwrap().covers(&url.parse().unwrap())
    }

    #[test]
    fn a_pattern_means_its_host_and_port_and_nothing_like_them() {
        assert!(covers("costs.example.com", "https://costs.example.com/a"));
        assert!(covers("Costs.Example.com", "https://COSTS.example.com/"));
        assert!(covers("costs.example.com:443", "https://costs.example.com/"));
        assert!(covers("127.0.0.1:81", "http://127.0.0.1:81/"));
        assert!(covers("[::1]:81", "http://[::1]:81/") && covers("[::1]", "http://[::1]/"));
        assert!(!covers("costs.example.com", "https://costs.example.com:8443/"));
        assert!(!covers("costs.example.com", "https://costs.example.com.evil.test/"));
        assert!(!covers("costs.example.com", "https://xcosts.example.com/"));
        assert!(!covers("127.0.0.1:81", "http://127.0.0.1:82/"));
        assert!(covers("*.example.com", "https://a.b.example.com/"));
        assert!(!covers("*.example.com", "https://example.com/"));
        assert!(!covers("*.example.com", "https://evilexample.com/"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", "*", "*.com", "*.*.example.com", "https://a.example", "a/b", "a:b", "*.127.0.0.1", "a b"] {
            assert!(text.parse::<HostPattern>().is_err(), "{text}");
        }
        assert_eq!("*.Example.com:8443".parse::<HostPattern>().unwrap().to_string(), "*.example.com:8443");
    }
}
