//! What castgate shows at a provider's token endpoint: the connection's secret, or assertions signed with its own keys.
//!
//! A key is published a day before its first signature and a day after its last, because providers read keys when they like.

use super::super::{App, Ctx, Error, Work};
use crate::{
    crypto::{
        Context,
        jwt::{Published, SigningKey, SigningKeys},
    },
    model::{
        Capability, ClientAuth, Connection, ConnectionId, ConnectionSettings, EventKind, Instant, OidcSettings,
        OrganizationId,
    },
    sso::ClientProof,
    store::StoredKey,
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;

/// How long before its first signature, and after its last, a key is published.
const OVERLAP: Duration = Duration::from_hours(24);

/// A connection's proof, opened.
pub(super) enum Proof {
    Secret(Option<SecretString>),
    Keys(SigningKeys),
}

impl<'a> From<&'a Proof> for ClientProof<'a> {
    fn from(proof: &'a Proof) -> Self {
        match proof {
            Proof::Secret(secret) => secret.as_ref().into(),
            Proof::Keys(keys) => Self::Keys(keys),
        }
    }
}

/// A key with which a connection shows that it is the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClientKey {
    /// Its name: the thumbprint of its public half.
    pub kid: String,
    /// When it begins to sign.
    pub signs_from: Instant,
    /// When it is no longer published.
    pub retired_at: Option<Instant>,
}

impl App {
    /// What shows at the provider that a connection is the client.
    pub(super) async fn client_proof(
        &self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        settings: &OidcSettings,
    ) -> Result<Proof, Error> {
        match settings.client_auth {
            ClientAuth::Secret => self.client_secret(organization, connection).await.map(Proof::Secret),
            ClientAuth::PrivateKeyJwt => self.open_client_keys(organization, connection).await.map(Proof::Keys),
        }
    }

    async fn open_client_keys(
        &self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<SigningKeys, Error> {
        let stored = self.store().read().await?.client_keys(organization, connection, self.clock().now()).await?;
        let keys = stored.into_iter().map(|stored| {
            let der = self.sealer().open(&place(organization, &stored.id), &stored.sealed).map_err(Error::internal)?;
            let key = SigningKey::from_pkcs8(&der).map_err(Error::internal)?;
            Ok(Published { key, signs_from: stored.signs_from, retired_at: stored.retired_at })
        });
        Ok(SigningKeys::new(keys.collect::<Result<Vec<_>, Error>>()?))
    }

    /// The public halves of a connection's client keys, for its provider. An empty set where there are none, or no connection.
    pub async fn client_jwks(&self, connection: &ConnectionId) -> Result<Value, Error> {
        let found = self.store().read().await?.connection_at(connection).await?;
        let Some((organization, connection)) = found else { return Ok(json!({"keys": []})) };
        Ok(self.open_client_keys(&organization, &connection.id).await?.jwks(self.clock().now()))
    }

    /// A connection's client keys that are published or will be.
    pub async fn client_keys(&self, ctx: &Ctx, connection: &ConnectionId) -> Result<Vec<ClientKey>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        if tx.connection(&ctx.organization, connection).await?.is_none() {
            return Err(Error::not_found("connection", connection.as_str()));
        }
        let keys = tx.client_keys(&ctx.organization, connection, ctx.now).await?;
        Ok(keys.into_iter().map(shown).collect())
    }

    /// Makes a connection's next client key: it signs in a day, when the provider has read it; or at once, and the old ones are
    /// gone at once (`revoke`).
    pub async fn rotate_client_key(
        &self,
        ctx: &Ctx,
        connection: &ConnectionId,
        revoke: bool,
    ) -> Result<ClientKey, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.rotate_key_of(connection, revoke)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn rotate_key_of(&mut self, id: &ConnectionId, revoke: bool) -> Result<ClientKey, Error> {
        let found = self.tx.connection(&self.ctx.organization, id).await?;
        let connection = found.ok_or_else(|| Error::not_found("connection", id.as_str()))?;
        if !uses_keys(&connection.settings) {
            let detail =
                "this connection shows a secret and not a key: set settings.oidc.client_auth to private_key_jwt";
            return Err(Error::conflict("no_client_keys", detail));
        }
        let now = self.ctx.now;
        let signs_from = if revoke { now } else { now.plus(OVERLAP) };
        let retired_at = if revoke { now } else { signs_from.plus(OVERLAP) };
        let key = self.add_client_key(&connection, signs_from).await?;
        self.tx.retire_client_keys(&self.ctx.organization.clone(), id, &key.kid, retired_at).await?;
        let detail = json!({"client_key": key.kid, "signs_from": key.signs_from, "old_ones_revoked": revoke});
        self.tell(EventKind::ConnectionChanged, [id.to_string()], detail);
        Ok(key)
    }

    /// A connection that shows keys has one from the beginning, which signs at once: nobody has read an older one.
    pub(in crate::app) async fn ensure_client_key(&mut self, connection: &Connection) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        if !uses_keys(&connection.settings)
            || !self.tx.client_keys(&organization, &connection.id, now).await?.is_empty()
        {
            return Ok(());
        }
        self.add_client_key(connection, now).await.map(drop)
    }

    async fn add_client_key(&mut self, connection: &Connection, signs_from: Instant) -> Result<ClientKey, Error> {
        let organization = self.ctx.organization.clone();
        let key = SigningKey::generate().map_err(Error::internal)?;
        let sealed = self.app.sealer().seal(&place(&organization, key.kid()), key.pkcs8()).map_err(Error::internal)?;
        let new = StoredKey { id: key.kid().to_owned(), sealed, number: None, signs_from, retired_at: None };
        self.tx.insert_client_key(&organization, &connection.id, &new, self.ctx.now).await?;
        Ok(shown(new))
    }
}

fn shown(StoredKey { id, signs_from, retired_at, .. }: StoredKey) -> ClientKey {
    ClientKey { kid: id, signs_from, retired_at }
}

fn uses_keys(settings: &ConnectionSettings) -> bool {
    settings.oidc.as_ref().is_some_and(|oidc| oidc.client_auth == ClientAuth::PrivateKeyJwt)
}

fn place<'a>(organization: &'a OrganizationId, id: &'a str) -> Context<'a> {
    Context { organization: organization.as_str(), table: "client_keys", row: id, column: "secret" }
}
