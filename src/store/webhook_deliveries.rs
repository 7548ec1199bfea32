//! What became of telling webhooks of events.

use super::{FromRow, RowRef, StoreError, Tx, args, events::kind};
use crate::model::{
    DeliveryId, EventId, EventKind, Instant, OrganizationId, RequestId, UserId, WebhookDelivery, WebhookId,
};

/// Its condition is that of the index, word for word: what is kept for good is not looked at.
const FORGET: &str = "DELETE FROM webhook_deliveries WHERE (organization, id) IN
   (SELECT organization, id FROM webhook_deliveries
    WHERE last_at < ?1 AND kind NOT IN ('user.suspended', 'user.removed') ORDER BY last_at LIMIT ?2)";

/// One attempt to tell a webhook of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted<'a> {
    /// The id that the delivery gets, if this is the first attempt.
    pub id: &'a DeliveryId,
    /// Which webhook.
    pub webhook: &'a WebhookId,
    /// Which event, with its number and kind.
    pub event: (&'a EventId, i64, EventKind),
    /// When.
    pub at: Instant,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// What was wrong; none: it was taken.
    pub error: Option<&'a str>,
}

/// That somebody outside was told of the end of a person's access, and took note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// In which request the access ended.
    pub request: RequestId,
    /// Which webhook.
    pub webhook: WebhookId,
    /// What it is called; none: it was deleted since.
    pub name: Option<String>,
    /// Which event.
    pub event: EventId,
    /// The event's kind.
    pub kind: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was taken; none: nobody took it yet.
    pub at: Option<Instant>,
    /// The status of the last answer.
    pub status: Option<i64>,
}

impl FromRow for WebhookDelivery {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let event: EventId = row.get(2)?;
        let name: String = row.get(4)?;
        Ok(Self {
            id: row.get(0)?,
            webhook: row.get(1)?,
            number: row.get(3)?,
            kind: kind(&name, &event)?,
            event,
            attempts: row.get(5)?,
            first_at: row.get(6)?,
            last_at: row.get(7)?,
            delivered_at: row.get(8)?,
            status: row.get(9)?,
            error: row.get(10)?,
        })
    }
}

impl Tx {
    /// Notes an attempt. What was taken once stays taken.
    pub async fn note_delivery(
        &mut self,
        organization: &OrganizationId,
        attempted: &Attempted<'_>,
    ) -> Result<(), StoreError> {
        let (event, number, kind) = attempted.event;
        let taken = attempted.error.is_none().then_some(attempted.at);
        self.run(
            "INSERT INTO webhook_deliveries (organization, id, webhook, event, number, kind, attempts, first_at, last_at,
                                             delivered_at, status, error)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?7, ?8, ?9, ?10)
             ON CONFLICT (organization, webhook, event) DO UPDATE SET
               attempts = webhook_deliveries.attempts + 1, last_at = excluded.last_at,
               delivered_at = COALESCE(webhook_deliveries.delivered_at, excluded.delivered_at),
               status = excluded.status, error = excluded.error",
            args![
                organization,
                attempted.id,
                attempted.webhook,
                event,
                number,
                kind.name(),
                attempted.at,
                taken,
                attempted.status.map(i64::from),
                attempted.error
            ],
        )
        .await
        .map(drop)
    }

    /// Up to `limit` deliveries of a webhook older than `before` (an id, or '' for the newest), the newest first.
    pub async fn deliveries(
        &mut self,
        organization: &OrganizationId,
        webhook: &WebhookId,
        (before, limit): (&str, i64),
    ) -> Result<Vec<WebhookDelivery>, StoreError> {
        self.all(
            "SELECT id, webhook, event, number, kind, attempts, first_at, last_at, delivered_at, status, error
             FROM webhook_deliveries
             WHERE organization = ?1 AND webhook = ?2 AND (?3 = '' OR id < ?3) ORDER BY id DESC LIMIT ?4",
            args![organization, webhook, before, limit],
        )
        .await
    }

    /// One delivery.
    pub async fn delivery(
        &mut self,
        organization: &OrganizationId,
        (webhook, id): (&WebhookId, &DeliveryId),
    ) -> Result<Option<WebhookDelivery>, StoreError> {
        self.first(
            "SELECT id, webhook, event, number, kind, attempts, first_at, last_at, delivered_at, status, error
             FROM webhook_deliveries WHERE organization = ?1 AND webhook = ?2 AND id = ?3",
            args![organization, webhook, id],
        )
        .await
    }

    /// Whether a webhook has taken an event already.
    pub async fn is_delivered(
        &mut self,
        organization: &OrganizationId,
        (webhook, event): (&WebhookId, &EventId),
    ) -> Result<bool, StoreError> {
        let row: Option<(i64,)> = self
            .first(
                "SELECT 1 FROM webhook_deliveries
                 WHERE organization = ?1 AND webhook = ?2 AND event = ?3 AND delivered_at IS NOT NULL",
                args![organization, webhook, event],
            )
            .await?;
        Ok(row.is_some())
    }

    /// Which webhooks were told of the ends of somebody's access, by the requests in which they came.
    pub async fn acknowledgements(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Vec<Acknowledged>, StoreError> {
        let rows = self
            .all(
                "SELECT e.request, d.webhook, w.name, d.event, d.kind, d.attempts, d.delivered_at, d.status
                 FROM event_subjects s
                 JOIN events e ON e.organization = s.organization AND e.id = s.event
                 JOIN webhook_deliveries d ON d.organization = s.organization AND d.event = s.event
                 LEFT JOIN webhooks w ON w.organization = d.organization AND w.id = d.webhook
                 WHERE s.organization = ?1 AND s.subject = ?2 AND e.kind IN ('user.suspended', 'user.removed')
                 ORDER BY d.id",
                args![organization, user],
            )
            .await?;
        let acknowledged = |(request, webhook, name, event, kind, attempts, at, status)| Acknowledged {
            request,
            webhook,
            name,
            event,
            kind,
            attempts,
            at,
            status,
        };
        Ok(rows.into_iter().map(acknowledged).collect())
    }

    /// Forgets up to `limit` deliveries whose last attempt is older; how many there were. Of the ends of people's access it stays
    /// known who was told.
    pub async fn forget_deliveries(&mut self, before: Instant, limit: i64) -> Result<u64, StoreError> {
        self.run(FORGET, args![before, limit]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, testing};

    async fn what_is_kept_for_good_is_not_read(store: &Store) {
        let mut tx = store.write("test").await.unwrap();
        if tx.is_postgres() {
            // A table of no rows is read as a whole, whatever there is.
            tx.run("SET LOCAL enable_seqscan = off", &[]).await.unwrap();
        }
        let plan = tx.explain(FORGET, args![Instant(1), 100]).await.unwrap();
        assert!(plan.contains("webhook_deliveries_passing"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "in its order: {plan}");
    }

    #[tokio::test]
    async fn housekeeping_does_not_read_what_is_kept_for_good() {
        what_is_kept_for_good_is_not_read(&testing::sqlite().await.store).await;
        if let Some(world) = testing::postgres().await {
            what_is_kept_for_good_is_not_read(&world.store).await;
        }
    }
}
