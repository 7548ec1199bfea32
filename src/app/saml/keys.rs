//! Our own keys at a connection. A new one is published before it signs, and the old one is published until what it signed is
//! over: a provider that reads our metadata now and then never meets a key that it does not know.

use super::super::{App, Ctx, Error, Work};
use crate::{
    cache::Recent,
    crypto::{Context, ServiceKey, sha256},
    model::{Capability, Connection, ConnectionId, EventKind, Instant, OrganizationId, SamlKey, SamlKeyId},
    store::StoredSamlKey,
};
use data_encoding::HEXLOWER;
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// How long a certificate of ours says that it holds. Nobody reads it; providers compare the key.
const LIFE: Duration = Duration::from_hours(24 * 365 * 10);
/// Keys that a connection may have at once.
const MOST_KEYS: usize = 4;
/// Connections whose opened keys a node remembers, and how long.
const REMEMBERED: (u64, Duration) = (2_000, Duration::from_mins(10));

/// Opened keys, by a connection and the ids of its keys.
pub(in crate::app) struct KeyRings(Recent<String, Arc<KeyRing>>);

impl std::fmt::Debug for KeyRings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyRings(…)")
    }
}

impl Default for KeyRings {
    fn default() -> Self {
        Self(Recent::new(REMEMBERED.0, REMEMBERED.1))
    }
}

/// Our keys at one connection, the youngest first.
#[derive(Debug)]
pub(in crate::app) struct KeyRing {
    /// All that open what is encrypted for us.
    pub(in crate::app) keys: Vec<ServiceKey>,
    /// What is known of each, in the same order.
    pub(in crate::app) known: Vec<SamlKey>,
}

impl KeyRing {
    /// The key that signs now: the youngest whose time has come.
    pub(in crate::app) fn signer(&self, now: Instant) -> Option<&ServiceKey> {
        let at = self.known.iter().position(|key| key.signs_from <= now)?;
        self.keys.get(at)
    }
}

/// A key that is not stored yet.
#[derive(Debug)]
pub(in crate::app) struct NewSamlKey(StoredSamlKey);

impl App {
    /// Our keys at a connection.
    pub async fn saml_keys(&self, ctx: &Ctx, connection: &ConnectionId) -> Result<Vec<SamlKey>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let stored = tx.saml_keys(&ctx.organization, connection, ctx.now).await?;
        Ok(stored.into_iter().map(|stored| stored.key).collect())
    }

    /// Makes a key that signs after `overlap`, as long as providers may need to read of it; the older ones retire when it has
    /// signed for as long. No overlap: it signs at once, for providers that verify nothing.
    pub async fn rotate_saml_key(
        &self,
        ctx: &Ctx,
        connection: &ConnectionId,
        overlap: Duration,
    ) -> Result<Vec<SamlKey>, Error> {
        drop(self.connection(ctx, connection).await?);
        let new = self.new_saml_key(ctx, connection, ctx.now.plus(overlap)).await?;
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.rotate_key(connection, new, overlap)).await;
        work.finish(outcome).await?;
        self.saml_keys(ctx, connection).await
    }

    /// A new key for a connection, sealed.
    pub(in crate::app) async fn new_saml_key(
        &self,
        ctx: &Ctx,
        connection: &ConnectionId,
        signs_from: Instant,
    ) -> Result<NewSamlKey, Error> {
        let name = self.saml_addresses(connection).entity_id;
        let (from, until) = (ctx.now, ctx.now.plus(LIFE));
        // Looking for primes takes a while.
        let made = tokio::task::spawn_blocking(move || {
            let key = ServiceKey::generate()?;
            let certificate = key.certificate(&name, from, until)?;
            Ok::<_, crate::crypto::ServiceKeyError>((key, certificate))
        });
        let (key, certificate) = made.await.map_err(Error::internal)?.map_err(Error::internal)?;
        let id = SamlKeyId::from_uuid(self.clock().uuid());
        let secret = self.sealer().seal(&key_place(&ctx.organization, &id), key.pkcs8()).map_err(Error::internal)?;
        let key = SamlKey {
            id,
            connection: connection.clone(),
            fingerprint: HEXLOWER.encode(&sha256(&certificate)),
            created_at: ctx.now,
            signs_from,
            retires_at: None,
        };
        Ok(NewSamlKey(StoredSamlKey { key, secret, certificate }))
    }

    /// A first key for settings that speak SAML, unless the connection has one.
    pub(in crate::app) async fn first_saml_key(
        &self,
        ctx: &Ctx,
        connection: &ConnectionId,
        speaks: bool,
    ) -> Result<Option<NewSamlKey>, Error> {
        if !speaks {
            return Ok(None);
        }
        let known = self.store().read().await?.saml_keys(&ctx.organization, connection, ctx.now).await?;
        if known.is_empty() { self.new_saml_key(ctx, connection, ctx.now).await.map(Some) } else { Ok(None) }
    }

    /// Our keys at a connection, opened.
    pub(in crate::app) async fn saml_ring(
        &self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<Arc<KeyRing>, Error> {
        let stored = self.store().read().await?.saml_keys(organization, connection, self.clock().now()).await?;
        let ids: Vec<String> =
            stored.iter().map(|stored| format!("{}@{}", stored.key.id, stored.key.signs_from.0)).collect();
        let name = format!("{organization} {connection} {}", ids.join(" "));
        if let Some(ring) = self.inner.saml_rings.0.get(&name) {
            return Ok(ring);
        }
        let mut keys = Vec::new();
        for stored in &stored {
            let place = key_place(organization, &stored.key.id);
            let opened = self.sealer().open(&place, &stored.secret).map_err(Error::internal)?;
            keys.push(ServiceKey::from_pkcs8(&opened).map_err(Error::internal)?);
        }
        let ring = Arc::new(KeyRing { keys, known: stored.into_iter().map(|stored| stored.key).collect() });
        self.inner.saml_rings.0.put(name, ring.clone());
        Ok(ring)
    }
}

impl Work<'_> {
    /// Stores a connection's first key.
    pub(in crate::app) async fn add_first_key(&mut self, new: Option<NewSamlKey>) -> Result<(), Error> {
        let Some(NewSamlKey(stored)) = new else { return Ok(()) };
        let organization = self.ctx.organization.clone();
        // Two changes at once make one key.
        if !self.tx.saml_keys(&organization, &stored.key.connection, self.ctx.now).await?.is_empty() {
            return Ok(());
        }
        Ok(self.tx.insert_saml_key(&organization, &stored).await?)
    }

    async fn rotate_key(
        &mut self,
        id: &ConnectionId,
        NewSamlKey(new): NewSamlKey,
        overlap: Duration,
    ) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let connection: Option<Connection> = self.tx.connection(&organization, id).await?;
        if connection.is_none_or(|known| known.settings.saml.is_none()) {
            return Err(Error::not_found("SAML connection", id.as_str()));
        }
        let known = self.tx.saml_keys(&organization, id, self.ctx.now).await?;
        if known.len() >= MOST_KEYS {
            let detail = format!("the connection has {} keys; one has to retire first", known.len());
            return Err(Error::conflict("slots_taken", detail));
        }
        for old in known {
            let retires = new.key.signs_from.plus(overlap);
            let retires = old.key.retires_at.map_or(retires, |before| before.min(retires));
            self.tx.time_saml_key(&organization, &old.key.id, (old.key.signs_from, Some(retires))).await?;
        }
        self.tx.insert_saml_key(&organization, &new).await?;
        let detail = json!({"key": new.key.id, "fingerprint": new.key.fingerprint, "signs_from": new.key.signs_from});
        self.tell(EventKind::SamlKeyRotated, [id.to_string()], detail);
        Ok(())
    }
}

/// Where a key of ours lies.
fn key_place<'a>(organization: &'a OrganizationId, id: &'a SamlKeyId) -> Context<'a> {
    Context { organization: organization.as_str(), table: "saml_keys", row: id.as_str(), column: "secret" }
}
