//! What happened since somebody looked: no change without an event, so that the events tell of whom has to be looked at again.

use super::{StoreError, Tx, args, events::kind, value::texts};
use crate::model::{EventId, EventKind, OrganizationId};

impl Tx {
    /// The events behind an id, and their kinds.
    pub async fn events_behind(
        &mut self,
        organization: &OrganizationId,
        floor: &EventId,
    ) -> Result<Vec<(EventId, EventKind)>, StoreError> {
        let rows: Vec<(EventId, String)> = self
            .all("SELECT id, kind FROM events WHERE organization = ?1 AND id > ?2", args![organization, floor])
            .await?;
        rows.into_iter().map(|(id, name)| kind(&name, &id).map(|kind| (id, kind))).collect()
    }

    /// What some events are about.
    pub async fn subjects_of_events(
        &mut self,
        organization: &OrganizationId,
        events: &[&EventId],
    ) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = self
            .all(
                "SELECT s.subject FROM texts_of(?2) AS asked CROSS JOIN event_subjects s
                 WHERE s.organization = ?1 AND s.event = asked.value",
                args![organization, texts(events)],
            )
            .await?;
        Ok(rows.into_iter().map(|(subject,)| subject).collect())
    }
}
