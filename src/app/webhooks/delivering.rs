//! Telling webhooks what happened, each by itself and in order: whoever is slow keeps nobody else waiting.

use super::{
    super::{Actor, App, Ctx, Error, Need, Work},
    host,
    message::{Outcome, body_of, send},
};
use crate::{
    model::{DeliveryId, Event, EventKind, Instant, OrganizationId, Webhook},
    store::{Attempted, DueWebhook, Standing},
};
use secrecy::SecretString;
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;

/// Webhooks that are looked for at once.
const MOST_DUE: i64 = 1000;
/// Events that are read at once, and pages of them that one turn tells of. The next turn goes on.
const PAGE: i64 = 50;
const PAGES: usize = 20;
/// How long a webhook is in one node's hand, beyond what its answer may take. A node that dies with it lets another go on then.
const IN_HAND: Duration = Duration::from_secs(5);
/// The pause after the first failure; twice as long after each other one.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// What is said of a webhook that took nothing for too long.
const GIVEN_UP: &str = "nothing was taken there for too long";

/// What came of telling webhooks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WebhookRound {
    /// Messages that were taken.
    pub delivered: usize,
    /// Messages that were not, and are tried again.
    pub failed: usize,
    /// Webhooks that were switched off.
    pub disabled: usize,
}

impl WebhookRound {
    fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.disabled += other.disabled;
    }
}

/// One webhook in hand.
struct InHand {
    organization: OrganizationId,
    webhook: Webhook,
    secrets: Vec<SecretString>,
    standing: Standing,
    /// Until when it is in this hand, as the store has it: another value there, and somebody else has it.
    lease: Instant,
}

impl App {
    /// The webhooks that have something to be told now.
    pub async fn due_webhooks(&self) -> Result<Vec<DueWebhook>, Error> {
        Ok(self.store().read().await?.due_webhooks(self.clock().now(), MOST_DUE).await?)
    }

    /// Tells all of them what is due, at once; returns when the last is done.
    pub async fn deliver_webhooks(&self) -> Result<WebhookRound, Error> {
        let mut telling = JoinSet::new();
        for due in self.due_webhooks().await? {
            let app = self.clone();
            telling.spawn(async move { app.deliver_to(&due).await });
        }
        let mut round = WebhookRound::default();
        while let Some(done) = telling.join_next().await {
            round.add(done.map_err(Error::internal)??);
        }
        Ok(round)
    }

    /// Tells one webhook what is due: event by event, until there is none, or one is not taken.
    pub async fn deliver_to(&self, due: &DueWebhook) -> Result<WebhookRound, Error> {
        let mut round = WebhookRound::default();
        let mut tx = self.store().write("webhook in hand").await?;
        let mut lease = self.in_hand_until();
        let claimed = tx.claim_webhook(due, lease).await?;
        tx.commit().await?;
        if !claimed {
            return Ok(round);
        }
        for _ in 0..PAGES {
            let Some((mut hand, events, is_last)) = self.next_page(due, lease).await? else { return Ok(round) };
            for event in &events {
                if !self.tell_one(&mut hand, event, &mut round).await? {
                    return Ok(round);
                }
            }
            // In hand no more, or for the next page.
            hand.standing.due_at = if is_last { self.clock().now() } else { self.in_hand_until() };
            if !self.note(&mut hand, None).await? || is_last {
                return Ok(round);
            }
            lease = hand.lease;
        }
        let Some((mut hand, ..)) = self.next_page(due, lease).await? else { return Ok(round) };
        hand.standing.due_at = self.clock().now();
        self.note(&mut hand, None).await.map(|_| round)
    }

    fn in_hand_until(&self) -> Instant {
        self.clock().now().plus(self.settings().webhooks.timeout.get() + IN_HAND)
    }

    /// The webhook as it is now, what comes next, and whether that is all; none: it is gone, switched off or in another hand.
    async fn next_page(&self, due: &DueWebhook, lease: Instant) -> Result<Option<(InHand, Vec<Event>, bool)>, Error> {
        let organization = due.organization.clone();
        let mut tx = self.store().read().await?;
        let webhook =
            tx.webhook(&organization, &due.id).await?.filter(|webhook| webhook.active && webhook.due_at == lease);
        let sealed = tx.webhook_secrets(&organization, &due.id).await?;
        let (Some(webhook), Some(sealed)) = (webhook, sealed) else { return Ok(None) };
        let events = tx.events_after(&organization, webhook.told, PAGE).await?;
        // By the number: a page of large events is a short one.
        let newest = tx.last_event_number(&organization).await?;
        drop(tx);
        let is_last = events.last().and_then(|event| event.number).is_none_or(|last| last >= newest);
        let secrets = self.open_webhook_secrets((&organization, &due.id), &sealed)?;
        let Webhook { told, failures, failing_since, due_at, .. } = webhook;
        let standing = Standing { told, due_at, failures, failing_since };
        Ok(Some((InHand { organization, webhook, secrets, standing, lease }, events, is_last)))
    }

    /// Tells of one event, unless the webhook does not want it. False: this turn is over.
    async fn tell_one(&self, hand: &mut InHand, event: &Event, round: &mut WebhookRound) -> Result<bool, Error> {
        let number = event.number.unwrap_or(hand.standing.told);
        let wanted = hand.webhook.wants(event.kind) && event.at >= hand.webhook.created_at;
        if !wanted || self.was_taken(hand, event).await? {
            hand.standing.told = number;
            return Ok(true);
        }
        let now = self.clock().now();
        let to = (hand.webhook.url.as_str(), event.id.as_str());
        let outcome = send(self.outside(), to, &body_of(event), (&hand.secrets, now)).await;
        match &outcome {
            Outcome::Taken(_) => {
                round.delivered += 1;
                hand.standing =
                    Standing { told: number, due_at: self.in_hand_until(), failures: 0, failing_since: None };
                self.note(hand, Some((event, &outcome))).await
            }
            Outcome::Refused(..) | Outcome::Gone => {
                round.failed += 1;
                let failures = hand.standing.failures + 1;
                let since = hand.standing.failing_since.unwrap_or(now);
                hand.standing.failures = failures;
                hand.standing.failing_since = Some(since);
                hand.standing.due_at = self.clock().now().plus(self.pause(failures));
                tracing::debug!(webhook = %hand.webhook.id, failures, why = outcome.error(), "a webhook took nothing");
                if self.note(hand, Some((event, &outcome))).await? {
                    let over = now >= since.plus(self.settings().webhooks.give_up_after.get());
                    let why = if outcome == Outcome::Gone { outcome.error() } else { over.then_some(GIVEN_UP) };
                    if let Some(why) = why {
                        round.disabled += usize::from(self.switch_off(hand, (why, outcome.error())).await?);
                    }
                }
                Ok(false)
            }
        }
    }

    /// Whether it took this event already, because somebody had it sent once more. Asked only where that may be.
    async fn was_taken(&self, hand: &InHand, event: &Event) -> Result<bool, Error> {
        if hand.standing.failures == 0 && hand.webhook.tried_at.is_none() {
            return Ok(false);
        }
        let mut tx = self.store().read().await?;
        Ok(tx.is_delivered(&hand.organization, (&hand.webhook.id, &event.id)).await?)
    }

    /// Writes how it stands and what came of an event, in one transaction. False when somebody changed the webhook meanwhile, or
    /// took it in hand: then only what was sent is noted, and another turn looks at it as it is now.
    async fn note(&self, hand: &mut InHand, sent: Option<(&Event, &Outcome)>) -> Result<bool, Error> {
        let mut tx = self.store().write("webhook told").await?;
        let which = (&hand.webhook.id, hand.webhook.version, hand.lease);
        let stands = tx.note_webhook(&hand.organization, which, &hand.standing).await?;
        if let Some((event, outcome)) = sent {
            let attempted = Attempted {
                id: &DeliveryId::from_uuid(self.clock().uuid()),
                webhook: &hand.webhook.id,
                event: (&event.id, event.number.unwrap_or_default(), event.kind),
                at: self.clock().now(),
                status: outcome.status(),
                error: outcome.error(),
            };
            tx.note_delivery(&hand.organization, &attempted).await?;
        }
        tx.commit().await?;
        hand.lease = hand.standing.due_at;
        Ok(stands)
    }

    /// Twice as long each time, and by chance up to half of it shorter: those who fail together do not come back together.
    fn pause(&self, failures: i64) -> Duration {
        let exponent = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(16);
        let longest = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(exponent)).min(LONGEST_PAUSE);
        let mut drawn = [0];
        self.clock().fill(&mut drawn);
        longest / 2 + longest / 2 * u32::from(drawn[0]) / 256
    }

    async fn switch_off(&self, hand: &InHand, why: (&str, Option<&str>)) -> Result<bool, Error> {
        let organization = hand.organization.clone();
        let ctx = Ctx { actor: Actor::System, organization, now: self.clock().now(), request: self.new_request() };
        let mut work = self.begin(&ctx, Need::Operator).await?;
        let outcome = Box::pin(work.switch_webhook_off(hand, why)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    /// False when somebody changed it meanwhile, or took it in hand.
    async fn switch_webhook_off(&mut self, hand: &InHand, (why, last): (&str, Option<&str>)) -> Result<bool, Error> {
        let (organization, before) = (self.ctx.organization.clone(), &hand.webhook);
        let which = (&before.id, before.version, hand.lease);
        if !self.tx.note_webhook(&organization, which, &hand.standing).await? {
            return Ok(false);
        }
        let mut webhook = Webhook { active: false, disabled_why: Some(why.to_owned()), ..before.clone() };
        let Standing { told: _, due_at, failures, failing_since } = hand.standing;
        (webhook.due_at, webhook.failures, webhook.failing_since) = (due_at, failures, failing_since);
        if !self.tx.update_webhook(&organization, &webhook).await? {
            return Ok(false);
        }
        let detail = json!({
            "name": webhook.name, "host": host(&webhook.url), "why": why, "failing_since": failing_since,
        });
        self.tell(EventKind::WebhookDisabled, [webhook.id.to_string()], detail.clone());
        self.notify(&detail).await?;
        let subject = format!("Webhook “{}” is switched off", webhook.name);
        let lines = [
            format!(
                "The webhook “{}” ({}) is told nothing any more: {why}. The last attempt: {}.",
                webhook.name,
                host(&webhook.url).unwrap_or_default(),
                last.unwrap_or_default()
            ),
            "What it has missed waits. Once its address works again, switch it on: it goes on where it stopped, in order."
                .to_owned(),
        ];
        let command = format!("castgate webhooks set {} --on", webhook.id);
        self.write_to_the_owners(webhook.id.as_str(), &subject, &lines, &command).await?;
        Ok(true)
    }
}
