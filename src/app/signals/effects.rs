//! What a security event comes to. Sessions and access end by the functions that end them everywhere.

use super::{
    super::{Error, Work, sign_out::REMEMBERED},
    whom::Whom,
};
use crate::{
    crypto::sha256,
    model::{Connection, Instant, SignalSettings, SignalledEvent, User, UserState},
    sso::security_event::{Asked, Subject, ToldEvent},
    store::LogoutOf,
};

/// What came of an event, and how many sessions ended by it.
type Effect = (&'static str, u64);

impl Work<'_> {
    /// Does what one event asks for that the provider told of at `said_at`.
    pub(super) async fn take_event(
        &mut self,
        (connection, pinned): (&Connection, &SignalSettings),
        (told, said_at): (&ToldEvent, Instant),
    ) -> Result<SignalledEvent, Error> {
        let mut taken = SignalledEvent {
            event: told.uri.clone(),
            subject_format: told.subject.as_ref().map(|subject| subject.format().to_owned()),
            user: None,
            effect: String::new(),
            sessions: 0,
            reason: told.reason.clone(),
        };
        let whom = match &told.subject {
            Some(subject) => self.named_by((connection, pinned), subject).await?,
            None => Whom::Nobody,
        };
        let (effect, sessions) = match (&told.asked, whom) {
            (Asked::Unknown, _) => ("not_understood", 0),
            (Asked::Verify | Asked::Stream(_), _) | (Asked::Note, Whom::Nobody) => ("noted", 0),
            // Who it is that a session belongs to, the session says.
            (Asked::EndSessions, Whom::Nobody) => match &told.subject {
                Some(Subject::Complex { user: None, session: Some(sid) }) => {
                    self.end_session_there(connection, sid, None).await?
                }
                Some(_) | None => ("nobody", 0),
            },
            (_, Whom::Nobody) => ("nobody", 0),
            (_, Whom::Several) => ("ambiguous", 0),
            (asked, Whom::One(user)) => {
                taken.user = Some(user.id.clone());
                self.done_to(*user, connection, (asked, told.subject.as_ref(), said_at)).await?
            }
        };
        effect.clone_into(&mut taken.effect);
        taken.sessions = sessions;
        Ok(taken)
    }

    async fn done_to(
        &mut self,
        user: User,
        connection: &Connection,
        (asked, subject, said_at): (&Asked, Option<&Subject>, Instant),
    ) -> Result<Effect, Error> {
        // Whom another provider or a person brought is only signed in by this one: their state is not its to say.
        let brought = user.connection.as_ref() == Some(&connection.id);
        match asked {
            Asked::EndSessions => match subject {
                Some(Subject::Complex { session: Some(sid), .. }) => {
                    self.end_session_there(connection, sid, Some(&user)).await
                }
                Some(_) | None => self.signed_out(&user, connection).await,
            },
            Asked::Suspend if brought => self.suspend_by_signal(user, connection, said_at).await,
            Asked::Remove if brought => self.remove_user(user).await.map(|()| ("removed", 0)),
            Asked::SignInAgain | Asked::Suspend | Asked::Remove => self.signed_out(&user, connection).await,
            Asked::Activate => self.activate_by_signal(user, connection, said_at).await,
            Asked::Note | Asked::Verify | Asked::Stream(_) | Asked::Unknown => Ok(("noted", 0)),
        }
    }

    async fn signed_out(&mut self, user: &User, connection: &Connection) -> Result<Effect, Error> {
        self.remember_ended(connection, LogoutOf::User, user.id.as_str()).await?;
        Ok(("sessions_ended", self.end_all_sessions(&user.id).await?))
    }

    /// A sign-in that is under way does not bring back what ended.
    async fn remember_ended(&mut self, connection: &Connection, of: LogoutOf, name: &str) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let (at, times) = ((&organization, &connection.id), (now, now.plus(REMEMBERED)));
        self.tx.remember_logout(at, of, &sha256(name.as_bytes()), times).await?;
        Ok(())
    }

    /// One session, by the provider's name for it: of this person alone, if one is named.
    async fn end_session_there(
        &mut self,
        connection: &Connection,
        sid: &str,
        user: Option<&User>,
    ) -> Result<Effect, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let at = (&organization, &connection.id);
        self.remember_ended(connection, LogoutOf::Session, sid).await?;
        let mut ended = self.tx.end_provider_session(at, sid, user.map(|user| &user.id), now).await?;
        if let Some(user) = user {
            // A provider may name sessions here and not in its ID tokens: any of those without a name may be the one.
            self.remember_ended(connection, LogoutOf::Session, user.id.as_str()).await?;
            ended.extend(self.tx.end_nameless_sessions(at, &user.id, now).await?);
        }
        let ended = self.tell_of_provider(&connection.id, &ended);
        Ok(("sessions_ended", u64::try_from(ended).unwrap_or_default()))
    }

    async fn suspend_by_signal(
        &mut self,
        before: User,
        connection: &Connection,
        said_at: Instant,
    ) -> Result<Effect, Error> {
        let organization = self.ctx.organization.clone();
        if !before.directory_active {
            self.tx.raise_signal_suspension(&organization, (&before.id, &connection.id), said_at).await?;
            return Ok(("noted", 0));
        }
        let after = self.set_directory_active(before, false).await?;
        let (whom, since) = ((&after.id, &connection.id), (after.session_epoch, said_at));
        self.tx.remember_signal_suspension(&organization, whom, since).await?;
        Ok(("suspended", 0))
    }

    /// Gives back what a signal took before, and nothing else: whom a push made inactive, a push makes active.
    async fn activate_by_signal(
        &mut self,
        before: User,
        connection: &Connection,
        said_at: Instant,
    ) -> Result<Effect, Error> {
        let organization = self.ctx.organization.clone();
        let (whom, since) = ((&before.id, &connection.id), (before.session_epoch, said_at));
        let ours = self.tx.take_signal_suspension(&organization, whom, since).await?;
        if before.directory_active || !ours {
            return Ok(("noted", 0));
        }
        let after = self.set_directory_active(before, true).await?;
        Ok((if after.state() == UserState::Active { "activated" } else { "noted" }, 0))
    }

    async fn set_directory_active(&mut self, before: User, active: bool) -> Result<User, Error> {
        let mut after = before.clone();
        after.directory_active = active;
        self.change_state(&before, &mut after).await?;
        after.version += 1;
        after.updated_at = self.ctx.now;
        self.tx.update_user(&self.ctx.organization, &after).await?;
        self.settle_user(&after).await?;
        Ok(after)
    }
}
