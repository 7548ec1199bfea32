//! Erasing a person's data, on request and for good. Access must have ended before; what was personal of them goes then, from
//! every table, letter and log line, and the events go on verifying.
//!
//! What stays is the id: in bindings, memberships, receipts and the subjects of events. It says nothing of who it was, and the
//! same address comes back as somebody new. Events hold hardly anything personal by design; the detail of one that does is taken
//! out and its hash stays, as [`super::audit`] tells. First it is looked at: the same, undone before it is done.

mod called;

use super::{
    App, Ctx, Error, Work,
    audit::{ERASED, Erased, kept, left_by},
};
use crate::{
    crypto::sha256,
    model::{Capability, EventId, EventKind, User, UserId, UserState},
    store::{Terms, Value},
};
use called::called;
use data_encoding::HEXLOWER;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Events that are read at once.
const CHUNK: i64 = 200;

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
    /// What erasing somebody's data would do. The same as erasing, without its last step.
    pub async fn plan_erasure(&self, ctx: &Ctx, id: &UserId) -> Result<Erasure, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.erase(id, None)).await;
        work.tx.rollback().await?;
        Ok(outcome?.0)
    }

    /// Erases what is personal of somebody who is suspended or removed, as it was looked at: `plan` is what
    /// [`App::plan_erasure`] gave, and `confirm` their user name. Whoever is suspended is removed with it.
    pub async fn erase_person(&self, ctx: &Ctx, id: &UserId, plan: &str, confirm: &str) -> Result<Erasure, Error> {
        // Uses that are only counted yet would be written behind it.
        self.write_key_uses().await?;
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.erase(id, Some((plan, confirm)))).await;
        let (erasure, terms) = work.finish(outcome).await?;
        self.forget_attempts_of(ctx, &terms).await?;
        Ok(Erasure { confirm: None, common: Vec::new(), ..erasure })
    }
}

impl Work<'_> {
    async fn erase(&mut self, id: &UserId, seen: Option<(&str, &str)>) -> Result<(Erasure, Terms), Error> {
        let organization = self.ctx.organization.clone();
        // Nobody pushes or signs in meanwhile.
        self.tx.hold_directory(&organization, true).await?;
        let user = self.tx.user_to_change(&organization, id).await?;
        let user = user.ok_or_else(|| Error::not_found("user", id.as_str()))?;
        if self.tx.erased_at(&organization, id).await?.is_some() {
            return Err(Error::conflict("already_erased", format!("what was personal of {id} was erased before")));
        }
        let confirm = user.user_name.clone();
        if seen.is_some_and(|(_, said)| said != confirm) {
            let detail = format!("this is not the user name of {id}: repeat it letter by letter");
            return Err(Error::invalid("confirm", detail));
        }
        match user.state() {
            UserState::Active => {
                let detail = format!("{id} is active: suspend or remove them first, and keep what the receipt says");
                return Err(Error::conflict("still_active", detail));
            }
            UserState::Suspended => self.remove_user(user.clone()).await?,
            UserState::Removed => {}
        }
        let terms = self.terms_of(&user).await?;
        let mut rows = self.tx.erase_rows(&organization, id, &terms).await?;
        let letters = self.erase_letters(&terms).await?;
        if letters > 0 {
            *rows.entry("letters").or_default() += letters;
        }
        self.tx.blank_user(&organization, id, self.ctx.now).await?;
        let by = EventId::from_uuid(self.app.clock().uuid());
        let erased = self.erase_events((id, &terms), &by).await?;
        let left = self.tx.rows_mentioning(&organization, &terms).await?;
        self.revoke_user(id);
        let plan = plan(&user, &rows, &erased);
        if seen.is_some_and(|(seen, _)| seen != plan) {
            let detail = "what erasing them does has changed since it was looked at: look again";
            return Err(Error::conflict("plan_changed", detail));
        }
        let rows: BTreeMap<String, u64> = rows.into_iter().map(|(table, rows)| (table.to_owned(), rows)).collect();
        let Erased { events, digest } = erased;
        let detail = json!({"events": events, "digest": digest, "rows": rows});
        self.tell_as(by, EventKind::UserErased, [id.to_string()], detail);
        let common = terms.words().map(str::to_owned).collect();
        Ok((Erasure { user: id.clone(), confirm: Some(confirm), rows, events, left, common, plan }, terms))
    }

    /// What somebody is called, was called, and by which ids providers know them.
    async fn terms_of(&mut self, user: &User) -> Result<Terms, Error> {
        let (documents, names) = self.tx.known_of(&self.ctx.organization, &user.id).await?;
        let mut terms = Terms::default();
        terms.add_name(&user.display_name);
        let own = [Some(user.user_name.as_str()), user.external_id.as_deref(), user.email.as_deref()];
        own.into_iter().flatten().chain(names.iter().map(String::as_str)).for_each(|name| terms.add_login(name));
        for document in &documents {
            called(document, &mut terms);
        }
        for shared in self.tx.shared_names(&self.ctx.organization, &user.id, &terms).await? {
            terms.leave_out(&shared);
        }
        Ok(terms)
    }

    /// Destroys letters that wait and go to somebody, or speak of them; how many.
    async fn erase_letters(&mut self, terms: &Terms) -> Result<u64, Error> {
        let (organization, mut gone) = (self.ctx.organization.clone(), 0);
        for waiting in self.tx.letters_of(&organization).await? {
            // One that nobody can open is given up by whoever sends it.
            let Ok(letter) = self.app.open_letter(&waiting) else { continue };
            if [&letter.to, &letter.subject, &letter.text].into_iter().any(|text| terms.are_in(text)) {
                self.tx.delete_letter(&organization, &waiting.id).await?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    /// Takes the details out that mention somebody; what stays of them.
    async fn erase_events(&mut self, (user, terms): (&UserId, &Terms), by: &EventId) -> Result<Erased, Error> {
        let organization = self.ctx.organization.clone();
        for about in [Some(user), None] {
            let mut after = Value::Text(String::new());
            loop {
                let events = self.tx.events_mentioning(&organization, (terms, about), (&after, CHUNK)).await?;
                for event in &events {
                    let [.., detail] = &event.columns;
                    if detail.borrow().text().is_ok_and(|detail| terms.are_in_event(detail, about.is_some())) {
                        self.tx.erase_event(&organization, &event.id, (ERASED, &kept(event), by)).await?;
                    }
                }
                match events.last() {
                    Some(last) => after = last.id.clone(),
                    None => break,
                }
            }
        }
        let left = left_by(&mut self.tx, &organization, by).await?;
        left.ok_or_else(|| Error::internal("an erasure left something that none leaves"))
    }
}

/// A number that is another one as soon as erasing would do something else.
fn plan(user: &User, rows: &BTreeMap<&'static str, u64>, erased: &Erased) -> String {
    let seen = json!([user.id, user.version, user.session_epoch, rows, erased.events]).to_string();
    let mut plan = HEXLOWER.encode(&sha256(seen.as_bytes()));
    plan.truncate(32);
    plan
}
