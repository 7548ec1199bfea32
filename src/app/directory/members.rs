//! Who is in a group. Adding one member touches that member's row, the group's and the event's, whatever the group's size.

use super::super::{Error, Work, owners::gives_owner, provisioning::tolerated};
use crate::{
    filter::{Filter, StandardKinds},
    model::{Connection, ConnectionId, EventKind, Group, GroupId, GroupPush, Subject, Terms, UserId},
    scim::{MemberChange, MemberRef, ScimError, Tolerance},
    store::{EVERYBODY, Member},
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Above this many people one revocation for the whole organization is cheaper than one for each.
const MANY: usize = 50;

/// Who came and went, and how many unknown members are waited for.
#[derive(Debug, Default)]
struct Moves {
    came: BTreeSet<UserId>,
    went: BTreeSet<UserId>,
    waiting: u64,
    /// Whether rows changed, also where in the end nobody came or went: taken out and put back by one request.
    wrote: bool,
}

impl Moves {
    fn is_empty(&self) -> bool {
        !self.wrote
    }

    /// These were let in.
    fn come(&mut self, users: &BTreeSet<UserId>) {
        self.wrote |= !users.is_empty();
        let new = users.iter().filter(|user| !self.went.remove(*user));
        self.came.extend(new.cloned());
    }

    /// These were put out.
    fn go(&mut self, users: &BTreeSet<UserId>) {
        self.wrote |= !users.is_empty();
        let gone = users.iter().filter(|user| !self.came.remove(*user));
        self.went.extend(gone.cloned());
    }

    /// So many more or fewer are waited for.
    fn wait(&mut self, count: u64) {
        self.wrote |= count > 0;
        self.waiting += count;
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
        group.version += 1;
        group.updated_at = self.ctx.now;
        self.tx.touch_group(&self.ctx.organization, &group).await?;
        let held: Vec<Terms> = held.into_iter().map(|binding| binding.terms).collect();
        self.after_moves(&group, &held, &moves).await?;
        Ok(group)
    }

    /// Lets people into a group that was made just now, which rules gave `given`: nobody was ever in it, and nothing else
    /// gives it anything. Says who came.
    pub(super) async fn first_members(
        &mut self,
        connection: &Connection,
        (group, given): (&Group, &[Terms]),
        members: Vec<MemberRef>,
    ) -> Result<Vec<UserId>, Error> {
        let mut moves = Moves::default();
        self.change(connection, group, &MemberChange::Add(members), &mut moves).await?;
        if !moves.is_empty() {
            self.after_moves(group, given, &moves).await?;
        }
        Ok(moves.came.into_iter().collect())
    }

    /// What follows from it that somebody came or went, beside the rows: `held` is what the group gives.
    async fn after_moves(&mut self, group: &Group, held: &[Terms], moves: &Moves) -> Result<(), Error> {
        self.tell_of_moves(group, moves);
        self.tell_log_of_roles(group, held, moves);
        if self.group_decides_for_users(group).await? {
            for id in moves.came.union(&moves.went) {
                if let Some(user) = self.tx.user(&self.ctx.organization, id).await? {
                    self.settle_user(&user).await?;
                }
            }
        }
        Ok(())
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
                let called = self.called(connection, members.iter().map(|member| member.value.as_str())).await?;
                self.members_come(connection, group, (members, &called), moves).await?;
            }
            MemberChange::Remove(values) => {
                let called = self.called(connection, values.iter().map(String::as_str)).await?;
                let ids = values.iter().map(|value| called.get(value).map_or(value.as_str(), UserId::as_str));
                self.members_go(group, &ids.collect(), moves).await?;
            }
            MemberChange::RemoveAll => self.keep_only(group, &BTreeSet::new(), moves).await?,
            MemberChange::Replace(members) => {
                let called = self.called(connection, members.iter().map(|member| member.value.as_str())).await?;
                // Whoever is meant by another name is not put out and let in again.
                let wanted = members
                    .iter()
                    .map(|member| called.get(&member.value).map_or(member.value.as_str(), UserId::as_str));
                self.keep_only(group, &wanted.collect(), moves).await?;
                self.members_come(connection, group, (members, &called), moves).await?;
            }
            MemberChange::RemoveWhere(filter) => self.remove_where(group, filter, moves).await?,
        }
        Ok(())
    }

    /// Those who are known come in, all of them by one statement; somebody unknown is waited for, and the push goes through all
    /// the same.
    async fn members_come(
        &mut self,
        connection: &Connection,
        group: &Group,
        (members, called): (&[MemberRef], &HashMap<String, UserId>),
        moves: &mut Moves,
    ) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let id_of = |member: &MemberRef| member.value.parse().ok().or_else(|| called.get(&member.value).cloned());
        let asked: BTreeSet<UserId> = members.iter().filter_map(id_of).collect();
        let of = (&connection.id, &group.id);
        let (came, known) = self.come_in(of, &asked).await?;
        moves.come(&came);
        let is_unknown = |member: &&MemberRef| id_of(member).is_none_or(|id| !known.contains(&id));
        let mut waiting = BTreeMap::new();
        for member in members.iter().filter(is_unknown) {
            if connection.settings.group_push == GroupPush::KnownMembers {
                return Err(is_nobody(member).into());
            }
            tolerated(&[Tolerance::UnknownMember]);
            waiting.entry(member.value.as_str()).or_insert(member.display.as_deref());
        }
        if !waiting.is_empty() {
            let new = self.tx.insert_pending_members(&organization, of, &waiting, now).await?;
            moves.wait(new);
            if new > 0 {
                self.look_again_later(of).await?;
            }
        }
        Ok(())
    }

    /// People of a connection come into its group: who was not in it, and who there is.
    async fn come_in(
        &mut self,
        of @ (connection, group): (&ConnectionId, &GroupId),
        asked: &BTreeSet<UserId>,
    ) -> Result<(BTreeSet<UserId>, BTreeSet<UserId>), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        if let (Some(user), 1) = (asked.first(), asked.len()) {
            // Mostly it is one: asked for with the group itself, so that the row goes out with the commit.
            return Ok(match self.tx.is_member(&organization, of, user).await? {
                None => (BTreeSet::new(), BTreeSet::new()),
                Some(true) => (BTreeSet::new(), asked.clone()),
                Some(false) => {
                    self.tx.enter_group(&organization, group, user, now).await?;
                    (asked.clone(), asked.clone())
                }
            });
        }
        if asked.is_empty() {
            return Ok((BTreeSet::new(), BTreeSet::new()));
        }
        let came = self.tx.open_memberships(&organization, of, asked, now).await?;
        // Who did not come was in it already, or is nobody.
        let known = match came.len() == asked.len() {
            true => came.clone(),
            false => self.tx.known_users(&organization, connection, asked).await?,
        };
        Ok((came, known))
    }

    /// Whom a provider means by values that are no ids of ours: its own ids of them, else their userNames. Some providers push a
    /// group before they know what we call its people.
    pub(super) async fn called<'v>(
        &mut self,
        connection: &Connection,
        values: impl Iterator<Item = &'v str> + Send,
    ) -> Result<HashMap<String, UserId>, Error> {
        let names: BTreeSet<&str> = values.filter(|value| value.parse::<UserId>().is_err()).collect();
        if names.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(self.tx.users_called(&self.ctx.organization, &connection.id, &names).await?)
    }

    async fn members_go(&mut self, group: &Group, values: &BTreeSet<&str>, moves: &mut Moves) -> Result<(), Error> {
        if values.is_empty() {
            return Ok(());
        }
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        moves.wait(self.tx.delete_pending_members_called(&organization, &group.id, values).await?);
        let ids: BTreeSet<UserId> = values.iter().filter_map(|value| value.parse().ok()).collect();
        if !ids.is_empty() {
            moves.go(&self.tx.close_memberships(&organization, &group.id, &ids, now).await?);
        }
        Ok(())
    }

    async fn keep_only(&mut self, group: &Group, wanted: &BTreeSet<&str>, moves: &mut Moves) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let members = self.tx.member_ids(&organization, &group.id, EVERYBODY).await?;
        let waiting = self.tx.pending_members(&organization, &group.id).await?;
        let known = members.iter().map(UserId::as_str).chain(waiting.iter().map(|(value, _)| value.as_str()));
        let gone = known.filter(|value| !wanted.contains(value)).collect();
        self.members_go(group, &gone, moves).await
    }

    async fn remove_where(&mut self, group: &Group, filter: &Filter, moves: &mut Moves) -> Result<(), Error> {
        let members = self.tx.members(&self.ctx.organization, &group.id, EVERYBODY).await?;
        let is_meant = |member: &&Member| {
            let shown = json!({"value": member.user, "display": member.display, "type": "User"});
            filter.matches(&shown, &StandardKinds)
        };
        let gone = members.iter().filter(is_meant).map(|member| member.user.as_str()).collect();
        self.members_go(group, &gone, moves).await
    }

    /// After a group was renamed: rules with `when` that name it may give its members something else.
    pub(super) async fn settle_members_of(&mut self, group: &Group) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        if !self.any_user_rules().await? {
            return Ok(());
        }
        for id in self.tx.member_ids(&organization, &group.id, EVERYBODY).await? {
            if let Some(user) = self.tx.user(&organization, &id).await? {
                self.settle_user(&user).await?;
            }
        }
        Ok(())
    }

    /// What those who came and went gained and lost by it stands in no binding of their own.
    fn tell_log_of_roles(&mut self, group: &Group, held: &[Terms], moves: &Moves) {
        let now = self.ctx.now;
        let Some((_, sum)) = &mut self.attempt else { return };
        for terms in held.iter().filter(|terms| terms.until.is_none_or(|until| until > now)) {
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

fn is_nobody(member: &MemberRef) -> ScimError {
    ScimError::invalid_value(format!(
        "“members” names “{}”, and no User of this connection has that id; its setting group_push takes known members only.",
        member.value
    ))
}
