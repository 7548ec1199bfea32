//! Details of events that are erased, and what is left of them.

use super::Terms;
use crate::{
    model::{EventId, OrganizationId, UserId},
    store::{EventRow, StoreError, Tx, Value, args, audit::select_events},
};

/// Of events about somebody.
const ABOUT: &str = select_events!(
    "WHERE organization = ?1 AND id > ?3 AND detail_hash IS NULL AND kind <> 'user.erased'
       AND id IN (SELECT event FROM event_subjects WHERE organization = ?1 AND subject = ?5)
       AND EXISTS (SELECT 1 FROM texts_of(?2) AS term WHERE lower(detail) LIKE '%' || term.value || '%' ESCAPE '!')
     ORDER BY id LIMIT ?4"
);

const MENTIONING: &str = select_events!(
    "WHERE organization = ?1 AND id > ?3 AND detail_hash IS NULL AND kind <> 'user.erased'
       AND EXISTS (SELECT 1 FROM texts_of(?2) AS term WHERE lower(detail) LIKE '%' || term.value || '%' ESCAPE '!')
     ORDER BY id LIMIT ?4"
);

impl Tx {
    /// Up to `limit` events behind an id whose details may mention one of the terms, by id; without their subjects. Those about
    /// somebody, or all.
    pub async fn events_mentioning(
        &mut self,
        organization: &OrganizationId,
        (terms, about): (&Terms, Option<&UserId>),
        (after, limit): (&Value, i64),
    ) -> Result<Vec<EventRow>, StoreError> {
        let sought = terms.of_event(about.is_some());
        match about {
            Some(user) => self.all(ABOUT, args![organization, sought, after, limit, user]).await,
            None => self.all(MENTIONING, args![organization, sought, after, limit]).await,
        }
    }

    /// Puts `left` in the place of an event's detail; of the detail stays the hash.
    pub async fn erase_event(
        &mut self,
        organization: &OrganizationId,
        id: &Value,
        (left, hash, by): (&str, &[u8; 32], &EventId),
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE events SET detail = ?3, salt = NULL, detail_hash = ?4, erased_by = ?5
             WHERE organization = ?1 AND id = ?2 AND detail_hash IS NULL",
            args![organization, id, left, hash, by],
        )
        .await
        .map(drop)
    }

    /// Up to `limit` events behind an id whose details an erasure took, by id; without their subjects.
    pub async fn events_erased_by(
        &mut self,
        organization: &OrganizationId,
        by: &EventId,
        after: &Value,
        limit: i64,
    ) -> Result<Vec<EventRow>, StoreError> {
        self.all(
            select_events!("WHERE organization = ?1 AND erased_by = ?2 AND id > ?3 ORDER BY id LIMIT ?4"),
            args![organization, by, after, limit],
        )
        .await
    }

    /// One event; without its subjects.
    pub async fn event_row(
        &mut self,
        organization: &OrganizationId,
        id: &EventId,
    ) -> Result<Option<EventRow>, StoreError> {
        self.first(select_events!("WHERE organization = ?1 AND id = ?2"), args![organization, id]).await
    }
}
