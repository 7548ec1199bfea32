//! What is well formed but wrong, or right but unwise.

use super::{Engine, KeysFrom, Settings};
use secrecy::ExposeSecret;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    path::Path,
    time::Duration,
};
use url::{Host, Url};

/// A signed token outlives a revocation by its life: more would break the promise that gone means gone.
const LONGEST_JWT: Duration = Duration::from_mins(1);
/// A node that missed a revocation believes what it remembers for as long as the lease.
const LONGEST_LEASE: Duration = Duration::from_secs(5);
/// Beyond this a sign-in no longer says much about who sits there.
const LONG_SESSION: Duration = Duration::from_hours(24 * 30);

/// A key must be known before it signs, and its tokens must end before it goes.
const SHORTEST_ROTATION: Duration = Duration::from_hours(1);
/// Between a failed sign-in and the admin who looks at it.
const SHORTEST_TRACE: Duration = Duration::from_hours(1);
/// Of every large cloud (RFC 3927).
const METADATA_SERVICE: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// castgate does not start with it.
    Error,
    /// castgate starts; somebody should look.
    Warning,
}

/// One thing that [`Settings::check`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The key, with its section.
    pub key: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}: {}", self.key, self.message)
    }
}

pub(super) fn error(key: &'static str, message: impl Into<String>) -> Finding {
    Finding { severity: Severity::Error, key, message: message.into() }
}

pub(super) fn warning(key: &'static str, message: impl Into<String>) -> Finding {
    Finding { severity: Severity::Warning, key, message: message.into() }
}

impl Settings {
    /// What is wrong with these settings, errors and warnings in the order of the file.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        self.server.check(&mut found);
        self.check_store(&mut found);
        self.check_keys(&mut found);
        self.check_cache(&mut found);
        self.check_sessions(&mut found);
        self.check_sign_in(&mut found);
        self.check_passwords(&mut found);
        self.check_domains(&mut found);
        self.check_hosts(&mut found);
        self.check_limits(&mut found);
        self.check_rotation(&mut found);
        self.check_callers(&mut found);
        self.check_outside(&mut found);
        self.check_metrics(&mut found);
        self.check_terms(&mut found);
        self.check_mail(&mut found);
        self.accidents.check(&mut found);
        self.cast_ai.check(&mut found);
        self.webhooks.check(&mut found);
        found
    }

    fn check_store(&self, found: &mut Vec<Finding>) {
        let store = &self.store;
        match (store.engine, &store.postgres_url) {
            (Engine::Postgres, None) => {
                found.push(error("store.postgres_url", "is needed by the engine “postgres”"));
            }
            (Engine::Sqlite, Some(_)) => {
                found.push(warning("store.postgres_url", "is not used: the engine is “sqlite”"));
            }
            (Engine::Postgres, Some(url)) => {
                let url = url.expose_secret();
                if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
                    found.push(error("store.postgres_url", "must begin with postgres://"));
                }
            }
            (Engine::Sqlite, None) => {}
        }
        if store.postgres_pool == 0 {
            found.push(error("store.postgres_pool", "must be at least 1"));
        }
        if store.data_directory.as_os_str().is_empty() {
            found.push(error("store.data_directory", "must name a directory: the master key lies in it"));
        }
    }

    fn check_keys(&self, found: &mut Vec<Finding>) {
        let keys = &self.keys;
        match keys.source {
            KeysFrom::Environment if keys.master.is_none() => {
                found.push(error(
                    "keys.master",
                    "is needed by the source “environment”; castgate master-key new makes one",
                ));
            }
            KeysFrom::Command if keys.command.is_empty() => {
                found.push(error("keys.command", "is needed by the source “command”"));
            }
            KeysFrom::File | KeysFrom::Environment | KeysFrom::Command => {}
        }
        if keys.master.is_some() && keys.source != KeysFrom::Environment {
            found.push(warning("keys.master", "is not used: keys.source is not “environment”"));
        }
        if !keys.command.is_empty() && keys.source != KeysFrom::Command {
            found.push(warning("keys.command", "is not used: keys.source is not “command”"));
        }
    }

    fn check_cache(&self, found: &mut Vec<Finding>) {
        if let Some(url) = &self.cache.redis_url
            && !url.expose_secret().starts_with("redis://")
        {
            found.push(error("cache.redis_url", "must begin with redis:// (TLS to Redis is not built in)"));
        }
        if self.cache.lease.get() > LONGEST_LEASE {
            found.push(error("cache.lease", "must be at most 5s: an ended session lives that long on another node"));
        }
        if self.cache.capacity == 0 {
            found.push(warning("cache.capacity", "is 0: every request asks the store"));
        }
    }

    fn check_sessions(&self, found: &mut Vec<Finding>) {
        let sessions = &self.sessions;
        if sessions.idle.get() < Duration::from_mins(1) {
            found.push(error("sessions.idle", "must be at least 1m, or people are signed out while they read"));
        }
        if sessions.idle > sessions.absolute {
            found.push(error("sessions.idle", "must not be longer than sessions.absolute"));
        }
        if sessions.absolute.get() > LONG_SESSION {
            found.push(warning("sessions.absolute", "is longer than 30 days; most providers ask for a sign-in daily"));
        }
        let is_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if sessions.cookie_name.is_empty() || !sessions.cookie_name.chars().all(is_token) {
            found.push(error("sessions.cookie_name", "must be letters, digits, “-” and “_”"));
        }
    }

    /// One sign-in for several hosts works where the cookie goes; elsewhere a browser would be sent to and fro for ever.
    fn check_hosts(&self, found: &mut Vec<Finding>) {
        let own = self.server.public_url.host_str().unwrap_or_default();
        let domain = self.sessions.cookie_domain.as_deref();
        if let Some(domain) = domain
            && (!domain.contains('.') || domain.parse::<std::net::IpAddr>().is_ok() || !lies_in(own, domain))
        {
            let why =
                format!("must be a domain that castgate's own host lies in, such as example.com; its host is {own}");
            found.push(error("sessions.cookie_domain", why));
        }
        for host in &self.gateway.return_hosts {
            if host.name() != own && !domain.is_some_and(|domain| lies_in(host.name(), domain)) {
                found.push(error(
                    "gateway.return_hosts",
                    format!("the session's cookie does not reach {host}: set sessions.cookie_domain to a domain that it and castgate's own host, {own}, lie in"),
                ));
            }
        }
    }

    fn check_limits(&self, found: &mut Vec<Finding>) {
        if self.scim.page_size == 0 || self.scim.page_size > self.scim.max_page_size {
            found.push(error("scim.page_size", "must be between 1 and scim.max_page_size"));
        }
        if self.scim.log_kept.get() < Duration::from_hours(1) {
            found.push(error("scim.log_kept", "must be at least 1h"));
        }
        if self.scim.max_body.0 < 1 << 16 {
            found.push(error("scim.max_body", "must be at least 64KiB: providers push groups with many members"));
        }
        let access = self.scim.access_token_lifetime.get();
        if access < Duration::from_mins(1) || access > Duration::from_hours(24) {
            found.push(error("scim.access_token_lifetime", "must be between 1m and 24h"));
        }
        if self.scim.max_bulk_operations == 0 {
            found.push(error("scim.max_bulk_operations", "must be at least 1"));
        }
        if self.scim.cursor_lifetime.get() < Duration::from_mins(1) {
            found.push(error(
                "scim.cursor_lifetime",
                "must be at least 1m: a provider works on a page before it asks for the next",
            ));
        }
        if self.tokens.jwt_lifetime.get() > LONGEST_JWT || self.tokens.jwt_lifetime.get() < Duration::from_secs(1) {
            found.push(error(
                "tokens.jwt_lifetime",
                "must be between 1s and 60s: a token outlives a revocation that long",
            ));
        }
    }

    fn check_sign_in(&self, found: &mut Vec<Finding>) {
        if self.sign_in.trace_kept.get() < SHORTEST_TRACE {
            found
                .push(error("sign_in.trace_kept", "must be at least 1h: an admin has to find what a person reads out"));
        }
        if self.sign_in.second_opinion && !cfg!(feature = "second-opinion") {
            let message = "this castgate was built without it: build one with --features second-opinion";
            found.push(error("sign_in.second_opinion", message));
        }
        if self.sign_in.trace_values {
            let message = "keeps personal data of everybody who signs in, for as long as sign_in.trace_kept";
            found.push(warning("sign_in.trace_values", message));
        }
    }

    fn check_callers(&self, found: &mut Vec<Finding>) {
        let limits = &self.limits;
        for (key, burst) in [
            ("limits.scim_burst", limits.scim_burst),
            ("limits.api_burst", limits.api_burst),
            ("limits.address_burst", limits.address_burst),
        ] {
            if burst == 0 {
                found.push(error(key, "must be at least 1; a rate of 0/s is how a limit is turned off"));
            }
        }
    }

    fn check_metrics(&self, found: &mut Vec<Finding>) {
        let Some(address) = self.metrics.listen else { return };
        if address == self.server.listen && address.port() != 0 {
            found.push(error("metrics.listen", "must not be server.listen: the numbers are for the operator alone"));
        }
        if !address.ip().is_loopback() {
            let message = "listens to the network without a password; let nobody but your monitoring reach it";
            found.push(warning("metrics.listen", message));
        }
    }

    fn check_rotation(&self, found: &mut Vec<Finding>) {
        if self.tokens.rotate_every.get() < SHORTEST_ROTATION {
            let why = "must be at least 1h: a new key is published a quarter of an hour before it signs";
            found.push(error("tokens.rotate_every", why));
        }
    }

    fn check_outside(&self, found: &mut Vec<Finding>) {
        if self.network.private_networks.iter().any(|network| network.contains(METADATA_SERVICE)) {
            found.push(warning(
                "network.private_networks",
                "holds 169.254.169.254, where clouds tell a machine its own credentials: name the providers' networks alone",
            ));
        }
        if self.network.allow_private_addresses && !is_loopback(&self.server.public_url) {
            found.push(warning(
                "network.allow_private_addresses",
                "is on: whoever sets up a connection can make castgate call any address of your own network; name the providers' \
                 networks in network.private_networks instead",
            ));
        }
    }

    fn check_terms(&self, found: &mut Vec<Finding>) {
        let terms = &self.terms;
        if terms.terms_of_service.is_some() != terms.privacy_policy.is_some() {
            found.push(error("terms.terms_of_service", "and terms.privacy_policy go together: set both or neither"));
        }
        let documents =
            [("terms.terms_of_service", &terms.terms_of_service), ("terms.privacy_policy", &terms.privacy_policy)];
        for (key, path) in documents {
            if let Some(path) = path
                && !Path::is_file(path)
            {
                found.push(error(key, format!("there is no file {}", path.display())));
            }
        }
    }
}

/// Whether a cookie of this domain goes to this host (RFC 6265 §5.1.3).
fn lies_in(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pairs: &[(&str, &str)]) -> String {
        let env = pairs.iter().map(|(name, value)| (format!("CASTGATE_{name}"), (*value).to_owned()));
        let settings = Settings::load(None, env).unwrap();
        settings.check().iter().map(Finding::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_public_address_is_https_unless_it_is_loopback() {
        assert_eq!(found(&[("SERVER__PUBLIC_URL", "https://sso.example.com")]), "");
        assert_eq!(found(&[("SERVER__PUBLIC_URL", "http://localhost:8080")]), "");
        insta::assert_snapshot!(found(&[("SERVER__PUBLIC_URL", "http://sso.example.com/path")]), @r#"
error: server.public_url: must be https: passwords, cookies and tokens pass through it (http is for loopback)
error: server.public_url: must be scheme, host and port alone, such as https://sso.example.com
"#);
    }

    #[test]
    fn each_mistake_is_found_and_says_what_to_do() {
        insta::assert_snapshot!(found(&[
            ("SERVER__LISTEN", "0.0.0.0:8080"),
            ("STORE__ENGINE", "postgres"),
            ("STORE__POSTGRES_POOL", "0"),
            ("CACHE__REDIS_URL", "rediss://cache"),
            ("CACHE__LEASE", "1m"),
            ("SESSIONS__IDLE", "2d"),
            ("SESSIONS__ABSOLUTE", "1d"),
            ("SESSIONS__COOKIE_NAME", "a b"),
            ("SESSIONS__COOKIE_DOMAIN", "example.com"),
            ("SCIM__PAGE_SIZE", "500"),
            ("SCIM__MAX_BODY", "1KiB"),
            ("SCIM__MAX_BULK_OPERATIONS", "0"),
            ("SCIM__CURSOR_LIFETIME", "1s"),
            ("LIMITS__API_BURST", "0"),
            ("TOKENS__JWT_LIFETIME", "1h"),
            ("METRICS__LISTEN", "0.0.0.0:8080"),
            ("TOKENS__ROTATE_EVERY", "5m"),
            ("TERMS__PRIVACY_POLICY", "/nowhere/privacy.md"),
        ]), @r#"
warning: server.public_url: is loopback although castgate listens to the network; links and issuers will not work elsewhere
error: store.postgres_url: is needed by the engine “postgres”
error: store.postgres_pool: must be at least 1
error: cache.redis_url: must begin with redis:// (TLS to Redis is not built in)
error: cache.lease: must be at most 5s: an ended session lives that long on another node
error: sessions.idle: must not be longer than sessions.absolute
error: sessions.cookie_name: must be letters, digits, “-” and “_”
error: sessions.cookie_domain: must be a domain that castgate's own host lies in, such as example.com; its host is 127.0.0.1
error: scim.page_size: must be between 1 and scim.max_page_size
error: scim.max_body: must be at least 64KiB: providers push groups with many members
error: scim.max_bulk_operations: must be at least 1
error: scim.cursor_lifetime: must be at least 1m: a provider works on a page before it asks for the next
error: tokens.jwt_lifetime: must be between 1s and 60s: a token outlives a revocation that long
error: tokens.rotate_every: must be at least 1h: a new key is published a quarter of an hour before it signs
error: limits.api_burst: must be at least 1; a rate of 0/s is how a limit is turned off
error: metrics.listen: must not be server.listen: the numbers are for the operator alone
warning: metrics.listen: listens to the network without a password; let nobody but your monitoring reach it
error: terms.terms_of_service: and terms.privacy_policy go together: set both or neither
error: terms.privacy_policy: there is no file /nowhere/privacy.md
"#);
    }

    #[test]
    fn a_browser_is_sent_back_only_where_its_session_goes_too() {
        let public = ("SERVER__PUBLIC_URL", "https://sso.example.com");
        let domain = ("SESSIONS__COOKIE_DOMAIN", ".Example.com");
        let hosts = |list: &'static str| ("GATEWAY__RETURN_HOSTS", list);
        assert_eq!(found(&[public, domain, hosts("*.example.com, example.com, a.b.example.com:8443")]), "");
        assert_eq!(found(&[public, hosts("sso.example.com:8443")]), "", "cookies know no ports");
        insta::assert_snapshot!(found(&[public, hosts("costs.example.com")]), @"error: gateway.return_hosts: the session's cookie does not reach costs.example.com: set sessions.cookie_domain to a domain that it and castgate's own host, sso.example.com, lie in");
        assert!(found(&[public, domain, hosts("*.evilexample.com")]).starts_with("error: gateway.return_hosts"));
        assert!(found(&[public, ("SESSIONS__COOKIE_DOMAIN", "com")]).starts_with("error: sessions.cookie_domain"));
        assert!(found(&[public, ("SESSIONS__COOKIE_DOMAIN", "le.com")]).starts_with("error: sessions.cookie_domain"));
    }

    #[test]
    fn private_addresses_are_warned_of_on_a_public_deployment() {
        let public = ("SERVER__PUBLIC_URL", "https://sso.example.com");
        assert!(found(&[("NETWORK__ALLOW_PRIVATE_ADDRESSES", "true"), public]).contains("in network.private_networks"));
        assert_eq!(found(&[("NETWORK__ALLOW_PRIVATE_ADDRESSES", "true")]), "");
        assert_eq!(found(&[("NETWORK__PRIVATE_NETWORKS", "10.20.0.0/16, fd12:3456::/32"), public]), "");
        assert!(found(&[("NETWORK__PRIVATE_NETWORKS", "0.0.0.0/0")]).contains("holds 169.254.169.254"));
    }
}
