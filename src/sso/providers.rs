//! What we know of each provider: its configuration and its keys, fetched on demand and kept for a while.
//!
//! Each issuer has one slot behind one lock, so that a hundred sign-ins at once make one request. Configuration is fresh for an
//! hour, keys are for five minutes: so long a key that the provider took back may still be believed. A key id that is not known fetches the keys again at once — a rotated key works with the
//! first token that it signs — but not again within a minute, whatever tokens arrive. When the provider does not
//! answer, what was fetched last keeps working for a day, and the provider is left alone for 30 seconds.

use super::{
    SsoError,
    keys::KeySet,
    metadata::{Metadata, discovery_address},
};
use crate::{model::Instant, net};
use http::{Request, Response, StatusCode, header};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long a configuration counts as fresh.
const FRESH: Duration = Duration::from_hours(1);
/// How long keys count as fresh.
const FRESH_KEYS: Duration = Duration::from_mins(5);
/// How long an answer is used when there is no newer one.
const STALE: Duration = Duration::from_hours(24);
/// How long nothing is asked again after a failure.
const COOL_DOWN: Duration = Duration::from_secs(30);
/// How long the keys are not fetched again for the sake of a key id that nobody knows.
const UNKNOWN_KEY: Duration = Duration::from_mins(1);
/// How many issuers are remembered; beyond it the one that was used longest ago is forgotten.
const MOST_ISSUERS: usize = 512;

/// The memory of all providers. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Providers {
    http: net::Client,
    slots: Arc<Mutex<HashMap<String, Remembered>>>,
}

#[derive(Debug)]
struct Remembered {
    slot: Arc<tokio::sync::Mutex<Slot>>,
    used: Instant,
}

/// What is known of one provider.
#[derive(Debug, Default)]
struct Slot {
    metadata: Kept<Metadata>,
    keys: Kept<KeySet>,
    /// Where `keys` came from; another address means other keys.
    keys_from: String,
    /// When an unknown key id last made us fetch the keys.
    key_missed: Option<Instant>,
}

/// Something fetched, and when.
#[derive(Debug)]
struct Kept<T> {
    value: Option<(Arc<T>, Instant)>,
    failed: Option<Instant>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { value: None, failed: None }
    }
}

impl<T> Kept<T> {
    /// The value, if it needs no request: it is fresh, or it is stale and the provider failed a moment ago.
    fn settled(&self, fresh: Duration, now: Instant) -> Option<Arc<T>> {
        let (value, at) = self.value.as_ref()?;
        let resting = self.failed.is_some_and(|failed| now < failed.plus(COOL_DOWN)) && now < at.plus(STALE);
        (now < at.plus(fresh) || resting).then(|| Arc::clone(value))
    }

    /// Takes the outcome of a request: a new value, or the old one while it lasts.
    fn settle(&mut self, outcome: Result<T, SsoError>, now: Instant) -> Result<Arc<T>, SsoError> {
        match outcome {
            Ok(value) => {
                let value = Arc::new(value);
                *self = Self { value: Some((Arc::clone(&value), now)), failed: None };
                Ok(value)
            }
            Err(error) => {
                self.failed = Some(now);
                match &self.value {
                    Some((value, at)) if now < at.plus(STALE) => {
                        tracing::warn!(%error, "a provider did not answer; what it said last is used");
                        Ok(Arc::clone(value))
                    }
                    Some(_) | None => Err(error),
                }
            }
        }
    }
}

impl Providers {
    pub(super) fn new(http: net::Client) -> Self {
        Self { http, slots: Arc::default() }
    }

    /// The provider's configuration.
    pub(super) async fn metadata(&self, issuer: &str, now: Instant) -> Result<Arc<Metadata>, SsoError> {
        let slot = self.slot(issuer, now);
        let mut slot = slot.lock().await;
        if let Some(metadata) = slot.metadata.settled(FRESH, now) {
            return Ok(metadata);
        }
        let outcome = self.fetch_metadata(issuer).await;
        slot.metadata.settle(outcome, now)
    }

    /// The provider's keys. `missed` says that those we have do not know a token's key.
    pub(super) async fn keys(
        &self,
        metadata: &Metadata,
        missed: Option<&Arc<KeySet>>,
        now: Instant,
    ) -> Result<Arc<KeySet>, SsoError> {
        let slot = self.slot(&metadata.issuer, now);
        let mut slot = slot.lock().await;
        if slot.keys_from != metadata.jwks_uri {
            slot.keys = Kept::default();
            slot.keys_from.clone_from(&metadata.jwks_uri);
        }
        if let Some(keys) = slot.keys.settled(FRESH_KEYS, now) {
            let Some(known) = missed else { return Ok(keys) };
            let newer = !Arc::ptr_eq(known, &keys); // somebody else fetched them while we waited for the lock
            let resting = slot.key_missed.is_some_and(|at| now < at.plus(UNKNOWN_KEY));
            if newer || resting {
                return Ok(keys);
            }
            slot.key_missed = Some(now);
        }
        let outcome = self.fetch_keys(&metadata.jwks_uri).await;
        slot.keys.settle(outcome, now)
    }

    /// Asks anew, whatever is known, and keeps a good answer.
    pub(super) async fn examine(&self, issuer: &str, now: Instant) -> Result<(Arc<Metadata>, Arc<KeySet>), SsoError> {
        let metadata = self.fetch_metadata(issuer).await?;
        let keys = self.fetch_keys(&metadata.jwks_uri).await?;
        let slot = self.slot(issuer, now);
        let mut slot = slot.lock().await;
        slot.keys_from.clone_from(&metadata.jwks_uri);
        Ok((slot.metadata.settle(Ok(metadata), now)?, slot.keys.settle(Ok(keys), now)?))
    }

    /// Whether an address may be asked, in words if not.
    pub(super) fn admits(&self, address: &str) -> Result<(), String> {
        self.http.admits(address).map_err(|error| error.to_string())
    }

    fn slot(&self, issuer: &str, now: Instant) -> Arc<tokio::sync::Mutex<Slot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if !slots.contains_key(issuer) && slots.len() >= MOST_ISSUERS {
            let oldest = slots.iter().min_by_key(|(_, remembered)| remembered.used).map(|(issuer, _)| issuer.clone());
            oldest.map(|issuer| slots.remove(&issuer));
        }
        let remembered =
            slots.entry(issuer.to_owned()).or_insert_with(|| Remembered { slot: Arc::default(), used: now });
        remembered.used = remembered.used.max(now);
        Arc::clone(&remembered.slot)
    }

    async fn fetch_metadata(&self, issuer: &str) -> Result<Metadata, SsoError> {
        let loopback_http = self.http.policy().allow_private_addresses;
        let address = discovery_address(issuer, loopback_http)?;
        let answer = self.get(&address, None, "its configuration").await?;
        Metadata::read(answer.body(), issuer, loopback_http)
    }

    async fn fetch_keys(&self, address: &str) -> Result<KeySet, SsoError> {
        let answer = self.get(address, None, "its keys").await?;
        KeySet::read(answer.body()).map_err(|why| SsoError::DiscoveryInvalid {
            what: format!("the key set at {address} cannot be read: {why}"),
        })
    }

    /// A GET that is answered with 200.
    pub(super) async fn get(
        &self,
        address: &str,
        bearer: Option<&str>,
        what: &str,
    ) -> Result<Response<Vec<u8>>, SsoError> {
        let mut request = Request::get(address).header(header::ACCEPT, "application/json");
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Vec::new()).map_err(|error| unreachable(what, &error))?;
        let answer = self.send(request, what).await?;
        if answer.status() != StatusCode::OK {
            return Err(unreachable(what, &format!("{address} answered {}", answer.status())));
        }
        Ok(answer)
    }

    /// One request to a provider, whatever its answer is.
    pub(super) async fn send(&self, request: Request<Vec<u8>>, what: &str) -> Result<Response<Vec<u8>>, SsoError> {
        self.http.send(request).await.map_err(|error| unreachable(what, &error))
    }
}

fn unreachable(what: &str, why: &dyn std::fmt::Display) -> SsoError {
    SsoError::ProviderUnreachable { what: what.to_owned(), why: why.to_string() }
}
