//! The session that a sign-in comes to: a new secret each time, so that nobody can have put one into the browser before.

use super::{
    super::{App, Ctx, Error, Need, TurnedAway, Work, credentials::id_token_place},
    SignInAttempt, SignedIn, terms_state,
};
use crate::{
    app::TermsState,
    crypto::{Secret, TokenKind, sha256, token},
    model::{Connection, EventKind, FactSource, Instant, Session, SessionId, User, UserId, UserState},
    sso::Identity,
};
use serde_json::json;

/// What a session comes of: a connection's provider, what it said, and when the sign-in began.
pub(in crate::app) type Origin<'a> = (&'a Connection, &'a Identity, Instant);

/// A session that was opened.
pub(in crate::app) struct Opened {
    secret: Secret,
    session: Session,
    terms: TermsState,
}

impl Opened {
    pub(in crate::app) fn signed_in(self, return_to: String) -> SignedIn {
        let Self { secret, session, terms } = self;
        SignedIn { secret, return_to, terms, organization: session.organization, user: session.user }
    }
}

impl App {
    /// A session for somebody who came by a link.
    pub(super) async fn start_session(
        &self,
        ctx: &Ctx,
        user: &User,
        (return_to, attempt): (String, &mut SignInAttempt),
    ) -> Result<SignedIn, Error> {
        let mut work = self.begin(ctx, Need::Directory).await?;
        let outcome = Box::pin(work.open_unchanged(user, attempt)).await;
        Ok(work.finish(outcome).await?.signed_in(return_to))
    }
}

impl Work<'_> {
    async fn open_unchanged(&mut self, user: &User, attempt: &mut SignInAttempt) -> Result<Opened, Error> {
        // Suspended between the link and here: the newer word counts.
        let now = self.tx.user(&self.ctx.organization, &user.id).await?;
        if now.is_none_or(|now| now.session_epoch != user.session_epoch) {
            return Err(Error::TurnedAway(TurnedAway::Suspended));
        }
        self.open_session(user, None, attempt).await
    }

    /// Opens a session for somebody whose identity is settled. The trace of the sign-in is written with it.
    pub(in crate::app) async fn open_session(
        &mut self,
        user: &User,
        origin: Option<Origin<'_>>,
        attempt: &mut SignInAttempt,
    ) -> Result<Opened, Error> {
        let organization = self.ctx.organization.clone();
        let current = match origin {
            // Read and held in this very transaction.
            Some(_) => Some(user.clone()),
            None => self.tx.user(&organization, &user.id).await?,
        };
        let current = current.filter(|user| user.state() == UserState::Active);
        let user = current.ok_or(Error::TurnedAway(TurnedAway::Suspended))?;
        if let Some(origin) = origin {
            self.refuse_signed_out(origin, &user).await?;
        }
        let secret = token::generate(TokenKind::Session, &mut |bytes: &mut [u8]| self.app.clock().fill(bytes));
        let (connection, identity) = origin.map(|(connection, identity, _)| (connection, identity)).unzip();
        let absolute = self.ctx.now.plus(self.app.settings().sessions.absolute.get());
        let until = identity.and_then(|identity| identity.provider_session_until);
        let session = Session {
            id: SessionId::from_uuid(self.app.clock().uuid()),
            organization: organization.clone(),
            user: user.id.clone(),
            connection: connection.map(|connection| connection.id.clone()),
            user_epoch: user.session_epoch,
            connection_epoch: connection.map_or(0, |connection| connection.epoch),
            created_at: self.ctx.now,
            last_seen_at: self.ctx.now,
            expires_at: until.map_or(absolute, |until| until.min(absolute)),
            provider_session: identity.and_then(|identity| identity.provider_session.clone()),
            authenticated_at: identity.and_then(|identity| identity.authenticated_at),
            acr: identity.and_then(|identity| identity.acr.clone()),
        };
        let id_token = identity.map(|identity| identity.id_token.as_bytes()).filter(|text| !text.is_empty());
        let place = id_token_place(&session);
        let sealed = id_token.map(|text| self.app.sealer().seal(&place, text).map_err(Error::internal)).transpose()?;
        self.tx.insert_session(&session, &secret.hash(), sealed.as_deref()).await?;
        self.tell(EventKind::SessionStarted, [user.id.to_string(), session.id.to_string()], json!({}));
        self.end_oldest(&user).await?;
        let terms = terms_state(&mut self.tx, &organization, &user.id, self.ctx.now).await?;
        attempt.succeed(matches!(terms, TermsState::Never | TermsState::Lapsed));
        let trace = attempt.trace(self.app, self.ctx.now);
        self.tx.insert_sign_in(&organization, &trace).await?;
        Ok(Opened { secret, session, terms })
    }

    /// A sign-in that began before the provider said that it is over brings nothing back.
    async fn refuse_signed_out(&mut self, (connection, identity, began): Origin<'_>, user: &User) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let [session, person, user] = names_of_logouts(identity, &user.id);
        let ended = self.tx.signed_out_at((&organization, &connection.id), (&session, &person, &user)).await?;
        if ended.is_some_and(|at| began <= at) {
            return Err(Error::TurnedAway(TurnedAway::Expired));
        }
        Ok(())
    }

    /// Asks with the next statement for what the sign-in of somebody known looks at.
    pub(super) fn soon_arrival(&mut self, connection: &Connection, identity: &Identity, user: &UserId) {
        let organization = self.ctx.organization.clone();
        self.tx.soon_last_facts(&organization, user, FactSource::Claims);
        self.tx.soon_groups_of(&organization, user);
        self.tx.soon_bindings_reaching(&organization, user);
        let [session, person, user] = names_of_logouts(identity, user);
        self.tx.soon_signed_out_at((&organization, &connection.id), (&session, &person, &user));
    }

    /// Keeps to the most sessions that one person may have: the oldest end.
    async fn end_oldest(&mut self, user: &User) -> Result<(), Error> {
        let settings = &self.app.settings().sessions;
        let (most, awake) = (settings.most, self.ctx.now.minus(settings.idle.get()));
        if most == 0 {
            return Ok(());
        }
        let whose = (&user.id, user.session_epoch);
        let organization = self.ctx.organization.clone();
        let ended = self.tx.end_oldest_sessions(&organization, whose, most.into(), (awake, self.ctx.now)).await?;
        if ended.is_empty() {
            return Ok(());
        }
        let subjects = std::iter::once(user.id.to_string()).chain(ended.iter().map(ToString::to_string));
        let detail = json!({"sessions": ended.len(), "how": "more than one person may have"});
        self.tell(EventKind::SessionEnded, subjects, detail);
        for session in &ended {
            self.revoke_session(session);
        }
        Ok(())
    }
}

/// By what a logout names a session, a person there and a user here. A session without a name there is remembered by whose it is.
fn names_of_logouts(identity: &Identity, user: &UserId) -> [[u8; 32]; 3] {
    let session = identity.provider_session.as_deref().unwrap_or(user.as_str());
    [session, identity.subject.as_str(), user.as_str()].map(|name| sha256(name.as_bytes()))
}
