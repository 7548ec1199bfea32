//! How somebody signs in, as admins see it, and what they may do about it: mail a link to choose a password, and take a second
//! factor away that its owner has lost. Neither lets the admin in: the link goes to the person's own address, and the password
//! is asked for as before.

use super::{
    super::{App, Ctx, Error, Work, credentials::own_or_members},
    may_have_one,
    throttle::{Counter, Of},
};
use crate::model::{Capability, EventKind, Instant, User, UserId, UserState};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// How somebody signs in, without anything that would help to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SignInState {
    /// Who.
    pub user: UserId,
    /// Whether they may have a password: others sign in by their company's own sign-in, or not at all.
    pub may_have_password: bool,
    /// When the password was chosen; none: there is none.
    pub password_changed_at: Option<Instant>,
    /// Until when a link works that was mailed to choose one.
    pub password_link_until: Option<Instant>,
    /// Since when an authenticator app is asked for; none: none is.
    pub second_factor_since: Option<Instant>,
    /// Recovery codes that are left.
    pub recovery_codes_left: i64,
}

impl App {
    /// How somebody signs in: oneself, or anybody for who manages members.
    pub async fn sign_in_state(&self, ctx: &Ctx, id: &UserId) -> Result<SignInState, Error> {
        let mut tx = self.read(ctx, own_or_members(ctx, id)).await?;
        let user = present(tx.user(&ctx.organization, id).await?, id)?;
        let stored = tx.password(&ctx.organization, id).await?;
        let factor = tx.second_factor(&ctx.organization, id).await?;
        Ok(SignInState {
            user: id.clone(),
            may_have_password: may_have_one(&mut tx, &ctx.organization, &user).await?,
            password_changed_at: stored.map(|stored| stored.changed_at),
            password_link_until: tx.password_link_until(&ctx.organization, id, ctx.now).await?,
            second_factor_since: factor.and_then(|factor| factor.confirmed_at),
            recovery_codes_left: tx.recovery_codes_left(&ctx.organization, id).await?,
        })
    }

    /// Mails somebody a link to choose a password: oneself, or anybody for who manages members.
    pub async fn send_password_link(&self, ctx: &Ctx, id: &UserId) -> Result<(), Error> {
        // Counted for the person: nobody fills somebody's mailbox, whoever asks.
        let counter = [Counter::new(Of::One, &["own link", ctx.organization.as_str(), id.as_str()])];
        let mut tx = self.read(ctx, own_or_members(ctx, id)).await?;
        let user = present(tx.user(&ctx.organization, id).await?, id)?;
        if !may_have_one(&mut tx, &ctx.organization, &user).await? {
            let detail =
                format!("{id} signs in by their company's own sign-in, or is suspended: no password opens anything");
            return Err(Error::conflict("signs_in_elsewhere", detail));
        }
        drop(tx);
        if self.count_attempt(&counter).await?.is_err() {
            let detail = format!("links were sent to {id} a moment ago: wait a little");
            return Err(Error::conflict("too_many_attempts", detail));
        }
        let mut work = self.begin(ctx, own_or_members(ctx, id)).await?;
        let outcome = Box::pin(work.mail_password_link(&user)).await;
        work.finish(outcome).await
    }

    /// Takes somebody's second factor away, with their recovery codes: they are signed out and told. Their own is taken away by
    /// whoever knows the password ([`App::remove_second_factor`]).
    pub async fn clear_second_factor(&self, ctx: &Ctx, id: &UserId) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.clear_second_factor(id)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn clear_second_factor(&mut self, id: &UserId) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        if self.ctx.actor.user() == Some(id) {
            let detail = "remove your own on the page of your account, where your password is asked for";
            return Err(Error::conflict("own_access", detail));
        }
        let user = present(self.tx.user_to_change(&organization, id).await?, id)?;
        if !self.tx.delete_second_factor(&organization, id).await? {
            return Err(Error::conflict("not_offered", format!("{id} has no authenticator app")));
        }
        self.tell(EventKind::SecondFactorRemoved, [id.to_string()], json!({"by": "admin"}));
        // Before the account is looked at: somebody who has got hold of a session is out with it.
        self.end_all_sessions(id).await?;
        let lines = [
            "An owner of your organization removed the authenticator app from your account, and you are signed out \
             everywhere. Your sign-in asks for your password alone until you add one again."
                .to_owned(),
            "Nobody asked you? Then tell the owners of your organization, and choose another password.".to_owned(),
        ];
        self.write_to(&user, "The authenticator app was removed from your account", &lines).await
    }
}

fn present(user: Option<User>, id: &UserId) -> Result<User, Error> {
    user.filter(|user| user.state() != UserState::Removed).ok_or_else(|| Error::not_found("user", id.as_str()))
}
