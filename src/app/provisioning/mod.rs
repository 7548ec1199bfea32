//! The provisioning log: what providers asked for, and what came of it.
//!
//! Every request at the SCIM door is an [`Attempt`]. What a change comes to is written with the change: its line is in the log
//! exactly if the change is in the directory, and costs no wait of its own. What changed nothing (reads, refusals, pushes that
//! say nothing new) waits in this process's [queue](queue) and is written about a second later, many lines by one commit; a
//! process that is killed takes the last second of those along, and nothing else.
//!
//! Each operation of a bulk request is an attempt of its own, a [part](Attempt::part) of the whole, which has its line as well.
//!
//! What a provider got away with lies in the lines. It is [counted](counts) from there, each line once, so that counting costs
//! a push nothing, and no two pushes wait for one counter.

mod attempt;
mod counts;
mod moved;
mod queue;
mod redact;
mod shown;

pub use attempt::{Asked, Attempt, Verdict, tolerated};
pub use counts::PushRound;
pub(super) use {attempt::Line, moved::Moved, queue::PushQueue, redact::text as redacted};

use super::{App, Ctx, Error};
use crate::model::{Capability, Push};

impl App {
    /// Up to `limit` lines of the provisioning log that are older than `before` (an id, or '' for the newest), the newest first.
    pub async fn provisioning_log(&self, ctx: &Ctx, before: &str, limit: i64) -> Result<Vec<Push>, Error> {
        self.catch_up(before).await;
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        Ok(tx.pushes(&ctx.organization, before, limit).await?)
    }

    /// Who looks at the newest lines sees what this process has not written yet, too. Where nothing can be written, what is
    /// there is shown.
    async fn catch_up(&self, before: &str) {
        if before.is_empty()
            && let Err(error) = self.write_pushes().await
        {
            tracing::warn!(%error, "the newest lines of the provisioning log could not be written yet");
        }
    }
}
