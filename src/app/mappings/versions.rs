//! Versions of the mapping: every one that was published is kept. Reverting is publishing an old one, by the same path.

use super::{MappingPlan, Publication};
use crate::{
    app::{App, Ctx, Error},
    model::{Capability, PlanId},
    plan::TextDiff,
    store::{MappingVersion, Tx},
};

impl App {
    /// Up to `limit` versions that are older than `before`, the newest first.
    pub async fn mapping_versions(
        &self,
        ctx: &Ctx,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<MappingVersion>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        Ok(tx.mapping_versions(&ctx.organization, before.unwrap_or(i64::MAX), limit).await?)
    }

    /// One version.
    pub async fn mapping_version(&self, ctx: &Ctx, version: i64) -> Result<MappingVersion, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        version_there(&mut tx, ctx, version).await
    }

    /// Publishes the text of an old version: the same path, with the same checks, plan and guards.
    pub async fn revert_mapping(
        &self,
        ctx: &Ctx,
        version: i64,
        (plan, reason): (Option<PlanId>, Option<String>),
    ) -> Result<MappingPlan, Error> {
        let text = self.mapping_version(ctx, version).await?.text;
        let reason = reason.or_else(|| Some(format!("back to version {version}")));
        self.publish(ctx, Publication { text, plan, reason }).await
    }

    /// What changed from one version to another; 0 stands for the time before the first, when there was no text.
    pub async fn mapping_diff(&self, ctx: &Ctx, from: i64, to: i64) -> Result<TextDiff, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let before = if from == 0 { String::new() } else { version_there(&mut tx, ctx, from).await?.text };
        let after = version_there(&mut tx, ctx, to).await?.text;
        Ok(TextDiff::between(&before, &after))
    }
}

async fn version_there(tx: &mut Tx, ctx: &Ctx, version: i64) -> Result<MappingVersion, Error> {
    let found = tx.mapping_version(&ctx.organization, version).await?;
    found.ok_or_else(|| Error::not_found("version of the mapping", version.to_string()))
}
