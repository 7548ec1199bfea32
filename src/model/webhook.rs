//! Webhooks: addresses that are told what happens, and what became of the telling.

use super::{DeliveryId, EventId, EventKind, Instant, WebhookId};
use schemars::JsonSchema;
use serde::Serialize;

/// An address that is told what happens, event by event, in their order. Its secret lies apart, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// What people call it.
    pub name: String,
    /// Where events are sent.
    pub url: String,
    /// The kinds of events that are sent there; empty: all.
    pub kinds: Vec<EventKind>,
    /// Whether anything is sent.
    pub active: bool,
    /// When it was made. It is told what happens from then on.
    pub created_at: Instant,
    /// Moves with every change that somebody makes.
    pub version: i64,
    /// Until when the secret before this one signs as well; none: there is one.
    pub old_secret_until: Option<Instant>,
    /// The number of the last event that it was told, or that is of no kind that it wants.
    pub told: i64,
    /// Failures in a row. The events behind `told` wait meanwhile.
    pub failures: i64,
    /// When the first of them was.
    pub failing_since: Option<Instant>,
    /// When the next one is tried.
    pub due_at: Instant,
    /// Why castgate switched it off, if it did.
    pub disabled_why: Option<String>,
    /// When somebody last had a test or an event sent at once.
    pub tried_at: Option<Instant>,
}

impl Webhook {
    /// Whether it is told of this kind.
    #[must_use]
    pub fn wants(&self, kind: EventKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

/// What became of telling a webhook of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WebhookDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// To which webhook.
    pub webhook: WebhookId,
    /// Of which event: `webhook-id` of the message, the same each time.
    pub event: EventId,
    /// The event's number.
    pub number: i64,
    /// The event's kind.
    pub kind: EventKind,
    /// How often it was tried.
    pub attempts: i64,
    /// The first time.
    pub first_at: Instant,
    /// The last time.
    pub last_at: Instant,
    /// When it was taken; none: nobody took it yet.
    pub delivered_at: Option<Instant>,
    /// The status of the last answer, if there was one.
    pub status: Option<i64>,
    /// What was wrong the last time.
    pub error: Option<String>,
}
