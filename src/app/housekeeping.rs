//! Work that nobody waits for: what has expired is closed, what waits in the outbox is done, what is long over is forgotten.

use super::{Actor, App, Ctx, Error, Need, Work, directory::LOOK_AGAIN};
use crate::{
    model::{Binding, EventKind, Instant, OrganizationId, Subject},
    store::Waiting,
};
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

/// Rows that are handled at once.
const CHUNK: i64 = 200;
/// Rows that are forgotten at once, where there may be many.
const MANY: i64 = 2000;
/// How long ended sessions and used links are kept, for whoever asks what happened.
const REMEMBERED: Duration = Duration::from_hours(30 * 24);

/// How long it is known how often a key was used in each hour.
const KEY_USES: Duration = Duration::from_hours(48);

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Bindings that had expired and were closed.
    pub expired: usize,
    /// SCIM tokens whose coming end was told.
    pub warned: usize,
    /// Certificates of providers whose coming end was told.
    pub certificates: usize,
    /// Connections whose provider's metadata said something new.
    pub refreshed: usize,
    /// Work of the outbox that was done: notices told, groups looked at again.
    pub done: usize,
    /// Sessions and links that were forgotten.
    pub forgotten: u64,
    /// E-mail domains whose record was looked at again.
    pub domains: usize,
    /// Signing keys that were made.
    pub keys: usize,
}

impl App {
    /// One round of all of it.
    pub async fn keep_house(&self) -> Result<Round, Error> {
        Ok(Round {
            expired: self.close_expired().await?,
            warned: self.warn_of_expiry().await?,
            certificates: self.warn_of_certificates().await?,
            refreshed: self.refresh_saml_providers().await?,
            done: self.empty_outbox().await?,
            forgotten: self.forget_the_past().await?,
            domains: self.recheck_domains().await?,
            keys: usize::from(self.rotate_when_due().await?.is_some()),
        })
    }

    /// Closes bindings whose time is over. They gave nothing any more: access is weighed against the clock at use.
    async fn close_expired(&self) -> Result<usize, Error> {
        let now = self.clock().now();
        let mut by_organization: BTreeMap<OrganizationId, Vec<Binding>> = BTreeMap::new();
        for (organization, binding) in self.store().read().await?.expired_bindings(now, CHUNK).await? {
            by_organization.entry(organization).or_default().push(binding);
        }
        let mut closed = 0;
        for (organization, bindings) in by_organization {
            let ctx = Ctx { actor: Actor::System, organization, now, request: self.new_request() };
            let mut work = self.begin(&ctx, Need::Directory).await?;
            closed += work.expire(&bindings).await?;
            work.commit().await?;
        }
        Ok(closed)
    }

    /// Does what waits in the outbox, at least once each.
    async fn empty_outbox(&self) -> Result<usize, Error> {
        let waiting = self.store().read().await?.waiting_jobs(self.clock().now(), CHUNK).await?;
        let mut done = 0;
        for job in &waiting {
            match self.do_job(job).await {
                Ok(()) => done += 1,
                Err(error) => {
                    let Waiting { organization, topic, .. } = job;
                    tracing::warn!(%organization, topic, %error, "work of the outbox failed; the next round tries again");
                }
            }
        }
        Ok(done)
    }

    async fn do_job(&self, Waiting { organization, id, topic, payload }: &Waiting) -> Result<(), Error> {
        if topic == LOOK_AGAIN {
            self.look_again(organization, payload).await?;
            let mut tx = self.store().write("looked again").await?;
            tx.forget_job(organization, id).await?;
            return Ok(tx.commit().await?);
        }
        // For the operator, through the log.
        tracing::warn!(%organization, topic, payload, "notice");
        let mut tx = self.store().write("notice told").await?;
        tx.finish_job(organization, id, self.clock().now()).await?;
        Ok(tx.commit().await?)
    }

    /// How many jobs wait in the outbox: a number for the operator.
    pub async fn waiting_jobs(&self) -> Result<i64, Error> {
        Ok(self.store().read().await?.count_waiting_jobs().await?)
    }

    async fn forget_the_past(&self) -> Result<u64, Error> {
        let before = self.clock().now().minus(REMEMBERED);
        let mut tx = self.store().write("forget").await?;
        let mut forgotten = tx.forget_credentials(before).await?;
        forgotten += tx.forget_client_tokens(self.clock().now().minus(super::providers::REMEMBERED)).await?;
        forgotten += tx.forget_key_uses(self.clock().now().minus(KEY_USES)).await?;
        forgotten += tx.forget_sign_ins(self.clock().now().minus(self.settings().sign_in.trace_kept.get())).await?;
        forgotten += tx.forget_logouts(self.clock().now()).await?;
        forgotten += tx.forget_client_keys(before).await?;
        forgotten += tx.forget_once(self.clock().now().minus(super::once::KEPT)).await?;
        forgotten += tx.forget_passwords(before).await?;
        let kept = self.settings().webhooks.deliveries_kept.get();
        forgotten += tx.forget_deliveries(self.clock().now().minus(kept), MANY).await?;
        forgotten += tx.forget_signals(before, MANY).await?;
        forgotten += tx.forget_saml(self.clock().now(), before).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}

impl Work<'_> {
    async fn expire(&mut self, bindings: &[Binding]) -> Result<usize, Error> {
        let (organization, now): (_, Instant) = (self.ctx.organization.clone(), self.ctx.now);
        let mut closed = 0;
        for binding in bindings {
            if !self.tx.close_binding(&organization, &binding.id, (now, "expiry")).await? {
                continue;
            }
            closed += 1;
            self.review_keys_of(&binding.terms.subject);
            match &binding.terms.subject {
                Subject::User(user) => self.revoke_user(user),
                Subject::Group(_) | Subject::ServiceAccount(_) => self.revoke_everybody(),
            }
            let detail = json!({"expired": true});
            self.tell(EventKind::AccessChanged, [binding.terms.subject.to_string()], detail);
        }
        Ok(closed)
    }
}
