//! A key goes to a service account with its secret as it is: whatever uses it notices nothing.

use super::{
    choices::{KeyDone, KeyOutcome},
    weigh::{Seen, Touched, as_held},
};
use crate::{
    access::{Access, capabilities, rights_of, role_that_gives},
    app::{App, Ctx, Error, Work, service_accounts::present},
    cache::Revocation,
    model::{
        ApiKey, Capability, EventKind, Holder, KeptRight, KeyId, Scope, ServiceAccountId, Source, Subject, Terms,
        UserId,
    },
    plan::Diff,
};
use serde_json::json;

/// A key that was moved.
#[derive(Debug)]
pub struct Moved {
    /// The key as it is now.
    pub key: ApiKey,
    /// What the service account was given for it.
    pub given: Vec<String>,
}

impl App {
    /// Moves somebody's key to a service account with the rights that it carries; within the grace with those that it carried.
    /// Whoever moves it holds every one of them.
    pub async fn move_key(
        &self,
        ctx: &Ctx,
        (owner, id): (&UserId, &KeyId),
        to: &ServiceAccountId,
    ) -> Result<Moved, Error> {
        let mut work = self.begin(ctx, Capability::CreateServiceAccountKeys).await?;
        let outcome = Box::pin(work.move_key_of(owner, id, to)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn move_key_of(&mut self, owner: &UserId, id: &KeyId, to: &ServiceAccountId) -> Result<Moved, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        self.tx.hold_keys(&organization, true).await?;
        let holder = Holder::User(owner.clone());
        let gone = || Error::not_found("key", id.as_str());
        let kept = self.tx.kept_key(&organization, id, now).await?;
        let kept = kept.filter(|kept| kept.key.owner == holder).ok_or_else(gone)?;
        let carried = if let Some(carried) = kept.carried.filter(|_| kept.key.delete_at.is_some()) {
            carried
        } else {
            let user = self.tx.user(&organization, owner).await?.ok_or_else(gone)?;
            let access = self.app.access_of(&mut self.tx, &organization, &user, now).await?;
            self.app.carried_by(&mut self.tx, &organization, (&kept.key, access)).await?.kept()
        };
        let actor = self.app.access_of_actor(&mut self.tx, self.ctx).await?;
        let given = self.hand_over(&kept.key, (&carried, actor.as_ref()), to).await?;
        self.rename_owner(&kept.key, &carried, to).await?;
        let key = self.tx.api_key_by_id(&organization, id, now).await?.ok_or_else(gone)?;
        Ok(Moved { key, given })
    }

    pub(super) async fn move_touched(
        &mut self,
        seen: &Seen,
        one: &Touched,
        to: &ServiceAccountId,
    ) -> Result<KeyOutcome, Error> {
        let carried = one.before.kept();
        let given = self.hand_over(&one.key, (&carried, seen.actor.as_ref()), to).await?;
        self.rename_owner(&one.key, &carried, to).await?;
        Ok(KeyOutcome { to: Some(to.clone()), given, ..KeyOutcome::of(one, KeyDone::Moved) })
    }

    /// Sees to it that a service account holds what a key carries; says what it was given. Nobody gives what they do not hold.
    pub(super) async fn hand_over(
        &mut self,
        key: &ApiKey,
        (carried, actor): (&[KeptRight], Option<&Access>),
        to: &ServiceAccountId,
    ) -> Result<Vec<String>, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let account = present(self.tx.service_account_to_change(&organization, to).await?, to)?;
        if account.suspended {
            return Err(Error::conflict("holder_suspended", format!("{to} is suspended: bring it back first")));
        }
        let whole = Access { derivations: as_held(carried) };
        if let Some(actor) = actor {
            let machines = Capability::CreateServiceAccountKeys;
            if !actor.can(machines, &Scope::Organization) {
                return Err(Error::Forbidden { need: format!("{machines}, to give a service account a key") });
            }
            if let Some((missing, scope)) = actor.lacks_of(&whole) {
                let need = format!("{missing} at {scope}, which the key “{}” carries", key.name);
                return Err(Error::Forbidden { need });
            }
        }
        let custom = self.tx.custom_roles(&organization).await?;
        let mut open = Vec::new();
        for right in carried {
            let held = self.app.access_of_service_account(&mut self.tx, &organization, &account, now).await?;
            if held.lacks(&right.capabilities, &right.scope).is_none() {
                continue;
            }
            let lacks = || {
                let detail =
                    format!("{to} holds no role at {} that the key “{}” could carry there", right.scope, key.name);
                Error::conflict("holder_lacks", detail)
            };
            let role = role_that_gives(right).ok_or_else(lacks)?;
            let whole = capabilities(&role, &right.scope, &custom).ok_or_else(lacks)?;
            if let Some(missing) = actor.and_then(|actor| actor.lacks(&whole, &right.scope)) {
                let need = format!("{missing} at {}, which {role} gives: give {to} less yourself first", right.scope);
                return Err(Error::Forbidden { need });
            }
            let subject = Subject::ServiceAccount(to.clone());
            let terms = Terms { subject, role, scope: right.scope.clone(), source: Source::Person, until: None };
            if self.open_binding(terms.clone(), None).await?.is_some() {
                open.push(terms);
            }
        }
        let given = open.iter().map(|terms| format!("{} at {}", terms.role, terms.scope)).collect();
        if !open.is_empty() {
            self.tell_of_access(&Diff { open, close: Vec::new() });
        }
        Ok(given)
    }

    /// The key is the service account's from now on, narrowed to what it carried. It remembers who knows it.
    async fn rename_owner(&mut self, key: &ApiKey, carried: &[KeptRight], to: &ServiceAccountId) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let holder = Holder::ServiceAccount(to.clone());
        let known_by = key.owner.user().or(key.known_by.as_ref());
        let moved = self
            .tx
            .move_api_key(&organization, (&key.id, &key.owner), (&holder, &rights_of(carried)), known_by)
            .await?;
        if !moved {
            return Err(Error::not_found("key", key.id.as_str()));
        }
        let subjects = [key.owner.to_string(), holder.to_string(), key.id.to_string()];
        self.tell(EventKind::KeyMoved, subjects, json!({"to": to}));
        self.revoke(Revocation::Key { organization, key: key.id.clone() });
        Ok(())
    }
}
