//! Events by their numbers: gap-free and in order, for whoever follows them.

use super::{
    StoreError, Tx, args,
    events::{EventRow, event},
};
use crate::model::{Event, EventId, OrganizationId};
use std::collections::HashMap;

impl Tx {
    /// Up to `limit` sealed events with numbers above `after`, in order.
    pub async fn events_after(
        &mut self,
        organization: &OrganizationId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Event>, StoreError> {
        let rows: Vec<EventRow> = self
            .all(
                "SELECT id, number, at, kind, actor, request, detail FROM events
                 WHERE organization = ?1 AND number IS NOT NULL AND number > ?2 ORDER BY number LIMIT ?3",
                args![organization, after, limit],
            )
            .await?;
        let Some(last) = rows.last().and_then(|row| row.1) else { return Ok(Vec::new()) };
        let told: Vec<(EventId, String)> = self
            .all(
                "SELECT s.event, s.subject FROM events e
                 JOIN event_subjects s ON s.organization = e.organization AND s.event = e.id
                 WHERE e.organization = ?1 AND e.number IS NOT NULL AND e.number > ?2 AND e.number <= ?3
                 ORDER BY e.number, s.subject",
                args![organization, after, last],
            )
            .await?;
        let mut subjects: HashMap<EventId, Vec<String>> = HashMap::new();
        for (id, subject) in told {
            subjects.entry(id).or_default().push(subject);
        }
        rows.into_iter()
            .map(|row| {
                let about = subjects.remove(&row.0).unwrap_or_default();
                event(row, about)
            })
            .collect()
    }

    /// One event by its number.
    pub async fn event_numbered(
        &mut self,
        organization: &OrganizationId,
        number: i64,
    ) -> Result<Option<Event>, StoreError> {
        let found = self.events_after(organization, number.saturating_sub(1), 1).await?;
        Ok(found.into_iter().find(|event| event.number == Some(number)))
    }

    /// The number of the last sealed event; 0 before the first.
    pub async fn last_event_number(&mut self, organization: &OrganizationId) -> Result<i64, StoreError> {
        let row: Option<(i64,)> =
            self.first("SELECT number FROM event_heads WHERE organization = ?1", args![organization]).await?;
        Ok(row.map_or(0, |(number,)| number))
    }
}
