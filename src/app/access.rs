//! What somebody may do now, with the reasons.

use super::{Actor, App, Ctx, Error, funnel::ConnectionNames, in_force::InForce};
use crate::{
    access::{Access, Default, Held},
    mapping::{DefaultRole, Mapping},
    model::{
        ApiKey, Binding, Capability, Carries, ConnectionId, CustomRole, Group, GroupId, Holder, Instant, KeyId,
        OrganizationId, Role, ServiceAccount, ServiceAccountId, Subject, User, UserId, UserState,
    },
    store::Tx,
};
use std::collections::HashMap;

impl App {
    /// What a person may do, with the mapping in force.
    pub(super) async fn access_of(
        &self,
        tx: &mut Tx,
        organization: &OrganizationId,
        user: &User,
        now: Instant,
    ) -> Result<Access, Error> {
        let default = match self.mapping_in_force(tx, organization, now).await? {
            Some(compiled) => default_of(user, Some((&compiled.mapping, &compiled.names))),
            None => default_of(user, None),
        };
        access_with(tx, organization, (user, &default), now).await
    }

    /// The same of each of some people: a few statements, however many they are.
    pub(super) async fn access_of_each(
        &self,
        tx: &mut Tx,
        organization: &OrganizationId,
        users: &[User],
        now: Instant,
    ) -> Result<HashMap<UserId, Access>, Error> {
        let compiled = self.mapping_in_force(tx, organization, now).await?;
        let mapping = compiled.as_ref().map(|compiled| (&compiled.mapping, &compiled.names));
        let ids = users.iter().map(|user| user.id.clone()).collect();
        let mut reaching = tx.bindings_reaching_users(organization, &ids).await?;
        let mut groups = match reaching.values().any(|bindings| through_groups(bindings)) {
            true => tx.groups_of_users(organization, &ids).await?,
            false => HashMap::new(),
        };
        let custom = match reaching.values().any(|bindings| of_custom_roles(bindings)) {
            true => tx.custom_roles(organization).await?,
            false => Vec::new(),
        };
        let access = |user: &User| {
            let names = names_of(groups.remove(&user.id).unwrap_or_default());
            let held = held(reaching.remove(&user.id).unwrap_or_default(), &names);
            (user.id.clone(), Access::of(user.state(), &held, &default_of(user, mapping), &custom, now))
        };
        Ok(users.iter().map(access).collect())
    }

    /// The same of somebody whose groups this transaction has read already, under the mapping that it works by.
    pub(super) async fn access_in_groups(
        tx: &mut Tx,
        organization: &OrganizationId,
        (user, groups): (&User, &[Group]),
        (compiled, now): (Option<&InForce>, Instant),
    ) -> Result<Access, Error> {
        let default = default_of(user, compiled.map(|compiled| (&compiled.mapping, &compiled.names)));
        let (held, custom) = held_by(tx, organization, &Subject::User(user.id.clone()), Some(groups)).await?;
        Ok(Access::of(user.state(), &held, &default, &custom, now))
    }

    /// What a service account may do: what it and its groups were given. It has no default.
    pub(super) async fn access_of_service_account(
        &self,
        tx: &mut Tx,
        organization: &OrganizationId,
        account: &ServiceAccount,
        now: Instant,
    ) -> Result<Access, Error> {
        let subject = Subject::ServiceAccount(account.id.clone());
        let (held, custom) = held_by(tx, organization, &subject, None).await?;
        Ok(Access::of(account.state(), &held, &Default::Nobody, &custom, now))
    }

    /// What a key carries: its own rights ∩ its owner's access.
    pub(super) async fn carried_by(
        &self,
        tx: &mut Tx,
        organization: &OrganizationId,
        (key, access): (&ApiKey, Access),
    ) -> Result<Access, Error> {
        let Some(rights) = &key.rights else { return Ok(access) };
        let is_custom = |carries: &Carries| matches!(carries, Carries::Role(Role::Custom(_)));
        let custom = match rights.iter().any(|right| is_custom(&right.carries)) {
            true => tx.custom_roles(organization).await?,
            false => Vec::new(),
        };
        Ok(access.narrowed(rights, &custom))
    }

    /// What the actor may do at this moment, by the key that it came in by; none for those whom roles do not bind: the
    /// operator, castgate itself, a provider.
    pub(super) async fn access_of_actor(&self, tx: &mut Tx, ctx: &Ctx) -> Result<Option<Access>, Error> {
        let organization = &ctx.organization;
        let access = match &ctx.actor {
            Actor::Connection { .. } | Actor::Operator | Actor::System => return Ok(None),
            Actor::User { id, .. } | Actor::Key { user: id, .. } => match tx.user(organization, id).await? {
                Some(user) => self.access_of(tx, organization, &user, ctx.now).await?,
                None => Access::none(),
            },
            Actor::ServiceAccount { id, .. } => match tx.service_account(organization, id).await? {
                Some(account) => self.access_of_service_account(tx, organization, &account, ctx.now).await?,
                None => Access::none(),
            },
        };
        match (ctx.actor.key(), ctx.actor.holder()) {
            (Some(id), Some(holder)) => match live_key(tx, ctx, &holder, id).await? {
                Some(key) => self.carried_by(tx, organization, (&key, access)).await.map(Some),
                None => Ok(Some(Access::none())),
            },
            (Some(_) | None, _) => Ok(Some(access)),
        }
    }

    /// Whether the actor's own row, and the key that it came in by, still let it in.
    pub(super) async fn actor_is_active(&self, tx: &mut Tx, ctx: &Ctx) -> Result<bool, Error> {
        let Some(holder) = ctx.actor.holder() else { return Ok(false) };
        let state = match &holder {
            Holder::User(id) => tx.user(&ctx.organization, id).await?.map(|user| user.state()),
            Holder::ServiceAccount(id) => {
                tx.service_account(&ctx.organization, id).await?.map(|account| account.state())
            }
        };
        let key_holds = match ctx.actor.key() {
            Some(id) => live_key(tx, ctx, &holder, id).await?.is_some(),
            None => true,
        };
        Ok(state == Some(UserState::Active) && key_holds)
    }

    /// What a service account may do and why, for itself and for who may make its keys.
    pub async fn service_account_access(&self, ctx: &Ctx, id: &ServiceAccountId) -> Result<Access, Error> {
        let own = ctx.actor.holder() == Some(Holder::ServiceAccount(id.clone()));
        let need = if own { super::Need::Self_ } else { Capability::CreateServiceAccountKeys.into() };
        let mut tx = self.read(ctx, need).await?;
        let account = super::service_accounts::present(tx.service_account(&ctx.organization, id).await?, id)?;
        self.access_of_service_account(&mut tx, &ctx.organization, &account, ctx.now).await
    }

    /// The roles that this organization made for itself.
    pub async fn custom_roles(&self, ctx: &Ctx) -> Result<Vec<CustomRole>, Error> {
        let mut tx = self.read(ctx, super::Need::Self_).await?;
        Ok(tx.custom_roles(&ctx.organization).await?)
    }

    /// What a person may do and why, for somebody who may see it: themselves or who manages members.
    pub async fn access(&self, ctx: &Ctx, user: &UserId) -> Result<Access, Error> {
        let own = ctx.actor.user() == Some(user);
        let need = if own { super::Need::Self_ } else { Capability::ManageMembers.into() };
        let mut tx = self.read(ctx, need).await?;
        let user = tx.user(&ctx.organization, user).await?.ok_or_else(|| Error::not_found("user", user.as_str()))?;
        self.access_of(&mut tx, &ctx.organization, &user, ctx.now).await
    }
}

/// What somebody gets whom nothing else gives anything. Only a provider's people have a default.
pub(super) fn default_of(user: &User, mapping: Option<(&Mapping, &ConnectionNames)>) -> Default {
    default_of_connection(user.connection.as_ref(), mapping)
}

/// The same, of everybody whom a connection brought.
pub(super) fn default_of_connection(
    connection: Option<&ConnectionId>,
    mapping: Option<(&Mapping, &ConnectionNames)>,
) -> Default {
    if connection.is_none() {
        return Default::Nobody;
    }
    let Some((mapping, names)) = mapping else { return Default::Role(Role::VIEWER) };
    // A connection that is gone vouches for nobody.
    let Some(name) = names.get(connection) else { return Default::Nobody };
    match mapping.default_for(name) {
        DefaultRole::Role(role) => Default::Role(role),
        DefaultRole::Nobody => Default::Nobody,
    }
}

/// What a person may do under a given default.
pub(super) async fn access_with(
    tx: &mut Tx,
    organization: &OrganizationId,
    (user, default): (&User, &Default),
    now: Instant,
) -> Result<Access, Error> {
    let (held, custom) = held_by(tx, organization, &Subject::User(user.id.clone()), None).await?;
    Ok(Access::of(user.state(), &held, default, &custom, now))
}

/// The bindings that reach somebody with the groups they come through, and the custom roles that they speak of. `known` are
/// their groups, where somebody has read them.
async fn held_by(
    tx: &mut Tx,
    organization: &OrganizationId,
    member: &Subject,
    known: Option<&[Group]>,
) -> Result<(Vec<Held>, Vec<CustomRole>), Error> {
    let bindings = tx.bindings_reaching_member(organization, member).await?;
    let names = match known {
        Some(groups) => names_of(groups.to_vec()),
        None if through_groups(&bindings) => names_of(tx.groups_of_member(organization, member).await?),
        None => HashMap::new(),
    };
    let custom = match of_custom_roles(&bindings) {
        true => tx.custom_roles(organization).await?,
        false => Vec::new(),
    };
    Ok((held(bindings, &names), custom))
}

fn through_groups(bindings: &[Binding]) -> bool {
    bindings.iter().any(|binding| matches!(binding.terms.subject, Subject::Group(_)))
}

fn of_custom_roles(bindings: &[Binding]) -> bool {
    bindings.iter().any(|binding| matches!(binding.terms.role, Role::Custom(_)))
}

fn names_of(groups: Vec<Group>) -> HashMap<GroupId, String> {
    groups.into_iter().map(|group| (group.id, group.display_name)).collect()
}

/// Bindings with the names of the groups that they come through.
fn held(bindings: Vec<Binding>, names: &HashMap<GroupId, String>) -> Vec<Held> {
    let held = |binding: Binding| {
        let group = match &binding.terms.subject {
            Subject::Group(id) => Some((id.clone(), names.get(id).cloned().unwrap_or_default())),
            Subject::User(_) | Subject::ServiceAccount(_) => None,
        };
        Held { binding, group }
    };
    bindings.into_iter().map(held).collect()
}

/// The key, if it still works and is this holder's.
async fn live_key(tx: &mut Tx, ctx: &Ctx, holder: &Holder, id: &KeyId) -> Result<Option<ApiKey>, Error> {
    let key = tx.api_key_by_id(&ctx.organization, id, ctx.now).await?;
    Ok(key.filter(|key| key.owner == *holder && key.active))
}
