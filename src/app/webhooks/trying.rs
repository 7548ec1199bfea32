//! Sending at once, because somebody asked for it: a test message, or an event once more.

use super::{
    super::{App, Ctx, Error, Work},
    known,
    message::{Outcome, body_of, send},
};
use crate::{
    model::{Capability, DeliveryId, Event, EventKind, Instant, Webhook, WebhookId},
    store::Attempted,
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;

/// What came of a message that somebody had sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "WebhookAttempt")]
pub struct Sent {
    /// Whether it was taken.
    pub delivered: bool,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// What was wrong.
    pub error: Option<String>,
    /// When it was sent.
    pub at: Instant,
}

impl App {
    /// Sends a message that tells of nothing, and says what came of it.
    pub async fn test_webhook(&self, ctx: &Ctx, id: &WebhookId) -> Result<Sent, Error> {
        let (webhook, secrets) = self.webhook_to_try(ctx, id).await?;
        let body = json!({
            "type": "webhook.test", "timestamp": ctx.now,
            "data": {"webhook": webhook.id, "organization": ctx.organization, "request": ctx.request},
        });
        let message = DeliveryId::from_uuid(self.clock().uuid());
        let now = self.clock().now();
        let outcome = send(self.outside(), (&webhook.url, message.as_str()), &body, (&secrets, now)).await;
        let sent = sent(&outcome, now);
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let told = Box::pin(work.tell_of_attempt(EventKind::WebhookTested, &webhook, &sent, None)).await;
        work.finish(told).await.map(|()| sent)
    }

    /// Sends an event once more, whatever came of it before, and says what came of it now.
    pub async fn redeliver(&self, ctx: &Ctx, id: &WebhookId, delivery: &DeliveryId) -> Result<Sent, Error> {
        let (webhook, secrets) = self.webhook_to_try(ctx, id).await?;
        let mut tx = self.store().read().await?;
        let found = tx.delivery(&ctx.organization, (id, delivery)).await?;
        let found = found.ok_or_else(|| Error::not_found("delivery", delivery.as_str()))?;
        let event = tx.event_numbered(&ctx.organization, found.number).await?;
        let event = event.ok_or_else(|| Error::not_found("event", found.event.as_str()))?;
        drop(tx);
        let now = self.clock().now();
        let to = (webhook.url.as_str(), event.id.as_str());
        let outcome = send(self.outside(), to, &body_of(&event), (&secrets, now)).await;
        let sent = sent(&outcome, now);
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let told =
            Box::pin(work.tell_of_attempt(EventKind::WebhookRedelivered, &webhook, &sent, Some((delivery, &event))))
                .await;
        work.finish(told).await.map(|()| sent)
    }

    /// Weighed before anything is sent, and again where it is told of.
    async fn webhook_to_try(&self, ctx: &Ctx, id: &WebhookId) -> Result<(Webhook, Vec<SecretString>), Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let webhook = known(&mut tx, ctx, id).await?;
        let sealed = tx.webhook_secrets(&ctx.organization, id).await?;
        let sealed = sealed.ok_or_else(|| Error::not_found("webhook", id.as_str()))?;
        let secrets = self.open_webhook_secrets((&ctx.organization, id), &sealed)?;
        Ok((webhook, secrets))
    }
}

fn sent(outcome: &Outcome, at: Instant) -> Sent {
    Sent {
        delivered: outcome.error().is_none(),
        status: outcome.status(),
        error: outcome.error().map(str::to_owned),
        at,
    }
}

impl Work<'_> {
    async fn tell_of_attempt(
        &mut self,
        kind: EventKind,
        webhook: &Webhook,
        sent: &Sent,
        of: Option<(&DeliveryId, &Event)>,
    ) -> Result<(), Error> {
        let mut subjects = vec![webhook.id.to_string()];
        if !self.tx.note_webhook_tried(&self.ctx.organization, &webhook.id, sent.at).await? {
            return Err(Error::not_found("webhook", webhook.id.as_str()));
        }
        if let Some((id, event)) = of {
            subjects.push(event.id.to_string());
            let attempted = Attempted {
                id,
                webhook: &webhook.id,
                event: (&event.id, event.number.unwrap_or_default(), event.kind),
                at: sent.at,
                status: sent.status,
                error: sent.error.as_deref(),
            };
            self.tx.note_delivery(&self.ctx.organization, &attempted).await?;
        }
        let detail = json!({"name": webhook.name, "delivered": sent.delivered, "status": sent.status});
        self.tell(kind, subjects, detail);
        Ok(())
    }
}
