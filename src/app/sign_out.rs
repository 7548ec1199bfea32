//! Signing out: here, everywhere, at the provider, and because the provider says so.

use super::{Actor, App, Ctx, Error, Need, SignOutAt, Work, credentials::id_token_place};
use crate::{
    cache::Revocation,
    crypto::{TokenKind, sha256, token},
    model::{Connection, ConnectionId, EventKind, IdentityKind, OrganizationId, Session, SessionId, UserId},
    sso::{LogoutNotice, Oidc, SsoError, TokenFault},
    store::LogoutOf,
};
use data_encoding::BASE64URL_NOPAD;
use secrecy::ExposeSecret;
use serde_json::json;
use std::time::Duration;

/// How long a sign-in that is under way is kept from bringing back what the provider ended: longer than one may take.
pub(super) const REMEMBERED: Duration = Duration::from_mins(15);
/// ID tokens beyond this many bytes do not go into an address: with 250 groups inside no server would take it.
const LONGEST_HINT: usize = 4096;

/// Which sessions end when somebody signs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The one that they sign out of.
    Here,
    /// All of theirs.
    Everywhere,
}

/// Where the provider signs somebody out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSignOut {
    /// Where the browser goes, or with what.
    pub at: SignOutAt,
    /// What comes back with the browser if the provider did its part: the browser keeps it until then.
    pub left_with: LeftWith,
}

/// By what a provider's answer is known to belong to the sign-out that this browser began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftWith {
    /// It comes back as the `state` of an address (RP-Initiated Logout 1.0 §3).
    State(String),
    /// A signed answer names it as `InResponseTo` (SAML core §3.7.3).
    Request(String),
}

impl App {
    /// Signs out: ends the session of this secret, or all of its person's. Gives the provider's sign-out, if it has one.
    ///
    /// A secret that opens nothing signs out all the same: there is nothing left to end.
    pub async fn sign_out(&self, secret: &str, reach: Reach) -> Result<Option<ProviderSignOut>, Error> {
        let Ok(presented) = token::parse(secret, TokenKind::Session) else { return Ok(None) };
        let (hash, now) = (presented.hash(), self.clock().now());
        let mut tx = self.store().read().await?;
        let Some(session) = tx.session(&hash, now).await? else { return Ok(None) };
        let sealed = tx.session_id_token(&hash).await?;
        drop(tx);
        let actor = Actor::User { id: session.user.clone(), session: session.id.clone() };
        let ctx = Ctx { actor, organization: session.organization.clone(), now, request: self.new_request() };
        match reach {
            Reach::Here => {
                let mut work = self.begin(&ctx, Need::Self_).await?;
                let ended = work.tx.end_session(&hash, now).await;
                let subjects = [session.user.to_string(), session.id.to_string()];
                work.tell(EventKind::SessionEnded, subjects, json!({"sessions": 1, "how": "signed out"}));
                work.revoke_session(&session.id);
                work.finish(ended.map_err(Error::from)).await?;
            }
            Reach::Everywhere => drop(self.end_sessions(&ctx, &session.user).await?),
        }
        Ok(self.provider_sign_out(&session, sealed.as_deref()).await)
    }

    /// Where the provider signs somebody out. A provider that cannot be asked does not keep anybody signed in here.
    async fn provider_sign_out(&self, session: &Session, sealed: Option<&[u8]>) -> Option<ProviderSignOut> {
        let id = session.connection.as_ref()?;
        let mut tx = self.store().read().await.ok()?;
        let connection = tx.connection(&session.organization, id).await.ok()??;
        let user = tx.user(&session.organization, &session.user).await.ok()?;
        drop(tx);
        let hint = sealed.and_then(|sealed| self.sealer().open_text(&id_token_place(session), sealed).ok());
        if connection.settings.saml.is_some() {
            let at = self.saml_sign_out(session, &connection, hint.as_ref()?.expose_secret()).await;
            let at = at.inspect_err(|error| tracing::warn!(%error, "the provider is not told of a sign-out"));
            let (at, request) = at.ok()??;
            return Some(ProviderSignOut { at, left_with: LeftWith::Request(request) });
        }
        let settings = connection.settings.oidc?;
        let hint = hint.as_ref().map(ExposeSecret::expose_secret).filter(|hint| hint.len() <= LONGEST_HINT);
        // RP-Initiated Logout 1.0 §2: who is meant, where the ID token cannot say it.
        let who = user.as_ref().filter(|_| hint.is_none()).map(|user| user.email.as_ref().unwrap_or(&user.user_name));
        let mut state = [0; 16];
        self.clock().fill(&mut state);
        let state = BASE64URL_NOPAD.encode(&state);
        let (back, now) = (self.signed_out_address(), self.clock().now());
        let hints = (hint, who.map(String::as_str));
        let url = self.oidc().end_session_url(&settings, hints, &back, Some(&state), now).await.ok()??;
        Some(ProviderSignOut { at: SignOutAt::Address(url), left_with: LeftWith::State(state) })
    }

    /// Our own address that providers send people back to after they signed out there.
    #[must_use]
    pub fn signed_out_address(&self) -> String {
        format!("{}/logout/done", self.settings().server.origin())
    }

    /// The provider says, over a connection of its own, that somebody signed out there (Back-Channel Logout 1.0). How many
    /// sessions ended here.
    pub async fn back_channel_logout(&self, connection: &ConnectionId, logout_token: &str) -> Result<usize, Error> {
        let (ctx, connection) = self.called_by_provider(connection).await?;
        let settings = connection.settings.oidc.as_ref().ok_or_else(|| no_sign_in(&connection.id))?;
        let notice = self.oidc().logout_notice(settings, logout_token, ctx.now).await?;
        let mut work = self.begin(&ctx, Need::Directory).await?;
        let outcome = Box::pin(work.end_by_notice(&connection.id, &notice)).await;
        work.finish(outcome).await
    }

    /// The provider had the person's browser say that a session there is over (Front-Channel Logout 1.0 §3). How many sessions
    /// ended here. Anybody can send this; whoever knows the session's name at the provider can end it and nothing else.
    pub async fn front_channel_logout(&self, id: &ConnectionId, issuer: &str, sid: &str) -> Result<usize, Error> {
        let (ctx, connection) = self.called_by_provider(id).await?;
        let settings = connection.settings.oidc.as_ref().ok_or_else(|| no_sign_in(id))?;
        if !Oidc::is_issuer(settings, issuer) || sid.is_empty() {
            return Err(Error::invalid("iss", "this is not the connection's issuer with a session of its"));
        }
        // Asked first without a change, which would cost every other writer its turn.
        if !self.store().read().await?.has_provider_session((&ctx.organization, id), sid).await? {
            return Ok(0);
        }
        let mut work = self.begin(&ctx, Need::Directory).await?;
        let outcome = Box::pin(work.end_by_session(id, sid)).await;
        work.finish(outcome).await
    }

    /// The connection whose own address was called, and its context.
    async fn called_by_provider(&self, id: &ConnectionId) -> Result<(Ctx, Connection), Error> {
        let found = self.store().read().await?.connection_at(id).await?;
        let (organization, connection) =
            found.filter(|(_, connection)| connection.enabled).ok_or_else(|| no_sign_in(id))?;
        let actor = Actor::Connection { id: connection.id.clone() };
        Ok((Ctx { actor, organization, now: self.clock().now(), request: self.new_request() }, connection))
    }

    /// The addresses that the provider's page for signing out may be at: where the front channel may be framed.
    pub async fn provider_origin(&self, id: &ConnectionId) -> Option<String> {
        let found = self.store().read().await.ok()?.connection_at(id).await.ok()?;
        let settings = found?.1.settings.oidc?;
        url::Url::parse(&settings.issuer).ok().map(|url| url.origin().ascii_serialization())
    }
}

impl Work<'_> {
    async fn end_by_notice(&mut self, connection: &ConnectionId, notice: &LogoutNotice) -> Result<usize, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let at = (&organization, connection);
        self.tx.hold_sign_ins(connection, true).await?;
        // Back-Channel Logout 1.0 §2.6, step 7: a token is for one use.
        let times = (now, notice.replayable_until);
        if !self.tx.remember_logout(at, LogoutOf::Token, &sha256(notice.id.as_bytes()), times).await? {
            let why = TokenFault::NotALogout("it was used before");
            return Err(Error::Provider(SsoError::LogoutInvalid { why }));
        }
        let user = match &notice.subject {
            Some(subject) => self.tx.identity(&organization, connection, (IdentityKind::Subject, subject)).await?,
            None => None,
        };
        let times = (now, now.plus(REMEMBERED));
        let ended = match (&notice.provider_session, &notice.subject, &user) {
            (Some(sid), subject, user) => {
                self.tx.remember_logout(at, LogoutOf::Session, &sha256(sid.as_bytes()), times).await?;
                match (subject, user) {
                    // Nobody here has that name there, so nobody is signed in by it.
                    (Some(_), None) => Vec::new(),
                    (Some(_) | None, user) => self.tx.end_provider_session(at, sid, user.as_ref(), now).await?,
                }
            }
            (None, Some(subject), user) => {
                self.tx.remember_logout(at, LogoutOf::Person, &sha256(subject.as_bytes()), times).await?;
                match user {
                    Some(user) => self.tx.end_sessions_by(at, user, now).await?,
                    None => Vec::new(),
                }
            }
            (None, None, _) => Vec::new(),
        };
        Ok(self.tell_of_provider(connection, &ended))
    }

    async fn end_by_session(&mut self, connection: &ConnectionId, sid: &str) -> Result<usize, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let at = (&organization, connection);
        self.tx.hold_sign_ins(connection, true).await?;
        let times = (now, now.plus(REMEMBERED));
        self.tx.remember_logout(at, LogoutOf::Session, &sha256(sid.as_bytes()), times).await?;
        let ended = self.tx.end_provider_session(at, sid, None, now).await?;
        Ok(self.tell_of_provider(connection, &ended))
    }

    /// Tells which sessions a provider ended, and drops what is cached of them.
    pub(super) fn tell_of_provider(&mut self, connection: &ConnectionId, ended: &[(SessionId, UserId)]) -> usize {
        let named = ended.iter().flat_map(|(session, user)| [user.to_string(), session.to_string()]);
        let subjects: Vec<String> = std::iter::once(connection.to_string()).chain(named).collect();
        let detail = json!({"sessions": ended.len(), "how": "signed out at the provider"});
        self.tell(EventKind::SessionEnded, subjects, detail);
        for (session, _) in ended {
            self.revoke_session(session);
        }
        ended.len()
    }

    /// Drops what is cached of one session.
    pub(super) fn revoke_session(&mut self, session: &SessionId) {
        let organization: OrganizationId = self.ctx.organization.clone();
        self.revoke(Revocation::Session { organization, session: session.clone() });
    }
}

fn no_sign_in(id: &ConnectionId) -> Error {
    Error::not_found("connection", id.as_str())
}
