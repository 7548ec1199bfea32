//! What providers show when they tell of security events, and how their streams stand.

use super::{FromRow, RowRef, StoreError, Tx, args};
use crate::model::{ConnectionId, Instant, OrganizationId, SignalStream};

/// A stream and the hash of its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownStream {
    /// The SHA-256 of its bearer token.
    pub token: Vec<u8>,
    /// How it stands.
    pub stream: SignalStream,
}

impl FromRow for KnownStream {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            token: row.get(0)?,
            stream: SignalStream {
                hint: row.get(1)?,
                created_at: row.get(2)?,
                last_at: row.get(3)?,
                verified_at: row.get(4)?,
                state: row.get(5)?,
                refused_at: row.get(6)?,
                refused_why: row.get(7)?,
            },
        })
    }
}

impl Tx {
    /// Gives a connection another token for security events; the one before is dead.
    pub async fn set_signal_token(
        &mut self,
        (organization, connection): (&OrganizationId, &ConnectionId),
        (token, hint): (&[u8; 32], &str),
        now: Instant,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO signal_streams (organization, connection, token, hint, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (organization, connection) DO UPDATE SET token = ?3, hint = ?4, created_at = ?5",
            args![organization, connection, token, hint, now],
        )
        .await
        .map(drop)
    }

    /// Ends a connection's stream. False when there is none.
    pub async fn delete_signal_stream(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "DELETE FROM signal_streams WHERE organization = ?1 AND connection = ?2",
                args![organization, connection],
            )
            .await?;
        Ok(rows == 1)
    }

    /// A connection's stream.
    pub async fn signal_stream(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<Option<KnownStream>, StoreError> {
        self.first(
            "SELECT token, hint, created_at, last_at, verified_at, state, refused_at, refused_why FROM signal_streams
             WHERE organization = ?1 AND connection = ?2",
            args![organization, connection],
        )
        .await
    }

    /// Notes that a security event was accepted; that the transmitter showed that the stream works, and what it said of it, if
    /// it did.
    pub async fn note_signal(
        &mut self,
        (organization, connection): (&OrganizationId, &ConnectionId),
        (now, verified): (Instant, bool),
        state: Option<&str>,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE signal_streams SET last_at = ?3, verified_at = COALESCE(?4, verified_at), state = COALESCE(?5, state)
             WHERE organization = ?1 AND connection = ?2",
            args![organization, connection, now, verified.then_some(now), state],
        )
        .await
        .map(drop)
    }

    /// Notes that somebody who had the token was refused.
    pub async fn note_refused_signal(
        &mut self,
        (organization, connection): (&OrganizationId, &ConnectionId),
        (now, why): (Instant, &str),
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE signal_streams SET refused_at = ?3, refused_why = ?4 WHERE organization = ?1 AND connection = ?2",
            args![organization, connection, now, why],
        )
        .await
        .map(drop)
    }
}
