//! People's sessions.

use super::{App, Ctx, Error, Need, SignOutAt, Work, connections::secret_place};
use crate::{
    cache::Revocation,
    crypto::{Context, TokenKind, token},
    model::{Capability, EventKind, Session, SessionId, UserId, UserState},
    store::StoreError,
};
use secrecy::ExposeSecret;
use serde_json::json;
use std::time::Duration;

/// The time of the last use is kept to the minute: a write for each request would cost more than it tells.
pub(super) const NOTED_EVERY: Duration = Duration::from_mins(1);

/// That a use could not be noted is told and nothing more: whoever only reads goes on where nothing can be written.
pub(super) fn told_only(noted: Result<(), StoreError>) {
    if let Err(error) = noted {
        tracing::warn!(%error, "the use of a credential was not noted");
    }
}

impl App {
    /// Somebody's sessions: one's own, or anybody's for who manages members.
    pub async fn sessions(&self, ctx: &Ctx, user: &UserId) -> Result<Vec<Session>, Error> {
        let mut tx = self.read(ctx, own_or_members(ctx, user)).await?;
        Ok(tx.sessions_of(&ctx.organization, user, ctx.now).await?)
    }

    /// Ends one session.
    pub async fn end_session(&self, ctx: &Ctx, user: &UserId, id: &SessionId) -> Result<(), Error> {
        let mut work = self.begin(ctx, own_or_members(ctx, user)).await?;
        let ended = work.tx.end_session_by_id(&ctx.organization, user, id, ctx.now).await;
        work.tell(EventKind::SessionEnded, [user.to_string(), id.to_string()], json!({"sessions": 1}));
        work.revoke(Revocation::Session { organization: ctx.organization.clone(), session: id.clone() });
        work.finish(found(ended, ("session", id.as_str()))).await
    }

    /// Ends every session of somebody; how many there were. One's own, or anybody's for who manages members.
    pub async fn end_sessions(&self, ctx: &Ctx, user: &UserId) -> Result<u64, Error> {
        let mut work = self.begin(ctx, own_or_members(ctx, user)).await?;
        let outcome = work.end_all_sessions(user).await;
        work.finish(outcome).await
    }

    /// Signs out: ends the session of this secret. Gives the provider's sign-out address, if it has one.
    ///
    /// A secret that opens nothing signs out all the same: there is nothing left to end.
    pub async fn sign_out(&self, secret: &str) -> Result<Option<SignOutAt>, Error> {
        let Ok(presented) = token::parse(secret, TokenKind::Session) else { return Ok(None) };
        let (hash, now) = (presented.hash(), self.clock().now());
        let mut tx = self.store().read().await?;
        let Some(session) = tx.session(&hash, now).await? else { return Ok(None) };
        let sealed = tx.session_id_token(&hash).await?;
        drop(tx);
        let actor = super::Actor::User { id: session.user.clone(), session: session.id.clone() };
        let ctx = Ctx { actor, organization: session.organization.clone(), now, request: self.new_request() };
        let mut work = self.begin(&ctx, Need::Self_).await?;
        let ended = work.tx.end_session(&hash, now).await;
        let subjects = [session.user.to_string(), session.id.to_string()];
        work.tell(EventKind::SessionEnded, subjects, json!({"sessions": 1, "how": "signed out"}));
        work.revoke(Revocation::Session { organization: ctx.organization.clone(), session: session.id.clone() });
        work.finish(ended.map_err(Error::from)).await?;
        Ok(self.provider_sign_out(&session, sealed.as_deref()).await)
    }

    /// Where the provider signs somebody out. A provider that cannot be asked does not keep anybody signed in here.
    async fn provider_sign_out(&self, session: &Session, sealed: Option<&[u8]>) -> Option<SignOutAt> {
        let id = session.connection.as_ref()?;
        let mut tx = self.store().read().await.ok()?;
        let connection = tx.connection(&session.organization, id).await.ok()??;
        drop(tx);
        let hint = sealed.and_then(|sealed| self.sealer().open_text(&id_token_place(session), sealed).ok());
        if connection.settings.saml.is_some() {
            let name = hint.as_ref()?.expose_secret();
            let at = self.saml_sign_out(session, &connection, name).await;
            return at.inspect_err(|error| tracing::warn!(%error, "the provider is not told of a sign-out")).ok()?;
        }
        let settings = connection.settings.oidc?;
        let back = format!("{}/login", self.settings().server.origin());
        let hint = hint.as_ref().map(ExposeSecret::expose_secret);
        let url = self.oidc().end_session_url(&settings, hint, &back, None, self.clock().now()).await.ok()?;
        url.map(SignOutAt::Address)
    }
}

impl Work<'_> {
    async fn end_all_sessions(&mut self, id: &UserId) -> Result<u64, Error> {
        let organization = self.ctx.organization.clone();
        let found = self.tx.user_to_change(&organization, id).await?;
        let mut user = found
            .filter(|user| user.state() != UserState::Removed)
            .ok_or_else(|| Error::not_found("user", id.as_str()))?;
        // The new epoch ends even a session that another node is writing at this moment.
        user.session_epoch += 1;
        self.tx.update_user(&organization, &user).await?;
        let ended = self.tx.end_sessions_of(&organization, id, self.ctx.now).await?;
        self.tell(EventKind::SessionEnded, [id.to_string()], json!({"sessions": ended, "how": "all of them"}));
        self.revoke_user(id);
        Ok(ended)
    }
}

/// Nothing when a row was changed; that there is no such thing when none was.
pub(super) fn found(changed: Result<bool, StoreError>, (what, id): (&'static str, &str)) -> Result<(), Error> {
    if changed? { Ok(()) } else { Err(Error::not_found(what, id)) }
}

/// Where a session's ID token lies.
pub(super) fn id_token_place(session: &Session) -> Context<'_> {
    Context {
        organization: session.organization.as_str(),
        table: "sessions",
        row: session.id.as_str(),
        column: "id_token",
    }
}

fn own_or_members(ctx: &Ctx, user: &UserId) -> Need {
    if ctx.actor.user() == Some(user) { Need::Self_ } else { Capability::ManageMembers.into() }
}

impl App {
    /// The client secret of a connection, opened.
    pub(super) async fn client_secret(
        &self,
        organization: &crate::model::OrganizationId,
        id: &crate::model::ConnectionId,
    ) -> Result<Option<secrecy::SecretString>, Error> {
        let sealed = self.store().read().await?.client_secret(organization, id).await?;
        let Some(sealed) = sealed else { return Ok(None) };
        self.sealer().open_text(&secret_place(organization, id), &sealed).map(Some).map_err(Error::internal)
    }
}
