//! The key sets at pinned addresses: of providers that sign their own bearer tokens, and of OAuth clients.
//!
//! A set is fresh for an hour and is read again when a token names a key that it does not have, but never twice within a
//! minute, whatever tokens arrive and whatever became of the reading. While it is being read, tokens of known keys are not kept
//! waiting; when the address does not answer, what was read last goes on working for a day.

use super::SsoError;
use crate::{crypto::ForeignKeys, model::Instant, net};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long an answer counts as fresh.
const FRESH: Duration = Duration::from_hours(1);
/// How long an answer is used when there is no newer one.
const STALE: Duration = Duration::from_hours(24);
/// How long nothing is asked again after it was asked.
const REST: Duration = Duration::from_mins(1);
/// How many addresses are remembered; beyond it the one that was used longest ago is forgotten.
const MOST_ADDRESSES: usize = 1024;

/// The memory of all pinned key sets. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub struct PinnedKeys {
    http: net::Client,
    places: Arc<Mutex<HashMap<String, Arc<Place>>>>,
}

/// One address.
#[derive(Debug, Default)]
struct Place {
    known: Mutex<Known>,
    /// Held by whoever is reading it now.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default, Clone)]
struct Known {
    keys: Option<(Arc<ForeignKeys>, Instant)>,
    asked: Option<Instant>,
    used: Option<Instant>,
}

impl Known {
    /// What was read last, unless that is too long ago.
    fn usable(&self, now: Instant) -> Option<&Arc<ForeignKeys>> {
        self.keys.as_ref().filter(|(_, at)| now < at.plus(STALE)).map(|(keys, _)| keys)
    }

    fn is_fresh(&self, now: Instant) -> bool {
        self.keys.as_ref().is_some_and(|(_, at)| now < at.plus(FRESH))
    }

    fn rests(&self, now: Instant) -> bool {
        self.asked.is_some_and(|asked| now < asked.plus(REST))
    }
}

impl PinnedKeys {
    /// Over this client, which decides what addresses may be reached.
    #[must_use]
    pub fn new(http: net::Client) -> Self {
        Self { http, places: Arc::default() }
    }

    /// Whether an address may be asked, in words if not.
    pub fn admits(&self, address: &str) -> Result<(), String> {
        self.http.admits(address).map_err(|error| error.to_string())
    }

    /// The keys at an address, read again if they do not know `kid`.
    pub async fn at(&self, address: &str, kid: Option<&str>, now: Instant) -> Result<Arc<ForeignKeys>, SsoError> {
        let place = self.place(address, now);
        let known = place.look();
        let fits = |keys: &&Arc<ForeignKeys>| kid.is_none_or(|kid| keys.knows(kid));
        let has = known.usable(now).filter(fits).cloned();
        if let Some(keys) = &has
            && (known.is_fresh(now) || known.rests(now))
        {
            return Ok(Arc::clone(keys));
        }
        let reading = match (place.reading.try_lock(), has) {
            (Ok(reading), _) => reading,
            // Somebody is reading it: what is known is good enough meanwhile.
            (Err(_), Some(keys)) => return Ok(keys),
            (Err(_), None) => place.reading.lock().await,
        };
        let known = place.look();
        if !known.rests(now) {
            place.change(|known| known.asked = Some(now));
            match self.read(address).await {
                Ok(keys) => place.change(|known| known.keys = Some((Arc::new(keys), now))),
                Err(error) => tracing::warn!(%error, "a pinned key set cannot be read; what was read last is used"),
            }
        }
        drop(reading);
        place.look().usable(now).cloned().ok_or_else(|| SsoError::ProviderUnreachable {
            what: "its keys".to_owned(),
            why: format!("{address} gave none, and is asked once a minute"),
        })
    }

    fn place(&self, address: &str, now: Instant) -> Arc<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if !places.contains_key(address) && places.len() >= MOST_ADDRESSES {
            let oldest = places.iter().min_by_key(|(_, place)| place.look().used).map(|(address, _)| address.clone());
            oldest.map(|address| places.remove(&address));
        }
        let place = Arc::clone(places.entry(address.to_owned()).or_default());
        place.change(|known| known.used = known.used.max(Some(now)));
        place
    }

    async fn read(&self, address: &str) -> Result<ForeignKeys, SsoError> {
        let unreachable = |why: String| SsoError::ProviderUnreachable { what: "its keys".to_owned(), why };
        let answer = self.http.get(address).await.map_err(|error| unreachable(error.to_string()))?;
        if answer.status != http::StatusCode::OK {
            return Err(unreachable(format!("{address} answered {}", answer.status)));
        }
        ForeignKeys::read(&answer.body).map_err(|why| SsoError::DiscoveryInvalid {
            what: format!("the key set at {address} cannot be used: {why}"),
        })
    }
}

impl Place {
    fn look(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
