//! Events and the outbox: written in the transaction of the change that they tell of.

use super::{StoreError, Tx, args, value::texts};
use crate::{
    crypto::random::fill_or_abort,
    model::{Event, EventId, EventKind, Instant, JobId, OrganizationId, RequestId},
    telemetry::metrics,
};
use serde_json::Value;

pub(super) type EventRow = (EventId, Option<i64>, Instant, String, String, RequestId, String);

/// Work that waits in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Whose.
    pub organization: OrganizationId,
    /// Its id.
    pub id: JobId,
    /// What kind of work.
    pub topic: String,
    /// What it is about, as JSON.
    pub payload: String,
}

impl Tx {
    /// Appends an event and names what it is about.
    pub async fn insert_event(&mut self, organization: &OrganizationId, event: &Event) -> Result<(), StoreError> {
        self.later(
            "INSERT INTO events (organization, id, at, kind, actor, request, detail, salt)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            args![
                organization,
                event.id,
                event.at,
                event.kind.name(),
                event.actor,
                event.request,
                event.detail.to_string(),
                salt()
            ],
        )
        .await?;
        metrics().event(event.kind.name());
        self.insert_event_subjects(organization, event).await
    }

    /// Names what an event is about.
    pub(super) async fn insert_event_subjects(
        &mut self,
        organization: &OrganizationId,
        event: &Event,
    ) -> Result<(), StoreError> {
        let (sql, subjects) = match event.subjects.as_slice() {
            [] => return Ok(()),
            [only] => (
                "INSERT INTO event_subjects (organization, subject, event) VALUES (?1, ?2, ?3)
                 ON CONFLICT (organization, subject, event) DO NOTHING",
                only.clone(),
            ),
            several => (
                "INSERT INTO event_subjects (organization, subject, event)
                 SELECT CAST(?1 AS TEXT), told.value, CAST(?3 AS TEXT) FROM texts_of(?2) AS told WHERE 1 = 1
                 ON CONFLICT (organization, subject, event) DO NOTHING",
                texts(several),
            ),
        };
        self.later(sql, args![organization, subjects, event.id]).await
    }

    /// Up to `limit` events older than `before` (an id, or '' for the newest), the newest first; of one subject, if given.
    pub async fn events(
        &mut self,
        organization: &OrganizationId,
        subject: Option<&str>,
        before: &str,
        limit: i64,
    ) -> Result<Vec<Event>, StoreError> {
        let rows: Vec<EventRow> = match subject {
            Some(subject) => {
                self.all(
                    "SELECT e.id, e.number, e.at, e.kind, e.actor, e.request, e.detail
                     FROM event_subjects s JOIN events e ON e.organization = s.organization AND e.id = s.event
                     WHERE s.organization = ?1 AND s.subject = ?2 AND (?3 = '' OR s.event < ?3)
                     ORDER BY s.event DESC LIMIT ?4",
                    args![organization, subject, before, limit],
                )
                .await?
            }
            None => {
                self.all(
                    "SELECT id, number, at, kind, actor, request, detail FROM events
                     WHERE organization = ?1 AND (?2 = '' OR id < ?2) ORDER BY id DESC LIMIT ?3",
                    args![organization, before, limit],
                )
                .await?
            }
        };
        let mut events = Vec::with_capacity(rows.len());
        for row in rows {
            let subjects: Vec<(String,)> = self
                .all(
                    "SELECT subject FROM event_subjects WHERE organization = ?1 AND event = ?2 ORDER BY subject",
                    args![organization, row.0],
                )
                .await?;
            events.push(event(row, (subjects.into_iter().map(|(subject,)| subject).collect(), None))?);
        }
        Ok(events)
    }

    /// Puts work into the outbox, to be done after the commit and not before `due`.
    pub async fn insert_job(
        &mut self,
        organization: &OrganizationId,
        id: &JobId,
        (topic, payload): (&str, &Value),
        due: Instant,
    ) -> Result<(), StoreError> {
        self.later(
            "INSERT INTO outbox (organization, id, topic, payload, created_at, attempts) VALUES (?1, ?2, ?3, ?4, ?5, 0)",
            args![organization, id, topic, payload.to_string(), due],
        )
        .await
    }

    /// The oldest work of all organizations that is due and not done.
    pub async fn waiting_jobs(&mut self, now: Instant, limit: i64) -> Result<Vec<Waiting>, StoreError> {
        let rows = self
            .all(
                "SELECT organization, id, topic, payload FROM outbox WHERE done_at IS NULL AND created_at <= ?1
                 ORDER BY organization, id LIMIT ?2",
                args![now, limit],
            )
            .await?;
        Ok(rows
            .into_iter()
            .map(|(organization, id, topic, payload)| Waiting { organization, id, topic, payload })
            .collect())
    }

    /// How much work of all organizations is not done, letters that wait among it.
    pub async fn count_waiting_jobs(&mut self) -> Result<i64, StoreError> {
        let row = self
            .first("SELECT (SELECT COUNT(*) FROM outbox WHERE done_at IS NULL) + (SELECT COUNT(*) FROM letters)", &[])
            .await?;
        Ok(row.map_or(0, |(count,): (i64,)| count))
    }

    /// Forgets work that is done, and of which nobody asks later.
    pub async fn forget_job(&mut self, organization: &OrganizationId, id: &JobId) -> Result<(), StoreError> {
        self.run("DELETE FROM outbox WHERE organization = ?1 AND id = ?2", args![organization, id]).await.map(drop)
    }

    /// Marks work as done.
    pub async fn finish_job(
        &mut self,
        organization: &OrganizationId,
        id: &JobId,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE outbox SET done_at = ?3, attempts = attempts + 1 WHERE organization = ?1 AND id = ?2",
            args![organization, id, now],
        )
        .await
        .map(drop)
    }
}

/// What a detail is hashed with.
fn salt() -> [u8; 16] {
    let mut salt = [0; 16];
    fill_or_abort(&mut salt);
    salt
}

/// A kind by its name.
pub(super) fn kind(name: &str, id: &EventId) -> Result<EventKind, StoreError> {
    let found = EventKind::ALL.iter().copied().find(|known| known.name() == name);
    found.ok_or_else(|| StoreError::Corrupt(format!("kind “{name}” of event {id}")))
}

pub(super) fn event(
    (id, number, at, kind, actor, request, detail): EventRow,
    (subjects, subjects_in_all): (Vec<String>, Option<u64>),
) -> Result<Event, StoreError> {
    let kind = self::kind(&kind, &id)?;
    let detail =
        serde_json::from_str(&detail).map_err(|error| StoreError::Corrupt(format!("detail of event {id}: {error}")))?;
    Ok(Event { id, number, at, kind, actor, request, subjects, subjects_in_all, detail })
}
