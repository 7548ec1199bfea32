//! What the sealer writes and the audit reads: events by number, heads and checkpoints.
//!
//! Columns are read as the values they are: somebody who tampers need not keep to their types, and a row that cannot be
//! what it should be is a finding and no error.

use super::{FromRow, RowRef, StoreError, Tx, Value, args};
use crate::model::{Instant, OrganizationId};
use data_encoding::HEXLOWER;
use serde_json::json;

/// An event as its row is, with the subjects beside it in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its number; NULL until it is sealed.
    pub number: Value,
    /// Its link of the chain; NULL until it is sealed.
    pub chain: Value,
    /// Its id.
    pub id: Value,
    /// Its time, kind, actor, request and detail.
    pub columns: [Value; 5],
    /// What the detail is hashed with; NULL in events from before there were salts, and where the detail was erased.
    pub salt: Value,
    /// The hash of a detail that was erased; NULL where it was not.
    pub detail_hash: Value,
    /// The event that tells of the erasure.
    pub erased_by: Value,
    /// The ids that it is about.
    pub subjects: Vec<Value>,
}

impl FromRow for EventRow {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let columns = [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?];
        let (salt, detail_hash, erased_by) = (row.get(8)?, row.get(9)?, row.get(10)?);
        let (number, chain, id, subjects) = (row.get(0)?, row.get(1)?, row.get(2)?, Vec::new());
        Ok(Self { number, chain, id, columns, salt, detail_hash, erased_by, subjects })
    }
}

/// `SELECT` of an [`EventRow`], with what comes after `FROM events`.
macro_rules! select_events {
    ($rest:literal) => {
        concat!(
            "SELECT number, chain, id, at, kind, actor, request, detail, salt, detail_hash, erased_by FROM events ",
            $rest
        )
    };
}
pub(super) use select_events;

/// A signed statement of how far an organization's events are sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealRow {
    /// The number of the last event.
    pub number: i64,
    /// That event's link of the chain.
    pub chain: Vec<u8>,
    /// When it was sealed.
    pub at: Instant,
    /// The number of the checkpoint before it; 0 where there is none.
    pub previous: i64,
    /// The id of the key that signed.
    pub signer: String,
    /// The signature.
    pub signature: Vec<u8>,
}

impl FromRow for SealRow {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            number: row.get(0)?,
            chain: row.get(1)?,
            at: row.get(2)?,
            previous: row.get(3)?,
            signer: row.get(4)?,
            signature: row.get(5)?,
        })
    }
}

/// Links first, and each leads to its event. Otherwise SQLite reads the whole list again for each event that has no number yet, and
/// PostgreSQL all of those for each batch: hence MATERIALIZED, and not `number IS NULL`.
macro_rules! number_events {
    ($bytes:literal) => {
        concat!(
            "WITH links AS MATERIALIZED (SELECT CAST(?1 AS TEXT) AS organization, substr(value, 85) AS event, ",
            "  CAST(substr(value, 65, 20) AS BIGINT) AS number, ",
            $bytes,
            " AS chain FROM texts_of(?2) AS one) ",
            "UPDATE events SET number = links.number, chain = links.chain FROM links ",
            "WHERE events.organization = links.organization AND events.id = links.event AND COALESCE(events.number, 0) = 0"
        )
    };
}

impl Tx {
    /// Up to `limit` organizations and their short names behind an id, by id.
    pub async fn organization_slugs(
        &mut self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<(OrganizationId, String)>, StoreError> {
        self.all("SELECT id, slug FROM organizations WHERE id > ?1 ORDER BY id LIMIT ?2", args![after, limit]).await
    }

    /// How many users an organization has, removed ones not counted.
    pub async fn count_users_held(&mut self, organization: &OrganizationId) -> Result<i64, StoreError> {
        let count: Option<(i64,)> = self
            .first("SELECT COUNT(*) FROM users WHERE organization = ?1 AND removed_at IS NULL", args![organization])
            .await?;
        Ok(count.map_or(0, |(count,)| count))
    }

    /// The first organization after `after` (in the order of ids) that has events without a number.
    pub async fn organization_to_seal(&mut self, after: &str) -> Result<Option<String>, StoreError> {
        let found: Option<(String,)> = self
            .first(
                "SELECT organization FROM events WHERE number IS NULL AND organization > ?1
                 ORDER BY organization LIMIT 1",
                args![after],
            )
            .await?;
        Ok(found.map(|(organization,)| organization))
    }

    /// Up to `limit` events without a number that no running transaction can still slip one in front of, by id.
    pub async fn unsealed_events(
        &mut self,
        organization: &OrganizationId,
        limit: i64,
    ) -> Result<Vec<EventRow>, StoreError> {
        // The age of a row's transaction is compared and not its number, which wraps around.
        let sql = self.pick(
            select_events!("WHERE organization = ?1 AND number IS NULL ORDER BY id LIMIT ?2"),
            select_events!(
                "WHERE organization = ?1 AND number IS NULL
                   AND age(xmin) > age(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS xid)) ORDER BY id LIMIT ?2"
            ),
        );
        let mut events: Vec<EventRow> = self.all(sql, args![organization, limit]).await?;
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(events) };
        let subjects: Vec<(Value, Value)> = self
            .all(
                "SELECT event, subject FROM event_subjects WHERE organization = ?1 AND event >= ?2 AND event <= ?3
                 ORDER BY event, subject",
                args![organization, first.id, last.id],
            )
            .await?;
        give_subjects(&mut events, subjects);
        Ok(events)
    }

    /// Up to `limit` events with a number above `after`, or that very number and an id above it, by both: of two that
    /// somebody gave the same number none is left out.
    pub async fn sealed_events(
        &mut self,
        organization: &OrganizationId,
        (after, id): (i64, &Value),
        limit: i64,
    ) -> Result<Vec<EventRow>, StoreError> {
        let mut events: Vec<EventRow> = self
            .all(
                select_events!(
                    "WHERE organization = ?1 AND number IS NOT NULL AND (number, id) > (?2, ?3)
                     ORDER BY number, id LIMIT ?4"
                ),
                args![organization, after, id, limit],
            )
            .await?;
        let Some(last) = events.last() else { return Ok(events) };
        let subjects: Vec<(Value, Value)> = self
            .all(
                "SELECT s.event, s.subject FROM events e
                 JOIN event_subjects s ON s.organization = e.organization AND s.event = e.id
                 WHERE e.organization = ?1 AND e.number IS NOT NULL AND e.number >= ?2 AND e.number <= ?3
                 ORDER BY e.number, e.id, s.subject",
                args![organization, after, last.number],
            )
            .await?;
        give_subjects(&mut events, subjects);
        Ok(events)
    }

    /// Up to `limit` events with an id after `after`, by id, whether they have a number or not.
    pub async fn events_by_id(
        &mut self,
        organization: &OrganizationId,
        after: &Value,
        limit: i64,
    ) -> Result<Vec<EventRow>, StoreError> {
        let mut events: Vec<EventRow> = self
            .all(
                select_events!("WHERE organization = ?1 AND id > ?2 ORDER BY id LIMIT ?3"),
                args![organization, after, limit],
            )
            .await?;
        let Some(last) = events.last() else { return Ok(events) };
        let subjects: Vec<(Value, Value)> = self
            .all(
                "SELECT event, subject FROM event_subjects WHERE organization = ?1 AND event > ?2 AND event <= ?3
                 ORDER BY event, subject",
                args![organization, after, last.id],
            )
            .await?;
        give_subjects(&mut events, subjects);
        Ok(events)
    }

    /// How many events have no number yet.
    pub async fn count_unsealed(&mut self, organization: &OrganizationId) -> Result<i64, StoreError> {
        let count: Option<(i64,)> = self
            .first("SELECT COUNT(*) FROM events WHERE organization = ?1 AND number IS NULL", args![organization])
            .await?;
        Ok(count.map_or(0, |(count,)| count))
    }

    /// Gives events their numbers and their links. Says how many had none before.
    pub async fn number_events(
        &mut self,
        organization: &OrganizationId,
        links: &[(String, i64, [u8; 32])],
    ) -> Result<u64, StoreError> {
        // 64 digits of a link, 20 of its number, and the id of its event.
        let links: Vec<String> =
            links.iter().map(|(id, number, link)| format!("{}{number:020}{id}", HEXLOWER.encode(link))).collect();
        let sql = self
            .pick(number_events!("unhex(substr(value, 1, 64))"), number_events!("decode(substr(value, 1, 64), 'hex')"));
        self.run(sql, args![organization, json!(links).to_string()]).await
    }

    /// How far an organization's events are sealed.
    pub async fn event_head(&mut self, organization: &OrganizationId) -> Result<Option<SealRow>, StoreError> {
        self.first(
            "SELECT number, chain, at, previous, signer, signature FROM event_heads WHERE organization = ?1",
            args![organization],
        )
        .await
    }

    /// Moves the head from where it was read (`before`; 0: there was none) to where it is now. False when another node was
    /// first: then its row has been waited for, and nothing was changed.
    pub async fn move_event_head(
        &mut self,
        organization: &OrganizationId,
        before: i64,
        head: &SealRow,
    ) -> Result<bool, StoreError> {
        let values =
            args![organization, head.number, head.chain, head.at, head.previous, head.signer, head.signature, before];
        let rows = if before == 0 {
            self.run(
                "INSERT INTO event_heads (organization, number, chain, at, previous, signer, signature)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (organization) DO NOTHING",
                values.get(..7).unwrap_or_default(),
            )
            .await?
        } else {
            self.run(
                "UPDATE event_heads SET number = ?2, chain = ?3, at = ?4, previous = ?5, signer = ?6, signature = ?7
                 WHERE organization = ?1 AND number = ?8",
                values,
            )
            .await?
        };
        Ok(rows == 1)
    }

    /// Keeps a checkpoint.
    pub async fn insert_checkpoint(
        &mut self,
        organization: &OrganizationId,
        checkpoint: &SealRow,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO event_checkpoints (organization, number, chain, at, previous, signer, signature)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            args![
                organization,
                checkpoint.number,
                checkpoint.chain,
                checkpoint.at,
                checkpoint.previous,
                checkpoint.signer,
                checkpoint.signature
            ],
        )
        .await
        .map(drop)
    }

    /// Up to `limit` checkpoints with numbers above `after`, in order.
    pub async fn checkpoints(
        &mut self,
        organization: &OrganizationId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<SealRow>, StoreError> {
        self.all(
            "SELECT number, chain, at, previous, signer, signature FROM event_checkpoints
             WHERE organization = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
            args![organization, after, limit],
        )
        .await
    }

    /// The keys that sign checkpoints, sealed; the one that signs now is first.
    pub async fn audit_keys(&mut self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.all("SELECT id, secret FROM audit_keys ORDER BY created_at, id", &[]).await
    }

    /// Stores a sealed key.
    pub async fn insert_audit_key(&mut self, id: &str, sealed: &[u8], now: Instant) -> Result<(), StoreError> {
        self.run("INSERT INTO audit_keys (id, secret, created_at) VALUES (?1, ?2, ?3)", args![id, sealed, now])
            .await
            .map(drop)
    }
}

/// Puts subjects beside their events.
fn give_subjects(events: &mut [EventRow], subjects: Vec<(Value, Value)>) {
    let places: std::collections::HashMap<Vec<u8>, usize> =
        events.iter().enumerate().map(|(place, event)| (key(&event.id), place)).collect();
    for (event, subject) in subjects {
        if let Some(event) = places.get(&key(&event)).and_then(|place| events.get_mut(*place)) {
            event.subjects.push(subject);
        }
    }
}

fn key(id: &Value) -> Vec<u8> {
    match id {
        Value::Null => Vec::new(),
        Value::Int(number) => number.to_be_bytes().to_vec(),
        Value::Text(text) => text.as_bytes().to_vec(),
        Value::Blob(bytes) => bytes.clone(),
    }
}
