//! The deployment's signing keys: sealed in the store, published as JWKS, and changed every now and then.
//!
//! A key is published [`AHEAD`] of its first signature, so that whoever keeps our JWKS for a while knows it by then, and
//! for [`OVERLAP`] after its last one. What may sign is decided at use, by the clock: no node has to do anything at the
//! moment of the change. A node looks at the table when its copy is [`FRESH`] no more.

use super::{App, Error};
use crate::{
    crypto::{
        Context,
        jwt::{Published, SigningKey, SigningKeys},
    },
    model::Instant,
    store::{StoreError, StoredKey},
};

use serde_json::Value;
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::sync::Mutex;

/// How long a key is published before it signs: longer than anybody keeps our JWKS.
const AHEAD: Duration = Duration::from_mins(15);
/// How long a key is published after the next one began to sign: much longer than a token lives.
const OVERLAP: Duration = Duration::from_mins(15);
/// How long a node believes its copy of the table: so long the others go on after an emergency.
const FRESH: Duration = Duration::from_secs(5);
/// After this a node that cannot read the table signs no more: its key may have been revoked.
const STALE: Duration = Duration::from_secs(30);
/// An unknown key is looked for in the table at most so often.
const LOOKED: Duration = Duration::from_secs(1);
/// How long the secret of a retired key is kept.
const KEPT: Duration = Duration::from_hours(24);

/// This node's copy of the table.
#[derive(Debug, Default)]
pub(super) struct Keys {
    copy: RwLock<Option<Copy>>,
    /// Held by whoever reads the table.
    reading: Mutex<()>,
}

#[derive(Debug, Clone)]
struct Copy {
    keys: Arc<SigningKeys>,
    read_at: Instant,
}

/// How a key takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The new key is published first and signs later; what the old one signed stays good.
    Orderly,
    /// The new key signs at once, and nothing that any older key signed is good any more.
    RevokeOld,
}

/// A key that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// Its name.
    pub kid: String,
    /// When it begins to sign.
    pub signs_from: Instant,
}

impl App {
    /// Loads the signing keys; a new deployment makes its first.
    pub(super) async fn prepare_signing_keys(&self) -> Result<(), Error> {
        let now = self.clock().now();
        let none = self.store().read().await?.signing_keys(now).await?.is_empty();
        if none {
            self.add_key(now, |newest| newest.is_none().then_some(now)).await?;
        }
        self.read_signing_keys().await.map(drop)
    }

    /// Makes the next signing key.
    pub async fn rotate_signing_key(&self, how: Rotation) -> Result<Rotated, Error> {
        let now = self.clock().now();
        let signs_from = match how {
            Rotation::Orderly => now.plus(AHEAD),
            Rotation::RevokeOld => now,
        };
        // Another node may make one at the same moment: then that one counts, unless the old ones must go.
        for _ in 0..3 {
            if let Some(made) = self.add_key(now, |_| Some(signs_from)).await? {
                self.read_signing_keys().await?;
                return Ok(made);
            }
        }
        Err(Error::Unavailable("other nodes make keys at the same moment".to_owned()))
    }

    /// Makes the next key when the one that signs has done so for long enough. Every node asks; one of them makes it.
    pub(super) async fn rotate_when_due(&self) -> Result<Option<Rotated>, Error> {
        let now = self.clock().now();
        let every = self.settings().tokens.rotate_every.get();
        let due = |newest: Option<&StoredKey>| {
            let takes_over = newest.map_or(now, |newest| newest.signs_from.plus(every));
            (takes_over <= now.plus(AHEAD)).then(|| takes_over.max(now.plus(AHEAD)))
        };
        // Asked first without a change, which costs every other writer its turn.
        let newest = self.store().read().await?.signing_keys(now).await?;
        if due(newest.first()).is_none() {
            return Ok(None);
        }
        let made = self.add_key(now, due).await?;
        if let Some(Rotated { kid, signs_from }) = &made {
            tracing::info!(kid, %signs_from, "the next signing key is published");
            self.read_signing_keys().await?;
        }
        Ok(made)
    }

    /// Adds a key that signs from when `when` says, given the newest there is. Nothing when another node was faster.
    async fn add_key(
        &self,
        now: Instant,
        when: impl Fn(Option<&StoredKey>) -> Option<Instant>,
    ) -> Result<Option<Rotated>, Error> {
        let key = SigningKey::generate().map_err(Error::internal)?;
        let sealed = self.sealer().seal(&place(key.kid()), key.pkcs8()).map_err(Error::internal)?;
        let mut tx = self.store().write("signing key").await?;
        let there = tx.signing_keys(now).await?;
        let Some(signs_from) = when(there.first()) else { return Ok(None) };
        let number = there.iter().filter_map(|key| key.number).max().unwrap_or(0) + 1;
        let id = key.kid().to_owned();
        let new = StoredKey { id: id.clone(), sealed, number: Some(number), signs_from, retired_at: None };
        match tx.insert_signing_key(&new, now).await {
            Ok(()) => {}
            Err(StoreError::Unique(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let retired_at = if signs_from <= now { now } else { signs_from.plus(OVERLAP) };
        tx.retire_signing_keys(&id, retired_at).await?;
        tx.forget_signing_keys(now.minus(KEPT)).await?;
        match tx.commit().await {
            Ok(()) => Ok(Some(Rotated { kid: id, signs_from })),
            Err(StoreError::Unique(_) | StoreError::Conflict) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The keys, as the table had them a moment ago.
    pub(super) async fn signing_keys(&self) -> Result<Arc<SigningKeys>, Error> {
        let now = self.clock().now();
        let copy = self.keys_copy();
        let Some(copy) = copy else { return self.read_signing_keys().await };
        if now < copy.read_at.plus(FRESH) {
            return Ok(copy.keys);
        }
        if now >= copy.read_at.plus(STALE) {
            let _one = self.inner.keys.reading.lock().await;
            return match self.keys_copy() {
                Some(newer) if now < newer.read_at.plus(FRESH) => Ok(newer.keys),
                Some(_) | None => self.read_signing_keys().await,
            };
        }
        // One request reads; the others go on with what there is.
        let Ok(_one) = self.inner.keys.reading.try_lock() else { return Ok(copy.keys) };
        self.read_signing_keys().await.or_else(|error| {
            tracing::warn!(%error, "the signing keys could not be read; those of a moment ago go on");
            Ok(copy.keys)
        })
    }

    /// The keys, read anew if the copy is not of this second: for a token whose key is not among them.
    pub(super) async fn signing_keys_anew(&self) -> Result<Arc<SigningKeys>, Error> {
        let now = self.clock().now();
        match self.keys_copy() {
            Some(copy) if now < copy.read_at.plus(LOOKED) => Ok(copy.keys),
            Some(_) | None => self.read_signing_keys().await,
        }
    }

    async fn read_signing_keys(&self) -> Result<Arc<SigningKeys>, Error> {
        let now = self.clock().now();
        let stored = self.store().read().await?.signing_keys(now).await?;
        let keys = stored.into_iter().map(|stored| {
            let der = self.sealer().open(&place(&stored.id), &stored.sealed).map_err(Error::internal)?;
            let key = SigningKey::from_pkcs8(&der).map_err(Error::internal)?;
            Ok(Published { key, signs_from: stored.signs_from, retired_at: stored.retired_at })
        });
        let keys = Arc::new(SigningKeys::new(keys.collect::<Result<Vec<_>, Error>>()?));
        let copy = Copy { keys: keys.clone(), read_at: now };
        *self.inner.keys.copy.write().unwrap_or_else(PoisonError::into_inner) = Some(copy);
        Ok(keys)
    }

    fn keys_copy(&self) -> Option<Copy> {
        self.inner.keys.copy.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The public halves of the signing keys.
    pub async fn jwks(&self) -> Result<Value, Error> {
        Ok(self.signing_keys().await?.jwks(self.clock().now()))
    }
}

fn place(id: &str) -> Context<'_> {
    Context { organization: "-", table: "signing_keys", row: id, column: "secret" }
}
