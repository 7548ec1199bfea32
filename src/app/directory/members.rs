//! Who is in a group. Adding one member touches that member's row, the group's and the event's, whatever the group's size.

use super::super::{Error, Work, owners::gives_owner, provisioning::tolerated};
use crate::{
    filter::{Filter, StandardKinds},
    model::{Binding, Connection, EventKind, Group, GroupPush, Subject, User, UserId, fold},
    scim::{MemberChange, MemberRef, ScimError, Tolerance},
    store::EVERYBODY,
};
use serde_json::json;
use std::collections::{BTreeSet, HashSet};

/// Above this many people one revocation for the whole organization is cheaper than one for each.
const MANY: usize = 50;

/// Who came and went, and how many unknown members are waited for.
#[derive(Debug, Default)]
struct Moves {
    came: BTreeSet<UserId>,
    went: BTreeSet<UserId>,
    waiting: usize,
    /// Whether rows changed, also where in the end nobody came or went: taken out and put back by one request.
    wrote: bool,
}

impl Moves {
    fn is_empty(&self) -> bool {
        !self.wrote
    }
}

impl Work<'_> {
    /// Makes the changes in their order. A change that changes nothing leaves the group's version as it is.
    pub(in crate::app) async fn change_members(
        &mut self,
        connection: &Connection,
        mut group: Group,
        changes: &[MemberChange],
    ) -> Result<Group, Error> {
        if changes.is_empty() {
            return Ok(group);
        }
        let held = self.tx.bindings_of(&self.ctx.organization, &Subject::Group(group.id.clone())).await?;
        if held.iter().any(|binding| gives_owner(&binding.terms)) {
            self.touch_owners().await?;
        }
        let mut moves = Moves::default();
        for change in changes {
            self.change(connection, &group, change, &mut moves).await?;
        }
        if moves.is_empty() {
            return Ok(group);
        }
        self.touch_group(&mut group).await?;
        self.tell_of_moves(&group, &moves);
        self.tell_log_of_roles(&group, &held, &moves);
        if self.group_decides_for_users(&group).await? {
            for id in moves.came.union(&moves.went) {
                if let Some(user) = self.tx.user(&self.ctx.organization, id).await? {
                    self.settle_user(&user).await?;
                }
            }
        }
        Ok(group)
    }

    async fn change(
        &mut self,
        connection: &Connection,
        group: &Group,
        change: &MemberChange,
        moves: &mut Moves,
    ) -> Result<(), Error> {
        match change {
            MemberChange::Add(members) => {
                for member in members {
                    self.member_comes(connection, group, member, moves).await?;
                }
            }
            MemberChange::Remove(values) => {
                for value in values {
                    let called = match value.parse::<UserId>() {
                        Ok(_) => None,
                        Err(_) => self.tx.user_called(&self.ctx.organization, &connection.id, value).await?,
                    };
                    self.member_goes(group, called.as_ref().map_or(value, UserId::as_str), moves).await?;
                }
            }
            MemberChange::RemoveAll => self.keep_only(group, &HashSet::new(), moves).await?,
            MemberChange::Replace(members) => {
                // Whoever is meant by another name is not put out and let in again.
                let members = self.members_by_id(connection, members).await?;
                let wanted = members.iter().map(|member| member.value.as_str()).collect();
                self.keep_only(group, &wanted, moves).await?;
                for member in &members {
                    self.member_comes(connection, group, member, moves).await?;
                }
            }
            MemberChange::RemoveWhere(filter) => self.remove_where(group, filter, moves).await?,
        }
        Ok(())
    }

    /// Somebody known comes in; somebody unknown is waited for, and the push goes through all the same.
    async fn member_comes(
        &mut self,
        connection: &Connection,
        group: &Group,
        member: &MemberRef,
        moves: &mut Moves,
    ) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let Some(id) = self.member_called(connection, &member.value).await? else {
            if connection.settings.group_push == GroupPush::KnownMembers {
                let detail = format!(
                    "“members” names “{}”, and no User of this connection has that id; its setting group_push takes known \
                     members only.",
                    member.value
                );
                return Err(ScimError::invalid_value(detail).into());
            }
            tolerated(&[Tolerance::UnknownMember]);
            let waiting = (member.value.as_str(), member.display.as_deref());
            if self.tx.insert_pending_member(&organization, &connection.id, &group.id, waiting, now).await? {
                moves.waiting += 1;
                moves.wrote = true;
            }
            return Ok(());
        };
        if self.tx.open_membership(&organization, &group.id, &id, now).await? {
            moves.wrote = true;
            if !moves.went.remove(&id) {
                moves.came.insert(id);
            }
        }
        Ok(())
    }

    /// Whom a provider means by a member's value: our id of them, else its own, else their userName. Some providers push a group
    /// before they know what we call its people.
    async fn member_called(&mut self, connection: &Connection, value: &str) -> Result<Option<UserId>, Error> {
        let organization = &self.ctx.organization;
        match value.parse::<UserId>() {
            Ok(id) => Ok(self.tx.has_user(organization, &connection.id, &id).await?.then_some(id)),
            Err(_) => Ok(self.tx.user_called(organization, &connection.id, value).await?),
        }
    }

    /// The same members, by our ids where they are known by other names.
    async fn members_by_id(&mut self, connection: &Connection, members: &[MemberRef]) -> Result<Vec<MemberRef>, Error> {
        let mut by_id = members.to_vec();
        for member in by_id.iter_mut().filter(|member| member.value.parse::<UserId>().is_err()) {
            if let Some(id) = self.tx.user_called(&self.ctx.organization, &connection.id, &member.value).await? {
                member.value = id.to_string();
            }
        }
        Ok(by_id)
    }

    async fn member_goes(&mut self, group: &Group, value: &str, moves: &mut Moves) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        if self.tx.delete_pending_member(&organization, &group.id, value).await? {
            moves.waiting += 1;
            moves.wrote = true;
        }
        let Ok(id) = value.parse::<UserId>() else { return Ok(()) };
        if self.tx.close_membership(&organization, &group.id, &id, now).await? {
            moves.wrote = true;
            if !moves.came.remove(&id) {
                moves.went.insert(id);
            }
        }
        Ok(())
    }

    async fn keep_only(&mut self, group: &Group, wanted: &HashSet<&str>, moves: &mut Moves) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        for id in self.tx.member_ids(&organization, &group.id).await? {
            if !wanted.contains(id.as_str()) {
                self.member_goes(group, id.as_str(), moves).await?;
            }
        }
        for (value, _) in self.tx.pending_members(&organization, &group.id).await? {
            if !wanted.contains(value.as_str()) {
                self.member_goes(group, &value, moves).await?;
            }
        }
        Ok(())
    }

    async fn remove_where(&mut self, group: &Group, filter: &Filter, moves: &mut Moves) -> Result<(), Error> {
        for member in self.tx.members(&self.ctx.organization, &group.id, EVERYBODY).await? {
            let shown = json!({"value": member.user, "display": member.display, "type": "User"});
            if filter.matches(&shown, &StandardKinds) {
                self.member_goes(group, member.user.as_str(), moves).await?;
            }
        }
        Ok(())
    }

    /// A new person joins the groups that wait for them, by any name that a provider may have used.
    /// Says whether any did.
    pub(super) async fn join_waiting_groups(&mut self, connection: &Connection, user: &User) -> Result<bool, Error> {
        let organization = self.ctx.organization.clone();
        let (id, name) = (user.id.as_str(), user.user_name.as_str());
        let folded = fold(name);
        let names = [id, name, user.external_id.as_deref().unwrap_or(name), &folded];
        let waiting = self.tx.take_pending(&organization, &connection.id, names).await?;
        let joined = !waiting.is_empty();
        for id in waiting {
            if let Some(group) = self.tx.group_to_change(&organization, &id).await? {
                let member =
                    MemberRef { value: user.id.to_string(), display: None, kind: crate::scim::MemberKind::User };
                self.change_members(connection, group, &[MemberChange::Add(vec![member])]).await?;
            }
        }
        Ok(joined)
    }

    /// After a group was renamed: rules with `when` that name it may give its members something else.
    pub(super) async fn settle_members_of(&mut self, group: &Group) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        if !self.any_user_rules().await? {
            return Ok(());
        }
        for id in self.tx.member_ids(&organization, &group.id).await? {
            if let Some(user) = self.tx.user(&organization, &id).await? {
                self.settle_user(&user).await?;
            }
        }
        Ok(())
    }

    /// What those who came and went gained and lost by it stands in no binding of their own.
    fn tell_log_of_roles(&mut self, group: &Group, held: &[Binding], moves: &Moves) {
        let now = self.ctx.now;
        let Some((_, sum)) = &mut self.attempt else { return };
        for terms in
            held.iter().map(|binding| &binding.terms).filter(|terms| terms.until.is_none_or(|until| until > now))
        {
            sum.note_roles_through(group, terms, (moves.came.len(), moves.went.len()));
        }
    }

    fn tell_of_moves(&mut self, group: &Group, moves: &Moves) {
        let Moves { came, went, waiting, wrote: _ } = moves;
        if came.len() + went.len() > MANY {
            self.revoke_everybody();
            self.review_keys_of(&Subject::Group(group.id.clone()));
        } else {
            for user in came.union(went) {
                self.revoke_user(user);
                self.review_keys_of(&Subject::User(user.clone()));
            }
        }
        let people = came.union(went).map(ToString::to_string);
        let subjects = std::iter::once(group.id.to_string()).chain(people);
        let detail = json!({"came": came.len(), "went": went.len(), "waiting_changed": waiting});
        self.tell(EventKind::GroupMembersChanged, subjects, detail);
    }
}
