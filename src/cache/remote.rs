//! Redis, asked with little patience.

use super::{CacheError, Revocation, breaker::Breaker, feed::CHANNEL, revocation::Message};
use crate::crypto::random;
use data_encoding::HEXLOWER;
use redis::{
    AsyncConnectionConfig, Client, FromRedisValue, IntoConnectionInfo, Pipeline, ProtocolVersion, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection},
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

/// How long an answer may take, connecting included.
pub(super) const PATIENCE: Duration = Duration::from_millis(50);
/// How long connecting goes on behind the callers' backs.
const CONNECT: Duration = Duration::from_millis(200);
/// Where the current generation lies. Random, so that a flush does not bring an old one back.
const GENERATION: &str = "castgate:generation";
const PREFIX: &str = "castgate:entry:";

/// What Redis says of a key.
#[derive(Default)]
pub(super) struct Seen {
    /// The value and the rest of its life.
    pub(super) found: Option<(Vec<u8>, Duration)>,
    /// The generation in which a load may begin; none if Redis did not answer.
    pub(super) generation: Option<String>,
}

pub(super) struct Remote {
    client: Client,
    /// Made at the first use, which is then inside the runtime.
    manager: ConnectionManager,
    breaker: Breaker,
    node: String,
    lease: Duration,
    patience: Duration,
    /// A revocation did not reach Redis: until then Redis may hold what this node must not believe.
    mistrusted_until: Mutex<Option<Instant>>,
}

impl Remote {
    pub(super) fn new(url: &SecretString, lease: Duration, patience: Duration) -> Result<Self, CacheError> {
        let info = url.expose_secret().into_connection_info().map_err(|_| CacheError::BadUrl)?;
        // RESP3: one connection hears the feed and speaks on it.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(settings)).map_err(|_| CacheError::BadUrl)?;
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(patience))
            .set_connection_timeout(Some(CONNECT))
            .set_number_of_retries(0);
        let manager = client.get_connection_manager_lazy(config).map_err(|_| CacheError::BadUrl)?;
        let node = HEXLOWER.encode(&random::bytes::<8>()?);
        Ok(Self {
            client,
            manager,
            breaker: Breaker::default(),
            node,
            lease,
            patience,
            mistrusted_until: Mutex::new(None),
        })
    }

    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    pub(super) fn node(&self) -> String {
        self.node.clone()
    }

    pub(super) async fn look(&self, text: &str, revocable: bool) -> Seen {
        if revocable && self.is_mistrusted() {
            return Seen::default();
        }
        // The entry before the generation: a revocation between the two makes the entry old, never the other way.
        let mut pipeline = redis::pipe();
        let key = format!("{PREFIX}{text}");
        pipeline.get(&key).pttl(&key).get(GENERATION);
        let answer: Option<(Option<Vec<u8>>, i64, Option<String>)> = self.ask(&pipeline).await;
        let Some((entry, rest, generation)) = answer else { return Seen::default() };
        let Some(generation) = generation else { return self.begin().await };
        let found = entry.and_then(|entry| {
            let (wanted, bytes) = split(&entry)?;
            let rest = Duration::from_millis(u64::try_from(rest).ok()?);
            (!revocable || wanted == generation.as_bytes()).then(|| (bytes.to_vec(), rest))
        });
        Seen { found, generation: Some(generation) }
    }

    /// Redis is new or was flushed: the first to notice sets the generation, the others take it.
    async fn begin(&self) -> Seen {
        let Ok(fresh) = generation() else { return Seen::default() };
        let mut pipeline = redis::pipe();
        pipeline.set_nx(GENERATION, fresh).ignore().get(GENERATION);
        let answer: Option<(Option<String>,)> = self.ask(&pipeline).await;
        Seen { found: None, generation: answer.and_then(|(generation,)| generation) }
    }

    /// `generation`: of a revocable value, which then lives for the lease at most.
    pub(super) async fn put(&self, text: &str, bytes: &[u8], ttl: Duration, generation: Option<String>) {
        let life = if generation.is_some() { ttl.min(self.lease) } else { ttl };
        let millis = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        if millis == 0 {
            return;
        }
        let mut entry = generation.unwrap_or_default().into_bytes();
        entry.push(b'\n');
        entry.extend_from_slice(bytes);
        let mut pipeline = redis::pipe();
        pipeline.pset_ex(format!("{PREFIX}{text}"), entry, millis).ignore();
        let _: Option<()> = self.ask(&pipeline).await;
    }

    /// A new generation too: a load that runs now on any node must not bring the value back.
    pub(super) async fn forget(&self, text: &str) {
        let Ok(fresh) = generation() else { return self.mistrust() };
        let mut pipeline = redis::pipe();
        pipeline.atomic().set(GENERATION, fresh).ignore().del(format!("{PREFIX}{text}")).ignore();
        if self.ask::<()>(&pipeline).await.is_none() {
            self.mistrust();
        }
    }

    pub(super) async fn publish(&self, revocation: &Revocation) {
        let message = Message::Revoked { node: self.node.clone(), revocation: revocation.clone() };
        let (Ok(fresh), Ok(message)) = (generation(), serde_json::to_string(&message)) else { return self.mistrust() };
        let mut pipeline = redis::pipe();
        pipeline.atomic().set(GENERATION, fresh).ignore().publish(CHANNEL, message).ignore();
        if self.ask::<()>(&pipeline).await.is_none() {
            self.mistrust();
        }
    }

    async fn ask<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Option<T> {
        if !self.breaker.admits() {
            return None;
        }
        let mut manager = self.manager.clone();
        let answer = tokio::time::timeout(self.patience, pipeline.query_async(&mut manager)).await;
        match answer {
            Ok(Ok(value)) => {
                self.breaker.succeeded();
                Some(value)
            }
            Ok(Err(error)) => {
                self.breaker.failed(&error.to_string());
                None
            }
            Err(_) => {
                self.breaker.failed("it took too long");
                None
            }
        }
    }

    /// What lies in Redis now is gone after the lease; twice that, because another node may be writing at this moment.
    fn mistrust(&self) {
        *self.mistrusted_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            Some(Instant::now() + self.lease * 2);
    }

    fn is_mistrusted(&self) -> bool {
        let mut until = self.mistrusted_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if until.is_some_and(|end| Instant::now() >= end) {
            *until = None;
        }
        until.is_some()
    }
}

/// A connection of its own for the feed.
pub(super) async fn connect(
    client: &Client,
    pushes: tokio::sync::mpsc::UnboundedSender<redis::PushInfo>,
) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(CONNECT))
        .set_push_sender(pushes);
    client.get_multiplexed_async_connection_with_config(&config).await
}

fn generation() -> Result<String, random::NoRandomness> {
    Ok(HEXLOWER.encode(&random::bytes::<12>()?))
}

fn split(entry: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = entry.iter().position(|byte| *byte == b'\n')?;
    let (generation, rest) = entry.split_at(at);
    Some((generation, rest.get(1..)?))
}
