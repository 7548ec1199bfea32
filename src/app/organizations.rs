//! Organizations, their first owners, and what happened in them.

use super::{
    App, Ctx, Error, Work,
    seen::{Seen, shown_revision, still},
};
use crate::{
    crypto::{Secret, TokenKind, token},
    mail::AccountNotice,
    model::{
        ApiKey, Capability, Event, EventKind, Holder, KeyId, Organization, Role, Scope, Source, Subject, Terms, User,
        UserId, fold,
    },
};
use serde_json::json;
use std::time::Duration;

/// How long the first owner's sign-in link works.
const LINK_LIFE: Duration = Duration::from_hours(1);

/// Owners who read that one was recovered, at most.
const MOST_WARNED: i64 = 20;

/// What the operator says of a new organization.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// The short name in addresses: lower-case letters, digits and hyphens.
    pub slug: String,
    /// The name that people read.
    pub name: String,
    /// The first owner's e-mail address, which is also their user name.
    pub owner: String,
    /// The first owner accepts the terms by having this command run.
    pub accept_terms: bool,
}

/// A new organization, and what its first owner comes in with. The secrets are shown once.
#[derive(Debug)]
pub struct Founded {
    /// The organization.
    pub organization: Organization,
    /// Its first owner.
    pub owner: UserId,
    /// An API key of theirs.
    pub key: Secret,
    /// A link that signs them in, once, within the hour.
    pub link: Secret,
}

impl App {
    /// Makes an organization and its first owner. A local command: no organization's role may do it.
    pub async fn found_organization(&self, new: &NewOrganization) -> Result<Founded, Error> {
        check_slug(&new.slug)?;
        if !new.owner.contains('@') {
            return Err(Error::invalid("owner", "the first owner is named by an e-mail address"));
        }
        let now = self.clock().now();
        let organization = Organization {
            id: self.clock().organization(),
            slug: new.slug.clone(),
            name: new.name.clone(),
            mapping_version: None,
            ownerless_since: None,
            created_at: now,
        };
        let ctx = self.operator(organization.id.clone());
        let mut work = self.begin(&ctx, super::Need::Operator).await?;
        let outcome = Box::pin(work.found(organization, &new.owner)).await;
        let founded = work.finish(outcome).await?;
        if new.accept_terms {
            let versions: Vec<_> =
                self.terms().await?.into_iter().map(|document| (document.kind, document.version)).collect();
            self.accept_terms_for(&ctx, &founded.owner, &versions).await?;
        }
        Ok(founded)
    }

    /// Breaks the glass: makes a local person an owner again and gives them a link that signs them in once. Local and loud.
    pub async fn recover_organization(&self, slug: &str, email: &str) -> Result<Secret, Error> {
        if !email.contains('@') {
            return Err(Error::invalid("owner", "the owner is named by an e-mail address"));
        }
        let organization = self.organization_by_slug(slug).await?;
        tracing::warn!(organization = %organization.id, slug, "the operator breaks the glass and recovers an owner");
        let ctx = self.operator(organization.id);
        let mut work = self.begin(&ctx, super::Need::Operator).await?;
        let outcome = Box::pin(work.recover(email)).await;
        work.finish(outcome).await
    }

    /// One organization by its slug, for local commands.
    pub async fn organization_by_slug(&self, slug: &str) -> Result<Organization, Error> {
        let found = self.store().read().await?.organization_by_slug(slug).await?;
        found.ok_or_else(|| Error::not_found("organization", slug))
    }

    /// The actor's organization.
    pub async fn organization(&self, ctx: &Ctx) -> Result<Organization, Error> {
        let mut tx = self.read(ctx, super::Need::Self_).await?;
        let found = tx.organization(&ctx.organization).await?;
        found.ok_or_else(|| Error::not_found("organization", ctx.organization.as_str()))
    }

    /// Gives the actor's organization another name. Its slug, which addresses rest on, is the operator's.
    pub async fn name_organization(&self, ctx: &Ctx, name: &str, seen: Option<&Seen>) -> Result<Organization, Error> {
        let name = checked_name(name)?;
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.rename((None, Some(name)), seen)).await;
        work.finish(outcome).await
    }

    /// Up to `limit` events older than `before`, the newest first; about one subject, if given.
    pub async fn events(
        &self,
        ctx: &Ctx,
        subject: Option<&str>,
        before: &str,
        limit: i64,
    ) -> Result<Vec<Event>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        Ok(tx.events(&ctx.organization, subject, before, limit).await?)
    }
}

impl Work<'_> {
    async fn found(&mut self, organization: Organization, owner: &str) -> Result<Founded, Error> {
        if self.tx.organization_by_slug(&organization.slug).await?.is_some() {
            let detail = format!("there is an organization “{}” already", organization.slug);
            return Err(Error::conflict("taken", detail));
        }
        self.tx.insert_organization(&organization).await?;
        let owner = self.first_owner(owner).await?;
        let (key, link) = self.first_credentials(&owner.id).await?;
        self.tell(EventKind::OrganizationCreated, [organization.id.to_string()], json!({"slug": organization.slug}));
        self.tell(EventKind::UserCreated, [owner.id.to_string()], json!({"how": "first owner"}));
        Ok(Founded { organization, owner: owner.id, key, link })
    }

    async fn recover(&mut self, email: &str) -> Result<Secret, Error> {
        let organization = self.ctx.organization.clone();
        self.touch_owners().await?;
        let owner = match self.tx.user_by_name(&organization, None, email).await? {
            Some(mut known) => {
                known.suspended_by_person = false;
                known.version += 1;
                self.tx.update_user(&organization, &known).await?;
                self.make_owner(&known.id).await?;
                known.id
            }
            None => self.first_owner(email).await?.id,
        };
        let clock = self.app.clock();
        let link = token::generate(TokenKind::Link, &mut |bytes: &mut [u8]| clock.fill(bytes));
        let life = (self.ctx.now, self.ctx.now.plus(LINK_LIFE));
        self.tx.insert_sign_in_link(&organization, &owner, &link.hash(), life).await?;
        self.revoke_user(&owner);
        self.tell(EventKind::OwnerRecovered, [owner.to_string()], json!({}));
        self.warn_owners(&owner, email).await?;
        self.notify(&json!({"what": "an owner was recovered at the machine itself", "user": owner})).await?;
        Ok(link)
    }

    /// Nobody becomes an owner at the machine itself without the others reading of it.
    async fn warn_owners(&mut self, owner: &UserId, email: &str) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let name = self.tx.organization(&organization).await?.map(|found| found.name).unwrap_or_default();
        let lines = [
            format!(
                "Somebody at the machine that castgate runs on made {email} an owner of {name}, and has a link that signs them in once."
            ),
            "If none of you asked for that, talk to whoever runs castgate, at once.".to_owned(),
        ];
        let link = format!("{}/account", self.app.settings().server.origin());
        let subject = format!("{email} was made an owner of {name} at the machine itself");
        for to in self.tx.owner_addresses(&organization, MOST_WARNED).await? {
            if crate::mail::checked_address(&to).is_ok() {
                let notice =
                    AccountNotice { to: &to, subject: &subject, lines: &lines, link: &link, label: "Look at it" };
                self.post_letter(owner.as_str(), &notice.letter()).await?;
            }
        }
        Ok(())
    }

    /// Writes another slug or name. What is remembered of visits holds both.
    pub(super) async fn rename(
        &mut self,
        (slug, name): (Option<&str>, Option<&str>),
        seen: Option<&Seen>,
    ) -> Result<Organization, Error> {
        let organization = self.ctx.organization.clone();
        self.tx.lock_organization(&organization).await?;
        let found = self.tx.organization(&organization).await?;
        let before = found.ok_or_else(|| Error::not_found("organization", organization.as_str()))?;
        still(seen, &shown_revision(&before))?;
        let mut after = before.clone();
        slug.unwrap_or(&before.slug).clone_into(&mut after.slug);
        name.unwrap_or(&before.name).clone_into(&mut after.name);
        if after == before {
            return Ok(before);
        }
        let other = self.tx.organization_by_slug(&after.slug).await?;
        if other.is_some_and(|other| other.id != organization) {
            return Err(Error::conflict("taken", format!("there is an organization “{}” already", after.slug)));
        }
        self.tx.rename_organization(&after).await?;
        let detail = json!({"slug": after.slug, "name": after.name, "slug_before": before.slug});
        self.tell(EventKind::OrganizationChanged, [organization.to_string()], detail);
        self.revoke_everybody();
        Ok(after)
    }

    async fn first_owner(&mut self, email: &str) -> Result<User, Error> {
        let user = User {
            user_name: email.to_owned(),
            email: Some(email.to_owned()),
            ..User::blank(UserId::from_uuid(self.app.clock().uuid()), None, self.ctx.now)
        };
        self.tx.insert_user(&self.ctx.organization, &user).await?;
        self.make_owner(&user.id).await?;
        Ok(user)
    }

    async fn make_owner(&mut self, user: &UserId) -> Result<(), Error> {
        let terms = Terms {
            subject: Subject::User(user.clone()),
            role: Role::OWNER,
            scope: Scope::Organization,
            source: Source::Person,
            until: None,
        };
        self.open_binding(terms, None).await.map(drop)
    }

    async fn first_credentials(&mut self, owner: &UserId) -> Result<(Secret, Secret), Error> {
        let (organization, now) = (&self.ctx.organization, self.ctx.now);
        let mut random = |bytes: &mut [u8]| self.app.clock().fill(bytes);
        let key = token::generate(TokenKind::ApiKey, &mut random);
        let link = token::generate(TokenKind::Link, &mut random);
        let row = ApiKey {
            id: KeyId::from_uuid(self.app.clock().uuid()),
            owner: Holder::User(owner.clone()),
            name: "first key".to_owned(),
            hint: key.hint(),
            rights: None,
            created_by: self.ctx.actor.to_string(),
            created_at: now,
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
        self.tx.insert_api_key(organization, &row, &key.hash()).await?;
        self.tx.insert_sign_in_link(organization, owner, &link.hash(), (now, now.plus(LINK_LIFE))).await?;
        Ok((key, link))
    }
}

/// A name that people read.
pub(super) fn checked_name(name: &str) -> Result<&str, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "give a name of 1 to 100 letters"));
    }
    Ok(name)
}

pub(super) fn check_slug(slug: &str) -> Result<(), Error> {
    let allowed = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let fits = !slug.is_empty() && slug.len() <= 63 && slug.chars().all(allowed) && fold(slug) == slug;
    if fits && !slug.starts_with('-') && !slug.ends_with('-') {
        return Ok(());
    }
    Err(Error::invalid("slug", format!("“{slug}” is not a short name: use lower-case letters, digits and hyphens")))
}
