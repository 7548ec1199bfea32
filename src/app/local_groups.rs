//! Groups that people make here. Those of a provider are the provider's: here they are only read.

use super::{App, Ctx, Error, RoleChange, Work, key_safe::nothing_done};
use crate::{
    model::{Capability, EventKind, Group, GroupId, GroupOrigin, Holder, Subject},
    plan::Diff,
};
use serde_json::json;

/// What ended with a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedGroup {
    /// How many were in it.
    pub members: u64,
    /// How many bindings it had.
    pub bindings: usize,
}

impl App {
    /// Makes a local group. No rule matches it; people give it roles.
    pub async fn create_local_group(&self, ctx: &Ctx, name: &str) -> Result<Group, Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = Box::pin(work.add_local_group(name)).await;
        work.finish(outcome).await
    }

    /// Renames a local group. `if_match` is the version that the change is meant for.
    pub async fn rename_local_group(
        &self,
        ctx: &Ctx,
        id: &GroupId,
        name: &str,
        if_match: Option<i64>,
    ) -> Result<Group, Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = Box::pin(work.rename_local_group(id, name, if_match)).await;
        work.finish(outcome).await
    }

    /// Deletes a local group for good: its members leave it, and what it was given is taken.
    pub async fn delete_local_group(&self, ctx: &Ctx, id: &GroupId) -> Result<RemovedGroup, Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let done = work.unseen(RoleChange::DeleteGroup { group: id.clone() }).await;
        let outcome = done.and_then(|done| done.removed.ok_or_else(nothing_done));
        work.finish(outcome).await
    }

    /// Puts a person or a service account into a local group. False when they were in it.
    pub async fn join_local_group(&self, ctx: &Ctx, id: &GroupId, member: &Holder) -> Result<bool, Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let done = work.unseen(RoleChange::Join { group: id.clone(), member: member.clone() }).await;
        let outcome = done.and_then(|done| done.came.ok_or_else(nothing_done));
        work.finish(outcome).await
    }

    /// Takes a person or a service account out of a local group.
    pub async fn leave_local_group(&self, ctx: &Ctx, id: &GroupId, member: &Holder) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let done = work.unseen(RoleChange::Leave { group: id.clone(), member: member.clone() }).await;
        let outcome = done.map(drop);
        work.finish(outcome).await
    }
}

impl Work<'_> {
    pub(super) async fn add_local_group(&mut self, name: &str) -> Result<Group, Error> {
        let group = Group {
            id: GroupId::from_uuid(self.app.clock().uuid()),
            connection: None,
            origin: GroupOrigin::Local,
            display_name: checked_name(name)?,
            external_id: None,
            removed_at: None,
            version: 1,
            created_at: self.ctx.now,
            updated_at: self.ctx.now,
        };
        self.check_local_name(&group).await?;
        self.tx.insert_group(&self.ctx.organization, &group).await?;
        let detail = json!({"name": group.display_name, "origin": group.origin.name()});
        self.tell(EventKind::GroupCreated, [group.id.to_string()], detail);
        Ok(group)
    }

    async fn check_local_name(&mut self, group: &Group) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let other = self.tx.group_by_name(&organization, None, GroupOrigin::Local, &group.display_name).await?;
        match other.filter(|other| other.id != group.id) {
            Some(other) => {
                let detail = format!("there is a local group “{}” already: {}", other.display_name, other.id);
                Err(Error::conflict("taken", detail))
            }
            None => Ok(()),
        }
    }

    /// The group, held until the change is made; an error that says where to change it when it is a provider's.
    pub(super) async fn local_group(&mut self, id: &GroupId) -> Result<Group, Error> {
        let organization = self.ctx.organization.clone();
        let found = self.tx.group_to_change(&organization, id).await?;
        let group = found.filter(|group| group.removed_at.is_none());
        let group = group.ok_or_else(|| Error::not_found("group", id.as_str()))?;
        let how = match group.origin {
            GroupOrigin::Local => return Ok(group),
            GroupOrigin::Scim => "is pushed by",
            GroupOrigin::Claims => "comes from sign-ins through",
        };
        let name = match &group.connection {
            Some(connection) => {
                let found = self.tx.connection(&organization, connection).await?;
                found.map_or_else(|| connection.to_string(), |found| found.name)
            }
            None => "a provider".to_owned(),
        };
        let detail = format!("the group “{}” {how} the connection “{name}”: change it there", group.display_name);
        Err(Error::conflict("not_local", detail))
    }

    pub(super) async fn rename_local_group(
        &mut self,
        id: &GroupId,
        name: &str,
        if_match: Option<i64>,
    ) -> Result<Group, Error> {
        let mut group = self.local_group(id).await?;
        if if_match.is_some_and(|version| version != group.version) {
            return Err(Error::Stale);
        }
        let name = checked_name(name)?;
        if group.display_name == name {
            return Ok(group);
        }
        group.display_name = name;
        self.check_local_name(&group).await?;
        self.touch_group(&mut group).await?;
        self.tell(EventKind::GroupChanged, [id.to_string()], json!({"name": group.display_name}));
        // The reasons for people's access say its name.
        self.revoke_everybody();
        Ok(group)
    }

    pub(super) async fn delete_local_group(&mut self, id: &GroupId) -> Result<RemovedGroup, Error> {
        let organization = self.ctx.organization.clone();
        let mut group = self.local_group(id).await?;
        // Before its members are gone: one of them may be the last owner.
        if self.tx.group_gives_owner(&organization, id).await? {
            self.touch_owners().await?;
        }
        self.review_keys_of(&Subject::Group(id.clone()));
        let members = self.tx.empty_group(&organization, id, self.ctx.now).await?;
        let close = self.tx.bindings_of(&organization, &Subject::Group(id.clone())).await?;
        let bindings = close.len();
        group.removed_at = Some(self.ctx.now);
        self.touch_group(&mut group).await?;
        let detail = json!({"name": group.display_name, "members": members, "bindings": bindings});
        self.tell(EventKind::GroupRemoved, [id.to_string()], detail);
        self.apply(&Diff { open: Vec::new(), close }, None).await?;
        self.revoke_everybody();
        Ok(RemovedGroup { members, bindings })
    }

    pub(super) async fn join_local_group(&mut self, id: &GroupId, member: &Holder) -> Result<bool, Error> {
        let organization = self.ctx.organization.clone();
        let group = self.local_group(id).await?;
        self.member_is_here(member).await?;
        // Nobody gives what they do not hold: whoever comes in gets all that the group was given.
        for binding in self.tx.bindings_of(&organization, &Subject::Group(id.clone())).await? {
            self.may_be_given(&binding.terms).await?;
        }
        self.owners_by_group(id).await?;
        if !self.tx.open_membership_of(&organization, id, member, self.ctx.now).await? {
            return Ok(false);
        }
        self.moved(group, member, json!({"came": 1, "went": 0})).await?;
        Ok(true)
    }

    pub(super) async fn leave_local_group(&mut self, id: &GroupId, member: &Holder) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let group = self.local_group(id).await?;
        self.owners_by_group(id).await?;
        if !self.tx.close_membership_of(&organization, id, member, self.ctx.now).await? {
            return Err(Error::not_found("member", member.as_str()));
        }
        self.moved(group, member, json!({"came": 0, "went": 1})).await
    }

    async fn owners_by_group(&mut self, id: &GroupId) -> Result<(), Error> {
        if self.tx.group_gives_owner(&self.ctx.organization, id).await? {
            self.touch_owners().await?;
        }
        Ok(())
    }

    async fn moved(&mut self, mut group: Group, member: &Holder, detail: serde_json::Value) -> Result<(), Error> {
        self.touch_group(&mut group).await?;
        self.tell(EventKind::GroupMembersChanged, [group.id.to_string(), member.to_string()], detail);
        match member {
            Holder::User(user) => {
                self.revoke_user(user);
                self.review_keys_of(&member.subject());
            }
            Holder::ServiceAccount(_) => self.revoke_everybody(),
        }
        Ok(())
    }
}

fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "give the group a name of 1 to 200 letters"));
    }
    Ok(name.to_owned())
}
