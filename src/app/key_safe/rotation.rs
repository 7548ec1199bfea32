//! Another secret in the place of one, and both work for a while.

use super::{
    choices::{KeyDone, KeyOutcome, overlap},
    notices::Notice,
    weigh::{Seen, Touched},
};
use crate::{
    access::rights_of,
    app::{App, Ctx, Error, NewKey, Work, keys::need_to_change},
    model::{ApiKey, EventKind, Holder, Instant, KeyId, ServiceAccountId},
};
use serde_json::json;
use std::time::Duration;

/// A key that another one replaces.
#[derive(Debug)]
pub struct Rotated {
    /// The one that goes on until it ends.
    pub old: ApiKey,
    /// The one that takes its place.
    pub new: NewKey,
}

impl App {
    /// Makes a key in the place of another: with the same owner, name and rights. The other one goes on for this many hours.
    pub async fn rotate_key(
        &self,
        ctx: &Ctx,
        (owner, id): (&Holder, &KeyId),
        overlap_hours: Option<u32>,
    ) -> Result<Rotated, Error> {
        let overlap = overlap(overlap_hours)?;
        let mut work = self.begin(ctx, need_to_change(ctx, owner)?).await?;
        let outcome = Box::pin(work.rotate(owner, id, overlap)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn rotate(&mut self, owner: &Holder, id: &KeyId, overlap: Duration) -> Result<Rotated, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        self.tx.hold_keys(&organization, false).await?;
        let gone = || Error::not_found("key", id.as_str());
        let kept = self.tx.kept_key(&organization, id, now).await?;
        let old = kept.map(|kept| kept.key).filter(|key| key.owner == *owner).ok_or_else(gone)?;
        if let Some(new) = &old.replaced_by {
            let detail = format!("the key {new} has its place already: rotate that one");
            return Err(Error::conflict("already_replaced", detail));
        }
        let (key, secret) = self.in_place_of(&old);
        let key = self.no_more_than_the_maker(key).await?;
        let new = self.write_key((key, secret), &old, overlap).await?;
        let old = self.tx.api_key_by_id(&organization, id, now).await?.ok_or_else(gone)?;
        Ok(Rotated { old, new })
    }

    pub(super) async fn rotate_touched(
        &mut self,
        seen: &Seen,
        one: &Touched,
        (to, overlap): (Option<&ServiceAccountId>, Duration),
    ) -> Result<KeyOutcome, Error> {
        let organization = self.ctx.organization.clone();
        let mut outcome = KeyOutcome::of(one, KeyDone::Rotated);
        let carried = one.before.kept();
        let own = self.ctx.actor.user() == Some(&one.owner) && self.ctx.actor.key().is_none();
        self.tx.keep_carried(&organization, &one.key.id, &one.after.kept(), (None, None)).await?;
        if to.is_none() && !own {
            // Nobody is shown a secret by which they could act as somebody else: its owner makes the new one.
            let until = self.end_of(&one.key, overlap);
            self.tx.end_api_key_at(&organization, &one.key.id, (until, None)).await?;
            let subjects = [one.owner.to_string(), one.key.id.to_string()];
            self.tell(EventKind::KeyRotated, subjects, json!({"ends": until}));
            self.revoke_user(&one.owner);
            let notice = Notice::Rotate { key: &one.key.name, until };
            self.write_notice(&one.key.id, std::slice::from_ref(&one.email), &notice).await?;
            return Ok(outcome);
        }
        let (mut key, secret) = self.in_place_of(&one.key);
        if let Some(to) = to {
            outcome.given = self.hand_over(&one.key, (&carried, seen.actor.as_ref()), to).await?;
            outcome.to = Some(to.clone());
            key.owner = Holder::ServiceAccount(to.clone());
            key.rights = Some(rights_of(&carried));
        }
        let new = self.write_key((key, secret), &one.key, overlap).await?;
        outcome.new_key = Some(new.key.id);
        outcome.secret = Some(new.secret);
        Ok(outcome)
    }

    /// A key like another one, with another secret and a life as long.
    fn in_place_of(&self, old: &ApiKey) -> (ApiKey, crate::crypto::Secret) {
        let (fresh, secret) = self.fresh_key(&old.owner, old.name.clone());
        let life = old.expires_at.map(|ends| ends.0.saturating_sub(old.created_at.0));
        let expires_at = life.map(|life| Instant(self.ctx.now.0.saturating_add(life)));
        (ApiKey { rights: old.rights.clone(), expires_at, ..fresh }, secret)
    }

    fn end_of(&self, old: &ApiKey, overlap: Duration) -> Instant {
        let ends = self.ctx.now.plus(overlap);
        old.expires_at.map_or(ends, |before| before.min(ends))
    }

    async fn write_key(
        &mut self,
        (key, secret): (ApiKey, crate::crypto::Secret),
        old: &ApiKey,
        overlap: Duration,
    ) -> Result<NewKey, Error> {
        let organization = self.ctx.organization.clone();
        self.insert_key(&key, &secret).await?;
        let ends = self.end_of(old, overlap);
        self.tx.end_api_key_at(&organization, &old.id, (ends, Some(&key.id))).await?;
        let subjects = [old.owner.to_string(), old.id.to_string(), key.id.to_string()];
        self.tell(EventKind::KeyRotated, subjects, json!({"ends": ends, "hint": key.hint}));
        self.revoke(crate::cache::Revocation::Key { organization, key: old.id.clone() });
        Ok(NewKey { key, secret })
    }
}
