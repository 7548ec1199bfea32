//! An invitation accepted with a password: its link came by mail, so whoever follows it reads what is sent to the address.

use super::super::{
    Actor, App, Ctx, Error, Need, SignedIn, TurnedAway, Whence, Work,
    domains::enforced_connection,
    sign_in::{Opened, SignInAttempt},
};
use crate::{
    crypto::{TokenKind, token},
    model::{EventKind, SignInProtocol, User, UserId, UserState, fold},
};
use secrecy::SecretString;
use serde_json::{Map, json};

impl App {
    /// Whether the invitation of a link may be accepted with a password: not where single sign-on is enforced for the address.
    pub async fn invitation_takes_password(&self, link: &str) -> Result<bool, Error> {
        let shown = self.invitation_shown(link).await?;
        let hash = hash_of(link)?;
        let mut tx = self.store().read().await?;
        let organization = tx.organization_of_link(&hash).await?.ok_or_else(dead)?;
        Ok(enforced_connection(&mut tx, &organization, Some(&shown.email)).await?.is_none())
    }

    /// Accepts an invitation with a password: a new person, or the organization's own one of that address who has none yet. They are
    /// in, and their browser is known.
    pub async fn accept_with_password(
        &self,
        link: &str,
        password: &SecretString,
        whence: &Whence,
    ) -> Result<(SignedIn, Option<String>), Error> {
        let hash = hash_of(link)?;
        let shown = self.invitation_shown(link).await?;
        let mut tx = self.store().read().await?;
        let id = tx.organization_of_link(&hash).await?.ok_or_else(dead)?;
        let organization = tx.organization(&id).await?.ok_or_else(dead)?;
        drop(tx);
        let now = self.clock().now();
        let blank = User {
            user_name: shown.email.clone(),
            email: Some(shown.email.clone()),
            ..User::blank(UserId::from_uuid(self.clock().uuid()), None, now)
        };
        self.fit(password, &blank, &organization)?;
        let stored = self.passwords().hash(password).await?;
        let request = whence.request.clone().unwrap_or_else(|| self.new_request());
        let ctx = Ctx { actor: Actor::System, organization: id, now, request };
        let mut attempt = SignInAttempt::new(&ctx, None, SignInProtocol::Password, whence);
        attempt.entry.email = Some(shown.email);
        let mut work = self.begin(&ctx, Need::Directory).await?;
        let outcome = Box::pin(work.accept_with_password(&hash, (blank, &stored), &mut attempt)).await;
        match work.finish(outcome).await {
            Ok((opened, user)) => {
                let device = self.device_cookie(&ctx.organization, &user);
                Ok((opened.signed_in("/account".to_owned()), device))
            }
            Err(error) => Err(self.failed_sign_in(&ctx, attempt, error).await),
        }
    }
}

fn dead() -> Error {
    Error::TurnedAway(TurnedAway::DeadLink)
}

fn hash_of(link: &str) -> Result<[u8; 32], Error> {
    token::parse(link, TokenKind::Invitation).map(|presented| presented.hash()).map_err(|_| dead())
}

impl Work<'_> {
    async fn accept_with_password(
        &mut self,
        link: &[u8; 32],
        (blank, hash): (User, &str),
        attempt: &mut SignInAttempt,
    ) -> Result<(Opened, User), Error> {
        let organization = self.ctx.organization.clone();
        let (_, invitation) = self.invitation_of_arrival(Some(link), None, &Map::new()).await?;
        let invitation = invitation.ok_or_else(dead)?;
        if enforced_connection(&mut self.tx, &organization, Some(&invitation.email)).await?.is_some() {
            return Err(Error::TurnedAway(TurnedAway::Enforced));
        }
        let user = self.invited_person(&invitation.email, blank).await?;
        attempt.entry.user = Some(user.id.clone());
        if !self.use_invitation_up(invitation, &user).await? {
            return Err(Error::TurnedAway(TurnedAway::Withheld));
        }
        self.put_password(&user, hash, "invitation").await?;
        let opened = self.open_session(&user, None, attempt).await?;
        Ok((opened, user))
    }

    /// The person of an invited address. Never two: whoever is here by a provider, or has a password, comes in by that.
    async fn invited_person(&mut self, email: &str, blank: User) -> Result<User, Error> {
        let organization = self.ctx.organization.clone();
        // Held, so that the same address is not made twice at this moment by two invitations' links.
        self.tx.lock_organization(&organization).await?;
        let mut known = self.tx.users_by_email(&organization, email).await?;
        if let Some(by_name) = self.tx.user_by_name(&organization, None, email).await?
            && known.iter().all(|one| one.id != by_name.id)
        {
            known.push(by_name);
        }
        let Some(user) = known.pop() else {
            self.tx.insert_user(&organization, &blank).await?;
            self.tell(EventKind::UserCreated, [blank.id.to_string()], json!({"how": "invitation"}));
            return Ok(blank);
        };
        let is_free = known.is_empty()
            && user.connection.is_none()
            && user.email.as_deref().map(fold) == Some(fold(email))
            && self.tx.password(&organization, &user.id).await?.is_none();
        match (is_free, user.state()) {
            (true, UserState::Active) => Ok(user),
            (true, UserState::Suspended | UserState::Removed) => Err(Error::TurnedAway(TurnedAway::Suspended)),
            (false, _) => Err(Error::TurnedAway(TurnedAway::Clash)),
        }
    }
}
