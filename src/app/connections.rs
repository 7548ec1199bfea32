//! Connections.

use super::{App, Ctx, Error, Work, saml::NewSamlKey};
use crate::scim::Extensions;
use crate::{
    cache::Revocation,
    crypto::Context,
    model::{Capability, Connection, ConnectionId, ConnectionSettings, EventKind, OrganizationId, SamlSettings, fold},
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
    /// Makes a connection, enabled; one that speaks SAML only if its provider is known.
    pub async fn create_connection(&self, ctx: &Ctx, new: NewConnection) -> Result<Connection, Error> {
        let id = ConnectionId::from_uuid(self.clock().uuid());
        let connection = self.blank_connection(ctx, id, (new.name, new.settings))?;
        let sealed = self.seal_secret(ctx, &connection.id, new.client_secret.as_ref())?;
        let speaks_saml = connection.settings.saml.is_some();
        if speaks_saml {
            // Before a key is made for somebody who may not have one.
            drop(self.read(ctx, Capability::ManageOrganization).await?);
        }
        let key = self.first_saml_key(ctx, &connection.id, speaks_saml).await?;
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.add_connection(connection, (sealed, key))).await;
        work.finish(outcome).await
    }

    /// A connection that nobody has made yet, if it can be right.
    pub(super) fn blank_connection(
        &self,
        ctx: &Ctx,
        id: ConnectionId,
        (name, settings): (String, ConnectionSettings),
    ) -> Result<Connection, Error> {
        check_name(&name)?;
        let settings = self.checked(settings)?;
        Ok(Connection {
            id,
            name,
            // Of a provider whose keys nobody knows nothing can be believed.
            enabled: settings.saml.as_ref().is_none_or(SamlSettings::is_ready),
            settings,
            schemas: Vec::new(),
            epoch: 0,
            pushes_groups: false,
            created_at: ctx.now,
            version: 1,
        })
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
        if settings.saml.is_some() {
            drop(self.read(ctx, Capability::ManageOrganization).await?);
        }
        let key = self.first_saml_key(ctx, id, settings.saml.is_some()).await?;
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.change_connection(id, if_match, (settings, sealed, key))).await;
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
        let outcome = Box::pin(work.switch_connection(id, enabled)).await;
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

    pub(super) fn checked(&self, mut settings: ConnectionSettings) -> Result<ConnectionSettings, Error> {
        if let Some(tokens) = &settings.provider_tokens {
            self.check_provider_tokens(tokens)?;
        }
        if let Some(signals) = &settings.signals {
            self.check_signals(signals)?;
        }
        if let Some(saml) = settings.saml.take() {
            if settings.oidc.is_some() {
                return Err(Error::invalid("settings", "a connection signs people in by oidc or by saml, not by both"));
            }
            settings.saml = Some(self.checked_saml(saml)?);
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
    pub(super) async fn add_connection(
        &mut self,
        connection: Connection,
        (sealed, key): (Option<Vec<u8>>, Option<NewSamlKey>),
    ) -> Result<Connection, Error> {
        let organization = self.ctx.organization.clone();
        // Two who make one at the same moment must not both be the last.
        self.tx.lock_organization(&organization).await?;
        let others = self.tx.connections(&organization).await?;
        let most = self.app.settings().limits.connections;
        if most > 0 && others.len() >= most {
            let detail =
                format!("there are {most} connections, the most that an organization may have; delete one first");
            return Err(Error::conflict("slots_taken", detail));
        }
        if others.iter().any(|other| fold(&other.name) == fold(&connection.name)) {
            let detail = format!("there is a connection “{}” already", connection.name);
            return Err(Error::conflict("taken", detail));
        }
        self.check_own_schemas(&connection.settings).await?;
        self.tx.insert_connection(&organization, &connection, sealed.as_deref()).await?;
        self.add_first_key(key).await?;
        self.write_saml(&connection, self.ctx.now).await?;
        self.ensure_client_key(&connection).await?;
        self.take_domains(&connection).await?;
        self.tx.move_organization_epoch(&organization).await?;
        self.tell(EventKind::ConnectionCreated, [connection.id.to_string()], json!({"name": connection.name}));
        Ok(connection)
    }

    pub(super) async fn change_connection(
        &mut self,
        id: &ConnectionId,
        if_match: Option<i64>,
        (settings, sealed, key): (ConnectionSettings, Option<Vec<u8>>, Option<NewSamlKey>),
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
        self.check_own_schemas(&settings).await?;
        connection.settings = settings;
        may_be_enabled(&connection)?;
        self.write_connection(&mut connection).await?;
        self.add_first_key(key).await?;
        self.write_saml(&connection, self.ctx.now).await?;
        if let Some(sealed) = sealed {
            self.tx.set_client_secret(&self.ctx.organization, id, &sealed).await?;
        }
        self.ensure_client_key(&connection).await?;
        self.take_domains(&connection).await?;
        self.tell(EventKind::ConnectionChanged, [id.to_string()], json!({"version": connection.version}));
        if other_facts {
            self.tx.move_organization_epoch(&organization).await?;
            self.revoke_everybody();
            self.settle_everybody().await?;
        }
        Ok(connection)
    }

    pub(super) async fn switch_connection(&mut self, id: &ConnectionId, enabled: bool) -> Result<Connection, Error> {
        let mut connection = self.connection_to_change(id).await?;
        if connection.enabled == enabled {
            return Ok(connection);
        }
        connection.enabled = enabled;
        may_be_enabled(&connection)?;
        // Sessions carry the epoch that they began in: moving it on ends them all by writing one row.
        connection.epoch += i64::from(!enabled);
        self.write_connection(&mut connection).await?;
        let kind = if enabled { EventKind::ConnectionEnabled } else { EventKind::ConnectionDisabled };
        self.tell(kind, [id.to_string()], json!({}));
        Ok(connection)
    }

    /// Drops what is cached of a connection: its settings, what its tokens open, its sessions.
    pub(super) fn revoke_connection(&mut self, id: &ConnectionId) {
        let organization = self.ctx.organization.clone();
        self.revoke(Revocation::Connection { organization, connection: id.clone() });
    }

    /// Whoever signs in by it may be an owner: a change of it may leave none who can be reached.
    pub(super) async fn connection_to_change(&mut self, id: &ConnectionId) -> Result<Connection, Error> {
        self.touch_owners().await?;
        let found = self.tx.connection(&self.ctx.organization, id).await?;
        found.ok_or_else(|| Error::not_found("connection", id.as_str()))
    }

    /// Writes it with its next version, unless somebody else did, and drops what is cached of it.
    pub(super) async fn write_connection(&mut self, connection: &mut Connection) -> Result<(), Error> {
        if !self.tx.update_connection(&self.ctx.organization, connection).await? {
            return Err(Error::Stale);
        }
        connection.version += 1;
        self.revoke_connection(&connection.id);
        Ok(())
    }
}

/// Of a SAML provider whose keys nobody knows nothing can be believed: such a connection stays disabled.
fn may_be_enabled(connection: &Connection) -> Result<(), Error> {
    if connection.enabled && connection.settings.saml.as_ref().is_some_and(|saml| !saml.is_ready()) {
        let detail = "its provider's entity id, address and certificate have to be known while it is enabled: send its \
                      metadata, or the three";
        return Err(Error::invalid("settings.saml", detail));
    }
    Ok(())
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
