//! A connection is deleted with everybody whom it brought: first looked at, then done exactly as it was seen.

use super::{App, Ctx, Error, Work};
use crate::{
    access::Access,
    crypto::sha256,
    model::{Capability, Connection, ConnectionId, EventKind, Holder, User, UserState},
    plan::{Impact, PersonChange},
};
use data_encoding::HEXLOWER;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// People that are loaded at once.
const CHUNK: i64 = 500;

/// What deleting a connection would do, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConnectionRemoval {
    /// Which.
    pub connection: ConnectionId,
    /// What it is called.
    pub name: String,
    /// The people whom it brought: they are removed, and their sessions and keys end.
    pub people: usize,
    /// The groups that it brought.
    pub groups: usize,
    /// The e-mail domains that it claims.
    pub domains: Vec<String>,
    /// Who loses what.
    pub impact: Impact,
    /// What to send with the deletion: it does what was seen, or nothing.
    pub plan: String,
}

impl App {
    /// What deleting a connection would do. The same as deleting, without its last step.
    pub async fn plan_connection_removal(&self, ctx: &Ctx, id: &ConnectionId) -> Result<ConnectionRemoval, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.remove_connection(id, None)).await;
        // What the guard would refuse is refused here.
        let outcome = match outcome {
            Ok(removal) => work.guard_owners().await.map(|()| removal),
            Err(error) => Err(error),
        };
        work.tx.rollback().await?;
        outcome
    }

    /// Deletes a connection as it was looked at: `plan` is what [`App::plan_connection_removal`] gave.
    pub async fn remove_connection(
        &self,
        ctx: &Ctx,
        id: &ConnectionId,
        plan: &str,
    ) -> Result<ConnectionRemoval, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.remove_connection(id, Some(plan))).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    pub(super) async fn remove_connection(
        &mut self,
        id: &ConnectionId,
        seen: Option<&str>,
    ) -> Result<ConnectionRemoval, Error> {
        let organization = self.ctx.organization.clone();
        // Nobody pushes or signs in meanwhile.
        self.tx.hold_directory(&organization, true).await?;
        self.touch_owners().await?;
        let connection = self.tx.connection(&organization, id).await?;
        let connection = connection.ok_or_else(|| Error::not_found("connection", id.as_str()))?;
        let claims = self.tx.domain_claims(&organization).await?;
        let domains: Vec<_> = claims.into_iter().filter(|claim| claim.connection == *id).collect();
        if let Some(claim) = domains.iter().find(|claim| claim.is_enforced()) {
            let detail = format!("single sign-on is enforced for {}: release the domain first", claim.domain);
            return Err(Error::conflict("enforced", detail));
        }
        let people = self.people_of(id).await?;
        let (mut impact, plan) = self.impact_of_removal(&connection, &people).await?;
        if seen.is_some_and(|seen| seen != plan) {
            let detail = "what deleting the connection does has changed since it was looked at: look again";
            return Err(Error::conflict("plan_changed", detail));
        }
        let groups = self.end_what_it_brought(&connection, &people).await?;
        self.tx.delete_connection(&organization, id).await?;
        self.tx.move_organization_epoch(&organization).await?;
        self.revoke_connection(id);
        self.revoke_everybody();
        impact.owner_left = self.tx.reachable_owner(&organization, false).await?.is_some();
        let detail = json!({"name": connection.name, "people": people.len(), "groups": groups});
        self.tell(EventKind::ConnectionDeleted, [id.to_string()], detail);
        Ok(ConnectionRemoval {
            connection: id.clone(),
            name: connection.name,
            people: people.len(),
            groups,
            domains: domains.into_iter().map(|claim| claim.domain).collect(),
            impact,
            plan,
        })
    }

    /// Everybody whom the connection brought and who is still here.
    async fn people_of(&mut self, id: &ConnectionId) -> Result<Vec<User>, Error> {
        let organization = self.ctx.organization.clone();
        let (mut people, mut after) = (Vec::new(), String::new());
        loop {
            let chunk = self.tx.users_after(&organization, &after, CHUNK).await?;
            let Some(last) = chunk.last() else { return Ok(people) };
            last.id.as_str().clone_into(&mut after);
            let ours = |user: &User| user.connection.as_ref() == Some(id) && user.state() != UserState::Removed;
            people.extend(chunk.into_iter().filter(ours));
        }
    }

    /// Who loses what, and a number that is another one as soon as that is something else.
    async fn impact_of_removal(&mut self, connection: &Connection, people: &[User]) -> Result<(Impact, String), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let mut impact = Impact { looked_at: people.len(), ..Impact::default() };
        let mut seen = json!([connection.id, connection.version]).to_string();
        for user in people {
            let access = self.app.access_of(&mut self.tx, &organization, user, now).await?;
            let keys = self.tx.api_keys_of(&organization, &Holder::User(user.id.clone())).await?.len();
            let who = (user.id.clone(), user.label().to_owned());
            seen.push_str(&json!([user.id, access.roles(), keys]).to_string());
            impact.people.extend(PersonChange::between(who, &access, &Access::none(), keys));
        }
        let mut plan = HEXLOWER.encode(&sha256(seen.as_bytes()));
        plan.truncate(32);
        Ok((impact, plan))
    }

    /// Removes the connection's people and groups, each as its provider would have; how many groups.
    async fn end_what_it_brought(&mut self, connection: &Connection, people: &[User]) -> Result<usize, Error> {
        let organization = self.ctx.organization.clone();
        let groups = self.tx.directory_groups(&organization).await?;
        let ours: Vec<_> =
            groups.into_iter().filter(|group| group.connection.as_ref() == Some(&connection.id)).collect();
        let count = ours.len();
        for group in ours {
            self.remove_group(connection, group).await?;
        }
        for user in people {
            // As it is now: its groups are gone.
            let user = self.tx.user_to_change(&organization, &user.id).await?;
            if let Some(user) = user {
                self.remove_user(user).await?;
            }
        }
        Ok(count)
    }
}
