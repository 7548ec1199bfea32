//! Unusual spans of removals that were noticed.

use super::undo::Losses;
use super::{StoreError, Tx, args, value::json_text};
use crate::model::{AccidentId, ConnectionId, Instant, OrganizationId};

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccidentRow {
    /// Its id.
    pub id: AccidentId,
    /// Whose directory lost something.
    pub connection: ConnectionId,
    /// The first loss.
    pub began_at: Instant,
    /// When it was noticed, and the owners were told.
    pub noticed_at: Instant,
    /// The last look at it,
    pub looked_at: Instant,
    /// and what was counted then, as JSON.
    pub counts: String,
}

type Row = (AccidentId, ConnectionId, Instant, Instant, Instant, String);

fn accident((id, connection, began_at, noticed_at, looked_at, counts): Row) -> AccidentRow {
    AccidentRow { id, connection, began_at, noticed_at, looked_at, counts }
}

impl Tx {
    /// Notes an accident.
    pub async fn insert_accident(
        &mut self,
        organization: &OrganizationId,
        (id, connection): (&AccidentId, &ConnectionId),
        (began_at, now): (Instant, Instant),
        losses: &Losses,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO accidents (organization, id, connection, began_at, noticed_at, looked_at, counts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)",
            args![organization, id, connection, began_at, now, json_text(losses)?],
        )
        .await
        .map(drop)
    }

    /// Notes what an accident came to meanwhile.
    pub async fn update_accident(
        &mut self,
        organization: &OrganizationId,
        id: &AccidentId,
        now: Instant,
        losses: &Losses,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE accidents SET looked_at = ?3, counts = ?4 WHERE organization = ?1 AND id = ?2",
            args![organization, id, now, json_text(losses)?],
        )
        .await
        .map(drop)
    }

    /// The last accident of a connection that was looked at since a moment: the same one goes on.
    pub async fn accident_since(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        since: Instant,
    ) -> Result<Option<AccidentRow>, StoreError> {
        let row = self
            .first(
                "SELECT id, connection, began_at, noticed_at, looked_at, counts FROM accidents
                 WHERE organization = ?1 AND connection = ?2 AND looked_at >= ?3 ORDER BY noticed_at DESC LIMIT 1",
                args![organization, connection, since],
            )
            .await?;
        Ok(row.map(accident))
    }

    /// Up to `limit` accidents older than `before` (an id, or '' for the newest), the newest first.
    pub async fn accidents(
        &mut self,
        organization: &OrganizationId,
        before: &str,
        limit: i64,
    ) -> Result<Vec<AccidentRow>, StoreError> {
        let rows: Vec<Row> = self
            .all(
                "SELECT id, connection, began_at, noticed_at, looked_at, counts FROM accidents
                 WHERE organization = ?1 AND (?2 = '' OR id < ?2) ORDER BY id DESC LIMIT ?3",
                args![organization, before, limit],
            )
            .await?;
        Ok(rows.into_iter().map(accident).collect())
    }
}
