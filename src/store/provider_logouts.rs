//! What providers told of signing out: tokens that are used up, sessions and people that a late sign-in must not bring back.

use super::{StoreError, Tx, args};
use crate::model::{ConnectionId, Instant, OrganizationId, SessionId, UserId};

/// What a provider's word is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutOf {
    /// The logout token itself.
    Token,
    /// A session of the provider's.
    Session,
    /// Everything of a person, by their name at the provider.
    Person,
    /// Everything of somebody here, by their id.
    User,
}

impl LogoutOf {
    fn word(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Session => "session",
            Self::Person => "person",
            Self::User => "user",
        }
    }
}

const SIGNED_OUT_AT: &str = "SELECT max(at) FROM provider_logouts WHERE organization = ?1 AND connection = ?2
     AND ((kind = 'session' AND name = ?3) OR (kind = 'person' AND name = ?4) OR (kind = 'user' AND name = ?5))";

impl Tx {
    /// Remembers a logout, by the hash of the provider's name for it. False when it was known.
    pub async fn remember_logout(
        &mut self,
        (organization, connection): (&OrganizationId, &ConnectionId),
        of: LogoutOf,
        name: &[u8; 32],
        (at, expires_at): (Instant, Instant),
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "INSERT INTO provider_logouts (organization, connection, kind, name, at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                args![organization, connection, of.word(), name, at, expires_at],
            )
            .await?;
        if rows == 0 {
            self.run(
                "UPDATE provider_logouts SET at = ?5, expires_at = ?6
                 WHERE organization = ?1 AND connection = ?2 AND kind = ?3 AND name = ?4 AND at < ?5",
                args![organization, connection, of.word(), name, at, expires_at],
            )
            .await?;
        }
        Ok(rows == 1)
    }

    /// When the provider last told of a logout of this session, of this person or of this user, if it did and that is still
    /// remembered.
    pub async fn signed_out_at(
        &mut self,
        (organization, connection): (&OrganizationId, &ConnectionId),
        (session, person, user): (&[u8; 32], &[u8; 32], &[u8; 32]),
    ) -> Result<Option<Instant>, StoreError> {
        let row: Option<(Option<Instant>,)> =
            self.first(SIGNED_OUT_AT, args![organization, connection, session, person, user]).await?;
        Ok(row.and_then(|(at,)| at))
    }

    /// Asks for it with the next statement.
    pub fn soon_signed_out_at(
        &mut self,
        (organization, connection): (&OrganizationId, &ConnectionId),
        (session, person, user): (&[u8; 32], &[u8; 32], &[u8; 32]),
    ) {
        self.soon(SIGNED_OUT_AT, || args![organization, connection, session, person, user].to_vec());
    }

    /// Whether anybody is signed in by a session of the provider's.
    pub async fn has_provider_session(
        &mut self,
        (organization, connection): (&OrganizationId, &ConnectionId),
        provider_session: &str,
    ) -> Result<bool, StoreError> {
        let row: Option<(i64,)> = self
            .first(
                "SELECT CAST(1 AS BIGINT) FROM sessions
                 WHERE organization = ?1 AND connection = ?2 AND provider_session = ?3 AND ended_at IS NULL LIMIT 1",
                args![organization, connection, provider_session],
            )
            .await?;
        Ok(row.is_some())
    }

    /// Ends the sessions that came of a session of the provider's, of this person if one is named; which, and whose.
    pub async fn end_provider_session(
        &mut self,
        (organization, connection): (&OrganizationId, &ConnectionId),
        provider_session: &str,
        user: Option<&UserId>,
        now: Instant,
    ) -> Result<Vec<(SessionId, UserId)>, StoreError> {
        let user = user.map_or("", UserId::as_str);
        self.all(
            "UPDATE sessions SET ended_at = ?4
             WHERE organization = ?1 AND connection = ?2 AND provider_session = ?3 AND ended_at IS NULL
               AND (?5 = '' OR user_id = ?5)
             RETURNING id, user_id",
            args![organization, connection, provider_session, now, user],
        )
        .await
    }

    /// Ends somebody's sessions that came of one connection whose provider did not say what it calls them; which, and whose.
    pub async fn end_nameless_sessions(
        &mut self,
        (organization, connection): (&OrganizationId, &ConnectionId),
        user: &UserId,
        now: Instant,
    ) -> Result<Vec<(SessionId, UserId)>, StoreError> {
        self.all(
            "UPDATE sessions SET ended_at = ?4
             WHERE organization = ?1 AND connection = ?2 AND user_id = ?3 AND provider_session IS NULL AND ended_at IS NULL
             RETURNING id, user_id",
            args![organization, connection, user, now],
        )
        .await
    }

    /// Ends somebody's sessions that came of one connection; which, and whose.
    pub async fn end_sessions_by(
        &mut self,
        (organization, connection): (&OrganizationId, &ConnectionId),
        user: &UserId,
        now: Instant,
    ) -> Result<Vec<(SessionId, UserId)>, StoreError> {
        self.all(
            "UPDATE sessions SET ended_at = ?4
             WHERE organization = ?1 AND connection = ?2 AND user_id = ?3 AND ended_at IS NULL
             RETURNING id, user_id",
            args![organization, connection, user, now],
        )
        .await
    }

    /// Forgets what was to be remembered until before `before`; how much.
    pub async fn forget_logouts(&mut self, before: Instant) -> Result<u64, StoreError> {
        self.run("DELETE FROM provider_logouts WHERE expires_at < ?1", args![before]).await
    }
}
