//! People's sessions.

use super::{App, Ctx, Error, Need, Work, connections::secret_place};
use crate::{
    crypto::Context,
    model::{ApiKey, Capability, EventKind, Instant, OrganizationId, Session, SessionId, UserId, UserState},
    store::StoreError,
};
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
        work.revoke_session(id);
        work.finish(found(ended, ("session", id.as_str()))).await
    }

    /// Ends every session of somebody; how many there were. One's own, or anybody's for who manages members.
    pub async fn end_sessions(&self, ctx: &Ctx, user: &UserId) -> Result<u64, Error> {
        let mut work = self.begin(ctx, own_or_members(ctx, user)).await?;
        let outcome = Box::pin(work.end_all_sessions(user)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    /// Ends every session of somebody, and their keys go on; how many there were.
    pub(super) async fn end_all_sessions(&mut self, id: &UserId) -> Result<u64, Error> {
        let organization = self.ctx.organization.clone();
        let found = self.tx.user_to_change(&organization, id).await?;
        let mut user = found
            .filter(|user| user.state() != UserState::Removed)
            .ok_or_else(|| Error::not_found("user", id.as_str()))?;
        // The new epoch ends even a session that another node is writing at this moment.
        user.session_epoch += 1;
        self.tx.update_user(&organization, &user).await?;
        let ended = self.tx.let_in(&organization, id).await?.sessions;
        self.tx.end_sessions_of(&organization, id, self.ctx.now).await?;
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

pub(super) fn own_or_members(ctx: &Ctx, user: &UserId) -> Need {
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

impl App {
    /// Notes, at most once a minute and beside the answer, that a key was let in: nobody waits for it, and what is lost with
    /// the process is a minute's accuracy.
    pub(super) fn note_key(&self, key: &ApiKey, hash: [u8; 32], now: Instant) {
        if key.last_used_at.is_some_and(|seen| now < seen.plus(NOTED_EVERY)) {
            return;
        }
        let store = self.store().clone();
        tokio::spawn(async move {
            let noted = async {
                let mut tx = store.write("key used").await?;
                tx.touch_api_key(&hash, now, NOTED_EVERY).await?;
                tx.commit().await
            };
            told_only(noted.await);
        });
    }

    /// Keeps a session from falling asleep, at most once a minute.
    pub(super) async fn note_session(
        &self,
        hash: &[u8; 32],
        (organization, user): (&OrganizationId, &UserId),
        now: Instant,
    ) -> Result<(), StoreError> {
        let mut tx = self.store().write("session seen").await?;
        tx.touch_session(hash, now).await?;
        tx.see_in_person(organization, user, now).await?;
        tx.commit().await
    }
}
