//! Security events that providers told of: each once, with what came of it.

use super::{StoreError, Tx, args, value::json_text};
use crate::model::{ConnectionId, Instant, OrganizationId, Signal, SignalEntry, SignalId, UserId};

type Row = (SignalId, ConnectionId, Instant, String);

impl Tx {
    /// Writes that a security event of this id (hashed) came. False when it came before: then nothing of it counts again.
    pub async fn insert_signal(
        &mut self,
        organization: &OrganizationId,
        signal: &Signal,
        jti: &[u8; 32],
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "INSERT INTO signals (organization, connection, id, jti, at, entry) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (organization, connection, jti) DO NOTHING",
                args![organization, signal.connection, signal.id, jti, signal.at, json_text(&signal.entry)?],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Writes what came of it.
    pub async fn update_signal(
        &mut self,
        organization: &OrganizationId,
        id: &SignalId,
        entry: &SignalEntry,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE signals SET entry = ?3 WHERE organization = ?1 AND id = ?2",
            args![organization, id, json_text(entry)?],
        )
        .await
        .map(drop)
    }

    /// Up to `limit` of a connection older than `before` (an id, or '' for the newest), the newest first.
    pub async fn signals(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        (before, limit): (&str, i64),
    ) -> Result<Vec<Signal>, StoreError> {
        let rows: Vec<Row> = self
            .all(
                "SELECT id, connection, at, entry FROM signals
                 WHERE organization = ?1 AND connection = ?2 AND (?3 = '' OR id < ?3) ORDER BY id DESC LIMIT ?4",
                args![organization, connection, before, limit],
            )
            .await?;
        let signal = |(id, connection, at, entry): Row| {
            let entry = serde_json::from_str(&entry)
                .map_err(|error| StoreError::Corrupt(format!("what signal {id} said: {error}")))?;
            Ok(Signal { id, connection, at, entry })
        };
        rows.into_iter().map(signal).collect()
    }

    /// Forgets up to `limit` older ones; how many there were.
    pub async fn forget_signals(&mut self, before: Instant, limit: i64) -> Result<u64, StoreError> {
        self.run(
            "DELETE FROM signals WHERE (organization, id) IN
               (SELECT organization, id FROM signals WHERE at < ?1 ORDER BY at LIMIT ?2)",
            args![before, limit],
        )
        .await
    }

    /// Remembers that a signal of this connection, said at this time, suspended somebody, who has this session epoch since.
    pub async fn remember_signal_suspension(
        &mut self,
        organization: &OrganizationId,
        (user, connection): (&UserId, &ConnectionId),
        (session_epoch, said_at): (i64, Instant),
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO signal_suspensions (organization, user_id, connection, session_epoch, said_at)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (organization, user_id) DO UPDATE SET connection = ?3, session_epoch = ?4, said_at = ?5",
            args![organization, user, connection, session_epoch, said_at],
        )
        .await
        .map(drop)
    }

    /// Notes that the connection's provider said once more, at this time, that somebody is disabled whom a signal suspended.
    pub async fn raise_signal_suspension(
        &mut self,
        organization: &OrganizationId,
        (user, connection): (&UserId, &ConnectionId),
        said_at: Instant,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE signal_suspensions SET said_at = ?4
             WHERE organization = ?1 AND user_id = ?2 AND connection = ?3 AND said_at < ?4",
            args![organization, user, connection, said_at],
        )
        .await
        .map(drop)
    }

    /// Forgets that a signal suspended somebody, because a push has spoken of them since; whether one did.
    pub async fn forget_signal_suspension(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run("DELETE FROM signal_suspensions WHERE organization = ?1 AND user_id = ?2", args![organization, user])
            .await?;
        Ok(rows > 0)
    }

    /// Forgets whether a signal suspended somebody; whether it was one of this connection that was not said after `said_at`, and
    /// nothing happened to them since.
    pub async fn take_signal_suspension(
        &mut self,
        organization: &OrganizationId,
        (user, connection): (&UserId, &ConnectionId),
        (session_epoch, said_at): (i64, Instant),
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "DELETE FROM signal_suspensions
                 WHERE organization = ?1 AND user_id = ?2 AND connection = ?3 AND session_epoch = ?4 AND said_at <= ?5",
                args![organization, user, connection, session_epoch, said_at],
            )
            .await?;
        Ok(rows == 1)
    }
}
