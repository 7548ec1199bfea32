//! Set-up links: the customer's own IT fills in one connection's values, tries them, and copies what their side needs.
//!
//! Whoever holds a link has no account. So a link opens one connection, which is disabled: what was filled in signs nobody in
//! until somebody who may manage the organization has looked at it and enables it. From then on the link shows, and changes
//! nothing. Without that a forwarded mail could put a provider of its own in the place of the organization's.

use super::{
    Actor, App, BegunTest, Ctx, Error, NewToken, SamlAddresses, TurnedAway, Whence, Work, connections::secret_place,
    saml::trust_of,
};
use crate::{
    crypto::{TokenKind, token},
    model::{
        Capability, Connection, ConnectionId, ConnectionTest, EventKind, OidcSettings, SamlSettings, SetupLink,
        SetupLinkId,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
/// How long a link is good when whoever makes it does not say, and at most.
const LIFE: Duration = Duration::from_hours(7 * 24);
const LONGEST_LIFE: Duration = Duration::from_hours(30 * 24);
/// The longest value of a field.
const LONGEST: usize = 2048;
/// Tests among which the last one of a link is looked for.
const LAST_TESTS: i64 = 50;

/// A new link.
#[derive(Debug)]
pub struct NewSetupLink {
    /// What is known of it from now on.
    pub link: SetupLink,
    /// What whoever sets the connection up opens. It is shown once.
    pub url: String,
}

/// What somebody with a link sees, and nothing else.
#[derive(Debug)]
pub struct SetupShown {
    /// Whose connection.
    pub organization: String,
    /// Which.
    pub connection: String,
    /// Whether it is enabled: then nothing is changed by a link any more.
    pub enabled: bool,
    /// How people sign in by it.
    pub sign_in: SetupSignIn,
    /// Where the provider pushes to.
    pub scim_url: String,
    /// The last test by this link that ended.
    pub last_test: Option<ConnectionTest>,
}

/// The values of a sign-in: what to register at the provider, and what was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetupSignIn {
    /// By OpenID Connect.
    Oidc {
        /// The issuer as it was filled in.
        issuer: String,
        /// The client id as it was filled in.
        client_id: String,
        /// Whether there is a client secret. It is never shown.
        has_secret: bool,
        /// What to register at the provider.
        redirect_uri: String,
    },
    /// By SAML.
    Saml {
        /// What to register at the provider; at the entity id it can read all of it.
        ours: SamlAddresses,
        /// The address of the provider's metadata as it was filled in.
        metadata_url: String,
        /// Metadata that was filled in and not taken yet.
        metadata: String,
        /// The provider's entity id as it was read; empty: nothing was read yet.
        provider: String,
        /// The fingerprints of the certificates that were read.
        certificates: Vec<String>,
    },
}

impl SetupSignIn {
    /// Whether enough was filled in that somebody could sign in.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        match self {
            Self::Oidc { issuer, .. } => !issuer.is_empty(),
            Self::Saml { certificates, .. } => !certificates.is_empty(),
        }
    }
}

/// What somebody with a link fills in. Which of it counts is the connection's: OpenID Connect or SAML.
#[derive(Debug)]
pub struct SetupValues {
    /// The issuer of the provider.
    pub issuer: String,
    /// Our name at the provider.
    pub client_id: String,
    /// Our secret there; none: the one before stays.
    pub client_secret: Option<SecretString>,
    /// Where a SAML provider publishes its metadata.
    pub metadata_url: String,
    /// The metadata itself.
    pub metadata: String,
}

/// A sign-in as it will be written.
#[derive(Debug)]
enum Filled {
    Oidc {
        issuer: String,
        client_id: String,
        sealed: Option<Vec<u8>>,
    },
    /// As it was, and as it will be.
    Saml(Box<(SamlSettings, SamlSettings)>),
}

fn dead() -> Error {
    Error::TurnedAway(TurnedAway::DeadLink)
}

impl App {
    /// Makes a link to a connection that is disabled.
    pub async fn create_setup_link(
        &self,
        ctx: &Ctx,
        connection: &ConnectionId,
        life: Option<Duration>,
    ) -> Result<NewSetupLink, Error> {
        let life = life.unwrap_or(LIFE);
        if life > LONGEST_LIFE {
            let most = LONGEST_LIFE.as_secs() / DAY.as_secs();
            return Err(Error::invalid("expires_in_days", format!("a set-up link is good for {most} days at most")));
        }
        let secret = token::generate(TokenKind::Setup, &mut |bytes: &mut [u8]| self.clock().fill(bytes));
        let link = SetupLink {
            id: SetupLinkId::from_uuid(self.clock().uuid()),
            connection: connection.clone(),
            created_by: ctx.actor.to_string(),
            created_at: ctx.now,
            expires_at: ctx.now.plus(life),
            revoked_at: None,
            last_used_at: None,
        };
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.add_setup_link(&link, &secret.hash())).await;
        work.finish(outcome).await?;
        let url = format!("{}/setup/{}", self.settings().server.origin(), secret.expose());
        Ok(NewSetupLink { link, url })
    }

    /// The links of a connection.
    pub async fn setup_links(&self, ctx: &Ctx, connection: &ConnectionId) -> Result<Vec<SetupLink>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        if tx.connection(&ctx.organization, connection).await?.is_none() {
            return Err(Error::not_found("connection", connection.as_str()));
        }
        Ok(tx.setup_links(&ctx.organization, connection).await?)
    }

    /// Ends a link at once.
    pub async fn revoke_setup_link(&self, ctx: &Ctx, connection: &ConnectionId, id: &SetupLinkId) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.revoke_setup_link(connection, id)).await;
        work.finish(outcome).await
    }

    /// What a link shows. Changes nothing, however often it is asked.
    pub async fn setup_shown(&self, link: &str, whence: &Whence) -> Result<SetupShown, Error> {
        let (ctx, link, connection) = self.setup_of(link, whence).await?;
        let mut tx = self.store().read().await?;
        let organization = tx.organization(&ctx.organization).await?.ok_or_else(dead)?.name;
        let tests = tx.connection_tests(&ctx.organization, &connection.id, "", LAST_TESTS).await?;
        let by_link = |test: &ConnectionTest| test.started_by == link.id.as_str() && test.finished_at.is_some();
        let has_secret = tx.client_secret(&ctx.organization, &connection.id).await?.is_some();
        Ok(SetupShown {
            organization,
            enabled: connection.enabled,
            sign_in: self.setup_sign_in(&connection, has_secret),
            scim_url: self.scim_url(&connection),
            last_test: tests.into_iter().find(by_link),
            connection: connection.name,
        })
    }

    fn setup_sign_in(&self, connection: &Connection, has_secret: bool) -> SetupSignIn {
        let Some(saml) = &connection.settings.saml else {
            let oidc = connection.settings.oidc.as_ref();
            return SetupSignIn::Oidc {
                issuer: oidc.map(|oidc| oidc.issuer.clone()).unwrap_or_default(),
                client_id: oidc.map(|oidc| oidc.client_id.clone()).unwrap_or_default(),
                has_secret,
                redirect_uri: self.redirect_uri(),
            };
        };
        let known = trust_of(saml).certificates;
        SetupSignIn::Saml {
            ours: self.saml_addresses(&connection.id),
            metadata_url: saml.metadata_url.clone().unwrap_or_default(),
            provider: saml.entity_id.clone(),
            metadata: String::new(),
            certificates: known.iter().map(|certificate| certificate.fingerprint().to_owned()).collect(),
        }
    }

    /// Fills in the values of a link's connection.
    pub async fn set_up(&self, link: &str, values: SetupValues, whence: &Whence) -> Result<(), Error> {
        let (ctx, link, connection) = self.setup_of(link, whence).await?;
        refuse_enabled(&connection)?;
        let filled = match &connection.settings.saml {
            Some(saml) => Filled::Saml(Box::new((saml.clone(), self.filled_saml(&ctx, &connection, &values).await?))),
            None => self.filled_oidc(&ctx, &connection, &values)?,
        };
        let mut work = self.begin(&ctx, super::Need::Directory).await?;
        let outcome = Box::pin(work.set_up(&link, filled)).await;
        work.finish(outcome).await
    }

    fn filled_oidc(&self, ctx: &Ctx, connection: &Connection, values: &SetupValues) -> Result<Filled, Error> {
        let checked = |place: &str, value: &str| match value.trim() {
            "" => Err(Error::invalid(place, "it is needed; the provider shows it")),
            value if value.len() > LONGEST => Err(Error::invalid(place, "it is too long")),
            value => Ok(value.to_owned()),
        };
        let (issuer, client_id) = (checked("issuer", &values.issuer)?, checked("client_id", &values.client_id)?);
        let secret = values.client_secret.as_ref().map(ExposeSecret::expose_secret).filter(|text| !text.is_empty());
        let sealed = match secret {
            Some(text) if text.len() > LONGEST => return Err(Error::invalid("client_secret", "it is too long")),
            Some(text) => {
                let place = secret_place(&ctx.organization, &connection.id);
                Some(self.sealer().seal(&place, text.as_bytes()).map_err(Error::internal)?)
            }
            None => None,
        };
        Ok(Filled::Oidc { issuer, client_id, sealed })
    }

    /// The connection's settings with what the provider says about itself: at the address, or in the document if there is one.
    /// What an admin decided stays, such as which certificate has to have signed the metadata.
    async fn filled_saml(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        values: &SetupValues,
    ) -> Result<SamlSettings, Error> {
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let (url, document) = (filled(&values.metadata_url), filled(&values.metadata));
        if url.is_none() && document.is_none() {
            let detail = "give the address of your provider's metadata, or the metadata itself";
            return Err(Error::invalid("metadata_url", detail));
        }
        let mut settings = connection.settings.clone();
        if let Some(saml) = settings.saml.as_mut() {
            // Of a provider that was read before, this may be another one; a name that nothing was read of yet is an admin's.
            if saml.is_ready() {
                saml.entity_id.clear();
            }
            saml.sign_on.clear();
            saml.logout.clear();
            saml.certificates.clear();
            saml.metadata_url = url;
            *saml = self.checked_saml(saml.clone())?;
        }
        let settings = self.with_saml_metadata(ctx, settings, document.as_deref()).await?;
        self.checked_saml(settings.saml.unwrap_or_default())
    }

    /// Begins a test by a link; where it goes on.
    pub async fn test_by_setup_link(&self, link: &str, whence: &Whence) -> Result<BegunTest, Error> {
        let (ctx, link, connection) = self.setup_of(link, whence).await?;
        self.begin_test(&ctx, super::Need::Directory, &connection.id, link.id.to_string()).await
    }

    /// A SCIM token for the provider of a link's connection. It is shown once.
    pub async fn token_by_setup_link(&self, link: &str, whence: &Whence) -> Result<NewToken, Error> {
        let (ctx, _, connection) = self.setup_of(link, whence).await?;
        refuse_enabled(&connection)?;
        self.create_scim_token(&ctx, &connection.id, None).await
    }

    /// Nobody is known: it is castgate itself that looks, into the one connection of the link.
    async fn setup_of(&self, link: &str, whence: &Whence) -> Result<(Ctx, SetupLink, Connection), Error> {
        let hash = token::parse(link, TokenKind::Setup).map_err(|_| dead())?.hash();
        let now = self.clock().now();
        let mut tx = self.store().read().await?;
        let (organization, id) = tx.setup_link_by_hash(&hash).await?.ok_or_else(dead)?;
        let link = tx.live_setup_link(&organization, &id, now).await?.ok_or_else(dead)?;
        let connection = tx.connection(&organization, &link.connection).await?.ok_or_else(dead)?;
        let request = whence.request.clone().unwrap_or_else(|| self.new_request());
        let ctx = Ctx { actor: Actor::System, organization, now, request };
        Ok((ctx, link, connection))
    }

    /// Where a connection's provider pushes to.
    #[must_use]
    pub fn scim_url(&self, connection: &Connection) -> String {
        let all = format!("{}/scim/v2", self.settings().server.origin());
        // Nothing in the provider's own tokens says which connection is meant.
        if connection.settings.provider_tokens.is_some() { format!("{all}/{}", connection.id) } else { all }
    }
}

/// A connection that people sign in by is its organization's alone to change.
fn refuse_enabled(connection: &Connection) -> Result<(), Error> {
    if !connection.enabled {
        return Ok(());
    }
    let detail =
        format!("the connection “{}” is enabled: it is changed by its organization's admins alone", connection.name);
    Err(Error::conflict("enabled", detail))
}

impl Work<'_> {
    async fn add_setup_link(&mut self, link: &SetupLink, hash: &[u8; 32]) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let connection = self.tx.connection(&organization, &link.connection).await?;
        let connection = connection.ok_or_else(|| Error::not_found("connection", link.connection.as_str()))?;
        refuse_enabled(&connection)?;
        self.tx.insert_setup_link(&organization, link, hash).await?;
        let subjects = [link.connection.to_string(), link.id.to_string()];
        self.tell(EventKind::SetupLinkCreated, subjects, json!({"expires_at": link.expires_at}));
        Ok(())
    }

    async fn revoke_setup_link(&mut self, connection: &ConnectionId, id: &SetupLinkId) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        if !self.tx.revoke_setup_link(&organization, (connection, id), self.ctx.now).await? {
            return Err(Error::not_found("set-up link", id.as_str()));
        }
        self.tell(EventKind::SetupLinkRevoked, [connection.to_string(), id.to_string()], json!({}));
        Ok(())
    }

    async fn set_up(&mut self, link: &SetupLink, filled: Filled) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        // Asked again in the transaction: revoked or enabled a moment ago is over.
        let link = self.tx.live_setup_link(&organization, &link.id, now).await?.ok_or_else(dead)?;
        let mut connection = self.tx.connection(&organization, &link.connection).await?.ok_or_else(dead)?;
        refuse_enabled(&connection)?;
        let secret = match filled {
            Filled::Oidc { .. } if connection.settings.saml.is_some() => return Err(Error::Stale),
            Filled::Oidc { issuer, client_id, sealed } => {
                let before = connection.settings.oidc.take().unwrap_or_else(|| OidcSettings::new("", ""));
                let oidc = OidcSettings { issuer, client_id, ..before };
                self.app.oidc().check(&oidc).map_err(|why| Error::invalid("issuer", why))?;
                connection.settings.oidc = Some(oidc);
                self.write_connection(&mut connection).await?;
                self.ensure_client_key(&connection).await?;
                if let Some(sealed) = &sealed {
                    self.tx.set_client_secret(&organization, &connection.id, sealed).await?;
                }
                sealed.is_some()
            }
            Filled::Saml(both) => {
                let (before, after) = *both;
                // What was read was read for the settings as they were.
                if connection.settings.saml.as_ref() != Some(&before) {
                    return Err(Error::Stale);
                }
                connection.settings.saml = Some(after);
                self.write_connection(&mut connection).await?;
                self.write_saml(&connection, now).await?;
                false
            }
        };
        self.tx.touch_setup_link(&organization, &link.id, now).await?;
        let subjects = [connection.id.to_string(), link.id.to_string()];
        let detail = json!({"version": connection.version, "by": "set-up link", "secret": secret});
        self.tell(EventKind::ConnectionChanged, subjects, detail);
        Ok(())
    }
}
