//! API keys: a person's own, and those of service accounts. What a key carries is computed at every use.

use super::{Actor, App, Ctx, Error, Need, Work, credentials::found};
use crate::{
    cache::Revocation,
    crypto::{Secret, TokenKind, token},
    model::{ApiKey, Capability, Carries, EventKind, Holder, KeyId, KeyRight, Role, UserState},
    store::Tx,
};
use serde_json::json;
use std::time::Duration;

/// The most rights that a key is narrowed to.
const MOST_RIGHTS: usize = 50;

/// A new API key. The secret is shown once.
#[derive(Debug)]
pub struct NewKey {
    /// The key.
    pub key: ApiKey,
    /// What programs send.
    pub secret: Secret,
}

/// What is said of a new key.
#[derive(Debug, Clone, Default)]
pub struct KeyWish {
    /// What people call it: 1 to 100 letters.
    pub name: String,
    /// How long it works; none: until it is revoked.
    pub life: Option<Duration>,
    /// What it is narrowed to; none: it carries whatever its owner holds.
    pub rights: Option<Vec<RightWish>>,
}

/// What is said of a key. What is left out stays as it is.
#[derive(Debug, Clone, Default)]
pub struct KeyChange {
    /// What people call it: 1 to 100 letters.
    pub name: Option<String>,
    /// Whether it is switched on.
    pub active: Option<bool>,
}

/// One right of a new key.
#[derive(Debug, Clone)]
pub struct RightWish {
    /// A role or capabilities.
    pub carries: Carries,
    /// On this cluster, by its slug or id; none: on the whole organization.
    pub cluster: Option<String>,
}

impl App {
    /// Makes an API key of the actor's own that carries whatever its owner holds.
    pub async fn create_key(&self, ctx: &Ctx, name: &str, life: Option<Duration>) -> Result<NewKey, Error> {
        let owner = ctx.actor.holder().ok_or(Error::NotSignedIn)?;
        self.create_key_of(ctx, &owner, KeyWish { name: name.to_owned(), life, rights: None }).await
    }

    /// Makes an API key: of the actor's own, or of a service account whose rights the actor holds.
    pub async fn create_key_of(&self, ctx: &Ctx, owner: &Holder, wish: KeyWish) -> Result<NewKey, Error> {
        let need = need_to_change(ctx, owner)?;
        let mut work = self.begin(ctx, need).await?;
        let outcome = Box::pin(work.add_key(owner, wish)).await;
        work.finish(outcome).await
    }

    /// The actor's own API keys.
    pub async fn keys(&self, ctx: &Ctx) -> Result<Vec<ApiKey>, Error> {
        let owner = ctx.actor.holder().ok_or(Error::NotSignedIn)?;
        self.keys_of(ctx, &owner).await
    }

    /// Somebody's API keys: one's own; a person's for who manages members; a service account's for who makes its keys.
    pub async fn keys_of(&self, ctx: &Ctx, owner: &Holder) -> Result<Vec<ApiKey>, Error> {
        let mut tx = self.read(ctx, need_for(ctx, owner)).await?;
        owner_state(&mut tx, ctx, owner).await?;
        Ok(tx.api_keys_of(&ctx.organization, owner).await?)
    }

    /// Gives one of somebody's keys another name, or switches it on or off.
    pub async fn change_key(
        &self,
        ctx: &Ctx,
        (owner, id): (&Holder, &KeyId),
        change: &KeyChange,
    ) -> Result<ApiKey, Error> {
        let mut work = self.begin(ctx, need_for(ctx, owner)).await?;
        let outcome = Box::pin(work.change_key(owner, id, change)).await;
        work.finish(outcome).await
    }

    /// Ends one of the actor's own API keys.
    pub async fn revoke_key(&self, ctx: &Ctx, id: &KeyId) -> Result<(), Error> {
        let owner = ctx.actor.holder().ok_or(Error::NotSignedIn)?;
        self.revoke_key_of(ctx, &owner, id).await
    }

    /// Ends one of somebody's keys at once.
    pub async fn revoke_key_of(&self, ctx: &Ctx, owner: &Holder, id: &KeyId) -> Result<(), Error> {
        let mut work = self.begin(ctx, need_for(ctx, owner)).await?;
        let revoked = work.tx.revoke_api_key(&ctx.organization, owner, id, ctx.now).await;
        work.tell(EventKind::KeyRevoked, [owner.to_string(), id.to_string()], json!({}));
        work.revoke(Revocation::Key { organization: ctx.organization.clone(), key: id.clone() });
        work.finish(found(revoked, ("key", id.as_str()))).await
    }
}

impl Work<'_> {
    async fn add_key(&mut self, owner: &Holder, wish: KeyWish) -> Result<NewKey, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        // A change of roles is made before this key is, or sees it.
        self.tx.hold_keys(&organization, false).await?;
        let name = checked_name(&wish.name)?.to_owned();
        if owner_state(&mut self.tx, self.ctx, owner).await? != UserState::Active {
            return Err(Error::conflict("holder_suspended", format!("{owner} is suspended: bring it back first")));
        }
        let rights = match wish.rights {
            Some(wishes) => Some(self.rights(wishes).await?),
            None => None,
        };
        let (fresh, secret) = self.fresh_key(owner, name);
        let expires_at = wish.life.map(|life| now.plus(life));
        let key = ApiKey { rights, expires_at, ..fresh };
        let key = self.no_more_than_the_maker(key).await?;
        self.insert_key(&key, &secret).await?;
        let subjects = [owner.to_string(), key.id.to_string()];
        let detail = json!({"hint": key.hint, "rights": key.rights, "expires_at": key.expires_at});
        self.tell(EventKind::KeyCreated, subjects, detail);
        Ok(NewKey { key, secret })
    }

    /// A key with a new secret, which carries whatever its owner holds and does not stop by itself.
    pub(super) fn fresh_key(&self, owner: &Holder, name: String) -> (ApiKey, Secret) {
        let clock = self.app.clock();
        let secret = token::generate(TokenKind::ApiKey, &mut |bytes: &mut [u8]| clock.fill(bytes));
        let key = ApiKey {
            id: KeyId::from_uuid(clock.uuid()),
            owner: owner.clone(),
            name,
            hint: secret.hint(),
            rights: None,
            created_by: self.ctx.actor.to_string(),
            created_at: self.ctx.now,
            expires_at: None,
            active: true,
            last_used_at: None,
            last_used_from: None,
            known_by: None,
            rotate_by: None,
            replaced_by: None,
            attenuated_at: None,
            delete_at: None,
        };
        (key, secret)
    }

    /// Writes a new key, and what it carries now: what it loses later is known by that.
    pub(super) async fn insert_key(&mut self, key: &ApiKey, secret: &Secret) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        self.tx.insert_api_key(&organization, key, &secret.hash()).await?;
        let Some(owner) = key.owner.user() else { return Ok(()) };
        let Some(user) = self.tx.user(&organization, owner).await? else { return Ok(()) };
        let access = self.app.access_of(&mut self.tx, &organization, &user, now).await?;
        let carried = self.app.carried_by(&mut self.tx, &organization, (key, access)).await?.kept();
        Ok(self.tx.keep_carried(&organization, &key.id, &carried, (None, None)).await?)
    }

    /// Nobody gives what they do not hold: a key made by a key does not outlive it, and a key of a service account carries
    /// nothing that its maker does not hold.
    pub(super) async fn no_more_than_the_maker(&mut self, mut key: ApiKey) -> Result<ApiKey, Error> {
        let organization = self.ctx.organization.clone();
        if let Some(id) = self.ctx.actor.key()
            && let Some(maker) = self.tx.api_key_by_id(&organization, id, self.ctx.now).await?
        {
            key.expires_at = [key.expires_at, maker.expires_at].into_iter().flatten().min();
        }
        let Holder::ServiceAccount(id) = &key.owner else { return Ok(key) };
        let Some(held) = self.app.access_of_actor(&mut self.tx, self.ctx).await? else { return Ok(key) };
        let found = self.tx.service_account(&organization, id).await?;
        let account = super::service_accounts::present(found, id)?;
        let now = self.ctx.now;
        let access = self.app.access_of_service_account(&mut self.tx, &organization, &account, now).await?;
        let carried = self.app.carried_by(&mut self.tx, &organization, (&key, access)).await?;
        match held.lacks_of(&carried) {
            Some((missing, scope)) => {
                Err(Error::Forbidden { need: format!("{missing} at {scope}, which this key would carry") })
            }
            None => Ok(key),
        }
    }

    async fn rights(&mut self, wishes: Vec<RightWish>) -> Result<Vec<KeyRight>, Error> {
        if wishes.is_empty() || wishes.len() > MOST_RIGHTS {
            let detail =
                format!("name 1 to {MOST_RIGHTS} rights, or leave it out: then the key carries all its owner holds");
            return Err(Error::invalid("rights", detail));
        }
        let mut rights = Vec::with_capacity(wishes.len());
        for RightWish { carries, cluster } in wishes {
            match &carries {
                Carries::Role(role) => self.role_exists(role).await?,
                Carries::Capabilities(these) if these.is_empty() => {
                    return Err(Error::invalid("rights", "name at least one capability"));
                }
                Carries::Capabilities(_) => {}
            }
            rights.push(KeyRight { carries, scope: self.scope_named(cluster.as_deref()).await? });
        }
        Ok(rights)
    }

    /// Refuses a custom role that is not this organization's.
    pub(super) async fn role_exists(&mut self, role: &Role) -> Result<(), Error> {
        let Role::Custom(id) = role else { return Ok(()) };
        // Held: it is not deleted before it is in use.
        let known = self.tx.role_to_change(&self.ctx.organization, id).await?;
        if known.is_some() { Ok(()) } else { Err(Error::not_found("role", id.as_str())) }
    }

    async fn change_key(&mut self, owner: &Holder, id: &KeyId, change: &KeyChange) -> Result<ApiKey, Error> {
        let organization = self.ctx.organization.clone();
        let gone = || Error::not_found("key", id.as_str());
        let key = self.tx.api_key_by_id(&organization, id, self.ctx.now).await?;
        let before = key.filter(|key| key.owner == *owner).ok_or_else(gone)?;
        let mut key = before.clone();
        if let Some(name) = &change.name {
            checked_name(name)?.clone_into(&mut key.name);
        }
        key.active = change.active.unwrap_or(key.active);
        if key == before {
            return Ok(key);
        }
        if !self.tx.change_api_key(&organization, owner, id, (&key.name, key.active)).await? {
            return Err(gone());
        }
        let detail = json!({"name": key.name, "active": key.active});
        self.tell(EventKind::KeyChanged, [owner.to_string(), id.to_string()], detail);
        if key.active != before.active {
            self.revoke(Revocation::Key { organization, key: id.clone() });
        }
        Ok(key)
    }
}

/// Who makes a key: a person their own, and a service account's who may make its keys.
pub(super) fn need_to_change(ctx: &Ctx, owner: &Holder) -> Result<Need, Error> {
    match owner {
        Holder::User(id) if ctx.actor.user() == Some(id) => Ok(Need::Self_),
        Holder::User(_) => Err(Error::Forbidden { need: "to be the person whose key it will be".to_owned() }),
        Holder::ServiceAccount(_) => Ok(Capability::CreateServiceAccountKeys.into()),
    }
}

/// One's own keys need nothing; a person's, a manager of members; a service account's, whoever may make them.
fn need_for(ctx: &Ctx, owner: &Holder) -> Need {
    match (owner, &ctx.actor) {
        (Holder::User(id), actor) if actor.user() == Some(id) => Need::Self_,
        (Holder::ServiceAccount(id), Actor::ServiceAccount { id: own, .. }) if id == own => Need::Self_,
        (Holder::User(_), _) => Capability::ManageMembers.into(),
        (Holder::ServiceAccount(_), _) => Capability::CreateServiceAccountKeys.into(),
    }
}

/// Whether the owner may come in; an error when there is no such owner.
async fn owner_state(tx: &mut Tx, ctx: &Ctx, owner: &Holder) -> Result<UserState, Error> {
    let (what, state) = match owner {
        Holder::User(id) => ("user", tx.user(&ctx.organization, id).await?.map(|user| user.state())),
        Holder::ServiceAccount(id) => {
            let account = tx.service_account(&ctx.organization, id).await?;
            ("service account", account.map(|account| account.state()))
        }
    };
    state.filter(|state| *state != UserState::Removed).ok_or_else(|| Error::not_found(what, owner.as_str()))
}

fn checked_name(name: &str) -> Result<&str, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(Error::invalid("name", "give the key a name of 1 to 100 letters"));
    }
    Ok(name)
}
