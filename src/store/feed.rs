//! Events by their numbers: gap-free and in order, for whoever follows them.

use super::{
    StoreError, Tx, args,
    events::{EventRow, event},
};
use crate::model::{Event, EventId, Instant, OrganizationId, RequestId};
use std::collections::HashMap;

/// The most ids of one event that are told of: a change of everybody's access names everybody, and a message has its limits.
const MOST_SUBJECTS: usize = 1000;
const ONE_MORE: i64 = 1001;
/// What the events of one answer come to, roughly and in bytes; one alone may be more.
const LARGEST_ANSWER: usize = 1 << 20;
/// What an id comes to in an answer, in bytes.
const ID: usize = 40;

/// An event and how many ids it is about, as far as that is counted: to one more than are told of.
type Counted = (EventId, Option<i64>, Instant, String, String, RequestId, String, i64);

/// An event that waits for the ids that it is about.
struct Row {
    event: EventRow,
    counted: usize,
}

impl Row {
    fn new((id, number, at, kind, actor, request, detail, counted): Counted) -> Self {
        Self {
            event: (id, number, at, kind, actor, request, detail),
            counted: usize::try_from(counted).unwrap_or(usize::MAX),
        }
    }

    fn is_large(&self) -> bool {
        self.counted > MOST_SUBJECTS
    }

    fn bytes(&self) -> usize {
        self.event.6.len() + ID * self.counted.min(MOST_SUBJECTS)
    }
}

impl Tx {
    /// Up to `limit` sealed events with numbers above `after`, in order; fewer where they come to much, and one at least. Of an
    /// event that is about very many ids, the first of them and how many there are.
    pub async fn events_after(
        &mut self,
        organization: &OrganizationId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Event>, StoreError> {
        let rows: Vec<Counted> = self
            .all(
                "SELECT e.id, e.number, e.at, e.kind, e.actor, e.request, e.detail,
                        (SELECT COUNT(*) FROM (SELECT 1 FROM event_subjects s
                           WHERE s.organization = e.organization AND s.event = e.id LIMIT ?4) AS counted)
                 FROM events e
                 WHERE e.organization = ?1 AND e.number IS NOT NULL AND e.number > ?2 ORDER BY e.number LIMIT ?3",
                args![organization, after, limit, ONE_MORE],
            )
            .await?;
        let rows = one_answer(rows.into_iter().map(Row::new).collect());
        let mut subjects = HashMap::new();
        // Those of the few large ones are read one by one, of all others at once.
        for run in rows.chunk_by(|one, next| !one.is_large() && !next.is_large()) {
            match run {
                [large] if large.is_large() => {
                    subjects.insert(large.event.0.clone(), self.first_subjects(organization, &large.event.0).await?);
                }
                run => self.all_subjects(organization, run, &mut subjects).await?,
            }
        }
        rows.into_iter()
            .map(|row| {
                let about = subjects.remove(&row.event.0).unwrap_or_default();
                event(row.event, about)
            })
            .collect()
    }

    /// The first ids that a large event is about, and how many there are.
    async fn first_subjects(
        &mut self,
        organization: &OrganizationId,
        id: &EventId,
    ) -> Result<(Vec<String>, Option<u64>), StoreError> {
        let first: Vec<(String,)> = self
            .all(
                "SELECT subject FROM event_subjects WHERE organization = ?1 AND event = ?2 ORDER BY subject LIMIT ?3",
                args![organization, id, ONE_MORE - 1],
            )
            .await?;
        let count: Option<(i64,)> = self
            .first(
                "SELECT COUNT(*) FROM event_subjects WHERE organization = ?1 AND event = ?2",
                args![organization, id],
            )
            .await?;
        let count = count.and_then(|(count,)| u64::try_from(count).ok());
        Ok((first.into_iter().map(|(subject,)| subject).collect(), count))
    }

    /// All ids that these events are about, which follow one another.
    async fn all_subjects(
        &mut self,
        organization: &OrganizationId,
        run: &[Row],
        subjects: &mut HashMap<EventId, (Vec<String>, Option<u64>)>,
    ) -> Result<(), StoreError> {
        let ends = (run.first().and_then(|row| row.event.1), run.last().and_then(|row| row.event.1));
        let (Some(first), Some(last)) = ends else { return Ok(()) };
        let told: Vec<(EventId, String)> = self
            .all(
                "SELECT s.event, s.subject FROM events e
                 JOIN event_subjects s ON s.organization = e.organization AND s.event = e.id
                 WHERE e.organization = ?1 AND e.number IS NOT NULL AND e.number >= ?2 AND e.number <= ?3
                 ORDER BY e.number, s.subject",
                args![organization, first, last],
            )
            .await?;
        for (id, subject) in told {
            subjects.entry(id).or_default().0.push(subject);
        }
        Ok(())
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

/// As many of them, from the first, as one answer holds.
fn one_answer(mut rows: Vec<Row>) -> Vec<Row> {
    let mut bytes = 0_usize;
    let fits = rows.iter().take_while(|row| {
        bytes = bytes.saturating_add(row.bytes());
        bytes <= LARGEST_ANSWER
    });
    let fits = fits.count().max(1);
    rows.truncate(fits);
    rows
}
