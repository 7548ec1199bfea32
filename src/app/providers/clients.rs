//! The OAuth clients of a connection.

use super::super::{App, Ctx, Error, Work, organizations::checked_name};
use crate::{
    crypto::{ForeignKeys, Secret, TokenKind, token},
    model::{Capability, ClientId, ConnectionId, EventKind, ScimClient, Uses},
    store::{ClientKeys, KnownClient},
};
use serde_json::json;

/// Clients of one connection: enough to replace one by another.
const MOST_CLIENTS: usize = 10;
/// The largest key set that is kept.
const LARGEST_SET: usize = 64 * 1024;

/// By what a new client will show who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientProof {
    /// A secret that castgate makes.
    Secret,
    /// Assertions signed with a key of this JWK set (RFC 7523).
    Keys(String),
    /// Assertions signed with a key of the set at this address.
    KeysAt(String),
}

/// What is said of a new client.
#[derive(Debug, Clone)]
pub struct ClientWish {
    /// What people call it.
    pub name: String,
    /// By what it shows who it is.
    pub proof: ClientProof,
}

/// A new client. Its secret, if it has one, is shown once.
#[derive(Debug)]
pub struct NewClient {
    /// The client.
    pub client: ScimClient,
    /// Its secret.
    pub secret: Option<Secret>,
}

impl App {
    /// Makes an OAuth client of a connection.
    pub async fn create_scim_client(
        &self,
        ctx: &Ctx,
        connection: &ConnectionId,
        wish: ClientWish,
    ) -> Result<NewClient, Error> {
        checked_name(&wish.name)?;
        match &wish.proof {
            ClientProof::Secret => {}
            ClientProof::Keys(set) if set.len() > LARGEST_SET => {
                return Err(Error::invalid("jwks", "this key set is larger than 64 KiB"));
            }
            ClientProof::Keys(set) => {
                ForeignKeys::read(set.as_bytes()).map_err(|why| Error::invalid("jwks", why))?;
            }
            ClientProof::KeysAt(url) => {
                self.pinned_keys().admits(url).map_err(|why| Error::invalid("jwks_url", why))?;
            }
        }
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.add_client(connection, wish)).await;
        work.finish(outcome).await
    }

    /// The clients of a connection that have not ended.
    pub async fn scim_clients(&self, ctx: &Ctx, connection: &ConnectionId) -> Result<Vec<ScimClient>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        if tx.connection(&ctx.organization, connection).await?.is_none() {
            return Err(Error::not_found("connection", connection.as_str()));
        }
        Ok(tx.scim_clients(&ctx.organization, connection).await?)
    }

    /// Ends a client and its access tokens at once.
    pub async fn revoke_scim_client(&self, ctx: &Ctx, connection: &ConnectionId, id: &ClientId) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.end_client(connection, id)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn add_client(&mut self, connection: &ConnectionId, wish: ClientWish) -> Result<NewClient, Error> {
        let organization = self.ctx.organization.clone();
        let found = self.tx.connection(&organization, connection).await?;
        let epoch = found.ok_or_else(|| Error::not_found("connection", connection.as_str()))?.epoch;
        if self.tx.scim_clients(&organization, connection).await?.len() >= MOST_CLIENTS {
            let detail = format!("this connection has {MOST_CLIENTS} clients; revoke one of them first");
            return Err(Error::conflict("slots_taken", detail));
        }
        let clock = self.app.clock();
        let make_secret = || token::generate(TokenKind::ClientSecret, &mut |bytes: &mut [u8]| clock.fill(bytes));
        let (keys, secret, jwks_url) = match wish.proof {
            ClientProof::Secret => {
                let secret = make_secret();
                (ClientKeys::Secret(secret.hash()), Some(secret), None)
            }
            ClientProof::Keys(set) => (ClientKeys::Inline(set), None, None),
            ClientProof::KeysAt(url) => (ClientKeys::At(url.clone()), None, Some(url)),
        };
        let client = ScimClient {
            id: ClientId::from_uuid(clock.uuid()),
            connection: connection.clone(),
            name: wish.name.trim().to_owned(),
            hint: secret.as_ref().map(Secret::hint),
            jwks_url,
            created_at: self.ctx.now,
            uses: Uses::default(),
        };
        let known = KnownClient { organization, client: client.clone(), keys, epoch };
        self.tx.insert_scim_client(&known).await?;
        let subjects = [connection.to_string(), client.id.to_string()];
        self.tell(EventKind::ClientCreated, subjects, json!({"name": client.name, "hint": client.hint}));
        Ok(NewClient { client, secret })
    }

    async fn end_client(&mut self, connection: &ConnectionId, id: &ClientId) -> Result<(), Error> {
        if !self.tx.revoke_scim_client(&self.ctx.organization, connection, id, self.ctx.now).await? {
            return Err(Error::not_found("client", id.as_str()));
        }
        self.tell(EventKind::ClientRevoked, [connection.to_string(), id.to_string()], json!({}));
        self.revoke_connection(connection);
        Ok(())
    }
}
