//! The owner floor, around the pure judgement of [`plan::owners`](crate::plan::owners).

use super::{Actor, Error, Work, domains::enforced_connection};
use crate::{
    model::{BindingId, EventKind, Role, Scope, Source, Subject, Terms, User, UserId, UserState},
    plan::owners::{Author, Outlook, Verdict, judge},
    store::Tx,
};
use serde_json::json;

/// Whether a change may touch who is an owner, and who was one before it.
#[derive(Debug, Default)]
pub(super) struct OwnersAtRisk {
    touched: bool,
    before: Option<UserId>,
}

impl Work<'_> {
    /// Call before a change that may take or give an owner: remembers who is one now, under the organization's lock.
    pub(super) async fn touch_owners(&mut self) -> Result<(), Error> {
        if !self.owners.touched {
            self.tx.lock_organization(&self.ctx.organization).await?;
            self.owners.before = self.tx.reachable_owner(&self.ctx.organization, true).await?;
            self.owners.touched = true;
        }
        Ok(())
    }

    /// Call before a change to one person: touches the owners only if the person is one.
    pub(super) async fn touch_owners_by(&mut self, user: &UserId) -> Result<(), Error> {
        let bindings = self.tx.bindings_reaching(&self.ctx.organization, user).await?;
        if bindings.iter().any(|binding| gives_owner(&binding.terms)) {
            self.touch_owners().await?;
        }
        Ok(())
    }

    /// Judges the change as it stands in the transaction, and does what the judgement says.
    pub(super) async fn guard_owners(&mut self) -> Result<(), Error> {
        if !self.owners.touched {
            return Ok(());
        }
        let author = match self.ctx.actor {
            Actor::User { .. } | Actor::Key { .. } | Actor::ServiceAccount { .. } | Actor::Operator => Author::Person,
            Actor::Connection { .. } | Actor::System => Author::Machine,
        };
        let outlook = self.outlook().await?;
        match judge(author, &outlook) {
            Verdict::Fine => Ok(()),
            Verdict::Owned { close } => self.owned(close, outlook.ownerless).await,
            Verdict::Refuse { last } => Err(Error::LastOwner { last }),
            Verdict::Keep { user } => self.keep(&user, outlook.ownerless).await,
            Verdict::Ownerless => self.ownerless().await,
        }
    }

    async fn outlook(&mut self) -> Result<Outlook, Error> {
        let organization = &self.ctx.organization;
        let ownerless = self.tx.organization(organization).await?.is_some_and(|found| found.ownerless_since.is_some());
        let reachable = self.tx.reachable_owner(organization, false).await?;
        let mut floor = Vec::new();
        for binding in self.tx.floor_bindings(organization).await? {
            let holder = match &binding.terms.subject {
                Subject::User(user) => self.tx.user(organization, user).await?,
                Subject::Group(_) | Subject::ServiceAccount(_) => None,
            };
            let reachable = match holder {
                Some(user) => can_sign_in(&mut self.tx, organization, &user).await?,
                None => false,
            };
            floor.push((binding.id, reachable));
        }
        let last = match &self.owners.before {
            Some(user) => self.tx.user(organization, user).await?,
            None => None,
        };
        let last = match last {
            Some(user) if can_sign_in(&mut self.tx, organization, &user).await? => Some(user.id),
            Some(_) | None => None,
        };
        Ok(Outlook { reachable, floor, last, ownerless })
    }

    async fn keep(&mut self, user: &UserId, was_ownerless: bool) -> Result<(), Error> {
        let terms = Terms {
            subject: Subject::User(user.clone()),
            role: Role::OWNER,
            scope: Scope::Organization,
            source: Source::Floor,
            until: None,
        };
        self.open_binding(terms, None).await?;
        if was_ownerless {
            self.tx.set_ownerless(&self.ctx.organization, None).await?;
        }
        self.revoke_user(user);
        self.tell(EventKind::OwnerKept, [user.to_string()], json!({"why": "the last owner who can be reached"}));
        self.notify(&json!({"what": "the last owner was kept by the floor", "user": user})).await
    }

    async fn owned(&mut self, close: Vec<BindingId>, was_ownerless: bool) -> Result<(), Error> {
        let by = self.ctx.actor.to_string();
        for id in close {
            self.tx.close_binding(&self.ctx.organization, &id, (self.ctx.now, &by)).await?;
        }
        if was_ownerless {
            self.tx.set_ownerless(&self.ctx.organization, None).await?;
            self.tell(EventKind::OrganizationOwned, [self.ctx.organization.to_string()], json!({}));
        }
        self.revoke_everybody();
        Ok(())
    }

    async fn ownerless(&mut self) -> Result<(), Error> {
        self.tx.set_ownerless(&self.ctx.organization, Some(self.ctx.now)).await?;
        let detail = json!({"why": "the provider suspended or removed the last owner who could be reached"});
        self.tell(EventKind::OrganizationOwnerless, [self.ctx.organization.to_string()], detail);
        self.notify(&json!({"what": "the organization has no owner who can be reached"})).await
    }
}

/// Whether these terms make an owner of the whole organization.
pub(super) fn gives_owner(terms: &Terms) -> bool {
    terms.role == Role::OWNER && terms.scope == Scope::Organization
}

/// Active, and with a way to sign in that works: local, or of an enabled connection that signs people in.
pub(super) async fn can_sign_in(
    tx: &mut Tx,
    organization: &crate::model::OrganizationId,
    user: &User,
) -> Result<bool, Error> {
    if user.state() != UserState::Active {
        return Ok(false);
    }
    let enforced = enforced_connection(tx, organization, user.email.as_deref()).await?;
    if enforced.is_some_and(|enforced| user.connection.as_ref() != Some(&enforced)) {
        return Ok(false);
    }
    let Some(id) = &user.connection else { return Ok(true) };
    let connection = tx.connection(organization, id).await?;
    Ok(connection.is_some_and(|connection| connection.enabled && connection.settings.signs_in()))
}
