//! What roles a provider can assign.

use super::super::{App, Ctx, Error, Need};
use crate::scim::{OfferedRole, offered_roles};

impl App {
    /// Every role of the organization and its clusters, as SCIM offers them.
    pub async fn offered_roles(&self, ctx: &Ctx) -> Result<Vec<OfferedRole>, Error> {
        let mut tx = self.read(ctx, Need::Directory).await?;
        let custom = tx.custom_roles(&ctx.organization).await?;
        Ok(offered_roles(&custom, &tx.clusters(&ctx.organization).await?))
    }
}
