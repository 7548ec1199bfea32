//! Which keys a change touches: what their owners may do before it and after it, in the same transaction.

use super::{RoleChange, TouchedKey};
use crate::{
    access::{Access, Derivation, Stopped, Via, capabilities},
    app::{Actor, Error, Work},
    model::{Capability, CustomRole, GroupId, Holder, KeyId, MirroredKey, Role, RoleId, Scope, Subject, User, UserId},
    store::{BindingQuery, KeptKey},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// The members of a group of whom each is asked for keys. Of a larger one every key is asked for its owner.
const FEW: i64 = 1000;
/// Keys and bindings that are loaded at once.
const CHUNK: i64 = 500;
const DAY: Duration = Duration::from_hours(24);

/// Whose rights a change may change.
#[derive(Debug, Default)]
struct Reach {
    users: BTreeSet<UserId>,
    groups: BTreeSet<GroupId>,
}

impl Reach {
    fn add(&mut self, subject: Subject) {
        match subject {
            Subject::User(user) => drop(self.users.insert(user)),
            Subject::Group(group) => drop(self.groups.insert(group)),
            // What a service account may do, its keys may do: they are not a person's, and no change of a person's.
            Subject::ServiceAccount(_) => {}
        }
    }
}

/// What publishing a mapping did to one person who has keys.
#[derive(Debug, Clone)]
pub(in crate::app) struct RoleMove {
    pub(in crate::app) owner: UserId,
    pub(in crate::app) label: String,
    pub(in crate::app) email: Option<String>,
    pub(in crate::app) before: BTreeSet<(Role, Scope)>,
    pub(in crate::app) after: BTreeSet<(Role, Scope)>,
    /// Their keys that work.
    pub(in crate::app) keys: Vec<KeptKey>,
}

/// What there was before a change.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What the actor may do; none: roles do not bind them.
    pub(super) actor: Option<Access>,
    keys: Vec<KeptKey>,
    pub(super) owners: BTreeMap<UserId, (User, Access)>,
    /// Keys of Cast AI of those whose rights the change may change.
    pub(super) mirrored: Vec<MirroredKey>,
    /// Whether it is a mapping that is published, or a whole organization that is configured: whom it touches is known only afterwards.
    publishes: bool,
}

/// A key whose owner's rights change, or its own.
#[derive(Debug)]
pub(in crate::app) struct Touched {
    pub(in crate::app) key: crate::model::ApiKey,
    pub(in crate::app) owner: UserId,
    pub(in crate::app) label: String,
    /// Where its owner is reached by mail.
    pub(in crate::app) email: Option<String>,
    /// What it carried before.
    pub(in crate::app) before: Access,
    /// What it carries after.
    pub(in crate::app) after: Access,
}

impl Touched {
    /// What it could not do any more.
    pub(in crate::app) fn stops(&self) -> BTreeSet<Stopped> {
        self.after.stopped(&self.before.kept())
    }
}

impl Work<'_> {
    /// Whether a person asks, who can be shown something first. The machine's own command line is told afterwards, like machines.
    fn is_a_persons(&self) -> bool {
        match self.ctx.actor {
            Actor::User { .. } | Actor::Key { .. } | Actor::ServiceAccount { .. } => true,
            Actor::Connection { .. } | Actor::Operator | Actor::System => false,
        }
    }

    /// Looks at everything that a change may touch, before it is made. From here on no key is made that is not seen.
    pub(super) async fn weigh(&mut self, change: &RoleChange) -> Result<Seen, Error> {
        if !self.is_a_persons() {
            return Ok(Seen::default());
        }
        let organization = self.ctx.organization.clone();
        self.tx.hold_keys(&organization, true).await?;
        let actor = self.app.access_of_actor(&mut self.tx, self.ctx).await?;
        let publishes = matches!(change, RoleChange::Publish(_) | RoleChange::Configure(_));
        let mut seen = Seen { actor, publishes, ..Seen::default() };
        let (reach, named) = self.reach(change).await?;
        let mut keys = Vec::new();
        for user in reach.users {
            seen.mirrored.extend(self.tx.mirrored_keys_of(&organization, &user).await?);
            keys.extend(self.tx.kept_keys_of(&organization, &Holder::User(user), self.ctx.now).await?);
        }
        for group in &reach.groups {
            seen.mirrored.extend(self.tx.mirrored_keys_of_members(&organization, group).await?);
            keys.extend(self.keys_of_group(group).await?);
        }
        for id in named {
            keys.extend(self.tx.kept_key(&organization, &id, self.ctx.now).await?);
        }
        keys.sort_by(|one, other| one.key.id.cmp(&other.key.id));
        keys.dedup_by(|one, other| one.key.id == other.key.id);
        for owner in seen.mirrored.iter().map(|key| key.owner.clone()).collect::<BTreeSet<_>>() {
            self.see_owner(&mut seen.owners, &owner).await?;
        }
        for kept in keys {
            let Some(owner) = kept.key.owner.user() else { continue };
            if self.see_owner(&mut seen.owners, owner).await? {
                seen.keys.push(kept);
            }
        }
        for kept in &mut seen.keys {
            let Some((_, access)) = kept.key.owner.user().and_then(|owner| seen.owners.get(owner)) else { continue };
            let carried = self.app.carried_by(&mut self.tx, &organization, (&kept.key, access.clone())).await?;
            kept.carried = Some(carried.kept());
        }
        Ok(seen)
    }

    /// What somebody may do before the change. False when there is no such person.
    async fn see_owner(
        &mut self,
        owners: &mut BTreeMap<UserId, (User, Access)>,
        owner: &UserId,
    ) -> Result<bool, Error> {
        let organization = self.ctx.organization.clone();
        if !owners.contains_key(owner) {
            let Some(user) = self.tx.user(&organization, owner).await? else { return Ok(false) };
            let access = self.app.access_of(&mut self.tx, &organization, &user, self.ctx.now).await?;
            owners.insert(owner.clone(), (user, access));
        }
        Ok(true)
    }

    async fn keys_of_group(&mut self, group: &GroupId) -> Result<Vec<KeptKey>, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        if !self.tx.has_more_members(&organization, group, FEW).await? {
            return Ok(self.tx.keys_of_few_members(&organization, group, now).await?);
        }
        let mut keys: Vec<KeptKey> = Vec::new();
        loop {
            let after = keys.last().map(|kept| (kept.key.owner.to_string(), kept.key.id.to_string()));
            let after = after.as_ref().map_or(("", ""), |(owner, id)| (owner.as_str(), id.as_str()));
            let more = self.tx.keys_of_members((&organization, group), (now, now), after, CHUNK).await?;
            if more.is_empty() {
                return Ok(keys);
            }
            keys.extend(more);
        }
    }

    /// Whose rights a change may change, and the keys that it changes by themselves.
    async fn reach(&mut self, change: &RoleChange) -> Result<(Reach, Vec<KeyId>), Error> {
        let (mut reach, mut named) = (Reach::default(), Vec::new());
        match change {
            RoleChange::SetRole { user, .. } | RoleChange::Suspend { user } | RoleChange::Remove { user } => {
                reach.add(Subject::User(user.clone()));
            }
            RoleChange::Give { subject, .. } => reach.add(subject.subject()?),
            RoleChange::Take { binding, .. } => {
                let found = self.tx.binding(&self.ctx.organization, binding).await?;
                if let Some(found) = found {
                    reach.add(found.terms.subject);
                }
            }
            RoleChange::Join { member, .. } | RoleChange::Leave { member, .. } => reach.add(member.subject()),
            RoleChange::DeleteGroup { group } => reach.add(Subject::Group(group.clone())),
            RoleChange::EditRole { role, .. } => {
                for subject in self.holders_of_role(role).await? {
                    reach.add(subject);
                }
                named = self.tx.keys_that_name(&self.ctx.organization, role.as_str(), i64::MAX).await?;
            }
            RoleChange::Publish(_) | RoleChange::Configure(_) => {}
        }
        Ok((reach, named))
    }

    async fn holders_of_role(&mut self, role: &RoleId) -> Result<Vec<Subject>, Error> {
        let query = BindingQuery { role: Some(role.to_string()), ..BindingQuery::default() };
        let (mut after, mut subjects) = (String::new(), Vec::new());
        loop {
            let bindings = self.tx.bindings_asked(&self.ctx.organization, &query, &after, CHUNK).await?;
            let Some(last) = bindings.last() else { return Ok(subjects) };
            after = last.id.to_string();
            subjects.extend(bindings.into_iter().map(|binding| binding.terms.subject));
        }
    }

    /// The keys that the change, now made, has touched.
    pub(super) async fn touched(&mut self, seen: &Seen) -> Result<Vec<Touched>, Error> {
        if let (true, Some(configuring)) = (seen.publishes, &mut self.configuring) {
            return Ok(std::mem::take(&mut configuring.touched));
        }
        if seen.publishes {
            return self.touched_by_mapping().await;
        }
        let organization = self.ctx.organization.clone();
        let mut after: BTreeMap<&UserId, Access> = BTreeMap::new();
        for owner in seen.owners.keys() {
            let access = match self.tx.user(&organization, owner).await? {
                Some(user) => self.app.access_of(&mut self.tx, &organization, &user, self.ctx.now).await?,
                None => Access::none(),
            };
            after.insert(owner, access);
        }
        let mut touched = Vec::new();
        for kept in &seen.keys {
            let Some(owner) = kept.key.owner.user() else { continue };
            let (Some((user, before)), Some(now)) = (seen.owners.get(owner), after.get(owner)) else { continue };
            let still = self.app.carried_by(&mut self.tx, &organization, (&kept.key, now.clone())).await?;
            let carried_the_same = kept.carried.as_ref().is_some_and(|carried| *carried == still.kept());
            if before.kept() == now.kept() && carried_the_same {
                continue;
            }
            let carried = Access { derivations: as_held(kept.carried.as_deref().unwrap_or_default()) };
            touched.push(Touched {
                key: kept.key.clone(),
                owner: owner.clone(),
                label: user.label().to_owned(),
                email: user.email.clone(),
                before: carried,
                after: still,
            });
        }
        Ok(touched)
    }

    /// Whom publishing touched is known from what it did. Access is not asked for again: what may still be undone must never
    /// reach the mappings that are kept compiled.
    async fn touched_by_mapping(&mut self) -> Result<Vec<Touched>, Error> {
        let organization = self.ctx.organization.clone();
        let custom = self.tx.custom_roles(&organization).await?;
        let mut touched = Vec::new();
        for RoleMove { owner, label, email, before, after, keys } in std::mem::take(&mut self.role_moves) {
            for kept in keys {
                let key = &kept.key;
                let before = self.app.carried_by(&mut self.tx, &organization, (key, held(&before, &custom))).await?;
                let after = self.app.carried_by(&mut self.tx, &organization, (key, held(&after, &custom))).await?;
                let (owner, label, email) = (owner.clone(), label.clone(), email.clone());
                touched.push(Touched { key: kept.key, owner, label, email, before, after });
            }
        }
        Ok(touched)
    }

    /// What people read of touched keys.
    pub(super) async fn told_of(&mut self, touched: &[Touched]) -> Result<Vec<TouchedKey>, Error> {
        let ids: Vec<KeyId> = touched.iter().map(|one| one.key.id.clone()).collect();
        let day = (self.ctx.now.minus(DAY), self.ctx.now);
        let uses = self.tx.key_uses_by_hour(&self.ctx.organization, &ids, day).await?;
        let told = |one: &Touched| TouchedKey {
            id: one.key.id.clone(),
            name: one.key.name.clone(),
            hint: one.key.hint.clone(),
            owner: one.owner.clone(),
            owner_label: one.label.clone(),
            last_used_at: one.key.last_used_at,
            last_used_from: one.key.last_used_from.clone(),
            uses_last_day: uses.get(&one.key.id).map(|hours| hours.iter().sum()).unwrap_or_default(),
            uses_by_hour: uses.get(&one.key.id).cloned().unwrap_or_default(),
            stops: one.stops().into_iter().collect(),
        };
        Ok(touched.iter().map(told).collect())
    }
}

/// Roles at scopes as an access, without the reasons.
fn held(roles: &BTreeSet<(Role, Scope)>, custom: &[CustomRole]) -> Access {
    let derivation = |(role, scope): &(Role, Scope)| {
        let capabilities: BTreeSet<Capability> = capabilities(role, scope, custom)?;
        let (role, scope) = (role.clone(), scope.clone());
        Some(Derivation { role, scope, via: Via::Default, until: None, part: false, capabilities })
    };
    Access { derivations: roles.iter().filter_map(derivation).collect() }
}

/// What was kept of an access as one, without the reasons.
pub(super) fn as_held(kept: &[crate::model::KeptRight]) -> Vec<Derivation> {
    let derivation = |right: &crate::model::KeptRight| Derivation {
        role: right.role.clone(),
        scope: right.scope.clone(),
        via: Via::Default,
        until: None,
        part: right.part,
        capabilities: right.capabilities.clone(),
    };
    kept.iter().map(derivation).collect()
}
