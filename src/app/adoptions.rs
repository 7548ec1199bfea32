//! People who are here by another way, and whom an admin lets a connection take over by name.

use super::{App, Ctx, Error, Work};
use crate::model::{Adoption, Capability, Connection, ConnectionId, EventKind, User, UserId, UserState};
use serde_json::json;

impl App {
    /// Lets a connection take somebody over: the next time that it brings somebody of their e-mail address, it is them. Of a
    /// connection whose setting is another than [`Adoption::Approval`] it is a clash.
    pub async fn approve_adoption(&self, ctx: &Ctx, connection: &ConnectionId, user: &UserId) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.approve_adoption(connection, user)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn approve_adoption(&mut self, id: &ConnectionId, user: &UserId) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let connection = self.tx.connection(&organization, id).await?;
        let connection = connection.ok_or_else(|| Error::not_found("connection", id.as_str()))?;
        let found = self.tx.user_to_change(&organization, user).await?;
        let found = found.filter(|user| user.state() != UserState::Removed);
        let found = found.ok_or_else(|| Error::not_found("user", user.as_str()))?;
        if connection.settings.adoption != Adoption::Approval {
            let detail = format!("the connection “{}” takes nobody over by approval (adoption)", connection.name);
            return Err(Error::conflict("not_by_approval", detail));
        }
        match &found.connection {
            None => {}
            Some(own) if own == id => {
                return Err(Error::conflict(
                    "already_theirs",
                    format!("{user} belongs to “{}” already", connection.name),
                ));
            }
            // Two providers never share a person: the other one is its authority.
            Some(_) => {
                return Err(Error::conflict(
                    "not_local",
                    format!("{user} belongs to another connection: remove them there"),
                ));
            }
        }
        let approved = (self.ctx.now, self.ctx.actor.to_string());
        if self.tx.approve_adoption(&organization, id, user, (approved.0, &approved.1)).await? {
            self.tell(EventKind::AdoptionApproved, [user.to_string(), id.to_string()], json!({}));
        }
        Ok(())
    }

    /// Whether a connection may take somebody over who has the e-mail address that it brings. An approval is used up by it.
    pub(super) async fn may_adopt(
        &mut self,
        connection: &Connection,
        email: Option<&str>,
        other: Option<&User>,
    ) -> Result<bool, Error> {
        match (connection.settings.adoption, other) {
            (Adoption::Never, _) | (Adoption::Approval, None) => Ok(false),
            (Adoption::VerifiedDomain, _) => self.owns_domain_of(connection, email).await,
            (Adoption::Approval, Some(user)) => {
                Ok(self.tx.take_adoption(&self.ctx.organization, &connection.id, &user.id).await?)
            }
        }
    }
}
