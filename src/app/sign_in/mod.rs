//! Sign-in: from an e-mail address to a provider, and from the provider's answer to a session.

mod arrival;
mod client;
mod facts;
mod session;

pub use client::ClientKey;

use super::{
    App, Ctx, Error, TurnedAway,
    terms::{TermsState, terms_state},
};
use crate::{
    crypto::{Context, Secret, TokenKind, token},
    model::{Connection, ConnectionId, EventKind, Instant, OrganizationId, UserId, UserState, fold},
    sso::{Callback, GroupsClaim, Identity, Pending, SsoError},
};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::json;
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
    /// There is no such organization, or nobody to sign in with. One answer for both.
    Nothing,
}

/// A sign-in that has begun.
#[derive(Debug)]
pub struct SignInBegun {
    /// Where the browser goes.
    pub url: String,
    /// What the browser keeps: sealed, and good for ten minutes.
    pub cookie: String,
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
    /// The hash of the invitation's link that led here.
    #[serde(default)]
    invitation: Option<Vec<u8>>,
}

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
        let Some(found) = tx.organization_by_slug(slug).await? else { return Ok(Route::Nothing) };
        let mut ready = tx.connections(&found.id).await?;
        ready.retain(signs_in);
        Ok(match ready.as_slice() {
            [] => Route::Nothing,
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
        let now = self.clock().now();
        let connection = self.sign_in_connection(organization, connection).await?;
        let settings = connection.settings.oidc.as_ref().ok_or_else(|| Error::internal("no OIDC settings"))?;
        let begun = self.oidc().begin(settings, &self.redirect_uri(), login_hint, now).await?;
        let kept = Begun {
            organization: organization.clone(),
            connection: connection.id.clone(),
            return_to: return_to.to_owned(),
            began: now,
            pending: begun.pending,
            invitation,
        };
        let bytes = serde_json::to_vec(&kept).map_err(Error::internal)?;
        let sealed = self.sealer().seal(&COOKIE, &bytes).map_err(Error::internal)?;
        Ok(SignInBegun { url: begun.url, cookie: BASE64URL_NOPAD.encode(&sealed) })
    }

    /// Finishes a sign-in with the provider's answer, in the browser that began it.
    pub async fn finish_sign_in(&self, cookie: &str, callback: Callback) -> Result<SignedIn, Error> {
        let now = self.clock().now();
        let begun = self.open_cookie(cookie, now)?;
        let connection = self.sign_in_connection(&begun.organization, &begun.connection).await?;
        let settings = connection.settings.oidc.as_ref().ok_or_else(|| Error::internal("no OIDC settings"))?;
        let proof = self.client_proof(&begun.organization, &connection.id, settings).await?;
        let redirect = self.redirect_uri();
        let identity = self.oidc().finish(settings, &proof, &redirect, &begun.pending, &callback, now).await;
        let identity = identity.and_then(|identity| with_known_groups(identity, &connection));
        let ctx = self.sign_in_ctx(&begun, now);
        match identity {
            Ok(identity) => {
                let origin = (&connection, &identity, begun.began);
                self.arrive(&ctx, origin, (begun.return_to, begun.invitation)).await
            }
            Err(error) => {
                self.tell_of_refusal(&ctx, &connection.id, &error.to_string()).await?;
                Err(error.into())
            }
        }
    }

    /// Signs in by a link that works once.
    pub async fn use_sign_in_link(&self, link: &str) -> Result<SignedIn, Error> {
        let dead = || Error::TurnedAway(TurnedAway::DeadLink);
        let presented = token::parse(link, TokenKind::Link).map_err(|_| dead())?;
        let now = self.clock().now();
        let mut tx = self.store().write("sign-in link").await?;
        let Some((organization, user)) = tx.use_sign_in_link(&presented.hash(), now).await? else {
            tx.rollback().await?;
            return Err(dead());
        };
        let user = tx.user(&organization, &user).await?.ok_or_else(dead)?;
        if user.state() != UserState::Active {
            tx.commit().await?;
            return Err(Error::TurnedAway(TurnedAway::Suspended));
        }
        tx.commit().await?;
        let ctx = Ctx { actor: super::Actor::System, organization, now, request: self.new_request() };
        self.start_session(&ctx, &user, "/account".to_owned()).await
    }

    /// A refused sign-in leaves a line for the owners, with the reason that the person is not told.
    async fn tell_of_refusal(&self, ctx: &Ctx, connection: &ConnectionId, why: &str) -> Result<(), Error> {
        let mut tx = self.store().write("sign-in refused").await?;
        let event = crate::model::Event {
            id: crate::model::EventId::from_uuid(self.clock().uuid()),
            number: None,
            at: ctx.now,
            kind: EventKind::SignInRefused,
            actor: ctx.actor.to_string(),
            request: ctx.request.clone(),
            subjects: vec![connection.to_string()],
            detail: json!({"why": why}),
        };
        tx.insert_event(&ctx.organization, &event).await?;
        Ok(tx.commit().await?)
    }

    async fn sign_in_connection(&self, organization: &OrganizationId, id: &ConnectionId) -> Result<Connection, Error> {
        let found = self.store().read().await?.connection(organization, id).await?;
        found.filter(signs_in).ok_or_else(|| Error::not_found("connection", id.as_str()))
    }

    fn open_cookie(&self, cookie: &str, now: Instant) -> Result<Begun, Error> {
        let expired = || Error::TurnedAway(TurnedAway::Expired);
        let sealed = BASE64URL_NOPAD.decode(cookie.as_bytes()).map_err(|_| expired())?;
        let bytes = self.sealer().open(&COOKIE, &sealed).map_err(|_| expired())?;
        let begun: Begun = serde_json::from_slice(&bytes).map_err(|_| expired())?;
        if begun.began.plus(PATIENCE) < now { Err(expired()) } else { Ok(begun) }
    }

    fn sign_in_ctx(&self, begun: &Begun, now: Instant) -> Ctx {
        Ctx {
            actor: super::Actor::Connection { id: begun.connection.clone() },
            organization: begun.organization.clone(),
            now,
            request: self.new_request(),
        }
    }

    /// Our own address that the provider sends people back to.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("{}/login/callback", self.settings().server.origin())
    }
}

/// Groups that are too many to list are not none: where sign-ins say them, whoever cannot be read does not come in.
fn with_known_groups(identity: Identity, connection: &Connection) -> Result<Identity, SsoError> {
    if identity.groups == GroupsClaim::Overage && !connection.pushes_groups {
        return Err(SsoError::GroupsUnknown { why: "the connection names no groups_endpoint".to_owned() });
    }
    Ok(identity)
}

/// Whether people can sign in by this connection now.
pub(super) fn signs_in(connection: &Connection) -> bool {
    connection.enabled && connection.settings.oidc.is_some()
}
