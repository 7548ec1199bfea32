//! Connections and their SCIM tokens.

use super::{App, Ctx, Error, Work};
use crate::{
    cache::Revocation,
    crypto::{Context, Secret, TokenKind, token},
    model::{
        Capability, Connection, ConnectionId, ConnectionSettings, EventKind, OrganizationId, ScimToken, TokenId, fold,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::time::Duration;

/// What an admin says of a new connection.
#[derive(Debug)]
pub struct NewConnection {
    /// Its name in the mapping: letters, digits, `-` and `_`.
    pub name: String,
    /// Its settings.
    pub settings: ConnectionSettings,
    /// The client secret of its OpenID Connect application.
    pub client_secret: Option<SecretString>,
}

/// A new SCIM token. The secret is shown once.
#[derive(Debug)]
pub struct NewToken {
    /// The token.
    pub token: ScimToken,
    /// What the provider sends.
    pub secret: Secret,
}

impl App {
    /// Makes a connection, enabled.
    pub async fn create_connection(&self, ctx: &Ctx, new: NewConnection) -> Result<Connection, Error> {
        check_name(&new.name)?;
        let connection = Connection {
            id: ConnectionId::from_uuid(self.clock().uuid()),
            name: new.name,
            enabled: true,
            settings: checked(new.settings)?,
            epoch: 0,
            pushes_groups: false,
            created_at: ctx.now,
            version: 1,
        };
        let sealed = self.seal_secret(ctx, &connection.id, new.client_secret.as_ref())?;
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let others = work.tx.connections(&ctx.organization).await?;
        if others.iter().any(|other| fold(&other.name) == fold(&connection.name)) {
            let detail = format!("there is a connection “{}” already", connection.name);
            return work.refuse(Error::conflict("taken", detail)).await;
        }
        work.tx.insert_connection(&ctx.organization, &connection, sealed.as_deref()).await?;
        if let Err(error) = work.take_domains(&connection).await {
            return work.refuse(error).await;
        }
        work.tx.move_organization_epoch(&ctx.organization).await?;
        work.tell(EventKind::ConnectionCreated, [connection.id.to_string()], json!({"name": connection.name}));
        work.commit().await?;
        Ok(connection)
    }

    /// Replaces a connection's settings. `if_match` is the version that they are based on.
    pub async fn update_connection(
        &self,
        ctx: &Ctx,
        id: &ConnectionId,
        if_match: Option<i64>,
        settings: ConnectionSettings,
        client_secret: Option<SecretString>,
    ) -> Result<Connection, Error> {
        let settings = checked(settings)?;
        let sealed = self.seal_secret(ctx, id, client_secret.as_ref())?;
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        work.touch_owners().await?;
        let Some(mut connection) = work.tx.connection(&ctx.organization, id).await? else {
            return work.refuse(Error::not_found("connection", id.as_str())).await;
        };
        if if_match.is_some_and(|version| version != connection.version) {
            return work.refuse(Error::Stale).await;
        }
        connection.settings = settings;
        if !work.tx.update_connection(&ctx.organization, &connection).await? {
            return work.refuse(Error::Stale).await;
        }
        connection.version += 1;
        if let Some(sealed) = sealed {
            work.tx.set_client_secret(&ctx.organization, id, &sealed).await?;
        }
        if let Err(error) = work.take_domains(&connection).await {
            return work.refuse(error).await;
        }
        work.tell(EventKind::ConnectionChanged, [id.to_string()], json!({"version": connection.version}));
        work.commit().await?;
        Ok(connection)
    }

    /// Disables a connection, which ends its sessions and refuses its tokens at once; or enables it again.
    pub async fn set_connection_enabled(
        &self,
        ctx: &Ctx,
        id: &ConnectionId,
        enabled: bool,
    ) -> Result<Connection, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        work.touch_owners().await?;
        let Some(mut connection) = work.tx.connection(&ctx.organization, id).await? else {
            return work.refuse(Error::not_found("connection", id.as_str())).await;
        };
        if connection.enabled == enabled {
            work.tx.rollback().await?;
            return Ok(connection);
        }
        connection.enabled = enabled;
        // Sessions carry the epoch that they began in: moving it on ends them all by writing one row.
        connection.epoch += i64::from(!enabled);
        if !work.tx.update_connection(&ctx.organization, &connection).await? {
            return work.refuse(Error::Stale).await;
        }
        connection.version += 1;
        let kind = if enabled { EventKind::ConnectionEnabled } else { EventKind::ConnectionDisabled };
        work.tell(kind, [id.to_string()], json!({}));
        work.revoke(Revocation::Connection { organization: ctx.organization.clone(), connection: id.clone() });
        work.commit().await?;
        Ok(connection)
    }

    /// Every connection.
    pub async fn connections(&self, ctx: &Ctx) -> Result<Vec<Connection>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        Ok(tx.connections(&ctx.organization).await?)
    }

    /// One connection.
    pub async fn connection(&self, ctx: &Ctx, id: &ConnectionId) -> Result<Connection, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let found = tx.connection(&ctx.organization, id).await?;
        found.ok_or_else(|| Error::not_found("connection", id.as_str()))
    }

    /// Makes a SCIM token in the free one of the two slots, so that one can be rotated without a gap.
    pub async fn create_scim_token(
        &self,
        ctx: &Ctx,
        connection: &ConnectionId,
        life: Option<Duration>,
    ) -> Result<NewToken, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        if work.tx.connection(&ctx.organization, connection).await?.is_none() {
            return work.refuse(Error::not_found("connection", connection.as_str())).await;
        }
        let tokens = work.tx.scim_tokens(&ctx.organization, connection).await?;
        let Some(slot) = [1, 2].into_iter().find(|slot| tokens.iter().all(|token| token.slot != *slot)) else {
            let detail = "both token slots of this connection are taken; revoke one of the two tokens first";
            return work.refuse(Error::conflict("slots-taken", detail)).await;
        };
        let secret = token::generate(TokenKind::Scim, &mut |bytes: &mut [u8]| self.clock().fill(bytes));
        let token = ScimToken {
            id: TokenId::from_uuid(self.clock().uuid()),
            connection: connection.clone(),
            hint: secret.hint(),
            slot,
            created_at: ctx.now,
            expires_at: life.map(|life| ctx.now.plus(life)),
            last_used_at: None,
        };
        work.tx.insert_scim_token(&ctx.organization, &token, &secret.hash()).await?;
        let subjects = [connection.to_string(), token.id.to_string()];
        work.tell(EventKind::TokenCreated, subjects, json!({"slot": slot, "hint": token.hint}));
        work.commit().await?;
        Ok(NewToken { token, secret })
    }

    /// The tokens of a connection that have not been revoked.
    pub async fn scim_tokens(&self, ctx: &Ctx, connection: &ConnectionId) -> Result<Vec<ScimToken>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        if tx.connection(&ctx.organization, connection).await?.is_none() {
            return Err(Error::not_found("connection", connection.as_str()));
        }
        Ok(tx.scim_tokens(&ctx.organization, connection).await?)
    }

    /// Ends a token at once.
    pub async fn revoke_scim_token(&self, ctx: &Ctx, connection: &ConnectionId, id: &TokenId) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        if !work.tx.revoke_scim_token(&ctx.organization, connection, id, ctx.now).await? {
            return work.refuse(Error::not_found("token", id.as_str())).await;
        }
        work.tell(EventKind::TokenRevoked, [connection.to_string(), id.to_string()], json!({}));
        work.commit().await
    }

    fn seal_secret(
        &self,
        ctx: &Ctx,
        id: &ConnectionId,
        secret: Option<&SecretString>,
    ) -> Result<Option<Vec<u8>>, Error> {
        let Some(secret) = secret else { return Ok(None) };
        let place = secret_place(&ctx.organization, id);
        self.sealer().seal(&place, secret.expose_secret().as_bytes()).map(Some).map_err(Error::internal)
    }
}

impl Work<'_> {
    /// The connection's domains are its own, and nobody else's in the whole deployment.
    async fn take_domains(&mut self, connection: &Connection) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        for domain in &connection.settings.domains {
            let owner = self.tx.domain(domain).await?;
            if owner.is_some_and(|owner| owner != (organization.clone(), connection.id.clone())) {
                return Err(Error::conflict(
                    "domain-taken",
                    format!("the domain {domain} is verified for another connection"),
                ));
            }
        }
        let domains = &connection.settings.domains;
        Ok(self.tx.set_domains(&organization, &connection.id, domains, self.ctx.now).await?)
    }
}

/// Where a client secret lies: it cannot be opened anywhere else.
pub(super) fn secret_place<'a>(organization: &'a OrganizationId, id: &'a ConnectionId) -> Context<'a> {
    Context { organization: organization.as_str(), table: "connections", row: id.as_str(), column: "client_secret" }
}

fn check_name(name: &str) -> Result<(), Error> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if !name.is_empty() && name.len() <= 63 && name.chars().all(allowed) {
        return Ok(());
    }
    Err(Error::invalid("name", format!("“{name}” cannot name a connection: use letters, digits, - and _")))
}

/// Domains folded, and every one of them a domain.
fn checked(mut settings: ConnectionSettings) -> Result<ConnectionSettings, Error> {
    for domain in &mut settings.domains {
        *domain = fold(domain.trim());
        let fits = domain.contains('.') && !domain.contains(['@', '/', ' ', ':']) && domain.len() <= 253;
        if !fits {
            return Err(Error::invalid("settings.domains", format!("“{domain}” is not a domain like example.com")));
        }
    }
    if settings.match_pairs.is_empty() {
        return Err(Error::invalid("settings.match", "name at least one pair of claim and attribute"));
    }
    Ok(settings)
}
