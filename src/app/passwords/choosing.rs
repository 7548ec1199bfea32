//! Choosing a password: by a link that was mailed, or by whoever knows the one before.

use super::{
    super::{Actor, App, Ctx, Error, Need, TurnedAway, Whence, Work},
    address, local_person, may_have_one,
    policy::{self, Known},
    second_factor::UNEXPECTED,
    sign_in::of_address,
    throttle::{Counter, Of},
};
use crate::{
    crypto::{TokenKind, token},
    mail::AccountNotice,
    model::{
        EventKind, Instant, Organization, OrganizationId, PasswordLink, SessionId, StoredPassword, User, UserId, fold,
    },
    telemetry::meter,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

/// How somebody signs in who has no provider, as they see it themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordShown {
    /// Whether they may have a password: others sign in by their company's own sign-in.
    pub may: bool,
    /// Where a link to choose one goes.
    pub email: Option<String>,
    /// When it was chosen; none: there is none yet.
    pub changed_at: Option<Instant>,
    /// Since when an authenticator app is asked for.
    pub second_factor: Option<Instant>,
    /// Recovery codes that are left.
    pub codes_left: i64,
}

fn dead() -> Error {
    Error::TurnedAway(TurnedAway::DeadLink)
}

impl App {
    /// Mails a link to choose a password, if there is somebody to mail it to. Nobody is told whether there is, not even by how
    /// long it takes: the answer goes out before anybody is looked for.
    pub async fn ask_for_password_link(&self, slug: &str, email: &str, whence: &Whence) -> Result<(), Error> {
        let Some(email) = address(email) else { return Ok(()) };
        let slug = slug.trim().to_owned();
        let mut counters = vec![Counter::new(Of::One, &["link", &fold(&slug), &email])];
        counters.extend(of_address("link", whence));
        if self.count_attempt(&counters).await?.is_err() {
            return Ok(());
        }
        let (app, request) = (self.clone(), whence.request.clone());
        tokio::spawn(meter::carried(async move {
            let request = request.unwrap_or_else(|| app.new_request());
            if let Err(error) = app.mail_password_link(&slug, &email, request).await {
                tracing::warn!(%error, "a link to choose a password was not written");
            }
        }));
        Ok(())
    }

    async fn mail_password_link(&self, slug: &str, email: &str, request: crate::model::RequestId) -> Result<(), Error> {
        let mut tx = self.store().read().await?;
        let Some(organization) = tx.organization_by_slug(slug).await? else { return Ok(()) };
        let (user, _) = local_person(&mut tx, &organization.id, email).await?;
        let Some(user) = user else { return Ok(()) };
        if !may_have_one(&mut tx, &organization.id, &user).await? {
            return Ok(());
        }
        drop(tx);
        let ctx = Ctx { actor: Actor::System, organization: organization.id, now: self.clock().now(), request };
        let mut work = self.begin(&ctx, Need::Directory).await?;
        let outcome = Box::pin(work.mail_password_link(&user)).await;
        work.finish(outcome).await
    }

    /// Mails a link to choose a password to whoever is signed in.
    pub async fn mail_own_password_link(&self, ctx: &Ctx) -> Result<(), Error> {
        let user = self.person_of(ctx).await?;
        let counter = [Counter::new(Of::One, &["own link", ctx.organization.as_str(), user.id.as_str()])];
        if self.count_attempt(&counter).await?.is_err() {
            return Err(Error::conflict(
                "too_many_attempts",
                "links were sent a moment ago; please look into your mail",
            ));
        }
        let mut work = self.begin(ctx, Need::Self_).await?;
        let outcome = Box::pin(work.mail_password_link(&user)).await;
        work.finish(outcome).await
    }

    /// Whose password a link chooses: the address. Changes nothing, however often it is asked.
    pub async fn password_link_shown(&self, link: &str) -> Result<String, Error> {
        let (_, user, _) = self.whose_link(link).await?;
        Ok(user.email.unwrap_or(user.user_name))
    }

    /// Chooses a password by a link, once. Whoever is signed in as this person anywhere is signed out. What the browser keeps, to be
    /// known again.
    pub async fn choose_password(&self, link: &str, password: &SecretString) -> Result<Option<String>, Error> {
        let (place, user, organization) = self.whose_link(link).await?;
        self.fit(password, &user, &organization)?;
        let hash = self.passwords().hash(password).await?;
        let (now, request) = (self.clock().now(), self.new_request());
        let ctx = Ctx { actor: Actor::System, organization: place.organization.clone(), now, request };
        let mut work = self.begin(&ctx, Need::Directory).await?;
        let outcome = Box::pin(work.choose_password((link, &place), &hash)).await;
        work.finish(outcome).await?;
        Ok(self.device_cookie(&ctx.organization, &user))
    }

    /// Puts another password in the place of the one that whoever is signed in knows. Their other sessions end.
    pub async fn change_password(
        &self,
        ctx: &Ctx,
        current: &SecretString,
        password: &SecretString,
    ) -> Result<(), Error> {
        let (user, stored) = self.prove(ctx, current).await?;
        let organization =
            self.store().read().await?.organization(&ctx.organization).await?.ok_or(Error::NotSignedIn)?;
        self.fit(password, &user, &organization)?;
        let hash = self.passwords().hash(password).await?;
        let mut work = self.begin(ctx, Need::Self_).await?;
        let outcome = Box::pin(work.change_password((&user, &stored), &hash)).await;
        work.finish(outcome).await
    }

    /// How whoever is signed in signs in.
    pub async fn password_shown(&self, ctx: &Ctx) -> Result<PasswordShown, Error> {
        let mut tx = self.read(ctx, Need::Self_).await?;
        let id = ctx.actor.user().ok_or(Error::NotSignedIn)?;
        let user = tx.user(&ctx.organization, id).await?.ok_or(Error::NotSignedIn)?;
        let stored = tx.password(&ctx.organization, id).await?;
        let factor = tx.second_factor(&ctx.organization, id).await?;
        Ok(PasswordShown {
            may: may_have_one(&mut tx, &ctx.organization, &user).await?,
            email: user.email,
            changed_at: stored.map(|stored| stored.changed_at),
            second_factor: factor.and_then(|factor| factor.confirmed_at),
            codes_left: tx.recovery_codes_left(&ctx.organization, id).await?,
        })
    }

    /// Refuses a password that is guessed too soon.
    pub(super) fn fit(&self, password: &SecretString, user: &User, organization: &Organization) -> Result<(), Error> {
        let known = Known {
            email: user.email.as_deref().unwrap_or(&user.user_name),
            name: &user.display_name,
            organization: &organization.name,
            slug: &organization.slug,
        };
        let fewest = self.settings().passwords.min_length;
        policy::judge(password.expose_secret(), fewest, known)
            .map_err(|why| Error::invalid("password", why.to_string()))
    }

    async fn whose_link(&self, link: &str) -> Result<(PasswordLink, User, Organization), Error> {
        let hash = hash_of(link)?;
        let mut tx = self.store().read().await?;
        let place = tx.password_link(&hash, self.clock().now()).await?.ok_or_else(dead)?;
        let user = tx.user(&place.organization, &place.user).await?.ok_or_else(dead)?;
        let organization = tx.organization(&place.organization).await?.ok_or_else(dead)?;
        Ok((place, user, organization))
    }
}

fn hash_of(link: &str) -> Result<[u8; 32], Error> {
    token::parse(link, TokenKind::Reset).map(|presented| presented.hash()).map_err(|_| dead())
}

impl Work<'_> {
    /// Writes a link to choose a password, and posts it.
    pub(super) async fn mail_password_link(&mut self, user: &User) -> Result<(), Error> {
        let Some(to) = user.email.as_deref().filter(|email| crate::mail::checked_address(email).is_ok()) else {
            return Err(Error::conflict("no_address", "there is no e-mail address that a link could go to"));
        };
        let (organization, clock) = (self.ctx.organization.clone(), self.app.clock());
        let secret = token::generate(TokenKind::Reset, &mut |bytes: &mut [u8]| clock.fill(bytes));
        let until = self.ctx.now.plus(self.app.settings().passwords.link_lifetime.get());
        let whose = (&user.id, fold(to));
        self.tx.insert_password_link(&organization, (whose.0, &whose.1), &secret.hash(), (self.ctx.now, until)).await?;
        let name = self.name_of_organization().await?;
        let lines = [
            format!("Somebody, you we hope, asked for a link to choose the password of your account in {name}."),
            format!("It works once, until {}. Opening it changes nothing yet.", crate::app::invitations::moment(until)),
            "You did not ask for it? Then leave it: your password stays as it is.".to_owned(),
        ];
        let link = format!("{}/login/reset?token={}", self.app.settings().server.origin(), secret.expose());
        let (subject, label) = (format!("Choose your password for {name}"), "Choose a password");
        let notice = AccountNotice { to, subject: &subject, lines: &lines, link: &link, label };
        self.post_letter(user.id.as_str(), &notice.letter()).await?;
        self.tell(EventKind::PasswordLinkSent, [user.id.to_string()], json!({"expires_at": until}));
        Ok(())
    }

    async fn choose_password(&mut self, (link, place): (&str, &PasswordLink), hash: &str) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        if !self.tx.use_password_link(&hash_of(link)?, self.ctx.now).await? {
            return Err(dead());
        }
        let user = self.tx.user_to_change(&organization, &place.user).await?.ok_or_else(dead)?;
        // What was shown is that somebody reads this address, and nothing about another one.
        if user.email.as_deref().map(fold).as_deref() != Some(place.email.as_str()) {
            return Err(dead());
        }
        if !may_have_one(&mut self.tx, &organization, &user).await? {
            return Err(dead());
        }
        self.put_password(&user, hash, "link").await?;
        self.end_other_sessions(&organization, &user.id, None).await
    }

    async fn change_password(&mut self, (user, stored): (&User, &StoredPassword), hash: &str) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let now = self.tx.password_to_change(&organization, &user.id).await?;
        if now.is_none_or(|now| now.version != stored.version) {
            return Err(Error::Stale);
        }
        let current = match &self.ctx.actor {
            Actor::User { session, .. } => Some(session.clone()),
            Actor::Key { .. }
            | Actor::ServiceAccount { .. }
            | Actor::Connection { .. }
            | Actor::Operator
            | Actor::System => None,
        };
        self.put_password(user, hash, "change").await?;
        self.end_other_sessions(&organization, &user.id, current.as_ref()).await
    }

    /// Writes a password of somebody whose address is shown to be theirs. Links that were sent before are dead.
    pub(super) async fn put_password(&mut self, user: &User, hash: &str, how: &str) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let verified = user.email.as_deref().map(fold).unwrap_or_default();
        let had_one = self.tx.password(&organization, &user.id).await?.is_some();
        self.tx.set_password(&organization, &user.id, (hash, &verified), now).await?;
        self.tx.end_password_links(&organization, &user.id, now).await?;
        self.tell(EventKind::PasswordSet, [user.id.to_string()], json!({"how": how}));
        if had_one {
            let lines = [
                "The password of your account was changed, and wherever else you were signed in you are not any more."
                    .to_owned(),
                UNEXPECTED.to_owned(),
            ];
            self.write_to(user, "Your password was changed", &lines).await?;
        }
        Ok(())
    }

    async fn end_other_sessions(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        but: Option<&SessionId>,
    ) -> Result<(), Error> {
        let ended = self.tx.end_sessions_but(organization, user, but, self.ctx.now).await?;
        if ended.is_empty() {
            return Ok(());
        }
        let subjects = std::iter::once(user.to_string()).chain(ended.iter().map(ToString::to_string));
        self.tell(EventKind::SessionEnded, subjects, json!({"sessions": ended.len(), "how": "another password"}));
        for session in &ended {
            self.revoke_session(session);
        }
        Ok(())
    }

    /// A letter to somebody about their way in, if they can be reached.
    pub(super) async fn write_to(&mut self, user: &User, subject: &str, lines: &[String]) -> Result<(), Error> {
        let Some(to) = user.email.as_deref().filter(|email| crate::mail::checked_address(email).is_ok()) else {
            return Ok(());
        };
        let name = self.name_of_organization().await?;
        let link = format!("{}/account/password", self.app.settings().server.origin());
        let subject = format!("{subject} ({name})");
        let notice = AccountNotice { to, subject: &subject, lines, link: &link, label: "Look at your account" };
        self.post_letter(user.id.as_str(), &notice.letter()).await
    }

    async fn name_of_organization(&mut self) -> Result<String, Error> {
        let found = self.tx.organization(&self.ctx.organization.clone()).await?;
        Ok(found.map(|found| found.name).unwrap_or_default())
    }
}
