//! Webhooks, and what became of telling them of events.

use super::{FromRow, RowRef, StoreError, Tx, args, value::json_text};
use crate::model::{Instant, OrganizationId, Webhook, WebhookId};

/// Its condition is that of the index, word for word: who has nothing to be told is not looked at.
const DUE: &str = "SELECT organization, id, due_at FROM webhooks WHERE active = 1 AND newest > told AND due_at <= ?1
                   ORDER BY due_at LIMIT ?2";

/// A webhook that has something to be told, and whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueWebhook {
    /// Whose.
    pub organization: OrganizationId,
    /// Which.
    pub id: WebhookId,
    /// When it was due.
    pub due_at: Instant,
}

/// What signs a webhook's messages, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecrets {
    /// The one that is shown as the secret.
    pub secret: Vec<u8>,
    /// The one before, and until when it signs as well.
    pub old: Option<(Vec<u8>, Instant)>,
}

/// How a webhook stands after something was sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The number of the last event that it needs to be told no more.
    pub told: i64,
    /// When the next is tried.
    pub due_at: Instant,
    /// Failures in a row.
    pub failures: i64,
    /// When the first of them was.
    pub failing_since: Option<Instant>,
}

type SecretsRow = (Vec<u8>, Option<Vec<u8>>, Option<Instant>);

impl FromRow for Webhook {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let kinds: String = row.get(3)?;
        let kinds = serde_json::from_str(&kinds)
            .map_err(|error| StoreError::Corrupt(format!("kinds of a webhook: {error}")))?;
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            url: row.get(2)?,
            kinds,
            active: row.get(4)?,
            created_at: row.get(5)?,
            version: row.get(6)?,
            old_secret_until: row.get(7)?,
            told: row.get(8)?,
            failures: row.get(9)?,
            failing_since: row.get(10)?,
            due_at: row.get(11)?,
            disabled_why: row.get(12)?,
            tried_at: row.get(13)?,
        })
    }
}

/// `SELECT` of whole webhooks of organization ?1, with what comes after that.
macro_rules! select_webhooks {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, url, kinds, active, created_at, version, old_until, told, failures, failing_since, due_at,
                    disabled_why, tried_at
             FROM webhooks WHERE organization = ?1 ",
            $rest
        )
    };
}

impl Tx {
    /// Writes a new webhook.
    pub async fn insert_webhook(
        &mut self,
        organization: &OrganizationId,
        webhook: &Webhook,
        sealed: &[u8],
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO webhooks (organization, id, name, url, kinds, active, secret, created_at, version, told, newest,
                                   due_at, failures)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, 0)",
            args![
                organization,
                webhook.id,
                webhook.name,
                webhook.url,
                json_text(&webhook.kinds)?,
                webhook.active,
                sealed,
                webhook.created_at,
                webhook.version,
                webhook.told,
                webhook.due_at
            ],
        )
        .await
        .map(drop)
    }

    /// Every webhook of an organization.
    pub async fn webhooks(&mut self, organization: &OrganizationId) -> Result<Vec<Webhook>, StoreError> {
        self.all(select_webhooks!("ORDER BY id"), args![organization]).await
    }

    /// One webhook.
    pub async fn webhook(
        &mut self,
        organization: &OrganizationId,
        id: &WebhookId,
    ) -> Result<Option<Webhook>, StoreError> {
        self.first(select_webhooks!("AND id = ?2"), args![organization, id]).await
    }

    /// Writes what a person changed. False when somebody else was first. One that is switched on begins without failures.
    pub async fn update_webhook(
        &mut self,
        organization: &OrganizationId,
        webhook: &Webhook,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE webhooks SET name = ?3, url = ?4, kinds = ?5, active = ?6, due_at = ?7, failures = ?8,
                                     failing_since = ?9, disabled_why = ?10, version = version + 1
                 WHERE organization = ?1 AND id = ?2 AND version = ?11",
                args![
                    organization,
                    webhook.id,
                    webhook.name,
                    webhook.url,
                    json_text(&webhook.kinds)?,
                    webhook.active,
                    webhook.due_at,
                    webhook.failures,
                    webhook.failing_since,
                    webhook.disabled_why,
                    webhook.version
                ],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Notes that somebody had something sent. False when there is no such webhook.
    pub async fn note_webhook_tried(
        &mut self,
        organization: &OrganizationId,
        id: &WebhookId,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run("UPDATE webhooks SET tried_at = ?3 WHERE organization = ?1 AND id = ?2", args![organization, id, now])
            .await?;
        Ok(rows == 1)
    }

    /// Deletes a webhook. What it was told stays known for a while.
    pub async fn delete_webhook(&mut self, organization: &OrganizationId, id: &WebhookId) -> Result<bool, StoreError> {
        let rows =
            self.run("DELETE FROM webhooks WHERE organization = ?1 AND id = ?2", args![organization, id]).await?;
        Ok(rows == 1)
    }

    /// What signs a webhook's messages.
    pub async fn webhook_secrets(
        &mut self,
        organization: &OrganizationId,
        id: &WebhookId,
    ) -> Result<Option<SealedSecrets>, StoreError> {
        let row: Option<SecretsRow> = self
            .first(
                "SELECT secret, old_secret, old_until FROM webhooks WHERE organization = ?1 AND id = ?2",
                args![organization, id],
            )
            .await?;
        Ok(row.map(|(secret, old, until)| SealedSecrets { secret, old: old.zip(until) }))
    }

    /// Gives a webhook other secrets.
    pub async fn set_webhook_secrets(
        &mut self,
        organization: &OrganizationId,
        id: &WebhookId,
        secrets: &SealedSecrets,
    ) -> Result<(), StoreError> {
        let (old, until) = secrets.old.as_ref().map(|(old, until)| (old, *until)).unzip();
        self.run(
            "UPDATE webhooks SET secret = ?3, old_secret = ?4, old_until = ?5, version = version + 1
             WHERE organization = ?1 AND id = ?2",
            args![organization, id, secrets.secret, old.cloned(), until],
        )
        .await
        .map(drop)
    }

    /// Up to `limit` webhooks of all organizations that have something to be told now, the longest due first.
    pub async fn due_webhooks(&mut self, now: Instant, limit: i64) -> Result<Vec<DueWebhook>, StoreError> {
        let rows = self.all(DUE, args![now, limit]).await?;
        Ok(rows.into_iter().map(|(organization, id, due_at)| DueWebhook { organization, id, due_at }).collect())
    }

    /// Notes at an organization's webhooks that there are events up to this number. It moves with the head, in one transaction.
    pub async fn move_webhook_heads(&mut self, organization: &OrganizationId, newest: i64) -> Result<(), StoreError> {
        self.run("UPDATE webhooks SET newest = ?2 WHERE organization = ?1", args![organization, newest]).await.map(drop)
    }

    /// Takes a webhook in hand: nobody else sends to it before `until`. False when somebody else has it.
    pub async fn claim_webhook(&mut self, due: &DueWebhook, until: Instant) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE webhooks SET due_at = ?4 WHERE organization = ?1 AND id = ?2 AND due_at = ?3 AND active = 1",
                args![due.organization, due.id, due.due_at, until],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Notes how a webhook stands, by whoever has it in hand until `lease`. False when it was deleted or switched off, or changed
    /// since this version was read, or somebody else has it in hand.
    pub async fn note_webhook(
        &mut self,
        organization: &OrganizationId,
        (id, version, lease): (&WebhookId, i64, Instant),
        standing: &Standing,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE webhooks SET told = ?4, due_at = ?5, failures = ?6, failing_since = ?7
                 WHERE organization = ?1 AND id = ?2 AND version = ?3 AND active = 1 AND due_at = ?8",
                args![
                    organization,
                    id,
                    version,
                    standing.told,
                    standing.due_at,
                    standing.failures,
                    standing.failing_since,
                    lease
                ],
            )
            .await?;
        Ok(rows == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, testing};

    async fn who_waits_for_nothing_is_not_read(store: &Store) {
        let mut tx = store.write("test").await.unwrap();
        if tx.is_postgres() {
            // A table of no rows is read as a whole, whatever there is.
            tx.run("SET LOCAL enable_seqscan = off", &[]).await.unwrap();
        }
        let plan = tx.explain(DUE, args![Instant(1), 100]).await.unwrap();
        assert!(plan.contains("webhooks_waiting"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "in its order: {plan}");
    }

    #[tokio::test]
    async fn whoever_has_nothing_to_be_told_is_not_looked_at() {
        who_waits_for_nothing_is_not_read(&testing::sqlite().await.store).await;
        if let Some(world) = testing::postgres().await {
            who_waits_for_nothing_is_not_read(&world.store).await;
        }
    }
}
