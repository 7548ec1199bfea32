//! Line 7: what can be lost without anyone noticing but the clock.
//!
//! A node remembers answers of the store in its own memory and, where there is a Redis, shares them with the others. Nothing
//! here is the truth, and nothing here may outlive it. Three rules hold that:
//!
//! - **The lease.** A [revocable](Key::REVOCABLE) value lives for the lease (1 s) at most, in memory and in Redis together. Whatever
//!   message is lost, this bounds how long an ended session lives on another node.
//! - **The generation.** A revocation changes it, and a value is good only if none that [touches](Key::touched) it came after the
//!   generation in which its loading *began*. What was read before a revocation and written after it is never served: there is
//!   no race to lose. In memory one organization's revocations are nothing to another's values.
//! - **The feed.** Nodes tell each other of revocations by Redis, and that they can hear by a heartbeat. A node that hears
//!   nothing for a second stops believing its own memory.
//!
//! Redis may be flushed, stopped or killed: callers see that nothing is remembered, never an error, and lose at most 50 ms a second.

mod breaker;
mod feed;
mod local;
mod recent;
mod remote;
mod revocation;
#[cfg(test)]
mod suite;

pub use recent::Recent;
pub use revocation::Revocation;

use crate::{
    config,
    model::OrganizationId,
    telemetry::{CacheAnswer, metrics},
};
use local::Local;
use remote::Remote;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, future::Future, sync::Arc, time::Duration};
use tokio::sync::broadcast;

/// A key and the kind of value that lies under it.
pub trait Key {
    /// What lies under it. A value that does not read back (another version wrote it) counts as absent.
    type Value: Serialize + DeserializeOwned + Send + Sync + 'static;
    /// Whether a revocation may touch the value. Such a value lives for the lease at most and dies with every revocation.
    const REVOCABLE: bool;
    /// The text, different for every kind of key: begin it with the kind, such as `session:`.
    fn text(&self) -> String;
    /// Whose revocations end a value in a node's memory. Redis forgets revocable values with every revocation.
    fn touched(value: &Self::Value) -> Touched<'_> {
        let _ = value;
        Touched::ByAny
    }
}

/// Whose revocations end a value.
#[derive(Debug, Clone, Copy)]
pub enum Touched<'a> {
    /// Anybody's.
    ByAny,
    /// Every one in this organization.
    By(&'a OrganizationId),
    /// Those of this organization and of its connections; not those of its people, their sessions and their keys.
    ByConnectionsOf(&'a OrganizationId),
}

/// Why there is no cache. Only an address that cannot be one: a Redis that is not there is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    /// The address of Redis has no meaning. It is not printed: it may hold a password.
    #[error("cache.redis_url is not an address like redis://host:6379")]
    BadUrl,
    /// The system gave no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] crate::crypto::random::NoRandomness),
}

/// Whether the nodes hear each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// There is no Redis: one node, or nodes bounded by the lease.
    None,
    /// Heartbeats arrive.
    Alive,
    /// They do not; the node believes only what it asks for.
    Silent,
}

/// The cache of one node. Cheap to clone; its background work ends with the last clone.
#[derive(Clone)]
pub enum Cache {
    /// The process's memory alone.
    Memory(Arc<Memory>),
    /// Memory in front of Redis.
    Redis(Arc<Redis>),
}

/// The process's memory alone.
pub struct Memory {
    local: Arc<Local>,
}

/// Memory in front of Redis.
pub struct Redis {
    local: Arc<Local>,
    remote: Remote,
    _feed: feed::Listener,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(memory) => memory.fmt(f),
            Self::Redis(redis) => redis.fmt(f),
        }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cache(memory)")
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cache(redis)")
    }
}

impl Cache {
    /// The cache that the settings ask for. Connects to nothing yet; call it inside a tokio runtime.
    pub fn open(settings: &config::Cache) -> Result<Self, CacheError> {
        Self::with_patience(settings, remote::PATIENCE)
    }

    fn with_patience(settings: &config::Cache, patience: Duration) -> Result<Self, CacheError> {
        let local = Arc::new(Local::new(settings.lease.get(), settings.capacity));
        let Some(url) = &settings.redis_url else {
            local.live_without_feed();
            return Ok(Self::Memory(Arc::new(Memory { local })));
        };
        let remote = Remote::new(url, settings.lease.get(), patience)?;
        let feed = feed::listen(remote.client(), remote.node(), local.clone());
        Ok(Self::Redis(Arc::new(Redis { local, remote, _feed: feed })))
    }

    /// What lies under `key`, if it is remembered.
    pub async fn get<K: Key>(&self, key: &K) -> Option<Arc<K::Value>> {
        self.look::<K>(&key.text()).await.ok()
    }

    /// Remembers a value for `ttl` at most, as of now.
    ///
    /// For a value read from the store use [`Cache::fetch`]: this call cannot know of a revocation between the reading and now.
    pub async fn put<K: Key>(&self, key: &K, value: K::Value, ttl: Duration) {
        let text = key.text();
        let generation = self.generation::<K>(&text).await;
        self.store::<K>(&text, &Arc::new(value), ttl, generation).await;
    }

    /// What lies under `key`, or what `load` says, which is then remembered for `ttl` at most. A failure is not remembered.
    ///
    /// Loading is a call, and in a place of its own: most requests find what they ask for, and need not carry along room for it.
    pub async fn fetch<K, F, E>(&self, key: &K, ttl: Duration, load: impl FnOnce() -> F) -> Result<Arc<K::Value>, E>
    where
        K: Key,
        F: Future<Output = Result<K::Value, E>>,
    {
        let text = key.text();
        match self.look::<K>(&text).await {
            Ok(value) => Ok(value),
            Err(generation) => {
                let value = Arc::new(Box::pin(load()).await?);
                self.store::<K>(&text, &value, ttl, generation).await;
                Ok(value)
            }
        }
    }

    /// Forgets one key, here and in Redis. The memory of other nodes keeps it for the lease at most; a [`Revocation`] reaches them.
    pub async fn forget<K: Key>(&self, key: &K) {
        let text = key.text();
        self.local().forget(&text);
        if let Self::Redis(redis) = self {
            redis.remote.forget(&text).await;
        }
    }

    /// Tells this node at once and the others by Redis that something was revoked.
    ///
    /// When it returns, no revocable value that was remembered or being loaded before is served by this node again.
    pub async fn publish(&self, revocation: Revocation) {
        self.local().revoke(&revocation);
        if let Self::Redis(redis) = self {
            redis.remote.publish(&revocation).await;
        }
    }

    /// Every revocation from now on, this node's own and the others', each once. A receiver that lags misses some and is told so.
    pub fn subscribe(&self) -> broadcast::Receiver<Revocation> {
        self.local().subscribe()
    }

    /// Whether the nodes hear each other.
    pub fn feed(&self) -> Feed {
        match self {
            Self::Memory(_) => Feed::None,
            Self::Redis(redis) if redis.local.is_live() => Feed::Alive,
            Self::Redis(_) => Feed::Silent,
        }
    }

    fn local(&self) -> &Local {
        match self {
            Self::Memory(memory) => &memory.local,
            Self::Redis(redis) => &redis.local,
        }
    }

    /// The value, or the generation in which its loading begins.
    async fn look<K: Key>(&self, text: &str) -> Result<Arc<K::Value>, Generation> {
        let local = self.local().generation();
        if let Some(value) = self.local().get(text) {
            metrics().cache(CacheAnswer::Memory);
            return Ok(value);
        }
        let Self::Redis(redis) = self else {
            metrics().cache(CacheAnswer::Miss);
            return Err(Generation { local, remote: None });
        };
        let seen = redis.remote.look(text, K::REVOCABLE).await;
        if let Some((bytes, rest)) = seen.found
            && let Ok(value) = serde_json::from_slice::<K::Value>(&bytes)
        {
            // The rest of its life and not a new one: the lease holds for memory and Redis together.
            let value = Arc::new(value);
            redis.local.put(text, (value.clone(), K::touched(&value)), rest, local);
            metrics().cache(CacheAnswer::Redis);
            return Ok(value);
        }
        metrics().cache(CacheAnswer::Miss);
        Err(Generation { local, remote: seen.generation })
    }

    async fn generation<K: Key>(&self, text: &str) -> Generation {
        let local = self.local().generation();
        match self {
            Self::Memory(_) => Generation { local, remote: None },
            Self::Redis(redis) => Generation { local, remote: redis.remote.look(text, K::REVOCABLE).await.generation },
        }
    }

    async fn store<K: Key>(&self, text: &str, value: &Arc<K::Value>, ttl: Duration, generation: Generation) {
        self.local().put(text, (value.clone(), K::touched(value)), ttl, generation.local);
        if let (Self::Redis(redis), Some(remote)) = (self, generation.remote)
            && let Ok(bytes) = serde_json::to_vec(value.as_ref())
        {
            redis.remote.put(text, &bytes, ttl, K::REVOCABLE.then_some(remote)).await;
        }
    }
}

/// When a value's loading began, as this node and as Redis count it.
struct Generation {
    local: u64,
    /// None: Redis did not answer, and is not written to.
    remote: Option<String>,
}
