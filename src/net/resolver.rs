//! Resolves names and lets only allowed addresses through, at the moment of connecting.

use super::{Policy, address::is_public};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;

/// The name exists, but no address of it may be called. Found again in the chain of causes of reqwest's error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} has no address that may be called")]
pub(super) struct DeniedName {
    pub(super) host: String,
}

pub(super) struct GuardedResolver {
    pub(super) policy: Policy,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.policy.allow_private_addresses;
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| private || is_public(address.ip())).collect();
            if allowed.is_empty() {
                return Err(DeniedName { host }.into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}
