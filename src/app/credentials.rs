//! A person's own sessions and API keys.

use super::{App, Ctx, Error, Need, connections::secret_place};
use crate::{
    cache::Revocation,
    crypto::{Context, Secret, TokenKind, token},
    model::{ApiKey, Capability, EventKind, KeyId, Session, SessionId, UserId},
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

/// A new API key. The secret is shown once.
#[derive(Debug)]
pub struct NewKey {
    /// The key.
    pub key: ApiKey,
    /// What programs send.
    pub secret: Secret,
}

impl App {
    /// Makes an API key of the actor's own. Its rights are its owner's, whenever it is used.
    pub async fn create_key(&self, ctx: &Ctx, name: &str, life: Option<Duration>) -> Result<NewKey, Error> {
        let user = ctx.actor.user().cloned().ok_or(Error::NotSignedIn)?;
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(Error::invalid("name", "give the key a name of 1 to 100 letters"));
        }
        let secret = token::generate(TokenKind::ApiKey, &mut |bytes: &mut [u8]| self.clock().fill(bytes));
        let key = ApiKey {
            id: KeyId::from_uuid(self.clock().uuid()),
            user: user.clone(),
            name: name.to_owned(),
            hint: secret.hint(),
            created_at: ctx.now,
            expires_at: life.map(|life| ctx.now.plus(life)),
        };
        let mut work = self.begin(ctx, Need::Self_).await?;
        let inserted = work.tx.insert_api_key(&ctx.organization, &key, &secret.hash()).await;
        let subjects = [user.to_string(), key.id.to_string()];
        work.tell(EventKind::KeyCreated, subjects, json!({"hint": key.hint}));
        work.finish(inserted.map_err(Error::from)).await?;
        Ok(NewKey { key, secret })
    }

    /// The actor's own API keys.
    pub async fn keys(&self, ctx: &Ctx) -> Result<Vec<ApiKey>, Error> {
        let user = ctx.actor.user().ok_or(Error::NotSignedIn)?;
        let mut tx = self.read(ctx, Need::Self_).await?;
        Ok(tx.api_keys_of(&ctx.organization, user).await?)
    }

    /// Ends one of the actor's own API keys.
    pub async fn revoke_key(&self, ctx: &Ctx, id: &KeyId) -> Result<(), Error> {
        let user = ctx.actor.user().cloned().ok_or(Error::NotSignedIn)?;
        let mut work = self.begin(ctx, Need::Self_).await?;
        let revoked = work.tx.revoke_api_key(&ctx.organization, &user, id, ctx.now).await;
        work.tell(EventKind::KeyRevoked, [user.to_string(), id.to_string()], json!({}));
        work.revoke(Revocation::Key { organization: ctx.organization.clone(), key: id.clone() });
        work.finish(found(revoked, ("key", id.as_str()))).await
    }

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

    /// Signs out: ends the session of this secret. Gives the provider's sign-out address, if it has one.
    ///
    /// A secret that opens nothing signs out all the same: there is nothing left to end.
    pub async fn sign_out(&self, secret: &str) -> Result<Option<String>, Error> {
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
    async fn provider_sign_out(&self, session: &Session, sealed: Option<&[u8]>) -> Option<String> {
        let id = session.connection.as_ref()?;
        let mut tx = self.store().read().await.ok()?;
        let connection = tx.connection(&session.organization, id).await.ok()??;
        drop(tx);
        let settings = connection.settings.oidc?;
        let hint = sealed.and_then(|sealed| self.sealer().open_text(&id_token_place(session), sealed).ok());
        let back = format!("{}/login", self.settings().server.origin());
        let hint = hint.as_ref().map(ExposeSecret::expose_secret);
        self.oidc().end_session_url(&settings, hint, &back, None, self.clock().now()).await.ok()?
    }
}

/// Nothing when a row was changed; that there is no such thing when none was.
fn found(changed: Result<bool, StoreError>, (what, id): (&'static str, &str)) -> Result<(), Error> {
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
