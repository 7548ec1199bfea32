//! Groups over SCIM.

use super::{
    super::{App, Ctx, Error, Need, Work},
    GroupView, KINDS, TOMBSTONE, check_version, order, page,
    unheard::Made,
};
use crate::{
    model::{Connection, EventKind, Group, GroupId, GroupOrigin, GroupPush, Subject, Terms},
    scim::{EntityTags, GroupDocument, GroupPatch, MemberChange, Query, ScimError},
    store::{EVERYBODY, Tx},
};
use serde_json::json;
use std::collections::HashMap;

impl App {
    /// Makes the pushed group; one deleted less than 30 days ago comes back under its id, with its bindings.
    pub async fn create_group(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        document: GroupDocument,
    ) -> Result<GroupView, Error> {
        let mut met = None;
        let ask = |tx: &mut Tx| soon_arrival(tx, ctx, connection, &document);
        let mut work = self.begin_asking(ctx, Need::Directory, ask).await?;
        let outcome = Box::pin(work.push_group(connection, document.clone(), (None, &mut met))).await;
        let outcome = Box::pin(work.finish(outcome)).await;
        let Some(met) = met.filter(|_| outcome.is_err()) else { return outcome };
        let same = met.display_name == document.display_name && met.external_id == document.external_id;
        if !self.is_unheard(&Made::group(&met), same, ctx.now).await {
            return outcome;
        }
        let mut work = self.begin_asking(ctx, Need::Directory, ask).await?;
        let outcome = Box::pin(work.push_group(connection, document, (Some(&met.id), &mut None))).await;
        work.finish(outcome).await
    }

    /// One group of the connection; with its members if `members` says so.
    pub async fn group(&self, ctx: &Ctx, connection: &Connection, id: &str, members: bool) -> Result<GroupView, Error> {
        let mut tx = self.read(ctx, Need::Directory).await?;
        let found = match id.parse::<GroupId>() {
            Ok(id) => tx.group(&ctx.organization, &id).await?,
            Err(_) => None,
        };
        let group = visible(found, connection).ok_or_else(|| not_found(id))?;
        let members = match members {
            true => Some(tx.member_ids(&ctx.organization, &group.id, EVERYBODY).await?),
            false => None,
        };
        Ok(GroupView { group, members })
    }

    /// The groups of the connection that a query asks for, and how many there are.
    pub async fn groups(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        query: &Query,
    ) -> Result<(u64, Vec<GroupView>), Error> {
        let mut tx = self.read(ctx, Need::Directory).await?;
        let sort = order(query.sort.as_ref());
        let (filter, page) = (query.filter.as_ref(), page(self, query));
        let (total, groups) =
            tx.list_groups(&ctx.organization, &connection.id, filter, sort.as_ref(), page, &KINDS).await?;
        let wanted = query.projection.wants("members") && !groups.is_empty();
        let mut members = match wanted {
            true => {
                tx.members_of_groups(&ctx.organization, &groups.iter().map(|group| group.id.clone()).collect()).await?
            }
            false => HashMap::new(),
        };
        let view = |group: Group| {
            let found = wanted.then(|| members.remove(&group.id).unwrap_or_default());
            let members = found.map(|members| members.into_iter().map(|member| member.user).collect());
            GroupView { group, members }
        };
        let views = groups.into_iter().map(view).collect();
        Ok((total, views))
    }

    /// Replaces what the provider says of a group. A body without `members` keeps them.
    pub async fn replace_group(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        target: (&str, Option<&EntityTags>),
        document: GroupDocument,
    ) -> Result<GroupView, Error> {
        let patch = GroupPatch {
            display_name: Some(document.display_name),
            // As with users: providers leave it out of a PUT without meaning to take it away.
            external_id: if document.clears_external_id { Some(None) } else { document.external_id.map(Some) },
            members: document.members.map(MemberChange::Replace).into_iter().collect(),
            tolerances: Vec::new(),
        };
        self.patch_group(ctx, connection, target, &patch, usize::MAX).await
    }

    /// Changes a group: all of it or nothing. The answer has its members unless they are more than `members`.
    pub async fn patch_group(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        (id, if_match): (&str, Option<&EntityTags>),
        patch: &GroupPatch,
        members: usize,
    ) -> Result<GroupView, Error> {
        let ask = |tx: &mut Tx| soon_change(tx, (ctx, connection), id, (patch, members));
        let mut work = self.begin_asking(ctx, Need::Directory, ask).await?;
        let outcome = Box::pin(work.change_group(connection, (id, if_match), patch, members)).await;
        work.finish(outcome).await
    }

    /// Deletes a group. The tombstone keeps its id and bindings for 30 days.
    pub async fn delete_group(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        (id, if_match): (&str, Option<&EntityTags>),
    ) -> Result<(), Error> {
        let mut work = self.begin(ctx, Need::Directory).await?;
        let outcome = match work.group_to_change(connection, id, if_match).await {
            Ok(group) => work.remove_group(connection, group).await,
            Err(error) => Err(error),
        };
        work.finish(outcome).await
    }
}

/// Asks with the next statement for what a pushed group's arrival looks at.
fn soon_arrival(tx: &mut Tx, ctx: &Ctx, connection: &Connection, document: &GroupDocument) {
    let (organization, id, since) = (&ctx.organization, &connection.id, ctx.now.minus(TOMBSTONE));
    let (name, external) = (document.display_name.as_str(), document.external_id.as_deref());
    tx.soon_group_by_name(organization, Some(id), GroupOrigin::Scim, name);
    tx.soon_group_tombstone(organization, id, external, name, since);
}

/// Asks with the next statement for what a change of a group looks at; the group is held first.
fn soon_change(tx: &mut Tx, (ctx, connection): (&Ctx, &Connection), id: &str, (patch, members): (&GroupPatch, usize)) {
    let Ok(id) = id.parse() else { return };
    tx.soon_group_to_change(&ctx.organization, &id);
    if patch.members.is_empty() {
        return;
    }
    if let Some(enough) = enough_to_hide(patch, members) {
        tx.soon_has_more_members(&ctx.organization, &id, enough);
    }
    tx.soon_bindings_of(&ctx.organization, &Subject::Group(id.clone()));
    if let [MemberChange::Add(members)] = patch.members.as_slice()
        && let [member] = members.as_slice()
        && let Ok(user) = member.value.parse()
    {
        tx.soon_is_member(&ctx.organization, (&connection.id, &id), &user);
    }
}

impl Work<'_> {
    /// `unheard` is a group of which the provider was never told; the one that stands in the way is left in `met`.
    async fn push_group(
        &mut self,
        connection: &Connection,
        document: GroupDocument,
        (unheard, met): (Option<&GroupId>, &mut Option<Group>),
    ) -> Result<GroupView, Error> {
        check_groups_are_taken(connection)?;
        let GroupDocument { display_name, external_id, members, .. } = document;
        let (organization, since) = (self.ctx.organization.clone(), self.ctx.now.minus(TOMBSTONE));
        let (id, external) = (&connection.id, external_id.as_deref());
        let named = self.group_of_name(connection, &display_name).await?;
        if let Some(other) = named {
            if unheard != Some(&other.id) || other.external_id != external_id {
                let refusal = name_is_taken(&display_name, &other);
                *met = Some(other);
                return Err(refusal);
            }
            let changes = [MemberChange::Replace(members.unwrap_or_default())];
            let group = self.change_members(connection, other, &changes).await?;
            let members = Some(self.tx.member_ids(&self.ctx.organization, &group.id, EVERYBODY).await?);
            return Ok(GroupView { group, members });
        }
        if !connection.pushes_groups {
            self.groups_come_from_scim(connection).await?;
        }
        let members = members.unwrap_or_default();
        let tombstone = self.tx.group_tombstone(&organization, id, external, &display_name, since).await?;
        let Some(tombstone) = tombstone else {
            let (group, given) = self.add_group(connection, GroupOrigin::Scim, (display_name, external_id)).await?;
            let members = Some(self.first_members(connection, (&group, &given), members).await?);
            return Ok(GroupView { group, members });
        };
        let group = self.revive_group(tombstone, (display_name, external_id)).await?;
        // Nobody is in it: those of a deleted group left it when it was deleted.
        let changes = [MemberChange::Add(members)];
        let group = self.change_members(connection, group, &changes).await?;
        let members = Some(self.tx.member_ids(&organization, &group.id, EVERYBODY).await?);
        Ok(GroupView { group, members })
    }

    async fn check_group_name_is_free(
        &mut self,
        connection: &Connection,
        name: &str,
        own: Option<&GroupId>,
    ) -> Result<(), Error> {
        let other = self.group_of_name(connection, name).await?;
        match other.filter(|other| own != Some(&other.id)) {
            Some(other) => Err(name_is_taken(name, &other)),
            None => Ok(()),
        }
    }

    async fn group_of_name(&mut self, connection: &Connection, name: &str) -> Result<Option<Group>, Error> {
        let organization = &self.ctx.organization;
        Ok(self.tx.group_by_name(organization, Some(&connection.id), GroupOrigin::Scim, name).await?)
    }

    async fn group_to_change(
        &mut self,
        connection: &Connection,
        id: &str,
        if_match: Option<&EntityTags>,
    ) -> Result<Group, Error> {
        check_groups_are_taken(connection)?;
        let found = match id.parse::<GroupId>() {
            Ok(id) => self.tx.group_to_change(&self.ctx.organization, &id).await?,
            Err(_) => None,
        };
        let group = visible(found, connection).ok_or_else(|| not_found(id))?;
        check_version(if_match, group.version)?;
        Ok(group)
    }

    async fn change_group(
        &mut self,
        connection: &Connection,
        (id, if_match): (&str, Option<&EntityTags>),
        patch: &GroupPatch,
        members: usize,
    ) -> Result<GroupView, Error> {
        let organization = self.ctx.organization.clone();
        let enough = enough_to_hide(patch, members);
        let before = self.group_to_change(connection, id, if_match).await?;
        // Counted before they are read, and before they change: most groups are larger than what is shown of one.
        let hides = match enough {
            Some(enough) => self.tx.has_more_members(&organization, &before.id, enough).await?,
            None => members == 0,
        };
        let mut group = before.clone();
        group.display_name = patch.display_name.clone().unwrap_or(group.display_name);
        group.external_id = patch.external_id.clone().unwrap_or(group.external_id);
        // Okta repeats the name with every change of members: the same name is no rename.
        if group.display_name != before.display_name || group.external_id != before.external_id {
            self.rename_group(connection, &mut group).await?;
        }
        let group = self.change_members(connection, group, &patch.members).await?;
        let mut shown = None;
        if !hides {
            let most = i64::try_from(members).unwrap_or(EVERYBODY).saturating_add(1);
            shown = Some(self.tx.member_ids(&organization, &group.id, most).await?);
        }
        let shown = shown.filter(|found| found.len() <= members);
        Ok(GroupView { group, members: shown })
    }

    async fn rename_group(&mut self, connection: &Connection, group: &mut Group) -> Result<(), Error> {
        self.check_group_name_is_free(connection, &group.display_name, Some(&group.id)).await?;
        self.touch_group(group).await?;
        self.tell(EventKind::GroupChanged, [group.id.to_string()], json!({"name": group.display_name}));
        self.settle_group(group).await?;
        self.settle_members_of(group).await
    }

    /// Writes the next version of a group.
    pub(in crate::app) async fn touch_group(&mut self, group: &mut Group) -> Result<(), Error> {
        group.version += 1;
        group.updated_at = self.ctx.now;
        Ok(self.tx.update_group(&self.ctx.organization, group).await?)
    }

    /// A new group, and what rules give it.
    pub(in crate::app) async fn add_group(
        &mut self,
        connection: &Connection,
        origin: GroupOrigin,
        (display_name, external_id): (String, Option<String>),
    ) -> Result<(Group, Vec<Terms>), Error> {
        let group = Group {
            id: GroupId::from_uuid(self.app.clock().uuid()),
            connection: Some(connection.id.clone()),
            origin,
            display_name,
            external_id,
            removed_at: None,
            version: 1,
            created_at: self.ctx.now,
            updated_at: self.ctx.now,
        };
        self.tx.insert_group(&self.ctx.organization, &group).await?;
        let detail = json!({"name": group.display_name, "origin": origin.name()});
        self.tell(EventKind::GroupCreated, [group.id.to_string()], detail);
        let given = self.settle_new_group(&group).await?;
        Ok((group, given))
    }

    async fn revive_group(
        &mut self,
        mut group: Group,
        (display_name, external_id): (String, Option<String>),
    ) -> Result<Group, Error> {
        self.touch_owners().await?;
        group.display_name = display_name;
        group.external_id = external_id.or(group.external_id);
        group.removed_at = None;
        self.touch_group(&mut group).await?;
        self.tell(EventKind::GroupRevived, [group.id.to_string()], json!({"name": group.display_name}));
        self.revoke_everybody();
        self.settle_group(&group).await?;
        Ok(group)
    }

    /// Deletes a group: its members leave it, and what rules gave it is taken.
    pub(in crate::app) async fn remove_group(
        &mut self,
        connection: &Connection,
        mut group: Group,
    ) -> Result<(), Error> {
        if self.tx.group_gives_owner(&self.ctx.organization, &group.id).await? {
            self.touch_owners().await?;
        }
        group = self.change_members(connection, group, &[MemberChange::RemoveAll]).await?;
        group.removed_at = Some(self.ctx.now);
        self.touch_group(&mut group).await?;
        self.tell(EventKind::GroupRemoved, [group.id.to_string()], json!({"name": group.display_name}));
        self.revoke_everybody();
        self.settle_group(&group).await
    }

    /// The first pushed group: from now on groups in claims say nothing, and those made from claims end.
    async fn groups_come_from_scim(&mut self, connection: &Connection) -> Result<(), Error> {
        self.tx.mark_pushes_groups(&self.ctx.organization, &connection.id).await?;
        self.revoke_connection(&connection.id);
        let groups = self.tx.directory_groups(&self.ctx.organization).await?;
        let asserted =
            |group: &Group| group.origin == GroupOrigin::Claims && group.connection.as_ref() == Some(&connection.id);
        for group in groups.into_iter().filter(asserted) {
            self.remove_group(connection, group).await?;
        }
        Ok(())
    }
}

/// With how many members before a patch a group has certainly more than `most` after it; none: that depends.
fn enough_to_hide(patch: &GroupPatch, most: usize) -> Option<i64> {
    let mut enough = i64::try_from(most).ok().filter(|most| *most > 0)?;
    for change in &patch.members {
        match change {
            MemberChange::Add(_) => {}
            MemberChange::Remove(who) => enough = enough.checked_add(i64::try_from(who.len()).ok()?)?,
            MemberChange::RemoveAll | MemberChange::Replace(_) | MemberChange::RemoveWhere(_) => return None,
        }
    }
    Some(enough)
}

fn name_is_taken(name: &str, other: &Group) -> Error {
    ScimError::uniqueness(format!("There is a group “{name}” in this connection already: {}.", other.id)).into()
}

/// Some organizations let groups come from sign-ins alone.
fn check_groups_are_taken(connection: &Connection) -> Result<(), Error> {
    match connection.settings.group_push {
        GroupPush::Accept | GroupPush::KnownMembers => Ok(()),
        GroupPush::Refuse => {
            let detail = "This connection takes no groups: its setting group_push is “refuse”. Stop pushing them, or have an \
                          owner set it to “accept”.";
            Err(ScimError::forbidden(detail).into())
        }
    }
}

fn visible(group: Option<Group>, connection: &Connection) -> Option<Group> {
    group.filter(|group| {
        group.removed_at.is_none()
            && group.origin == GroupOrigin::Scim
            && group.connection.as_ref() == Some(&connection.id)
    })
}

fn not_found(id: &str) -> Error {
    ScimError::not_found(format!("There is no Group “{id}” in this connection.")).into()
}
