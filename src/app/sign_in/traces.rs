//! Traces, as admins find them.

use super::super::{App, Ctx, Error};
use crate::{
    model::{Capability, Instant, SignInCode, SignInTrace},
    store::SignInSearch,
};

impl App {
    /// Up to `limit` traces that are older than `before` (an id, or '' for the newest), the newest first.
    pub async fn sign_ins(
        &self,
        ctx: &Ctx,
        search: &SignInSearch,
        before: &str,
        limit: i64,
    ) -> Result<Vec<SignInTrace>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        Ok(tx.sign_ins(&ctx.organization, search, before, limit).await?)
    }

    /// When the newest sign-ins were, up to `limit` of them, and whether each came in.
    pub async fn sign_in_times(&self, ctx: &Ctx, limit: i64) -> Result<Vec<(Instant, bool)>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        Ok(tx.sign_in_times(&ctx.organization, limit).await?)
    }

    /// The trace of a code, as people write it. What is no code is none that is here.
    pub async fn sign_in(&self, ctx: &Ctx, code: &str) -> Result<SignInTrace, Error> {
        self.find_sign_in(ctx, code)
            .await?
            .ok_or_else(|| Error::not_found("sign-in", code.chars().take(40).collect::<String>()))
    }

    /// The same, where there may be none.
    pub async fn find_sign_in(&self, ctx: &Ctx, code: &str) -> Result<Option<SignInTrace>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let Ok(code) = code.parse::<SignInCode>() else { return Ok(None) };
        Ok(tx.sign_in(&ctx.organization, &code).await?)
    }
}
