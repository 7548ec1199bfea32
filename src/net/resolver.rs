//! Resolves names and lets only allowed addresses through, at the moment of connecting.

use super::Policy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{future::Future, io, net::SocketAddr, pin::Pin, sync::Arc};

/// The name exists, but no address of it may be called. Found again in the chain of causes of reqwest's error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} has no address that may be called")]
pub(super) struct DeniedName {
    pub(super) host: String,
}

type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// What a name means at this moment. Whoever owns the name may answer differently each time.
pub(super) type Lookup = Arc<dyn Fn(String) -> Found + Send + Sync>;

/// As this machine resolves names.
pub(super) fn by_the_machine() -> Lookup {
    Arc::new(|host| {
        Box::pin(async move { Ok(tokio::net::lookup_host((host.as_str(), 0)).await?.collect::<Vec<SocketAddr>>()) })
    })
}

/// Judges the very addresses that are then connected to: there is no second look-up in which a name could mean something else.
pub(super) struct GuardedResolver {
    pub(super) policy: Policy,
    pub(super) lookup: Lookup,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy.clone();
        let host = name.as_str().to_owned();
        let found = (self.lookup)(host.clone());
        Box::pin(async move {
            let found = found.await?.into_iter();
            let allowed: Vec<SocketAddr> = found.filter(|address| policy.reaches(address.ip())).collect();
            if allowed.is_empty() {
                return Err(DeniedName { host }.into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A name server that says something else each time, and the last thing for ever.
    fn answers(answers: &'static [&'static [&'static str]]) -> (Lookup, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let lookup: Lookup = Arc::new(move |_| {
            let turn = count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            let found = answers[turn].iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect();
            Box::pin(async move { Ok(found) })
        });
        (lookup, asked)
    }

    async fn resolved(resolver: &GuardedResolver) -> Result<Vec<String>, String> {
        let found = resolver.resolve("idp.example".parse().unwrap()).await;
        found.map(|list| list.map(|one| one.ip().to_string()).collect()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_name_that_means_something_else_the_next_time_wins_nothing() {
        let (lookup, asked) = answers(&[&["1.1.1.1"], &["169.254.169.254"], &["127.0.0.1", "8.8.8.8", "::1"], &[]]);
        let resolver = GuardedResolver { policy: Policy::default(), lookup };
        assert_eq!(resolved(&resolver).await.unwrap(), ["1.1.1.1"]);
        assert!(resolved(&resolver).await.unwrap_err().contains("no address that may be called"));
        assert_eq!(resolved(&resolver).await.unwrap(), ["8.8.8.8"], "of several only those that may be called");
        assert!(resolved(&resolver).await.is_err());
        assert_eq!(asked.load(Ordering::SeqCst), 4, "each was asked for once");
    }

    #[tokio::test]
    async fn behind_a_name_only_the_listed_networks_are_called() {
        let (lookup, _) = answers(&[&["10.20.3.4", "10.21.0.1", "169.254.169.254", "::ffff:10.20.0.9"]]);
        let policy = Policy { private_networks: vec!["10.20.0.0/16".parse().unwrap()], ..Policy::default() };
        let found = resolved(&GuardedResolver { policy, lookup }).await.unwrap();
        assert_eq!(found, ["10.20.3.4", "::ffff:10.20.0.9"]);
    }

    #[tokio::test]
    async fn every_private_address_is_refused_behind_a_name_too() {
        for private in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "::1",
            "::",
            "fd00:ec2::254",
            "fe80::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:a00:1::",
            "::10.0.0.1",
        ] {
            let address = SocketAddr::new(private.parse().unwrap(), 0);
            let lookup: Lookup = Arc::new(move |_| Box::pin(async move { Ok(vec![address]) }));
            let resolver = GuardedResolver { policy: Policy::default(), lookup: Arc::clone(&lookup) };
            assert!(resolved(&resolver).await.is_err(), "{private}");
            let policy = Policy { allow_private_addresses: true, ..Policy::default() };
            assert!(resolved(&GuardedResolver { policy, lookup }).await.is_ok(), "{private}, where they are allowed");
        }
    }
}
