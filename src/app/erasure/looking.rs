//! What erasing somebody would find: the same on a snapshot, for whoever looks first, and inside of the erasure.

use super::{Erasure, called::called};
use crate::{
    app::{App, Ctx, Error, audit::kept},
    crypto::sha256,
    model::{JobId, OrganizationId, User, UserId, UserState},
    store::{FoundRows, Terms, Tx, Value},
};
use data_encoding::HEXLOWER;
use serde_json::json;
use std::collections::BTreeMap;

/// Events that are read at once.
const CHUNK: i64 = 200;

/// Everything that goes.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) terms: Terms,
    pub(super) rows: FoundRows,
    /// Letters that wait and go to the person, or speak of them.
    pub(super) letters: Vec<JobId>,
    /// Events whose details go, and what is kept of each.
    pub(super) events: BTreeMap<String, [u8; 32]>,
}

impl Found {
    /// A number that is another one as soon as erasing would do something else.
    pub(super) fn plan(&self, user: &User) -> String {
        let seen = json!([user.id, user.version, user.session_epoch, self.rows.rows, self.events.len()]).to_string();
        let mut plan = HEXLOWER.encode(&sha256(seen.as_bytes()));
        plan.truncate(32);
        plan
    }

    /// As it is told, with what mentions the person all the same.
    pub(super) fn told(&self, user: &User, left: BTreeMap<String, i64>) -> Erasure {
        Erasure {
            user: user.id.clone(),
            confirm: Some(user.user_name.clone()),
            rows: self.rows.rows.iter().map(|(table, rows)| ((*table).to_owned(), *rows)).collect(),
            events: i64::try_from(self.events.len()).unwrap_or(i64::MAX),
            left,
            common: self.terms.words().map(str::to_owned).collect(),
            plan: self.plan(user),
        }
    }
}

/// Refuses whoever is active, and whoever was erased before.
pub(super) async fn may_be_erased(tx: &mut Tx, organization: &OrganizationId, user: &User) -> Result<(), Error> {
    let id = &user.id;
    if tx.erased_at(organization, id).await?.is_some() {
        return Err(Error::conflict("already_erased", format!("what was personal of {id} was erased before")));
    }
    match user.state() {
        UserState::Active => {
            let detail = format!("{id} is active: suspend or remove them first, and keep what the receipt says");
            Err(Error::conflict("still_active", detail))
        }
        UserState::Suspended | UserState::Removed => Ok(()),
    }
}

impl App {
    /// Looks for everything that says who somebody is. It writes nothing.
    pub(super) async fn look_for_person(&self, tx: &mut Tx, ctx: &Ctx, user: &User) -> Result<Found, Error> {
        let terms = terms_of(tx, &ctx.organization, user).await?;
        self.look_for_names(tx, ctx, (&user.id, terms)).await
    }

    /// The same of somebody whose names are known.
    pub(super) async fn look_for_names(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        (user, terms): (&UserId, Terms),
    ) -> Result<Found, Error> {
        let organization = &ctx.organization;
        let mut rows = tx.find_rows(organization, (user, &terms)).await?;
        let letters = self.letters_saying(tx, organization, (user, &terms)).await?;
        if !letters.is_empty() {
            rows.add("letters", letters.iter().map(ToString::to_string));
        }
        let events = events_saying(tx, organization, (user, &terms)).await?;
        rows.add_events(events.keys().cloned());
        Ok(Found { terms, rows, letters, events })
    }

    /// Letters that wait and go to somebody, or speak of them, whatever they are about.
    async fn letters_saying(
        &self,
        tx: &mut Tx,
        organization: &OrganizationId,
        (user, terms): (&UserId, &Terms),
    ) -> Result<Vec<JobId>, Error> {
        let found = tx.letters_found(organization, (user, terms)).await?;
        let waiting = tx.letters_of(organization).await?;
        let besides = waiting.into_iter().filter(|waiting| !found.contains(waiting.id.as_str()));
        let says = |text: &String| terms.are_in(text);
        Ok(besides
            // One that nobody can open is given up by whoever sends it.
            .filter(|waiting| {
                self.open_letter(waiting)
                    .is_ok_and(|letter| [&letter.to, &letter.subject, &letter.text].into_iter().any(says))
            })
            .map(|waiting| waiting.id)
            .collect())
    }
}

/// What somebody is called, was called, and by which ids providers know them.
async fn terms_of(tx: &mut Tx, organization: &OrganizationId, user: &User) -> Result<Terms, Error> {
    let (documents, names) = tx.known_of(organization, &user.id).await?;
    let mut terms = Terms::default();
    terms.add_name(&user.display_name);
    let own = [Some(user.user_name.as_str()), user.external_id.as_deref(), user.email.as_deref()];
    own.into_iter().flatten().chain(names.iter().map(String::as_str)).for_each(|name| terms.add_login(name));
    for document in &documents {
        called(document, &mut terms);
    }
    for shared in tx.shared_names(organization, &user.id, &terms).await? {
        terms.leave_out(&shared);
    }
    Ok(terms)
}

/// Events whose details mention somebody; of those about them, also by a word that others use.
async fn events_saying(
    tx: &mut Tx,
    organization: &OrganizationId,
    (user, terms): (&UserId, &Terms),
) -> Result<BTreeMap<String, [u8; 32]>, Error> {
    let mut found = BTreeMap::new();
    for about in [Some(user), None] {
        let mut after = Value::Text(String::new());
        loop {
            let events = tx.events_mentioning(organization, (terms, about), (&after, CHUNK)).await?;
            for event in &events {
                let [.., detail] = &event.columns;
                if let (Value::Text(id), Value::Text(detail)) = (&event.id, detail)
                    && terms.are_in_event(detail, about.is_some())
                {
                    found.insert(id.clone(), kept(event));
                }
            }
            match events.last() {
                Some(last) => after = last.id.clone(),
                None => break,
            }
        }
    }
    Ok(found)
}
