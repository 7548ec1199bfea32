//! What becomes of each key that a change of roles touches.

use super::{
    KeyTerms, RoleChange,
    notices::Notice,
    weigh::{Seen, Touched},
};
use crate::{
    app::{Error, Work},
    cache::Revocation,
    crypto::Secret,
    model::{EventKind, Holder, KeyId, ServiceAccountId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// How long both secrets work, if nothing is said.
pub(super) const OVERLAP: Duration = Duration::from_hours(24);
/// The longest that both may.
const LONGEST_OVERLAP_HOURS: u32 = 30 * 24;

/// What becomes of a touched key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Choice {
    /// It ends with the change, as Cast AI does it.
    #[default]
    Delete,
    /// It stays its owner's and carries what they hold after the change.
    Keep,
    /// It becomes a service account's, with the same secret and what it carried before the change.
    Move {
        /// Which.
        to: ServiceAccountId,
    },
    /// Another key takes its place, and it goes on for a while.
    Rotate {
        /// The service account that gets the new key, with what the old one carried; nothing: its owner makes the new one.
        to: Option<ServiceAccountId>,
        /// For how many hours the old one goes on; 24 if nothing is said.
        overlap_hours: Option<u32>,
    },
}

/// What was done with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyDone {
    /// It has ended.
    Deleted,
    /// It is its owner's as before.
    Kept,
    /// It is a service account's.
    Moved,
    /// It goes on for a while.
    Rotated,
}

/// What became of a touched key.
#[derive(Debug)]
pub struct KeyOutcome {
    /// Which.
    pub key: KeyId,
    /// What it is called.
    pub name: String,
    /// What was done.
    pub done: KeyDone,
    /// The service account that it, or the new one, belongs to.
    pub to: Option<ServiceAccountId>,
    /// What the service account was given for it.
    pub given: Vec<String>,
    /// The new key, where one was made.
    pub new_key: Option<KeyId>,
    /// Its secret, shown once.
    pub secret: Option<Secret>,
}

impl KeyOutcome {
    pub(super) fn of(one: &Touched, done: KeyDone) -> Self {
        let (key, name) = (one.key.id.clone(), one.key.name.clone());
        Self { key, name, done, to: None, given: Vec::new(), new_key: None, secret: None }
    }
}

/// For how long the old key goes on.
pub(super) fn overlap(hours: Option<u32>) -> Result<Duration, Error> {
    match hours {
        None => Ok(OVERLAP),
        Some(hours @ 1..=LONGEST_OVERLAP_HOURS) => Ok(Duration::from_hours(hours.into())),
        Some(_) => {
            Err(Error::invalid("overlap_hours", format!("give a number of hours from 1 to {LONGEST_OVERLAP_HOURS}")))
        }
    }
}

impl Work<'_> {
    /// Does with each touched key what was chosen for it.
    pub(super) async fn choose(
        &mut self,
        change: &RoleChange,
        (seen, touched): (&Seen, &[Touched]),
        terms: &KeyTerms,
    ) -> Result<Vec<KeyOutcome>, Error> {
        if let Some(id) = terms.keys.keys().find(|id| !touched.iter().any(|one| one.key.id == **id)) {
            return Err(Error::invalid("keys", format!("the change does not touch the key {id}")));
        }
        let others = terms.others.clone().unwrap_or_else(|| change.unless_said());
        let mut outcomes = Vec::with_capacity(touched.len());
        for one in touched {
            let outcome = match terms.keys.get(&one.key.id).unwrap_or(&others) {
                Choice::Delete => self.delete_touched(one).await?,
                Choice::Keep => self.keep_touched(change, one).await?,
                Choice::Move { to } => self.move_touched(seen, one, to).await?,
                Choice::Rotate { to, overlap_hours } => {
                    self.rotate_touched(seen, one, (to.as_ref(), overlap(*overlap_hours)?)).await?
                }
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    async fn delete_touched(&mut self, one: &Touched) -> Result<KeyOutcome, Error> {
        let organization = self.ctx.organization.clone();
        let holder = Holder::User(one.owner.clone());
        self.tx.revoke_api_key(&organization, &holder, &one.key.id, self.ctx.now).await?;
        let subjects = [one.owner.to_string(), one.key.id.to_string()];
        self.tell(EventKind::KeyRevoked, subjects, json!({"why": "role_change"}));
        self.revoke(Revocation::Key { organization, key: one.key.id.clone() });
        let notice = Notice::Deleted { key: &one.key.name };
        self.write_notice(&one.key.id, std::slice::from_ref(&one.email), &notice).await?;
        Ok(KeyOutcome::of(one, KeyDone::Deleted))
    }

    /// What it carries from now on is what it is expected to carry: no machine deletes it for what a person decided.
    async fn keep_touched(&mut self, change: &RoleChange, one: &Touched) -> Result<KeyOutcome, Error> {
        let comes_back = matches!(change, RoleChange::Suspend { .. } | RoleChange::Remove { .. });
        if !comes_back {
            let organization = self.ctx.organization.clone();
            self.tx.keep_carried(&organization, &one.key.id, &one.after.kept(), (None, None)).await?;
            let stops: Vec<_> = one.stops().iter().map(ToString::to_string).collect();
            let subjects = [one.owner.to_string(), one.key.id.to_string()];
            self.tell(EventKind::KeyAttenuated, subjects, json!({"stops": stops, "by": "person"}));
        }
        self.revoke_user(&one.owner);
        Ok(KeyOutcome::of(one, KeyDone::Kept))
    }
}
