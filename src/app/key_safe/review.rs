//! What machines' changes do to people's keys: found afterwards, from keys to their owners.
//!
//! What a key carries is kept with it. Whatever may change somebody's rights asks for a look, in its own transaction; here each
//! look compares what is kept with what the key carries now. It is done in pieces, each a transaction, and goes on where it was.

use super::notices::Notice;
use crate::{
    access::together,
    app::{Actor, App, Ctx, Error, Need, Work},
    cache::Revocation,
    config::OnRoleChange,
    model::{EventKind, GroupId, Holder, OrganizationId, User, UserId, UserState},
    store::{KeptKey, KeyReview},
};
use serde_json::json;
use std::{collections::HashMap, time::Duration};

/// Looks that are taken in one round, and keys in one piece of it.
const REVIEWS: i64 = 50;
const PIECE: i64 = 200;
/// Pieces of one look in one round: the next round goes on.
const PIECES: usize = 10;
/// How long there is to rotate a key whose secret somebody knows who has left.
const ROTATE_WITHIN: Duration = Duration::from_hours(7 * 24);

/// What a round came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReviewRound {
    /// Keys that were compared.
    pub looked_at: usize,
    /// Keys that carry less than before, and are deleted after the grace.
    pub attenuated: usize,
    /// Keys that carry again what they carried.
    pub restored: usize,
    /// Keys that were deleted.
    pub deleted: usize,
    /// Keys of whose overdue rotation owners were told.
    pub overdue: usize,
}

/// What is asked of a page of keys.
enum Whose {
    User(UserId),
    Group(GroupId),
    Everybody,
}

impl App {
    /// One round: takes the looks that were asked for, and deletes what its grace is over of.
    pub async fn review_keys(&self) -> Result<ReviewRound, Error> {
        let mut round = ReviewRound::default();
        self.first_looks().await?;
        let waiting = self.store().read().await?.key_reviews(REVIEWS).await?;
        for review in waiting {
            for _ in 0..PIECES {
                if self.review_piece(&review, &mut round).await? {
                    break;
                }
            }
        }
        self.delete_after_grace(&mut round).await?;
        round.overdue = self.remind_of_rotation().await?;
        Ok(round)
    }

    pub(super) fn as_system(&self, organization: OrganizationId) -> Ctx {
        Ctx { actor: Actor::System, organization, now: self.clock().now(), request: self.new_request() }
    }

    /// Keys from before anybody kept what they carry.
    async fn first_looks(&self) -> Result<(), Error> {
        let now = self.clock().now();
        let unseen = self.store().read().await?.keys_not_looked_at(now, PIECE).await?;
        for KeptKey { organization, key, .. } in unseen {
            let mut tx = self.store().write("key looked at").await?;
            let Some(owner) = key.owner.user() else { continue };
            let Some(user) = tx.user(&organization, owner).await? else { continue };
            let access = self.access_of(&mut tx, &organization, &user, now).await?;
            let carried = self.carried_by(&mut tx, &organization, (&key, access)).await?.kept();
            tx.keep_carried_first(&organization, &key.id, &carried).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// One piece of a look; true when there is no more of it.
    async fn review_piece(&self, review: &KeyReview, round: &mut ReviewRound) -> Result<bool, Error> {
        let ctx = self.as_system(review.organization.clone());
        let mut work = self.begin(&ctx, Need::Operator).await?;
        match work.review_piece(review, round).await {
            Ok(done) => work.commit_notes().await.map(|()| done),
            Err(error) => work.finish(Err(error)).await,
        }
    }

    async fn delete_after_grace(&self, round: &mut ReviewRound) -> Result<(), Error> {
        let due = self.store().read().await?.keys_to_delete(self.clock().now(), PIECE).await?;
        for kept in due {
            let ctx = self.as_system(kept.organization.clone());
            let mut work = self.begin(&ctx, Need::Operator).await?;
            let outcome = Box::pin(work.delete_after_grace(&kept, round)).await;
            work.finish(outcome).await?;
        }
        Ok(())
    }
}

impl Work<'_> {
    async fn review_piece(&mut self, review: &KeyReview, round: &mut ReviewRound) -> Result<bool, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        self.tx.hold_keys(&organization, false).await?;
        // Another node may have done it, or done a part.
        let Some(review) = self.tx.key_review_to_do(review).await? else { return Ok(true) };
        let after = (review.after.0.as_str(), review.after.1.as_str());
        let whose = match (review.subject.parse(), review.subject.parse()) {
            (Ok(user), _) => Whose::User(user),
            (Err(_), Ok(group)) => Whose::Group(group),
            (Err(_), Err(_)) => Whose::Everybody,
        };
        let (keys, is_whole) = match whose {
            Whose::User(user) => (self.tx.kept_keys_of(&organization, &Holder::User(user), now).await?, true),
            Whose::Group(group) => {
                let times = (now, review.asked_at);
                (self.tx.keys_of_members((&organization, &group), times, after, PIECE).await?, false)
            }
            Whose::Everybody => (self.tx.keys_of_people(&organization, now, after, PIECE).await?, false),
        };
        let mut owners = HashMap::new();
        for kept in &keys {
            self.compare(kept, &mut owners, round).await?;
        }
        if let Some(last) = keys.last().filter(|_| !is_whole) {
            let after = (last.key.owner.as_str(), last.key.id.as_str());
            self.tx.go_on_with_key_review(&review, after).await?;
            return Ok(false);
        }
        self.tx.finish_key_review(&review).await?;
        Ok(true)
    }

    async fn owner_of(
        &mut self,
        kept: &KeptKey,
        owners: &mut HashMap<UserId, Option<(User, crate::access::Access)>>,
    ) -> Result<Option<(User, crate::access::Access)>, Error> {
        let Some(id) = kept.key.owner.user() else { return Ok(None) };
        if let Some(known) = owners.get(id) {
            return Ok(known.clone());
        }
        let found = self.tx.user(&self.ctx.organization, id).await?;
        let owner = match found {
            // Whose access has ended has keys that open nothing, and that come back with them.
            Some(user) if user.state() == UserState::Active => {
                let access = self.app.access_of(&mut self.tx, &self.ctx.organization, &user, self.ctx.now).await?;
                Some((user, access))
            }
            Some(_) | None => None,
        };
        owners.insert(id.clone(), owner.clone());
        Ok(owner)
    }

    /// Compares what a key carries with what is kept of it.
    async fn compare(
        &mut self,
        kept: &KeptKey,
        owners: &mut HashMap<UserId, Option<(User, crate::access::Access)>>,
        round: &mut ReviewRound,
    ) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let Some((user, access)) = self.owner_of(kept, owners).await? else { return Ok(()) };
        round.looked_at += 1;
        let carries = self.app.carried_by(&mut self.tx, &organization, (&kept.key, access)).await?;
        let now = carries.kept();
        let Some(before) = &kept.carried else {
            return Ok(self.tx.keep_carried(&organization, &kept.key.id, &now, (None, None)).await?);
        };
        let stops = carries.stopped(before);
        if stops.is_empty() {
            if kept.key.delete_at.is_some() {
                round.restored += 1;
                self.restore(kept, &now).await?;
            } else if now != *before {
                self.tx.keep_carried(&organization, &kept.key.id, &now, (None, None)).await?;
            }
            return Ok(());
        }
        if self.app.settings().api_keys.on_role_change == OnRoleChange::Delete {
            round.deleted += 1;
            return self.delete_for(kept, &user, "role_change").await;
        }
        let all = together(before, &now);
        if kept.key.delete_at.is_some() {
            if all != *before {
                let since = (kept.key.attenuated_at, kept.key.delete_at);
                self.tx.keep_carried(&organization, &kept.key.id, &all, since).await?;
            }
            return Ok(());
        }
        round.attenuated += 1;
        let until = self.ctx.now.plus(self.app.settings().api_keys.grace.get());
        self.tx.keep_carried(&organization, &kept.key.id, &all, (Some(self.ctx.now), Some(until))).await?;
        let stops: Vec<_> = stops.iter().map(ToString::to_string).collect();
        let subjects = [user.id.to_string(), kept.key.id.to_string()];
        let detail = json!({"by": "machine", "stops": stops, "delete_at": until});
        self.tell(EventKind::KeyAttenuated, subjects, detail);
        let mut to = self.owners_addresses().await?;
        to.push(user.email.clone());
        let notice = Notice::Attenuated { key: &kept.key.name, owner: user.label(), stops: &stops, until };
        self.write_notice(&kept.key.id, &to, &notice).await
    }

    async fn restore(&mut self, kept: &KeptKey, now: &[crate::model::KeptRight]) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        self.tx.keep_carried(&organization, &kept.key.id, now, (None, None)).await?;
        let subjects = [kept.key.owner.to_string(), kept.key.id.to_string()];
        self.tell(EventKind::KeyRestored, subjects, json!({}));
        Ok(())
    }

    async fn delete_for(&mut self, kept: &KeptKey, user: &User, why: &str) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        self.tx.revoke_api_key(&organization, &kept.key.owner, &kept.key.id, self.ctx.now).await?;
        let subjects = [user.id.to_string(), kept.key.id.to_string()];
        self.tell(EventKind::KeyRevoked, subjects, json!({"why": why}));
        self.revoke(Revocation::Key { organization, key: kept.key.id.clone() });
        let mut to = self.owners_addresses().await?;
        to.push(user.email.clone());
        self.write_notice(&kept.key.id, &to, &Notice::Deleted { key: &kept.key.name }).await
    }

    /// Deletes a key whose grace is over, unless at this very moment it carries again what it carried.
    async fn delete_after_grace(&mut self, due: &KeptKey, round: &mut ReviewRound) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        self.tx.hold_keys(&organization, false).await?;
        let Some(kept) = self.tx.kept_key(&organization, &due.key.id, now).await? else { return Ok(()) };
        if kept.key.delete_at.is_none_or(|at| at > now) {
            return Ok(());
        }
        let Some(id) = kept.key.owner.user() else { return Ok(()) };
        let Some(user) = self.tx.user(&organization, id).await? else { return Ok(()) };
        let access = self.app.access_of(&mut self.tx, &organization, &user, now).await?;
        let carries = self.app.carried_by(&mut self.tx, &organization, (&kept.key, access)).await?;
        if carries.stopped(kept.carried.as_deref().unwrap_or_default()).is_empty() {
            round.restored += 1;
            return self.restore(&kept, &carries.kept()).await;
        }
        round.deleted += 1;
        self.delete_for(&kept, &user, "grace_over").await
    }

    /// Somebody goes who knows the secrets of keys that are not theirs any more: owners are told, and there is a date.
    pub(in crate::app) async fn tell_of_known_keys(&mut self, user: &User, known: Vec<KeptKey>) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let due: Vec<_> = known.into_iter().filter(|kept| kept.key.rotate_by.is_none()).collect();
        let Some(first) = due.first() else { return Ok(()) };
        let until = self.ctx.now.plus(ROTATE_WITHIN);
        for kept in &due {
            self.tx.set_rotate_by(&organization, &kept.key.id, Some(until)).await?;
        }
        let ids = due.iter().map(|kept| kept.key.id.to_string());
        let subjects: Vec<_> = std::iter::once(user.id.to_string()).chain(ids).collect();
        self.tell(EventKind::KeyRotationDue, subjects, json!({"keys": due.len(), "rotate_by": until}));
        let names: Vec<_> = due.iter().map(|kept| format!("“{}” ({})", kept.key.name, kept.key.id)).collect();
        let to = self.owners_addresses().await?;
        let notice = Notice::Known { keys: &names, who: user.label(), until };
        self.write_notice(&first.key.id, &to, &notice).await
    }
}
