//! What publishing a mapping was seen to do: kept, so that whoever publishes it finds out what has become worse since.

use super::{StoreError, Tx, args, value::json_text};
use crate::model::{Instant, OrganizationId, PlanId, UserId};

/// A plan, as far as it is compared with what publishing would do later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPlan {
    /// Its id.
    pub id: PlanId,
    /// Who asked for it: an actor's text.
    pub author: String,
    /// When.
    pub made_at: Instant,
    /// SHA-256 of the mapping's text.
    pub text: Vec<u8>,
    /// Eight bytes for each thing that it takes from somebody, in order.
    pub takes: Vec<u8>,
    /// Who is left as an owner.
    pub owners: Vec<UserId>,
    /// The version that it became.
    pub version: Option<i64>,
}

type PlanRow = (PlanId, String, Instant, Vec<u8>, Vec<u8>, String, Option<i64>);

impl Tx {
    /// Keeps a plan, and forgets those of before `forget`.
    pub async fn keep_mapping_plan(
        &mut self,
        organization: &OrganizationId,
        plan: &KeptPlan,
        forget: Instant,
    ) -> Result<(), StoreError> {
        self.run("DELETE FROM mapping_plans WHERE organization = ?1 AND made_at < ?2", args![organization, forget])
            .await?;
        self.run(
            "INSERT INTO mapping_plans (organization, id, author, made_at, text, takes, owners) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            args![organization, plan.id, plan.author, plan.made_at, plan.text, plan.takes, json_text(&plan.owners)?],
        )
        .await
        .map(drop)
    }

    /// A plan that was kept; held until the transaction ends, where it writes.
    pub async fn mapping_plan(
        &mut self,
        organization: &OrganizationId,
        id: &PlanId,
    ) -> Result<Option<KeptPlan>, StoreError> {
        let row: Option<PlanRow> = self
            .first(
                "SELECT id, author, made_at, text, takes, owners, version FROM mapping_plans
                 WHERE organization = ?1 AND id = ?2 FOR UPDATE",
                args![organization, id],
            )
            .await?;
        let Some((id, author, made_at, text, takes, owners, version)) = row else { return Ok(None) };
        let owners = serde_json::from_str(&owners)
            .map_err(|error| StoreError::Corrupt(format!("owners of plan {id}: {error}")))?;
        Ok(Some(KeptPlan { id, author, made_at, text, takes, owners, version }))
    }

    /// Says which version a plan became.
    pub async fn use_mapping_plan(
        &mut self,
        organization: &OrganizationId,
        id: &PlanId,
        version: i64,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE mapping_plans SET version = ?3 WHERE organization = ?1 AND id = ?2",
            args![organization, id, version],
        )
        .await
        .map(drop)
    }
}
