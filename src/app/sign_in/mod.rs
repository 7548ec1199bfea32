//! Sign-in: from an e-mail address to a provider, and from the provider's answer to a session.

mod arrival;
mod attempt;
mod client;
mod explain;
mod facts;
mod finish;
mod saml;
mod session;
mod traces;

pub(super) use attempt::SignInAttempt;
pub use attempt::Whence;
pub use client::ClientKey;
pub use finish::Finished;
pub(super) use finish::Journey;
pub use saml::SamlArrival;
pub(super) use session::Opened;

use super::{
    App, Error,
    terms::{TermsState, terms_state},
};
use crate::{
    crypto::{Context, Secret},
    model::{Connection, ConnectionId, Instant, OrganizationId, TestId, UserId, fold},
    sso::{Pending, StepUp, saml::PostForm},
};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long somebody may take at the provider's pages.
const PATIENCE: Duration = Duration::from_mins(10);

/// Where somebody who gave an e-mail address or an organization goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// To this provider.
    Provider {
        /// Of which organization.
        organization: OrganizationId,
        /// Which connection.
        connection: ConnectionId,
    },
    /// Nobody owns the address's domain: ask for the organization's short name.
    AskOrganization,
    /// The organization has several providers.
    Choose(OrganizationId, Vec<(ConnectionId, String)>),
    /// No provider signs this person in: by a password, if there is such a person and organization at all. One answer for both.
    Password,
    /// There is no such organization, or nobody to sign in with. One answer for both.
    Nothing,
}

/// A sign-in that has begun.
#[derive(Debug)]
pub struct SignInBegun {
    /// Where the browser goes.
    pub url: String,
    /// With this form, if it goes by one.
    pub form: Option<PostForm>,
    /// What the browser keeps: sealed, and good for ten minutes.
    pub cookie: String,
    /// Whether the provider's answer comes by a form of another site: the cookie has to be sent along with that.
    pub returns_by_post: bool,
}

/// Somebody signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// The session cookie's value.
    pub secret: Secret,
    /// Where they wanted to go.
    pub return_to: String,
    /// Where they stand with the terms.
    pub terms: TermsState,
    /// Their organization.
    pub organization: OrganizationId,
    /// Who.
    pub user: UserId,
}

/// What the sealed cookie holds: binds the provider's answer to this browser, organization and connection.
#[derive(Debug, Serialize, Deserialize)]
struct Begun {
    organization: OrganizationId,
    connection: ConnectionId,
    return_to: String,
    began: Instant,
    pending: Pending,
    /// As the person typed it.
    #[serde(default)]
    email: Option<String>,
    /// The hash of the invitation's link that led here.
    #[serde(default)]
    invitation: Option<Vec<u8>>,
    /// The test of the connection that this is, if it is one.
    #[serde(default)]
    test: Option<TestId>,
}

/// The longest address that there is (RFC 5321 §4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;

const COOKIE: Context<'static> = Context { organization: "-", table: "cookies", row: "sign-in", column: "pending" };

impl App {
    /// Where somebody goes who gave an e-mail address, an organization's short name, or both.
    pub async fn route_sign_in(&self, slug: Option<&str>, email: Option<&str>) -> Result<Route, Error> {
        let mut tx = self.store().read().await?;
        let domain = email.and_then(|email| email.trim().rsplit_once('@')).map(|(_, domain)| fold(domain));
        if let Some(domain) = domain
            && let Some((organization, id)) = tx.domain(&domain).await?
            && let Some(connection) = tx.connection(&organization, &id).await?
            && signs_in(&connection)
        {
            return Ok(Route::Provider { organization, connection: id });
        }
        let Some(slug) = slug.map(str::trim).filter(|slug| !slug.is_empty()) else {
            return Ok(Route::AskOrganization);
        };
        // Whoever gave no address is nobody yet whom a password could be asked of.
        let by_password = if email.is_some() { Route::Password } else { Route::Nothing };
        let Some(found) = tx.organization_by_slug(slug).await? else { return Ok(by_password) };
        let mut ready = tx.connections(&found.id).await?;
        ready.retain(signs_in);
        Ok(match ready.as_slice() {
            [] => by_password,
            // Nobody owns the address's domain: where people have passwords, this may be one of them.
            [only] if email.is_some() && tx.has_passwords(&found.id).await? => {
                Route::Choose(found.id, vec![(only.id.clone(), only.name.clone())])
            }
            [only] => Route::Provider { organization: found.id, connection: only.id.clone() },
            several => {
                let names = several.iter().map(|known| (known.id.clone(), known.name.clone())).collect();
                Route::Choose(found.id, names)
            }
        })
    }

    /// Begins a sign-in at a provider.
    pub async fn begin_sign_in(
        &self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        login_hint: Option<&str>,
        return_to: &str,
    ) -> Result<SignInBegun, Error> {
        self.begin_at((organization, connection), login_hint, return_to, None).await
    }

    /// Begins the sign-in of somebody who followed an invitation's link, of which this is the hash.
    pub(super) async fn begin_invited_sign_in(
        &self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        login_hint: Option<&str>,
        invitation: &[u8; 32],
    ) -> Result<SignInBegun, Error> {
        self.begin_at((organization, connection), login_hint, "/account", Some(invitation.to_vec())).await
    }

    async fn begin_at(
        &self,
        (organization, connection): (&OrganizationId, &ConnectionId),
        login_hint: Option<&str>,
        return_to: &str,
        invitation: Option<Vec<u8>>,
    ) -> Result<SignInBegun, Error> {
        let connection = self.sign_in_connection(organization, connection).await?;
        let journey = Journey { return_to: return_to.to_owned(), invitation, ..Journey::default() };
        self.begin_with((organization, &connection), login_hint, journey).await
    }

    /// The same by a connection as it is, enabled or not.
    pub(super) async fn begin_with(
        &self,
        (organization, connection): (&OrganizationId, &Connection),
        login_hint: Option<&str>,
        journey: Journey,
    ) -> Result<SignInBegun, Error> {
        let now = self.clock().now();
        if let Some(saml) = &connection.settings.saml {
            return self.begin_saml((organization, connection, saml), login_hint, journey, now).await;
        }
        let settings =
            connection.settings.oidc.as_ref().ok_or_else(|| Error::not_found("sign-in", &connection.name))?;
        let asked = both(&StepUp::of(settings), &journey.step_up)?;
        let mut begun = self.oidc().begin_stepped(settings, &self.redirect_uri(), (login_hint, asked), now).await?;
        begun.add_to_state(&self.where_it_began(organization, &connection.id, now)?);
        let kept = Begun {
            organization: organization.clone(),
            connection: connection.id.clone(),
            return_to: journey.return_to,
            began: now,
            pending: begun.pending,
            email: login_hint.map(|email| email.chars().take(LONGEST_EMAIL).collect()),
            invitation: journey.invitation,
            test: journey.test,
        };
        let bytes = serde_json::to_vec(&kept).map_err(Error::internal)?;
        let sealed = self.sealer().seal(&COOKIE, &bytes).map_err(Error::internal)?;
        let cookie = BASE64URL_NOPAD.encode(&sealed);
        Ok(SignInBegun { url: begun.url, form: None, cookie, returns_by_post: false })
    }

    async fn sign_in_connection(&self, organization: &OrganizationId, id: &ConnectionId) -> Result<Connection, Error> {
        let found = self.store().read().await?.connection(organization, id).await?;
        found.filter(signs_in).ok_or_else(|| Error::not_found("connection", id.as_str()))
    }

    /// Our own address that the provider sends people back to.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("{}/login/callback", self.settings().server.origin())
    }
}

/// What a connection asks of everybody, and what is asked of somebody besides.
fn both(always: &StepUp, now: &StepUp) -> Result<StepUp, Error> {
    let accepted = || always.acr_values.join(", ");
    always.and(now).ok_or_else(|| Error::invalid("acr", format!("the connection accepts only {}", accepted())))
}

/// Whether people can sign in by this connection now.
pub(super) fn signs_in(connection: &Connection) -> bool {
    connection.enabled && connection.settings.signs_in()
}
