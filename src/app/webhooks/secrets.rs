//! The secrets of webhooks: shown once, sealed at rest, and rotated without a gap.

use super::{
    super::{App, Ctx, Error, Work},
    known,
};
use crate::{
    crypto::Context,
    model::{Capability, EventKind, OrganizationId, Webhook, WebhookId},
    store::SealedSecrets,
};
use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::time::Duration;

/// The columns of a webhook's secrets.
pub(super) const CURRENT: &str = "secret";
const OLD: &str = "old_secret";
/// Bytes of a secret. Standard Webhooks asks for 24 to 64.
const BYTES: usize = 32;
/// The longest time in which a secret and the one before both sign.
const LONGEST_OVERLAP: Duration = Duration::from_hours(30 * 24);

/// A webhook, and its secret in the clear: to be shown once.
#[derive(Debug)]
pub struct NewWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// What verifies its messages: `whsec_` and 32 bytes in base64.
    pub secret: SecretString,
}

impl App {
    pub(super) fn new_webhook_secret(&self) -> SecretString {
        let mut bytes = [0; BYTES];
        self.clock().fill(&mut bytes);
        SecretString::from(format!("whsec_{}", BASE64.encode(&bytes)))
    }

    pub(super) fn seal_webhook_secret(
        &self,
        organization: &OrganizationId,
        id: &WebhookId,
        column: &'static str,
        secret: &SecretString,
    ) -> Result<Vec<u8>, Error> {
        let place = place(organization, id, column);
        self.sealer().seal(&place, secret.expose_secret().as_bytes()).map_err(Error::internal)
    }

    /// The secrets that sign now, the newest first.
    pub(super) fn open_webhook_secrets(
        &self,
        (organization, id): (&OrganizationId, &WebhookId),
        sealed: &SealedSecrets,
    ) -> Result<Vec<SecretString>, Error> {
        let open = |column, bytes: &[u8]| {
            self.sealer().open_text(&place(organization, id, column), bytes).map_err(Error::internal)
        };
        let mut secrets = vec![open(CURRENT, &sealed.secret)?];
        if let Some((old, until)) = &sealed.old
            && self.clock().now() < *until
        {
            secrets.push(open(OLD, old)?);
        }
        Ok(secrets)
    }

    /// Gives a webhook another secret; the one before signs as well for `overlap`, so that whoever verifies is never without one.
    pub async fn rotate_webhook_secret(
        &self,
        ctx: &Ctx,
        id: &WebhookId,
        overlap: Duration,
    ) -> Result<NewWebhook, Error> {
        if overlap > LONGEST_OVERLAP {
            return Err(Error::invalid("overlap_hours", "both secrets may sign for 30 days (720 hours) at most"));
        }
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.replace_webhook_secret(id, overlap)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn replace_webhook_secret(&mut self, id: &WebhookId, overlap: Duration) -> Result<NewWebhook, Error> {
        let organization = self.ctx.organization.clone();
        let mut webhook = known(&mut self.tx, self.ctx, id).await?;
        let sealed = self.tx.webhook_secrets(&organization, id).await?;
        let sealed = sealed.ok_or_else(|| Error::not_found("webhook", id.as_str()))?;
        let current = self.app.sealer().open_text(&place(&organization, id, CURRENT), &sealed.secret);
        let current = current.map_err(Error::internal)?;
        let (secret, until) = (self.app.new_webhook_secret(), self.ctx.now.plus(overlap));
        let secrets = SealedSecrets {
            secret: self.app.seal_webhook_secret(&organization, id, CURRENT, &secret)?,
            old: Some((self.app.seal_webhook_secret(&organization, id, OLD, &current)?, until)),
        };
        self.tx.set_webhook_secrets(&organization, id, &secrets).await?;
        self.tell(EventKind::WebhookRotated, [id.to_string()], json!({"name": webhook.name, "until": until}));
        webhook.version += 1;
        webhook.old_secret_until = Some(until);
        Ok(NewWebhook { webhook, secret })
    }
}

/// Where a secret lies, for the sealing.
fn place<'a>(organization: &'a OrganizationId, id: &'a WebhookId, column: &'static str) -> Context<'a> {
    Context { organization: organization.as_str(), table: "webhooks", row: id.as_str(), column }
}
