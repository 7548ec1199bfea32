//! An authenticator app, and recovery codes for whom it has left: enrolled, renewed and taken away by whoever knows the password.

use super::{
    super::{Actor, App, Ctx, Error, Need, Work},
    may_have_one,
    throttle::{Counter, Of},
};
use crate::{
    crypto::{Context, LONGEST_PASSWORD, sha256, totp},
    model::{EventKind, OrganizationId, StoredPassword, User, UserId},
};
use data_encoding::{BASE32_NOPAD, Encoding};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

/// How many recovery codes there are.
const CODES: usize = 10;
/// Random bytes of one: sixteen letters, which need no slow hash.
const CODE: usize = 10;

/// What an authenticator app has to be told. It is shown until it is confirmed.
pub struct Enrolment {
    /// As a picture says it.
    pub uri: SecretString,
    /// As people type it.
    pub text: SecretString,
}

/// New recovery codes, shown once.
pub struct RecoveryCodes(pub Vec<SecretString>);

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrolment(…)")
    }
}

impl std::fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCodes(…)")
    }
}

/// Where a secret lies, for the sealing.
pub(super) fn place<'a>(organization: &'a OrganizationId, user: &'a UserId) -> Context<'a> {
    Context { organization: organization.as_str(), table: "second_factors", row: user.as_str(), column: "secret" }
}

/// A recovery code as it is compared, however it was typed.
pub(super) fn recovery_hash(typed: &str) -> [u8; 32] {
    let letters: String = typed.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    sha256(letters.to_ascii_uppercase().as_bytes())
}

impl App {
    /// Offers an authenticator app's secret to whoever knows the password. It counts when it is confirmed.
    pub async fn offer_second_factor(&self, ctx: &Ctx, password: &SecretString) -> Result<Enrolment, Error> {
        let (user, stored) = self.prove(ctx, password).await?;
        let mut secret = [0; totp::SECRET];
        self.clock().fill(&mut secret);
        let sealed = self.sealer().seal(&place(&ctx.organization, &user.id), &secret).map_err(Error::internal)?;
        let mut work = self.begin(ctx, Need::Self_).await?;
        let outcome = Box::pin(work.offer_second_factor((&user, &stored), &sealed)).await;
        work.finish(outcome).await?;
        self.enrolment(ctx, &user, &secret).await
    }

    /// The secret that was offered and is not confirmed yet.
    pub async fn offered_second_factor(&self, ctx: &Ctx) -> Result<Option<Enrolment>, Error> {
        let user = self.person_of(ctx).await?;
        let factor = self.store().read().await?.second_factor(&ctx.organization, &user.id).await?;
        let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_none()) else { return Ok(None) };
        let secret = self.sealer().open(&place(&ctx.organization, &user.id), &factor.sealed);
        self.enrolment(ctx, &user, &secret.map_err(Error::internal)?).await.map(Some)
    }

    /// Confirms the app by a code that it shows: it is asked for from now on. Recovery codes come with it.
    pub async fn confirm_second_factor(&self, ctx: &Ctx, typed: &str) -> Result<RecoveryCodes, Error> {
        let user = self.person_of(ctx).await?;
        let counter = self.counted(ctx, "confirm code", &user).await?;
        let (codes, hashes) = self.draw_codes();
        let mut work = self.begin(ctx, Need::Self_).await?;
        let outcome = Box::pin(work.confirm_second_factor(&user, typed, &hashes)).await;
        work.finish(outcome).await?;
        self.forgive_attempt(&counter).await?;
        Ok(codes)
    }

    /// Other recovery codes in the place of those before.
    pub async fn renew_recovery_codes(&self, ctx: &Ctx, password: &SecretString) -> Result<RecoveryCodes, Error> {
        let (user, stored) = self.prove(ctx, password).await?;
        let (codes, hashes) = self.draw_codes();
        let mut work = self.begin(ctx, Need::Self_).await?;
        let outcome = Box::pin(work.renew_recovery_codes((&user, &stored), &hashes)).await;
        work.finish(outcome).await?;
        Ok(codes)
    }

    /// The app is asked for no more.
    pub async fn remove_second_factor(&self, ctx: &Ctx, password: &SecretString) -> Result<(), Error> {
        let (user, stored) = self.prove(ctx, password).await?;
        let mut work = self.begin(ctx, Need::Self_).await?;
        let outcome = Box::pin(work.remove_second_factor((&user, &stored))).await;
        work.finish(outcome).await
    }

    /// The signed-in person, who shows that they know their password.
    pub(super) async fn prove(&self, ctx: &Ctx, password: &SecretString) -> Result<(User, StoredPassword), Error> {
        let user = self.person_of(ctx).await?;
        let stored = self.store().read().await?.password(&ctx.organization, &user.id).await?;
        let stored =
            stored.ok_or_else(|| Error::conflict("no_password", "you have no password yet: choose one first"))?;
        let counter = self.counted(ctx, "confirm", &user).await?;
        let is_right = password.expose_secret().len() <= LONGEST_PASSWORD
            && self.passwords().verify(password, Some(&stored.hash)).await?;
        if !is_right {
            return Err(Error::invalid("password", "this is not your password"));
        }
        self.forgive_attempt(&counter).await?;
        Ok((user, stored))
    }

    /// One more attempt of somebody who is signed in.
    async fn counted(&self, ctx: &Ctx, what: &str, user: &User) -> Result<[Counter; 1], Error> {
        let counter = [Counter::new(Of::One, &[what, ctx.organization.as_str(), user.id.as_str()])];
        match self.count_attempt(&counter).await? {
            Ok(()) => Ok(counter),
            Err(wait) => {
                let detail = format!("too many wrong attempts; please wait {} seconds", wait.as_secs().max(1));
                Err(Error::conflict("too_many_attempts", detail))
            }
        }
    }

    /// Whoever asks, by a session of theirs: no key changes how its owner signs in.
    pub(super) async fn person_of(&self, ctx: &Ctx) -> Result<User, Error> {
        let Actor::User { id, .. } = &ctx.actor else {
            return Err(Error::Forbidden { need: "a session of the person's own".to_owned() });
        };
        let mut tx = self.read(ctx, Need::Self_).await?;
        let user = tx.user(&ctx.organization, id).await?.ok_or(Error::NotSignedIn)?;
        match may_have_one(&mut tx, &ctx.organization, &user).await? {
            true => Ok(user),
            false => Err(Error::conflict("signs_in_elsewhere", "you sign in by your company's own sign-in")),
        }
    }

    /// The Key Uri Format that authenticator apps read.
    async fn enrolment(&self, ctx: &Ctx, user: &User, secret: &[u8]) -> Result<Enrolment, Error> {
        let organization = self.store().read().await?.organization(&ctx.organization).await?;
        let name = organization.map(|organization| organization.name).unwrap_or_default();
        let text = totp::text(secret);
        let mut uri = url::Url::parse("otpauth://totp/").map_err(Error::internal)?;
        let label = format!("{name}:{}", user.email.as_deref().unwrap_or(&user.user_name));
        uri.path_segments_mut().map_err(|()| Error::internal("an address without a path"))?.clear().push(&label);
        uri.query_pairs_mut().append_pair("secret", &text).append_pair("issuer", &name);
        // Apps read a plus as a plus.
        let uri = uri.as_str().replace('+', "%20");
        Ok(Enrolment { uri: SecretString::from(uri), text: SecretString::from(text) })
    }

    fn draw_codes(&self) -> (RecoveryCodes, Vec<[u8; 32]>) {
        let base32: &Encoding = &BASE32_NOPAD;
        let draw = || {
            let mut bytes = [0; CODE];
            self.clock().fill(&mut bytes);
            let letters: Vec<char> = base32.encode(&bytes).chars().collect();
            letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-")
        };
        let codes: Vec<String> = (0..CODES).map(|_| draw()).collect();
        let hashes = codes.iter().map(|code| recovery_hash(code)).collect();
        (RecoveryCodes(codes.into_iter().map(SecretString::from).collect()), hashes)
    }
}

impl Work<'_> {
    /// Refuses what was proven by a password that has been changed since.
    async fn still_proven(&mut self, (user, stored): (&User, &StoredPassword)) -> Result<(), Error> {
        let now = self.tx.password_to_change(&self.ctx.organization.clone(), &user.id).await?;
        if now.is_some_and(|now| now.version == stored.version) { Ok(()) } else { Err(Error::Stale) }
    }

    async fn offer_second_factor(&mut self, who: (&User, &StoredPassword), sealed: &[u8]) -> Result<(), Error> {
        self.still_proven(who).await?;
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        if !self.tx.offer_second_factor(&organization, &who.0.id, sealed, now).await? {
            return Err(Error::conflict("already_enrolled", "you have an authenticator app already: remove it first"));
        }
        self.tell(EventKind::SecondFactorOffered, [who.0.id.to_string()], json!({}));
        Ok(())
    }

    async fn confirm_second_factor(&mut self, user: &User, typed: &str, hashes: &[[u8; 32]]) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let offered = self.tx.second_factor(&organization, &user.id).await?;
        let offered = offered.filter(|factor| factor.confirmed_at.is_none());
        let offered =
            offered.ok_or_else(|| Error::conflict("not_offered", "begin again: there is nothing to confirm"))?;
        let secret = self.app.sealer().open(&place(&organization, &user.id), &offered.sealed);
        let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
        let step = totp::matching(&secret.map_err(Error::internal)?, &digits, now.seconds(), offered.last_step);
        let wrong = || Error::invalid("code", "this is not the code that your app shows now; try the next one");
        let step = step.ok_or_else(wrong)?;
        if !self.tx.confirm_second_factor(&organization, (&user.id, offered.created_at), step, now).await? {
            return Err(wrong());
        }
        self.tx.set_recovery_codes(&organization, &user.id, hashes).await?;
        self.tell(EventKind::SecondFactorAdded, [user.id.to_string()], json!({"recovery_codes": hashes.len()}));
        let lines =
            ["From now on your sign-in asks for the code of your authenticator app.".to_owned(), UNEXPECTED.to_owned()];
        self.write_to(user, "An authenticator app was added to your account", &lines).await
    }

    async fn renew_recovery_codes(&mut self, who: (&User, &StoredPassword), hashes: &[[u8; 32]]) -> Result<(), Error> {
        self.still_proven(who).await?;
        let (organization, user) = (self.ctx.organization.clone(), who.0);
        let factor = self.tx.second_factor(&organization, &user.id).await?;
        if factor.is_none_or(|factor| factor.confirmed_at.is_none()) {
            return Err(Error::conflict(
                "not_offered",
                "you have no authenticator app that recovery codes stand in for",
            ));
        }
        self.tx.set_recovery_codes(&organization, &user.id, hashes).await?;
        self.tell(EventKind::RecoveryCodesMade, [user.id.to_string()], json!({"recovery_codes": hashes.len()}));
        let lines = ["Your account has new recovery codes; those before are dead.".to_owned(), UNEXPECTED.to_owned()];
        self.write_to(user, "Your recovery codes were renewed", &lines).await
    }

    async fn remove_second_factor(&mut self, who: (&User, &StoredPassword)) -> Result<(), Error> {
        self.still_proven(who).await?;
        if !self.tx.delete_second_factor(&self.ctx.organization.clone(), &who.0.id).await? {
            return Err(Error::conflict("not_offered", "you have no authenticator app"));
        }
        self.tell(EventKind::SecondFactorRemoved, [who.0.id.to_string()], json!({}));
        let lines = ["Your sign-in asks for no code any more.".to_owned(), UNEXPECTED.to_owned()];
        self.write_to(who.0, "The authenticator app was removed from your account", &lines).await
    }
}

/// What every letter about somebody's way in ends with.
pub(super) const UNEXPECTED: &str =
    "Was it not you? Then choose another password at once, and tell an owner of your organization.";
