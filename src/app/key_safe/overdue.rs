//! Keys whose secret somebody knows who has left, and that nobody rotated in time: owners are told, again and again.

use super::notices::Notice;
use crate::{
    app::{App, Error, Need, Work},
    model::EventKind,
    store::KeptKey,
};
use serde_json::json;
use std::time::Duration;

/// The pause between two reminders of one key,
const AGAIN: Duration = Duration::from_hours(7 * 24);
/// and keys that are told of in one round.
const ROUND: i64 = 50;

impl App {
    /// Tells the owners of keys whose rotation is overdue; of how many.
    pub(super) async fn remind_of_rotation(&self) -> Result<usize, Error> {
        let now = self.clock().now();
        let overdue = self.store().read().await?.keys_overdue(now, now.minus(AGAIN), ROUND).await?;
        for kept in &overdue {
            let ctx = self.as_system(kept.organization.clone());
            let mut work = self.begin(&ctx, Need::Operator).await?;
            match work.remind_of_rotation(kept).await {
                Ok(()) => work.commit_notes().await?,
                Err(error) => work.finish(Err(error)).await?,
            }
        }
        Ok(overdue.len())
    }
}

impl Work<'_> {
    async fn remind_of_rotation(&mut self, kept: &KeptKey) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        // Another node may have told them a moment ago.
        if !self.tx.tell_of_overdue_key(&organization, &kept.key.id, (now, now.minus(AGAIN))).await? {
            return Ok(());
        }
        let (Some(since), Some(known_by)) = (kept.key.rotate_by, &kept.key.known_by) else { return Ok(()) };
        let who = self.tx.user(&organization, known_by).await?;
        let who = who.map_or_else(|| known_by.to_string(), |user| user.label().to_owned());
        let subjects = [kept.key.owner.to_string(), kept.key.id.to_string(), known_by.to_string()];
        self.tell(EventKind::KeyRotationOverdue, subjects, json!({"rotate_by": since}));
        let to = self.owners_addresses().await?;
        let notice = Notice::Overdue { key: &kept.key.name, who: &who, since };
        self.write_notice(&kept.key.id, &to, &notice).await
    }
}
