//! Members and groups, as owners see them.

use super::{
    App, Ctx, Error, Work,
    seen::{Seen, still},
};
use crate::{
    filter::Filter,
    model::{Capability, EventKind, Group, GroupId, ServiceAccountId, User, UserId, UserState},
    scim::ResourceType,
    store::Member,
};
use serde_json::json;

impl App {
    /// Up to `limit` people whose id is greater than `after`.
    pub async fn members(&self, ctx: &Ctx, after: &str, limit: i64) -> Result<Vec<User>, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        Ok(tx.users_after(&ctx.organization, after, limit).await?)
    }

    /// The people behind `after` that match a filter over their SCIM attributes: at most `limit`, and where the next page begins.
    pub async fn search_members(
        &self,
        ctx: &Ctx,
        filter: Option<&Filter>,
        page: (&str, usize),
    ) -> Result<(Vec<User>, Option<String>), Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        Ok(tx.search_users(&ctx.organization, filter, page, &ResourceType::User).await?)
    }

    /// The groups behind `after` that match a filter over their SCIM attributes.
    pub async fn search_all_groups(
        &self,
        ctx: &Ctx,
        filter: Option<&Filter>,
        page: (&str, usize),
    ) -> Result<(Vec<Group>, Option<String>), Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        Ok(tx.search_groups(&ctx.organization, filter, page, &ResourceType::Group).await?)
    }

    /// One person.
    pub async fn member(&self, ctx: &Ctx, id: &UserId) -> Result<User, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        present(tx.user(&ctx.organization, id).await?, id)
    }

    /// Suspends somebody: sessions end, keys stop, at once. The directory cannot undo it.
    pub async fn suspend_member(&self, ctx: &Ctx, id: &UserId) -> Result<User, Error> {
        self.set_member_suspended(ctx, id, true, None).await
    }

    /// Takes a suspension by a person back. Who is inactive in the directory stays so.
    pub async fn reactivate_member(&self, ctx: &Ctx, id: &UserId) -> Result<User, Error> {
        self.set_member_suspended(ctx, id, false, None).await
    }

    /// Suspends somebody or takes that back, if the [`revision`] that the caller saw is still theirs.
    pub async fn set_member_suspended(
        &self,
        ctx: &Ctx,
        id: &UserId,
        suspended: bool,
        seen: Option<&Seen>,
    ) -> Result<User, Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = Box::pin(work.suspend(id, suspended, seen)).await;
        work.finish(outcome).await
    }

    /// The groups that somebody is in.
    pub async fn groups_of_member(&self, ctx: &Ctx, id: &UserId) -> Result<Vec<Group>, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        present(tx.user(&ctx.organization, id).await?, id)?;
        Ok(tx.groups_of(&ctx.organization, id).await?)
    }

    /// Removes a local person. Whom a provider pushes, the provider removes.
    pub async fn remove_member(&self, ctx: &Ctx, id: &UserId) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = Box::pin(work.remove_local(id)).await;
        work.finish(outcome).await
    }

    /// Up to `limit` groups whose id is greater than `after`, local ones included.
    pub async fn all_groups(&self, ctx: &Ctx, after: &str, limit: i64) -> Result<Vec<Group>, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        Ok(tx.groups_after(&ctx.organization, after, limit).await?)
    }

    /// The service accounts in a group, with their names.
    pub async fn machine_members(&self, ctx: &Ctx, id: &GroupId) -> Result<Vec<(ServiceAccountId, String)>, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        Ok(tx.machine_members(&ctx.organization, id).await?)
    }

    /// One group with the people in it.
    pub async fn group_members(&self, ctx: &Ctx, id: &GroupId) -> Result<(Group, Vec<Member>), Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let found = tx.group(&ctx.organization, id).await?;
        let group = found.filter(|group| group.removed_at.is_none());
        let group = group.ok_or_else(|| Error::not_found("group", id.as_str()))?;
        let members = tx.members(&ctx.organization, id, crate::store::EVERYBODY).await?;
        Ok((group, members))
    }
}

/// The number of what is stored of a person: it moves with whatever the directory or a person here changes.
#[must_use]
pub fn revision(user: &User) -> String {
    let by_person = i64::from(user.suspended_by_person);
    format!("{}-{}-{by_person}", user.version, user.session_epoch)
}

impl Work<'_> {
    pub(super) async fn remove_local(&mut self, id: &UserId) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let user = present(self.tx.user_to_change(&organization, id).await?, id)?;
        if let Some(connection) = &user.connection {
            let name = self.tx.connection(&organization, connection).await?.map(|found| found.name);
            let name = name.unwrap_or_else(|| connection.to_string());
            let detail = format!("{id} belongs to the connection “{name}”: remove them there, or suspend them here");
            return Err(Error::conflict("not_local", detail));
        }
        self.remove_user(user).await
    }

    pub(super) async fn suspend(&mut self, id: &UserId, suspended: bool, seen: Option<&Seen>) -> Result<User, Error> {
        let organization = self.ctx.organization.clone();
        let before = present(self.tx.user_to_change(&organization, id).await?, id)?;
        still(seen, &revision(&before))?;
        let mut after = before.clone();
        after.suspended_by_person = suspended;
        if after == before {
            return Ok(before);
        }
        self.change_state(&before, &mut after).await?;
        self.tx.update_user(&organization, &after).await?;
        // Suspended twice over, by the directory too: the row changes, the state does not.
        if before.state() == after.state() {
            self.tell(EventKind::UserChanged, [id.to_string()], json!({"suspended_by_person": suspended}));
        }
        Ok(after)
    }
}

fn present(user: Option<User>, id: &UserId) -> Result<User, Error> {
    user.filter(|user| user.state() != UserState::Removed).ok_or_else(|| Error::not_found("user", id.as_str()))
}
