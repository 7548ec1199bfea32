//! Credentials of people: sessions and one-time links. Only hashes of secrets are here.

use super::{
    StoreError, Tx, args,
    users::{connection_id, connection_text},
};
use crate::model::{Instant, OrganizationId, Session, SessionId, UserId};

type SessionRow = (
    SessionId,
    OrganizationId,
    UserId,
    String,
    i64,
    i64,
    Instant,
    Instant,
    Instant,
    Option<String>,
    Option<Instant>,
    Option<String>,
);

fn session(row: SessionRow) -> Result<Session, StoreError> {
    Ok(Session {
        connection: connection_id(&row.3)?,
        id: row.0,
        organization: row.1,
        user: row.2,
        user_epoch: row.4,
        connection_epoch: row.5,
        created_at: row.6,
        last_seen_at: row.7,
        expires_at: row.8,
        provider_session: row.9,
        authenticated_at: row.10,
        acr: row.11,
    })
}

impl Tx {
    /// Writes a new session. `id_token` is sealed; it goes back to the provider at sign-out.
    pub async fn insert_session(
        &mut self,
        session: &Session,
        hash: &[u8; 32],
        id_token: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        self.later(
            "INSERT INTO sessions (hash, organization, id, user_id, connection, user_epoch, connection_epoch, created_at,
                                   last_seen_at, expires_at, provider_session, id_token, authenticated_at, acr)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            args![
                hash,
                session.organization,
                session.id,
                session.user,
                connection_text(session.connection.as_ref()),
                session.user_epoch,
                session.connection_epoch,
                session.created_at,
                session.last_seen_at,
                session.expires_at,
                session.provider_session,
                id_token,
                session.authenticated_at,
                session.acr
            ],
        )
        .await?;
        self.see_in_person(&session.organization, &session.user, session.last_seen_at).await
    }

    /// The session of this secret's hash, unless it has ended by itself or by its age.
    pub async fn session(&mut self, hash: &[u8; 32], now: Instant) -> Result<Option<Session>, StoreError> {
        self.first(
            "SELECT id, organization, user_id, connection, user_epoch, connection_epoch, created_at, last_seen_at,
                    expires_at, provider_session, authenticated_at, acr
             FROM sessions WHERE hash = ?1 AND ended_at IS NULL AND expires_at > ?2",
            args![hash, now],
        )
        .await?
        .map(session)
        .transpose()
    }

    /// The sealed ID token that began a session.
    pub async fn session_id_token(&mut self, hash: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        let row: Option<(Option<Vec<u8>>,)> =
            self.first("SELECT id_token FROM sessions WHERE hash = ?1", args![hash]).await?;
        Ok(row.and_then(|(token,)| token))
    }

    /// A user's sessions that have not ended, with their connection neither, the youngest first.
    pub async fn sessions_of(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        now: Instant,
    ) -> Result<Vec<Session>, StoreError> {
        let rows = self
            .all(
                "SELECT s.id, s.organization, s.user_id, s.connection, s.user_epoch, s.connection_epoch, s.created_at,
                        s.last_seen_at, s.expires_at, s.provider_session, s.authenticated_at, s.acr
                 FROM sessions s JOIN users u ON u.organization = s.organization AND u.id = s.user_id
                 LEFT JOIN connections c ON c.organization = s.organization AND c.id = s.connection
                 WHERE s.organization = ?1 AND s.user_id = ?2 AND s.ended_at IS NULL AND s.expires_at > ?3
                   AND s.user_epoch = u.session_epoch
                   AND (s.connection = '' OR (c.enabled = 1 AND c.epoch = s.connection_epoch))
                 ORDER BY s.created_at DESC, s.id DESC LIMIT 200",
                args![organization, user, now],
            )
            .await?;
        rows.into_iter().map(session).collect()
    }

    /// Ends one session by its hash. False when it had ended.
    pub async fn end_session(&mut self, hash: &[u8; 32], now: Instant) -> Result<bool, StoreError> {
        let rows = self
            .run("UPDATE sessions SET ended_at = ?2 WHERE hash = ?1 AND ended_at IS NULL", args![hash, now])
            .await?;
        Ok(rows == 1)
    }

    /// Ends one session by its id. False when there is none, or it had ended.
    pub async fn end_session_by_id(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        id: &SessionId,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE sessions SET ended_at = ?4
                 WHERE organization = ?1 AND user_id = ?2 AND id = ?3 AND ended_at IS NULL",
                args![organization, user, id, now],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Ends all but the youngest `most` of a user's sessions that still hold: those of this epoch that were seen since `awake`.
    /// Which ended.
    pub async fn end_oldest_sessions(
        &mut self,
        organization: &OrganizationId,
        (user, epoch): (&UserId, i64),
        most: i64,
        (awake, now): (Instant, Instant),
    ) -> Result<Vec<SessionId>, StoreError> {
        let rows: Vec<(SessionId,)> = self
            .all(
                "UPDATE sessions SET ended_at = ?4
                 WHERE organization = ?1 AND user_id = ?2 AND ended_at IS NULL AND id IN (
                   SELECT id FROM sessions
                   WHERE organization = ?1 AND user_id = ?2 AND user_epoch = ?3 AND ended_at IS NULL AND expires_at > ?4
                     AND last_seen_at > ?5
                   ORDER BY created_at DESC, id DESC LIMIT ?6 OFFSET ?7
                 ) RETURNING id",
                args![organization, user, epoch, now, awake, super::EVERYBODY, most],
            )
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Ends every session of a user. [`Tx::let_in`] says beforehand how many there are.
    pub async fn end_sessions_of(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.later(
            "UPDATE sessions SET ended_at = ?3 WHERE organization = ?1 AND user_id = ?2 AND ended_at IS NULL",
            args![organization, user, now],
        )
        .await
    }

    /// Ends every session of a user but one. Which ended.
    pub async fn end_sessions_but(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        but: Option<&SessionId>,
        now: Instant,
    ) -> Result<Vec<SessionId>, StoreError> {
        let rows: Vec<(SessionId,)> = self
            .all(
                "UPDATE sessions SET ended_at = ?4
                 WHERE organization = ?1 AND user_id = ?2 AND ended_at IS NULL AND id <> ?3 RETURNING id",
                args![organization, user, but.map_or("", SessionId::as_str), now],
            )
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Notes that a session was seen.
    pub async fn touch_session(&mut self, hash: &[u8; 32], now: Instant) -> Result<(), StoreError> {
        self.run("UPDATE sessions SET last_seen_at = ?2 WHERE hash = ?1", args![hash, now]).await.map(drop)
    }

    /// Writes a link that signs somebody in once.
    pub async fn insert_sign_in_link(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        hash: &[u8; 32],
        (now, expires_at): (Instant, Instant),
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO sign_in_links (hash, organization, user_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            args![hash, organization, user, now, expires_at],
        )
        .await
        .map(drop)
    }

    /// Uses a link up. Nothing when it is unknown, used or expired.
    pub async fn use_sign_in_link(
        &mut self,
        hash: &[u8; 32],
        now: Instant,
    ) -> Result<Option<(OrganizationId, UserId)>, StoreError> {
        self.first(
            "UPDATE sign_in_links SET used_at = ?2 WHERE hash = ?1 AND used_at IS NULL AND expires_at > ?2
             RETURNING organization, user_id",
            args![hash, now],
        )
        .await
    }

    /// Forgets sessions and links that were over before `before`; how many.
    pub async fn forget_credentials(&mut self, before: Instant) -> Result<u64, StoreError> {
        let sessions = self.run("DELETE FROM sessions WHERE expires_at < ?1", args![before]).await?;
        let links = self.run("DELETE FROM sign_in_links WHERE expires_at < ?1", args![before]).await?;
        Ok(sessions + links)
    }
}
