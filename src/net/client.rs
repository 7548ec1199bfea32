//! The client itself: what may be asked, and how much is read.

use super::{
    address::is_public,
    resolver::{DeniedName, GuardedResolver, Lookup, by_the_machine},
};
use crate::config::Network;
use http::{HeaderMap, Request, StatusCode};
use std::{
    error::Error,
    fmt,
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};
use url::{Host, Url};

const AGENT: &str = concat!("castgate/", env!("CARGO_PKG_VERSION"));

/// What a client may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whether private, loopback and link-local addresses may be called, and loopback over http.
    pub allow_private_addresses: bool,
    /// Networks whose addresses may be called though they are private.
    pub private_networks: Vec<Network>,
    /// The most bytes of a body that are read.
    pub max_body: usize,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// Whether to go through the proxy that the environment names. Never for an address that somebody else wrote down: the proxy
    /// would do the connecting, and the guard would judge the proxy's address.
    pub environment_proxy: bool,
}

impl Default for Policy {
    /// The public Internet over https, 1 MiB, 3 seconds to connect, 10 seconds for all.
    fn default() -> Self {
        Self {
            allow_private_addresses: false,
            private_networks: Vec::new(),
            max_body: 1 << 20,
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(10),
            environment_proxy: false,
        }
    }
}

impl Policy {
    /// For somebody's own command line, who wrote the address themselves: wherever it is, long answers, and patience for a plan
    /// over a whole population.
    #[must_use]
    pub fn of_command_line() -> Self {
        Self {
            allow_private_addresses: true,
            private_networks: Vec::new(),
            max_body: 64 << 20,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_mins(5),
            environment_proxy: true,
        }
    }

    /// Whether an address may be called.
    #[must_use]
    pub fn reaches(&self, address: IpAddr) -> bool {
        self.allow_private_addresses
            || is_public(address)
            || self.private_networks.iter().any(|network| network.contains(address))
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status. A redirect is an answer like any other: it is not followed.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, within the policy's cap.
    pub body: Vec<u8>,
}

/// Why there is no answer. No message holds a path, a query or a header: they may carry secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The text is no absolute http or https address.
    #[error("this is not an https address: {0}")]
    BadUrl(String),
    /// http to something that is not loopback, or not allowed at all.
    #[error("{host} must be called over https")]
    Insecure {
        /// The host.
        host: String,
    },
    /// The address is private, or the name has no public address.
    #[error(
        "{host} is an address inside a network; name the network in network.private_networks if a provider of yours lives there"
    )]
    Denied {
        /// The host.
        host: String,
    },
    /// The name has no address, or nobody listens.
    #[error("{host} could not be reached: {reason}")]
    Unreachable {
        /// The host.
        host: String,
        /// What went wrong.
        reason: String,
    },
    /// It took too long.
    #[error("{host} did not answer in time")]
    TimedOut {
        /// The host.
        host: String,
    },
    /// The body is longer than the cap.
    #[error("{host} answered with more than {max} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The cap.
        max: usize,
    },
    /// No TLS, no certificates on this machine, or a broken answer.
    #[error("{host}: {reason}")]
    Failed {
        /// The host.
        host: String,
        /// What went wrong.
        reason: String,
    },
}

/// A guarded HTTP client. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    policy: Policy,
    lookup: Lookup,
    inner: Arc<Inner>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// Both are made at their first use: a machine without certificates can start and use http on loopback.
#[derive(Debug, Default)]
struct Inner {
    plain: OnceLock<Result<reqwest::Client, String>>,
    secure: OnceLock<Result<reqwest::Client, String>>,
}

impl Client {
    /// A client that keeps to `policy`. Opens nothing and reads no certificates yet.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, lookup: by_the_machine(), inner: Arc::default() }
    }

    /// What it keeps to.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether an address may be called, as far as it says so itself: where its name leads is judged when it is called.
    pub fn admits(&self, url: &str) -> Result<(), NetError> {
        let url = Url::parse(url).map_err(|error| NetError::BadUrl(error.to_string()))?;
        self.admit(&url).map(drop)
    }

    /// GET.
    pub async fn get(&self, url: &str) -> Result<Response, NetError> {
        let request = Request::get(url).body(Vec::new()).map_err(|error| NetError::BadUrl(error.to_string()))?;
        let (parts, body) = self.send(request).await?.into_parts();
        Ok(Response { status: parts.status, headers: parts.headers, body })
    }

    /// Sends a request and reads the answer to its end.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, NetError> {
        let url = Url::parse(&request.uri().to_string()).map_err(|error| NetError::BadUrl(error.to_string()))?;
        let host = self.admit(&url)?;
        let client = self.client(url.scheme() == "https", &host)?;
        let request = reqwest::Request::try_from(request).map_err(|error| NetError::BadUrl(cause(&error)))?;
        let answer = client.execute(request).await.map_err(|error| name(host.clone(), &error))?;
        self.read(answer, host).await
    }

    /// The host of an address that may be called. The addresses behind a name are judged when they are known.
    fn admit(&self, url: &Url) -> Result<String, NetError> {
        let host = url.host().ok_or_else(|| NetError::BadUrl("it names no host".to_owned()))?;
        let name = host.to_string();
        let address = match host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        if address.is_some_and(|address| !self.policy.reaches(address)) {
            return Err(NetError::Denied { host: name });
        }
        let loopback = address.map_or(name == "localhost", |address| address.to_canonical().is_loopback());
        match url.scheme() {
            "https" => Ok(name),
            "http" if self.policy.allow_private_addresses && loopback => Ok(name),
            "http" => Err(NetError::Insecure { host: name }),
            other => Err(NetError::BadUrl(format!("it begins with {other}:"))),
        }
    }

    fn client(&self, tls: bool, host: &str) -> Result<&reqwest::Client, NetError> {
        let cell = if tls { &self.inner.secure } else { &self.inner.plain };
        cell.get_or_init(|| self.build(tls))
            .as_ref()
            .map_err(|reason| NetError::Failed { host: host.to_owned(), reason: reason.clone() })
    }

    fn build(&self, tls: bool) -> Result<reqwest::Client, String> {
        let builder = reqwest::Client::builder()
            .user_agent(AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.policy.connect_timeout)
            .timeout(self.policy.timeout)
            .dns_resolver(Arc::new(GuardedResolver { policy: self.policy.clone(), lookup: Arc::clone(&self.lookup) }));
        // Plain http is for loopback, where no proxy has any business.
        let builder = if tls && self.policy.environment_proxy { builder } else { builder.no_proxy() };
        // Without TLS no certificate is needed; with none trusted, none is looked for on this machine.
        let builder = if tls { builder.https_only(true) } else { builder.tls_certs_only([]) };
        builder.build().map_err(|error| cause(&error))
    }

    async fn read(&self, mut answer: reqwest::Response, host: String) -> Result<http::Response<Vec<u8>>, NetError> {
        let max = self.policy.max_body;
        let too_large = || NetError::TooLarge { host: host.clone(), max };
        if answer.content_length().is_some_and(|length| length > max as u64) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| name(host.clone(), &error))? {
            if body.len() + chunk.len() > max {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = http::Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

fn name(host: String, error: &reqwest::Error) -> NetError {
    if causes(error).any(<dyn Error>::is::<DeniedName>) {
        NetError::Denied { host }
    } else if error.is_timeout() {
        NetError::TimedOut { host }
    } else if error.is_connect() {
        NetError::Unreachable { host, reason: cause(error) }
    } else {
        NetError::Failed { host, reason: cause(error) }
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (**error).source())
}

/// The innermost cause: reqwest's own text holds the whole address.
fn cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests;
