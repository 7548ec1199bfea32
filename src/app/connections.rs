//! Connections.

use super::{App, Ctx, Error, Work};
use crate::scim::Extensions;
use crate::{
    cache::Revocation,
    crypto::Context,
    model::{Capability, Connection, ConnectionId, ConnectionSettings, EventKind, OrganizationId, fold},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

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

impl App {
    /// Makes a connection, enabled.
    pub async fn create_connection(&self, ctx: &Ctx, new: NewConnection) -> Result<Connection, Error> {
        check_name(&new.name)?;
        let connection = Connection {
            id: ConnectionId::from_uuid(self.clock().uuid()),
            name: new.name,
            enabled: true,
            settings: self.checked(new.settings)?,
            epoch: 0,
            pushes_groups: false,
            created_at: ctx.now,
            version: 1,
        };
        let sealed = self.seal_secret(ctx, &connection.id, new.client_secret.as_ref())?;
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.add_connection(connection, sealed)).await;
        work.finish(outcome).await
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
        let settings = self.checked(settings)?;
        let sealed = self.seal_secret(ctx, id, client_secret.as_ref())?;
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.change_connection(id, if_match, (settings, sealed))).await;
        work.finish(outcome).await
    }

    /// Disables a connection, which ends its sessions and its tokens at once and for good; or enables it again.
    pub async fn set_connection_enabled(
        &self,
        ctx: &Ctx,
        id: &ConnectionId,
        enabled: bool,
    ) -> Result<Connection, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = work.switch_connection(id, enabled).await;
        work.finish(outcome).await
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

    fn checked(&self, settings: ConnectionSettings) -> Result<ConnectionSettings, Error> {
        if let Some(tokens) = &settings.provider_tokens {
            self.check_provider_tokens(tokens)?;
        }
        if let Some(oidc) = &settings.oidc
            && let Err(why) = self.oidc().check(oidc)
        {
            return Err(Error::invalid("settings.oidc", why));
        }
        checked(settings)
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
    async fn add_connection(&mut self, connection: Connection, sealed: Option<Vec<u8>>) -> Result<Connection, Error> {
        let organization = self.ctx.organization.clone();
        let others = self.tx.connections(&organization).await?;
        if others.iter().any(|other| fold(&other.name) == fold(&connection.name)) {
            let detail = format!("there is a connection “{}” already", connection.name);
            return Err(Error::conflict("taken", detail));
        }
        self.tx.insert_connection(&organization, &connection, sealed.as_deref()).await?;
        self.ensure_client_key(&connection).await?;
        self.take_domains(&connection).await?;
        self.tx.move_organization_epoch(&organization).await?;
        self.tell(EventKind::ConnectionCreated, [connection.id.to_string()], json!({"name": connection.name}));
        Ok(connection)
    }

    async fn change_connection(
        &mut self,
        id: &ConnectionId,
        if_match: Option<i64>,
        (settings, sealed): (ConnectionSettings, Option<Vec<u8>>),
    ) -> Result<Connection, Error> {
        let organization = self.ctx.organization.clone();
        let known = self.tx.connection(&organization, id).await?;
        let other_facts = known.is_some_and(|known| known.settings.read_roles != settings.read_roles);
        if other_facts {
            // A push at the same moment would be judged by the facts as they were.
            self.tx.hold_directory(&organization, true).await?;
        }
        let mut connection = self.connection_to_change(id).await?;
        if if_match.is_some_and(|version| version != connection.version) {
            return Err(Error::Stale);
        }
        connection.settings = settings;
        self.write_connection(&mut connection).await?;
        if let Some(sealed) = sealed {
            self.tx.set_client_secret(&self.ctx.organization, id, &sealed).await?;
        }
        self.ensure_client_key(&connection).await?;
        self.take_domains(&connection).await?;
        self.tell(EventKind::ConnectionChanged, [id.to_string()], json!({"version": connection.version}));
        self.revoke_connection(id);
        if other_facts {
            self.tx.move_organization_epoch(&organization).await?;
            self.revoke_everybody();
            self.settle_everybody().await?;
        }
        Ok(connection)
    }

    async fn switch_connection(&mut self, id: &ConnectionId, enabled: bool) -> Result<Connection, Error> {
        let mut connection = self.connection_to_change(id).await?;
        if connection.enabled == enabled {
            return Ok(connection);
        }
        connection.enabled = enabled;
        // Sessions carry the epoch that they began in: moving it on ends them all by writing one row.
        connection.epoch += i64::from(!enabled);
        self.write_connection(&mut connection).await?;
        let kind = if enabled { EventKind::ConnectionEnabled } else { EventKind::ConnectionDisabled };
        self.tell(kind, [id.to_string()], json!({}));
        self.revoke_connection(id);
        Ok(connection)
    }

    /// Drops what is cached of a connection: its settings, what its tokens open, its sessions.
    pub(super) fn revoke_connection(&mut self, id: &ConnectionId) {
        let organization = self.ctx.organization.clone();
        self.revoke(Revocation::Connection { organization, connection: id.clone() });
    }

    /// Whoever signs in by it may be an owner: a change of it may leave none who can be reached.
    async fn connection_to_change(&mut self, id: &ConnectionId) -> Result<Connection, Error> {
        self.touch_owners().await?;
        let found = self.tx.connection(&self.ctx.organization, id).await?;
        found.ok_or_else(|| Error::not_found("connection", id.as_str()))
    }

    async fn write_connection(&mut self, connection: &mut Connection) -> Result<(), Error> {
        if !self.tx.update_connection(&self.ctx.organization, connection).await? {
            return Err(Error::Stale);
        }
        connection.version += 1;
        Ok(())
    }

    /// The connection's domains are its own, and nobody else's in the whole deployment.
    async fn take_domains(&mut self, connection: &Connection) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        for domain in &connection.settings.domains {
            let owner = self.tx.domain(domain).await?;
            if owner.is_some_and(|owner| owner != (organization.clone(), connection.id.clone())) {
                return Err(Error::conflict(
                    "domain_taken",
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
    if let Err(why) = Extensions(&settings.extensions).check() {
        return Err(Error::invalid("settings.extensions", why));
    }
    if settings.match_pairs.is_empty() {
        return Err(Error::invalid("settings.match", "name at least one pair of claim and attribute"));
    }
    Ok(settings)
}
