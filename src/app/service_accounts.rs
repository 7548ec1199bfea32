//! Service accounts: machines of an organization. They come in by keys of their own, and their keys die with them.

use super::{App, Ctx, Error, Work};
use crate::{
    model::{Capability, EventKind, Group, Holder, ServiceAccount, ServiceAccountId, Subject, UserId, UserState},
    plan::Diff,
};
use serde_json::json;

/// What is said of a service account. What is left out stays as it is.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// What people call it: 1 to 100 letters, unique in the organization.
    pub name: Option<String>,
    /// What it is for: at most 500 letters.
    pub description: Option<String>,
    /// Whether its keys are refused.
    pub suspended: Option<bool>,
    /// The version that the change is meant for; none: whatever it is.
    pub if_match: Option<i64>,
}

impl App {
    /// Makes a service account. It holds nothing until it is given a role or put into a group.
    pub async fn create_service_account(
        &self,
        ctx: &Ctx,
        name: &str,
        description: &str,
    ) -> Result<ServiceAccount, Error> {
        let mut work = self.begin(ctx, Capability::CreateServiceAccountKeys).await?;
        let outcome = Box::pin(work.add_service_account(name, description)).await;
        work.finish(outcome).await
    }

    /// Up to `limit` service accounts whose id is greater than `after`.
    pub async fn service_accounts(&self, ctx: &Ctx, after: &str, limit: i64) -> Result<Vec<ServiceAccount>, Error> {
        let mut tx = self.read(ctx, Capability::CreateServiceAccountKeys).await?;
        Ok(tx.service_accounts_after(&ctx.organization, after, limit).await?)
    }

    /// One service account.
    pub async fn service_account(&self, ctx: &Ctx, id: &ServiceAccountId) -> Result<ServiceAccount, Error> {
        let mut tx = self.read(ctx, Capability::CreateServiceAccountKeys).await?;
        present(tx.service_account(&ctx.organization, id).await?, id)
    }

    /// The groups that a service account is in.
    pub async fn service_account_groups(&self, ctx: &Ctx, id: &ServiceAccountId) -> Result<Vec<Group>, Error> {
        let mut tx = self.read(ctx, Capability::CreateServiceAccountKeys).await?;
        present(tx.service_account(&ctx.organization, id).await?, id)?;
        Ok(tx.groups_of_member(&ctx.organization, &Subject::ServiceAccount(id.clone())).await?)
    }

    /// Renames or describes a service account, suspends it (its keys are refused at once) or brings it back.
    pub async fn change_service_account(
        &self,
        ctx: &Ctx,
        id: &ServiceAccountId,
        change: AccountChange,
    ) -> Result<ServiceAccount, Error> {
        let mut work = self.begin(ctx, Capability::CreateServiceAccountKeys).await?;
        let outcome = Box::pin(work.change_account(id, change)).await;
        work.finish(outcome).await
    }

    /// Closes a service account for good: its keys end, it leaves its groups, and what it was given is taken.
    pub async fn close_service_account(&self, ctx: &Ctx, id: &ServiceAccountId) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::CreateServiceAccountKeys).await?;
        let outcome = Box::pin(work.close_account(id)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    pub(super) async fn add_service_account(&mut self, name: &str, description: &str) -> Result<ServiceAccount, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let account = ServiceAccount {
            id: ServiceAccountId::from_uuid(self.app.clock().uuid()),
            name: checked_name(name)?,
            description: checked_description(description)?,
            created_by: self.covered_by().await?,
            suspended: false,
            removed_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        self.check_account_name(&account).await?;
        self.tx.insert_service_account(&organization, &account).await?;
        self.tell(EventKind::ServiceAccountCreated, [account.id.to_string()], json!({"name": account.name}));
        Ok(account)
    }

    /// Whose acceptance of the terms covers what the actor makes: a service account's creator goes on covering.
    async fn covered_by(&mut self) -> Result<Option<UserId>, Error> {
        match self.ctx.actor.holder() {
            Some(Holder::User(id)) => Ok(Some(id)),
            Some(Holder::ServiceAccount(id)) => {
                let maker = self.tx.service_account(&self.ctx.organization, &id).await?;
                Ok(maker.and_then(|maker| maker.created_by))
            }
            None => Ok(None),
        }
    }

    async fn check_account_name(&mut self, account: &ServiceAccount) -> Result<(), Error> {
        let other = self.tx.service_account_by_name(&self.ctx.organization, &account.name).await?;
        match other.filter(|other| other.id != account.id) {
            Some(other) => {
                let detail = format!("there is a service account “{}” already: {}", other.name, other.id);
                Err(Error::conflict("taken", detail))
            }
            None => Ok(()),
        }
    }

    pub(super) async fn change_account(
        &mut self,
        id: &ServiceAccountId,
        change: AccountChange,
    ) -> Result<ServiceAccount, Error> {
        let organization = self.ctx.organization.clone();
        let before = present(self.tx.service_account_to_change(&organization, id).await?, id)?;
        if change.if_match.is_some_and(|version| version != before.version) {
            return Err(Error::Stale);
        }
        let mut after = before.clone();
        if let Some(name) = &change.name {
            after.name = checked_name(name)?;
            self.check_account_name(&after).await?;
        }
        if let Some(description) = &change.description {
            after.description = checked_description(description)?;
        }
        after.suspended = change.suspended.unwrap_or(before.suspended);
        if after == before {
            return Ok(before);
        }
        after.version += 1;
        after.updated_at = self.ctx.now;
        self.tx.update_service_account(&organization, &after).await?;
        let detail = json!({"name": after.name, "suspended": after.suspended});
        self.tell(EventKind::ServiceAccountChanged, [id.to_string()], detail);
        // Its name and its state are in what is remembered of its keys.
        self.revoke_everybody();
        Ok(after)
    }

    pub(super) async fn close_account(&mut self, id: &ServiceAccountId) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let mut account = present(self.tx.service_account_to_change(&organization, id).await?, id)?;
        account.removed_at = Some(now);
        account.version += 1;
        account.updated_at = now;
        self.tx.update_service_account(&organization, &account).await?;
        let holder = Holder::ServiceAccount(id.clone());
        let keys = self.tx.revoke_api_keys_of(&organization, &holder, now).await?;
        let groups = self.tx.close_memberships_of_member(&organization, &holder, now).await?;
        let close = self.tx.bindings_of(&organization, &holder.subject()).await?;
        let detail = json!({"keys": keys, "groups": groups, "bindings": close.len()});
        self.tell(EventKind::ServiceAccountRemoved, [id.to_string()], detail);
        self.apply(&Diff { open: Vec::new(), close }, None).await?;
        self.revoke_everybody();
        Ok(())
    }
}

/// The service account, unless it was closed.
pub(super) fn present(account: Option<ServiceAccount>, id: &ServiceAccountId) -> Result<ServiceAccount, Error> {
    let open = account.filter(|account| account.state() != UserState::Removed);
    open.ok_or_else(|| Error::not_found("service account", id.as_str()))
}

fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "give the service account a name of 1 to 100 letters"));
    }
    Ok(name.to_owned())
}

fn checked_description(text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.chars().count() > 500 {
        return Err(Error::invalid("description", "say it in at most 500 letters"));
    }
    Ok(text.to_owned())
}
