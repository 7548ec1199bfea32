//! Webhooks: an organization's own addresses are told what happens, event by event, in the order of their numbers.
//!
//! The sealed events are the outbox: what happened is committed with its event, and each webhook has a place in their order up
//! to which it was told. [Delivering](delivering) moves that place on when an address took the event, and only then; whatever
//! kills the process in between, the event is sent again, under the same id. [Messages](message) follow Standard Webhooks.

mod delivering;
mod message;
mod secrets;
mod trying;

pub use delivering::WebhookRound;
pub use secrets::NewWebhook;
pub use trying::Sent;

use super::{
    App, Ctx, Error, Work,
    organizations::checked_name,
    seen::{Seen, still},
};
use crate::{
    config::Settings,
    model::{Capability, EventKind, Webhook, WebhookDelivery, WebhookId},
    net,
    store::Tx,
};
use serde_json::json;

/// Webhooks of one organization.
const MOST_WEBHOOKS: usize = 10;
/// The longest address.
const LONGEST_URL: usize = 2000;

/// The most that is read of an answer: its status says all.
const MOST_READ: usize = 64 * 1024;

/// How webhooks are called: like everybody else's addresses, in the time that the settings give them.
pub(super) fn policy(usual: net::Policy, settings: &Settings) -> net::Policy {
    let timeout = settings.webhooks.timeout.get();
    let connect_timeout = usual.connect_timeout.min(timeout);
    net::Policy { max_body: MOST_READ, timeout, connect_timeout, ..usual }
}

/// What somebody wishes of a webhook; what is none stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookWish {
    /// What people call it.
    pub name: Option<String>,
    /// Where events are sent.
    pub url: Option<String>,
    /// The kinds of events; empty: all.
    pub kinds: Option<Vec<EventKind>>,
    /// Whether anything is sent.
    pub active: Option<bool>,
}

impl App {
    /// Every webhook.
    pub async fn webhooks(&self, ctx: &Ctx) -> Result<Vec<Webhook>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        Ok(tx.webhooks(&ctx.organization).await?)
    }

    /// One webhook.
    pub async fn webhook(&self, ctx: &Ctx, id: &WebhookId) -> Result<Webhook, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        known(&mut tx, ctx, id).await
    }

    /// Makes a webhook, which is told what happens from now on. Its secret is shown once.
    pub async fn create_webhook(&self, ctx: &Ctx, wish: WebhookWish) -> Result<NewWebhook, Error> {
        let wish = self.checked_wish(wish)?;
        let (Some(name), Some(url)) = (wish.name, wish.url) else {
            return Err(Error::invalid("url", "give a name and the address that is told"));
        };
        let kinds = wish.kinds.unwrap_or_default();
        let webhook = Webhook {
            id: WebhookId::from_uuid(self.clock().uuid()),
            name,
            url,
            kinds,
            active: wish.active.unwrap_or(true),
            created_at: ctx.now,
            version: 1,
            old_secret_until: None,
            told: 0,
            failures: 0,
            failing_since: None,
            due_at: ctx.now,
            disabled_why: None,
            tried_at: None,
        };
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.add_webhook(webhook)).await;
        work.finish(outcome).await
    }

    /// Changes a webhook. One that is switched on goes on where it stopped.
    pub async fn change_webhook(
        &self,
        ctx: &Ctx,
        id: &WebhookId,
        wish: WebhookWish,
        seen: Option<&Seen>,
    ) -> Result<Webhook, Error> {
        let wish = self.checked_wish(wish)?;
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.change_webhook(id, wish, seen)).await;
        work.finish(outcome).await
    }

    /// Deletes a webhook. Nothing is sent there any more.
    pub async fn remove_webhook(&self, ctx: &Ctx, id: &WebhookId) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.drop_webhook(id)).await;
        work.finish(outcome).await
    }

    /// What a webhook was sent, older than `before` (an id, or '' for the newest), the newest first.
    pub async fn deliveries(
        &self,
        ctx: &Ctx,
        id: &WebhookId,
        page: (&str, i64),
    ) -> Result<Vec<WebhookDelivery>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        known(&mut tx, ctx, id).await?;
        Ok(tx.deliveries(&ctx.organization, id, page).await?)
    }

    fn checked_wish(&self, mut wish: WebhookWish) -> Result<WebhookWish, Error> {
        if let Some(name) = &mut wish.name {
            *name = checked_name(name)?.to_owned();
        }
        if let Some(url) = &wish.url {
            if url.len() > LONGEST_URL {
                return Err(Error::invalid("url", format!("an address has {LONGEST_URL} letters at most")));
            }
            self.outside().admits(url).map_err(|error| Error::invalid("url", error.to_string()))?;
            let parsed = url::Url::parse(url).map_err(|error| Error::invalid("url", error.to_string()))?;
            if !parsed.username().is_empty() || parsed.password().is_some() || parsed.fragment().is_some() {
                let detail = "an address has no user, password or fragment: messages are signed, verify that";
                return Err(Error::invalid("url", detail));
            }
        }
        if let Some(kinds) = &mut wish.kinds {
            kinds.sort_by_key(|kind| kind.name());
            kinds.dedup();
        }
        Ok(wish)
    }
}

/// The webhook, if the organization has it.
async fn known(tx: &mut Tx, ctx: &Ctx, id: &WebhookId) -> Result<Webhook, Error> {
    let found = tx.webhook(&ctx.organization, id).await?;
    found.ok_or_else(|| Error::not_found("webhook", id.as_str()))
}

impl Work<'_> {
    async fn add_webhook(&mut self, mut webhook: Webhook) -> Result<NewWebhook, Error> {
        let organization = self.ctx.organization.clone();
        // Two who make one at the same moment must not both be the last.
        self.tx.lock_organization(&organization).await?;
        if self.tx.webhooks(&organization).await?.len() >= MOST_WEBHOOKS {
            let detail = format!("there are {MOST_WEBHOOKS} webhooks; delete one first");
            return Err(Error::conflict("slots_taken", detail));
        }
        webhook.told = self.tx.last_event_number(&organization).await?;
        let secret = self.app.new_webhook_secret();
        let sealed = self.app.seal_webhook_secret(&organization, &webhook.id, secrets::CURRENT, &secret)?;
        self.tx.insert_webhook(&organization, &webhook, &sealed).await?;
        let detail = json!({"name": webhook.name, "host": host(&webhook.url), "kinds": webhook.kinds});
        self.tell(EventKind::WebhookCreated, [webhook.id.to_string()], detail);
        Ok(NewWebhook { webhook, secret })
    }

    async fn change_webhook(
        &mut self,
        id: &WebhookId,
        wish: WebhookWish,
        seen: Option<&Seen>,
    ) -> Result<Webhook, Error> {
        let before = known(&mut self.tx, self.ctx, id).await?;
        still(seen, &before.version.to_string())?;
        let mut after = before.clone();
        after.name = wish.name.unwrap_or(after.name);
        after.url = wish.url.unwrap_or(after.url);
        after.kinds = wish.kinds.unwrap_or(after.kinds);
        after.active = wish.active.unwrap_or(after.active);
        if after.url != before.url || (after.active && !before.active) {
            // Another address, or another try: what failed before says nothing of it.
            (after.failures, after.failing_since, after.due_at) = (0, None, self.ctx.now);
        }
        if after.active {
            after.disabled_why = None;
        }
        if !self.tx.update_webhook(&self.ctx.organization, &after).await? {
            return Err(Error::Stale);
        }
        after.version += 1;
        let detail = json!({
            "name": after.name, "host": host(&after.url), "kinds": after.kinds, "active": after.active,
        });
        self.tell(EventKind::WebhookChanged, [id.to_string()], detail);
        Ok(after)
    }

    async fn drop_webhook(&mut self, id: &WebhookId) -> Result<(), Error> {
        let webhook = known(&mut self.tx, self.ctx, id).await?;
        self.tx.delete_webhook(&self.ctx.organization, id).await?;
        self.tell(EventKind::WebhookRemoved, [id.to_string()], json!({"name": webhook.name}));
        Ok(())
    }
}

/// What of an address an event may say: a path may hold a secret.
fn host(url: &str) -> Option<String> {
    url::Url::parse(url).ok()?.host_str().map(str::to_owned)
}
