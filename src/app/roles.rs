//! Custom roles: sets of capabilities that an organization names. What one lets its holders do is looked up at every use, so
//! a change is one of everybody who holds it, and of every key that carries it, at once.

use super::{App, Ctx, Error, RoleChange, Work};
use crate::{
    access::Access,
    model::{BuiltInRole, Capability, CustomRole, EventKind, KeptRole, Role, RoleId, Scope, Subject, fold},
    store::BindingQuery,
};
use serde_json::json;
use std::collections::BTreeSet;

/// Holders and places that a refusal or an event names.
const NAMED: i64 = 5;
const MOST_TOLD: i64 = 500;

/// What is said of a custom role. What is left out stays as it is.
#[derive(Debug, Clone, Default)]
pub struct RoleWish {
    /// What people and the mapping call it: 1 to 100 letters, unique in the organization and no built-in role's.
    pub name: Option<String>,
    /// What it is for: at most 500 letters.
    pub description: Option<String>,
    /// What it lets its holders do: at least one thing.
    pub capabilities: Option<BTreeSet<Capability>>,
    /// The version that the change is meant for; none: whatever it is.
    pub if_match: Option<i64>,
}

impl App {
    /// Makes a custom role. Nobody puts into it what they do not hold.
    pub async fn create_role(&self, ctx: &Ctx, wish: RoleWish) -> Result<KeptRole, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.add_role(wish)).await;
        work.finish(outcome).await
    }

    /// One custom role.
    pub async fn role(&self, ctx: &Ctx, id: &RoleId) -> Result<KeptRole, Error> {
        let mut tx = self.read(ctx, super::Need::Self_).await?;
        tx.role(&ctx.organization, id).await?.ok_or_else(|| Error::not_found("role", id.as_str()))
    }

    /// Changes a custom role, for everybody who holds it. Nobody adds what they do not hold.
    pub async fn change_role(&self, ctx: &Ctx, id: &RoleId, wish: RoleWish) -> Result<KeptRole, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = match wish.capabilities.clone() {
            // Only what it lets its holders do changes anybody's rights.
            Some(capabilities) => {
                work.edit_role_unseen(RoleChange::EditRole { role: id.clone(), capabilities }, id, wish).await
            }
            None => work.change_role(id, wish).await,
        };
        work.finish(outcome).await
    }

    /// Deletes a custom role that nobody holds, nothing offers, no key carries and no rule gives.
    pub async fn delete_role(&self, ctx: &Ctx, id: &RoleId) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.delete_role(id)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    pub(super) async fn add_role(&mut self, wish: RoleWish) -> Result<KeptRole, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        self.tx.hold_directory(&organization, true).await?;
        let missing = |field: &'static str| Error::invalid(field, "a role needs one");
        let kept = KeptRole {
            role: CustomRole {
                id: RoleId::from_uuid(self.app.clock().uuid()),
                name: checked_name(&wish.name.ok_or_else(|| missing("name"))?)?,
                capabilities: checked_capabilities(wish.capabilities.ok_or_else(|| missing("capabilities"))?)?,
            },
            description: checked_description(&wish.description.unwrap_or_default())?,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        self.may_hold(&kept.role.capabilities).await?;
        self.role_name_is_free(&kept.role).await?;
        self.tx.insert_role(&organization, &kept).await?;
        let detail = json!({"name": kept.role.name, "capabilities": kept.role.capabilities});
        self.tell(EventKind::RoleCreated, [kept.role.id.to_string()], detail);
        // A pattern with {role} in it may mean this one.
        self.roles_changed().await?;
        Ok(kept)
    }

    pub(super) async fn change_role(&mut self, id: &RoleId, wish: RoleWish) -> Result<KeptRole, Error> {
        let organization = self.ctx.organization.clone();
        self.tx.hold_directory(&organization, true).await?;
        let before = self.tx.role_to_change(&organization, id).await?;
        let before = before.ok_or_else(|| Error::not_found("role", id.as_str()))?;
        if wish.if_match.is_some_and(|version| version != before.version) {
            return Err(Error::Stale);
        }
        let mut after = before.clone();
        if let Some(name) = &wish.name {
            after.role.name = checked_name(name)?;
            self.role_name_is_free(&after.role).await?;
        }
        if let Some(description) = &wish.description {
            after.description = checked_description(description)?;
        }
        if let Some(capabilities) = wish.capabilities {
            after.role.capabilities = checked_capabilities(capabilities)?;
        }
        if after == before {
            return Ok(before);
        }
        let added = after.role.capabilities.difference(&before.role.capabilities).copied().collect();
        self.may_hold(&added).await?;
        after.version += 1;
        after.updated_at = self.ctx.now;
        self.tx.update_role(&organization, &after).await?;
        let changed = |one: &CustomRole, other: &CustomRole| -> Vec<Capability> {
            one.capabilities.difference(&other.capabilities).copied().collect()
        };
        let (gained, lost) = (changed(&after.role, &before.role), changed(&before.role, &after.role));
        let detail = json!({"name": after.role.name, "gained": gained, "lost": lost});
        self.tell(EventKind::RoleChanged, [id.to_string()], detail);
        self.review_all_keys();
        if !gained.is_empty() || !lost.is_empty() {
            self.tell_holders(id, json!({"role": id, "gained": gained, "lost": lost})).await?;
        }
        self.roles_changed().await?;
        Ok(after)
    }

    pub(super) async fn delete_role(&mut self, id: &RoleId) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        self.tx.hold_directory(&organization, true).await?;
        let found = self.tx.role_to_change(&organization, id).await?;
        let kept = found.ok_or_else(|| Error::not_found("role", id.as_str()))?;
        let places = self.places_of_role(&kept.role).await?;
        if !places.is_empty() {
            let detail = format!("“{}” is in use: {}; take it there first", kept.role.name, places.join("; "));
            return Err(Error::conflict("in_use", detail));
        }
        self.tx.delete_role(&organization, id).await?;
        self.tell(EventKind::RoleRemoved, [id.to_string()], json!({"name": kept.role.name}));
        self.roles_changed().await
    }

    /// Where a role is held, offered, carried or spoken of; the first few of each.
    async fn places_of_role(&mut self, role: &CustomRole) -> Result<Vec<String>, Error> {
        let organization = self.ctx.organization.clone();
        let mut places = Vec::new();
        let mut name = |what: &str, ids: Vec<String>| {
            if !ids.is_empty() {
                places.push(format!("{what} {}", ids.join(", ")));
            }
        };
        let held = self.holders_of(&role.id, NAMED).await?;
        name("held by", held.iter().map(|(binding, subject)| format!("{subject} ({binding})")).collect());
        let offered = self.tx.invitations_to_role(&organization, &role.id, NAMED).await?;
        name("offered by", offered.iter().map(ToString::to_string).collect());
        let carried = self.tx.keys_that_name(&organization, role.id.as_str(), NAMED).await?;
        name("carried by", carried.iter().map(ToString::to_string).collect());
        if let Some(version) = self.mapping_that_gives(role).await? {
            name("given by", vec![format!("the mapping in force (version {version})")]);
        }
        Ok(places)
    }

    /// The version of the mapping in force, if a rule of it names the role or its default is it.
    async fn mapping_that_gives(&mut self, role: &CustomRole) -> Result<Option<i64>, Error> {
        let organization = self.ctx.organization.clone();
        let Some(version) = self.tx.mapping_state(&organization).await?.0 else { return Ok(None) };
        let stored = self.tx.mapping_version(&organization, version).await?;
        // Whoever writes its id or its name, even in a remark, is asked to write something else first.
        let text = stored.map(|stored| fold(&stored.text)).unwrap_or_default();
        let is_word = |word: &str| {
            text.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '-')
                .any(|part| part == word)
        };
        let name = fold(&role.name);
        let named =
            if name.contains(|letter: char| !letter.is_alphanumeric()) { text.contains(&name) } else { is_word(&name) };
        Ok((named || text.contains(role.id.as_str())).then_some(version))
    }

    async fn holders_of(&mut self, id: &RoleId, most: i64) -> Result<Vec<(String, Subject)>, Error> {
        let query = BindingQuery { role: Some(id.to_string()), ..BindingQuery::default() };
        let bindings = self.tx.bindings_asked(&self.ctx.organization, &query, "", most).await?;
        Ok(bindings.into_iter().map(|binding| (binding.id.to_string(), binding.terms.subject)).collect())
    }

    /// What everybody who holds a role may do has changed.
    async fn tell_holders(&mut self, id: &RoleId, detail: serde_json::Value) -> Result<(), Error> {
        let holders = self.holders_of(id, MOST_TOLD).await?;
        if !holders.is_empty() {
            let subjects = holders.into_iter().map(|(_, subject)| subject.to_string());
            self.tell(EventKind::AccessChanged, subjects, detail);
        }
        Ok(())
    }

    /// Whatever rests on which roles there are, and on what they let people do, is looked at anew.
    async fn roles_changed(&mut self) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        self.tx.move_organization_epoch(&organization).await?;
        self.revoke_everybody();
        self.settle_everybody().await
    }

    /// Nobody gives what they do not hold, on the whole organization: the role may be given anywhere.
    async fn may_hold(&mut self, capabilities: &BTreeSet<Capability>) -> Result<(), Error> {
        let held = self.held_by_actor().await?;
        let missing = held.and_then(|held: Access| held.lacks(capabilities, &Scope::Organization));
        match missing {
            Some(missing) => Err(Error::Forbidden { need: format!("{missing}, which the role would give") }),
            None => Ok(()),
        }
    }

    async fn role_name_is_free(&mut self, role: &CustomRole) -> Result<(), Error> {
        let name = fold(&role.name);
        if BuiltInRole::ALL.into_iter().any(|built_in| built_in.name() == name) || name.parse::<Role>().is_ok() {
            return Err(Error::conflict("taken", format!("“{}” is a built-in role's name, or an id", role.name)));
        }
        let all = self.tx.custom_roles(&self.ctx.organization).await?;
        match all.into_iter().find(|other| fold(&other.name) == name && other.id != role.id) {
            Some(other) => {
                Err(Error::conflict("taken", format!("there is a role “{}” already: {}", other.name, other.id)))
            }
            None => Ok(()),
        }
    }
}

fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "give the role a name of 1 to 100 letters"));
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

fn checked_capabilities(capabilities: BTreeSet<Capability>) -> Result<BTreeSet<Capability>, Error> {
    if capabilities.is_empty() {
        return Err(Error::invalid("capabilities", "name at least one capability"));
    }
    Ok(capabilities)
}
