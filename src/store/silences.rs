//! How often providers push, and which of them have gone silent.

use super::{StoreError, Tx, args};
use crate::model::{ConnectionId, Instant, OrganizationId};
use std::time::Duration;

/// A provider that has pushed nothing for much longer than is its habit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Whose.
    pub connection: ConnectionId,
    /// Its last push.
    pub last_push_at: Instant,
    /// What 95 of 100 of its pauses were shorter than.
    pub usual: Duration,
    /// When it was noticed.
    pub noticed_at: Instant,
}

/// When an enabled connection pushed last, as far as the provisioning log goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lull {
    /// Whose.
    pub organization: OrganizationId,
    /// Which.
    pub connection: ConnectionId,
    /// Its last push.
    pub last_push_at: Instant,
    /// The last push at which its silence was noticed already, if it was.
    pub noticed: Option<Instant>,
}

impl Tx {
    /// Enabled connections of all organizations whose last push was before a moment, or whose silence was noticed.
    pub async fn lulls(&mut self, before: Instant) -> Result<Vec<Lull>, StoreError> {
        // The whole log is looked at, beside the writers.
        let rows = self
            .all_built(
                "SELECT p.organization, p.connection, p.last, s.last_push_at FROM
                   (SELECT organization, connection, MAX(at) AS last FROM provisioning_log
                    GROUP BY organization, connection) p
                 JOIN connections c ON c.organization = p.organization AND c.id = p.connection AND c.enabled = 1
                 LEFT JOIN silences s ON s.organization = p.organization AND s.connection = p.connection
                 WHERE p.last <= ?1 OR s.last_push_at IS NOT NULL ORDER BY p.organization, p.connection"
                    .to_owned(),
                args![before].to_vec(),
            )
            .await?;
        let lull = |(organization, connection, last_push_at, noticed)| Lull {
            organization,
            connection,
            last_push_at,
            noticed,
        };
        Ok(rows.into_iter().map(lull).collect())
    }

    /// When a connection pushed: up to `limit` moments, the newest first.
    pub async fn push_times(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        limit: i64,
    ) -> Result<Vec<Instant>, StoreError> {
        let rows: Vec<(Instant,)> = self
            .all(
                "SELECT at FROM provisioning_log WHERE organization = ?1 AND connection = ?2 ORDER BY id DESC LIMIT ?3",
                args![organization, connection, limit],
            )
            .await?;
        Ok(rows.into_iter().map(|(at,)| at).collect())
    }

    /// Notes a silence. False when it was noted before.
    pub async fn insert_silence(
        &mut self,
        organization: &OrganizationId,
        silence: &Silence,
    ) -> Result<bool, StoreError> {
        let usual = i64::try_from(silence.usual.as_micros()).unwrap_or(i64::MAX);
        let rows = self
            .run(
                "INSERT INTO silences (organization, connection, last_push_at, usual, noticed_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (organization, connection) DO NOTHING",
                args![organization, silence.connection, silence.last_push_at, usual, silence.noticed_at],
            )
            .await?;
        Ok(rows == 1)
    }

    /// The silence is over. False when there was none.
    pub async fn delete_silence(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run("DELETE FROM silences WHERE organization = ?1 AND connection = ?2", args![organization, connection])
            .await?;
        Ok(rows == 1)
    }

    /// The silences of an organization's connections.
    pub async fn silences(&mut self, organization: &OrganizationId) -> Result<Vec<Silence>, StoreError> {
        let rows: Vec<(ConnectionId, Instant, i64, Instant)> = self
            .all(
                "SELECT connection, last_push_at, usual, noticed_at FROM silences WHERE organization = ?1",
                args![organization],
            )
            .await?;
        let silence = |(connection, last_push_at, usual, noticed_at): (_, _, i64, _)| Silence {
            connection,
            last_push_at,
            usual: Duration::from_micros(usual.unsigned_abs()),
            noticed_at,
        };
        Ok(rows.into_iter().map(silence).collect())
    }
}
