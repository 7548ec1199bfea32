//! Members for whom a group waits: they join when they come.

use super::super::{Actor, App, Ctx, Error, Need, Work};
use crate::{
    model::{Connection, ConnectionId, GroupId, JobId, OrganizationId, User, UserId, fold},
    scim::{MemberChange, MemberKind, MemberRef},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What the work is called in the outbox.
pub(in crate::app) const LOOK_AGAIN: &str = "look-again";
/// How long after a push it is looked again: longer than any other push takes that ran beside it.
const BESIDE: Duration = Duration::from_mins(1);

/// A group that began to wait for somebody.
#[derive(Debug, Serialize, Deserialize)]
struct Waits {
    connection: ConnectionId,
    group: GroupId,
}

impl Work<'_> {
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
                self.change_members(connection, group, &[MemberChange::Add(vec![member(&user.id)])]).await?;
            }
        }
        Ok(joined)
    }

    /// PostgreSQL writes at once what is pushed at once: the push of a group and that of the person for whom it waits may not see
    /// each other, so it is looked again when both are over. SQLite has one writer.
    pub(super) async fn look_again_later(
        &mut self,
        (connection, group): (&ConnectionId, &GroupId),
    ) -> Result<(), Error> {
        if !self.tx.is_postgres() {
            return Ok(());
        }
        let id = JobId::from_uuid(self.app.clock().uuid());
        let waits = json!(Waits { connection: connection.clone(), group: group.clone() });
        Ok(self.tx.insert_job(&self.ctx.organization, &id, (LOOK_AGAIN, &waits), self.ctx.now.plus(BESIDE)).await?)
    }

    /// Those for whom a group waits though they are there come in.
    async fn let_in(&mut self, waits: &Waits) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let Some(connection) = self.tx.connection(&organization, &waits.connection).await? else { return Ok(()) };
        let group = self.tx.group_to_change(&organization, &waits.group).await?;
        let Some(group) = group.filter(|group| group.removed_at.is_none()) else { return Ok(()) };
        let waiting = self.tx.pending_members(&organization, &group.id).await?;
        let values = || waiting.iter().map(|(value, _)| value.as_str());
        let mut there: BTreeMap<String, UserId> = self.called(&connection, values()).await?.into_iter().collect();
        let ids = values().filter_map(|value| value.parse().ok()).collect();
        let known = self.tx.known_users(&organization, &connection.id, &ids).await?;
        there.extend(known.into_iter().map(|user| (user.to_string(), user)));
        let (version, members) = (group.version, there.values().map(member).collect());
        let group = self.change_members(&connection, group, &[MemberChange::Add(members)]).await?;
        // Who is in it already, by another name, is waited for as before: nothing came of it that could be told.
        if group.version > version {
            let called: BTreeSet<&str> = there.keys().map(String::as_str).collect();
            self.tx.delete_pending_members_called(&organization, &group.id, &called).await?;
        }
        Ok(())
    }
}

impl App {
    /// Looks again whether a group waits for somebody who is there; `waits` says which.
    pub(in crate::app) async fn look_again(&self, organization: &OrganizationId, waits: &str) -> Result<(), Error> {
        let waits: Waits = serde_json::from_str(waits).map_err(Error::internal)?;
        let (now, request) = (self.clock().now(), self.new_request());
        let ctx = Ctx { actor: Actor::System, organization: organization.clone(), now, request };
        let mut work = self.begin(&ctx, Need::Directory).await?;
        let outcome = work.let_in(&waits).await;
        work.finish(outcome).await
    }
}

fn member(user: &UserId) -> MemberRef {
    MemberRef { value: user.to_string(), display: None, kind: MemberKind::User }
}
