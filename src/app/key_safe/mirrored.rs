//! Keys of Cast AI: read there, shown with every change of roles that ends them there, and never changed here.
//!
//! Until castgate reads them itself, they are told it: the whole list at once, as it is there.

use super::weigh::Seen;
use crate::{
    app::{App, Ctx, Error, Work},
    mail::checked_address,
    model::{Capability, EventKind, Instant, MirroredKey, MirroredKeyId, MirroredKind, UserId, UserState},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// The most keys in one list.
const MOST: usize = 10_000;
const LONGEST: usize = 200;
const LONGEST_ADDRESS: usize = 320;

/// A key of Cast AI, as whoever read it there tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadKey {
    /// Cast AI's own id of it.
    #[schemars(length(min = 1, max = 200))]
    pub external_id: String,
    /// Whose it is: a user's id here, or an e-mail address that one person here has.
    #[schemars(length(min = 1, max = 320))]
    pub owner: String,
    /// What it is called there.
    #[schemars(length(max = 200))]
    pub name: String,
    /// The first letters of its secret, as Cast AI shows them; never the secret.
    #[serde(default)]
    #[schemars(length(max = 16))]
    pub hint: String,
    /// Whether it is switched on there.
    #[serde(default = "switched_on")]
    pub active: bool,
    /// When it was made.
    pub created_at: Option<Instant>,
    /// When it was last used, as Cast AI says.
    pub last_used_at: Option<Instant>,
}

fn switched_on() -> bool {
    true
}

/// What reading a list came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Mirrored {
    /// Keys that are mirrored now.
    pub kept: usize,
    /// Keys that were mirrored before and are not there any more.
    pub forgotten: u64,
    /// Owners who are nobody here, or several: their keys are left out.
    pub unknown_owners: Vec<String>,
}

impl App {
    /// Up to `limit` mirrored keys whose id is greater than `after`.
    pub async fn mirrored_keys(&self, ctx: &Ctx, after: &str, limit: i64) -> Result<Vec<MirroredKey>, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        Ok(tx.mirrored_keys_after(&ctx.organization, after, limit).await?)
    }

    /// Takes the whole list of Cast AI's keys as it is there: what is not in it is there no more.
    pub async fn mirror_keys(&self, ctx: &Ctx, keys: Vec<ReadKey>) -> Result<Mirrored, Error> {
        let different: BTreeSet<&str> = keys.iter().map(|key| key.external_id.as_str()).collect();
        if keys.len() > MOST || different.len() != keys.len() {
            return Err(Error::invalid("keys", format!("send at most {MOST} keys, each external_id once")));
        }
        let fits = |text: &str| text.chars().count() <= LONGEST && !text.chars().any(char::is_control);
        if let Some(bad) =
            keys.iter().find(|key| key.external_id.is_empty() || !fits(&key.external_id) || !fits(&key.name))
        {
            let detail = format!("“{}”: its id and name have at most {LONGEST} letters", bad.external_id);
            return Err(Error::invalid("keys", detail));
        }
        if keys.iter().any(|key| key.owner.is_empty() || key.owner.chars().count() > LONGEST_ADDRESS) {
            let detail = format!("an owner is a user's id or an address of at most {LONGEST_ADDRESS} letters");
            return Err(Error::invalid("keys", detail));
        }
        // Whoever sends more than the first letters sends a secret.
        if let Some(bad) = keys.iter().find(|key| key.hint.chars().count() > 16) {
            let detail = format!("“{}”: the hint has at most 16 letters; never send a secret", bad.external_id);
            return Err(Error::invalid("keys", detail));
        }
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = Box::pin(work.mirror(keys)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn mirror(&mut self, keys: Vec<ReadKey>) -> Result<Mirrored, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let (mut kept, mut unknown_owners) = (0, BTreeSet::new());
        for read in keys {
            let Some(owner) = self.owner_named(&read.owner).await? else {
                unknown_owners.insert(read.owner);
                continue;
            };
            let ReadKey { external_id, name, hint, active, created_at, last_used_at, .. } = read;
            let id = MirroredKeyId::from_uuid(self.app.clock().uuid());
            let kind = MirroredKind::CastAi;
            let key = MirroredKey {
                id,
                kind,
                external_id,
                owner,
                name,
                hint,
                active,
                created_at,
                last_used_at,
                read_at: now,
            };
            self.tx.put_mirrored_key(&organization, &key).await?;
            kept += 1;
        }
        let forgotten = self.tx.forget_mirrored_keys(&organization, now).await?;
        self.tell(EventKind::KeysMirrored, [organization.to_string()], json!({"kept": kept, "forgotten": forgotten}));
        Ok(Mirrored { kept, forgotten, unknown_owners: unknown_owners.into_iter().collect() })
    }

    async fn owner_named(&mut self, named: &str) -> Result<Option<UserId>, Error> {
        let organization = self.ctx.organization.clone();
        if let Ok(id) = named.parse::<UserId>() {
            let user = self.tx.user(&organization, &id).await?;
            return Ok(user.filter(|user| user.state() != UserState::Removed).map(|user| user.id));
        }
        let Ok(address) = checked_address(named) else { return Ok(None) };
        let mut found = self.tx.users_by_email(&organization, &address).await?;
        // Several with one address: nobody can say whose it is.
        Ok(if found.len() == 1 { found.pop().map(|user| user.id) } else { None })
    }

    /// The mirrored keys of those whose roles the change, now made, has changed: Cast AI deletes them with it. To be asked before
    /// what became of our own keys.
    pub(super) async fn mirrored_touched(&mut self, seen: &Seen) -> Result<Vec<MirroredKey>, Error> {
        let organization = self.ctx.organization.clone();
        let mut touched = Vec::new();
        // Whom publishing a mapping touched is known from what it did.
        let moved: Vec<UserId> = self.role_moves.iter().map(|moved| moved.owner.clone()).collect();
        for user in moved {
            touched.extend(self.tx.mirrored_keys_of(&organization, &user).await?);
        }
        for key in &seen.mirrored {
            let Some((_, before)) = seen.owners.get(&key.owner) else { continue };
            let Some(user) = self.tx.user(&organization, &key.owner).await? else { continue };
            let after = self.app.access_of(&mut self.tx, &organization, &user, self.ctx.now).await?;
            if before.kept() != after.kept() {
                touched.push(key.clone());
            }
        }
        Ok(touched)
    }
}
