//! Erasing a person's data, on request and for good. Access must have ended before; what was personal of them goes then, from
//! every table, letter and log line, and the events go on verifying.
//!
//! What stays is the id: in bindings, memberships, receipts and the subjects of events. It says nothing of who it was, and the
//! same address comes back as somebody new. Events hold hardly anything personal by design; the detail of one that does is taken
//! out and its hash stays, as [`super::audit`] tells. First it is looked at, on a snapshot that nobody who writes waits for; the erasure
//! looks again in the same way, and goes on if it sees the same.

mod called;
mod looking;

use super::{
    App, Ctx, Error, Work,
    audit::{ERASED, Erased, left_by},
};
use crate::{
    model::{Capability, EventId, EventKind, UserId, UserState},
    store::{Terms, Value},
};
use looking::{Found, may_be_erased};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// What erasing somebody's data does, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Erasure {
    /// Whose.
    pub user: UserId,
    /// What has to be repeated to do it: their user name. None once it is done.
    pub confirm: Option<String>,
    /// Rows that go, or lose what they say of them, by table.
    pub rows: BTreeMap<String, u64>,
    /// Events whose detail goes. They stay in their places, and the chain holds.
    pub events: i64,
    /// Rows that mention them afterwards all the same, by table: a mapping that names them, a group called after them. Whoever
    /// wrote that takes it out.
    pub left: BTreeMap<String, i64>,
    /// What they are called that may mean others too (`bob`): it is looked for in what is about them, and may stand elsewhere.
    /// Nothing once it is done.
    pub common: Vec<String>,
    /// What to send with the erasure: it does what was seen, or nothing.
    pub plan: String,
}

impl App {
    /// What erasing somebody's data would do, looked for as the erasure looks for it. Nobody waits for that: it only reads.
    pub async fn plan_erasure(&self, ctx: &Ctx, id: &UserId) -> Result<Erasure, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let user = tx.user(&ctx.organization, id).await?;
        let user = user.ok_or_else(|| Error::not_found("user", id.as_str()))?;
        may_be_erased(&mut tx, &ctx.organization, &user).await?;
        let found = Box::pin(self.look_for_person(&mut tx, ctx, &user)).await?;
        let left = tx.rows_mentioning(&ctx.organization, (id, &found.terms), Some(&found.rows)).await?;
        Ok(found.told(&user, left))
    }

    /// Erases what is personal of somebody who is suspended or removed, as it was looked at: `plan` is what
    /// [`App::plan_erasure`] gave, and `confirm` their user name. Whoever is suspended is removed with it.
    pub async fn erase_person(&self, ctx: &Ctx, id: &UserId, plan: &str, confirm: &str) -> Result<Erasure, Error> {
        // Uses that are only counted yet would be written behind it.
        self.write_key_uses().await?;
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.erase(id, (plan, confirm))).await;
        let (erasure, terms) = work.finish(outcome).await?;
        self.forget_attempts_of(ctx, &terms).await?;
        Ok(Erasure { confirm: None, common: Vec::new(), ..erasure })
    }
}

impl Work<'_> {
    async fn erase(&mut self, id: &UserId, (plan, said): (&str, &str)) -> Result<(Erasure, Terms), Error> {
        let organization = self.ctx.organization.clone();
        // Nobody pushes or signs in meanwhile.
        self.tx.hold_directory(&organization, true).await?;
        let user = self.tx.user_to_change(&organization, id).await?;
        let user = user.ok_or_else(|| Error::not_found("user", id.as_str()))?;
        may_be_erased(&mut self.tx, &organization, &user).await?;
        if said != user.user_name {
            let detail = format!("this is not the user name of {id}: repeat it letter by letter");
            return Err(Error::invalid("confirm", detail));
        }
        let mut found = Box::pin(self.app.look_for_person(&mut self.tx, self.ctx, &user)).await?;
        if plan != found.plan(&user) {
            let detail = "what erasing them does has changed since it was looked at: look again";
            return Err(Error::conflict("plan_changed", detail));
        }
        let seen = found.told(&user, BTreeMap::new());
        if user.state() == UserState::Suspended {
            self.remove_user(user).await?;
            // Removing them may have written something.
            found = Box::pin(self.app.look_for_names(&mut self.tx, self.ctx, (id, found.terms))).await?;
        }
        let by = EventId::from_uuid(self.app.clock().uuid());
        let Erased { events, digest } = self.erase_found(id, &found, &by).await?;
        let left = self.tx.rows_mentioning(&organization, (id, &found.terms), None).await?;
        self.revoke_user(id);
        let detail = json!({"events": events, "digest": digest, "rows": seen.rows});
        self.tell_as(by, EventKind::UserErased, [id.to_string()], detail);
        Ok((Erasure { events, left, ..seen }, found.terms))
    }

    /// Erases what was found; what is left of the events' details.
    async fn erase_found(&mut self, id: &UserId, found: &Found, by: &EventId) -> Result<Erased, Error> {
        let organization = self.ctx.organization.clone();
        self.tx.erase_rows(&organization, (id, &found.terms), &found.rows).await?;
        for letter in &found.letters {
            self.tx.delete_letter(&organization, letter).await?;
        }
        self.tx.blank_user(&organization, id, self.ctx.now).await?;
        for (event, kept) in &found.events {
            self.tx.erase_event(&organization, &Value::Text(event.clone()), (ERASED, kept, by)).await?;
        }
        let left = left_by(&mut self.tx, &organization, by).await?;
        left.ok_or_else(|| Error::internal("an erasure left something that none leaves"))
    }
}
