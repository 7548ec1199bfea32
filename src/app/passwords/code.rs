//! The second half of a sign-in whose person has an authenticator app: its code, or a recovery code.

use super::{
    super::{
        Actor, App, Ctx, Error, Need, TurnedAway, Whence, Work,
        sign_in::{Opened, SignInAttempt},
    },
    ByPassword,
    second_factor::{place, recovery_hash},
    throttle::{Counter, Of},
};
use crate::{
    crypto::{Context, totp},
    model::{EventKind, Instant, OrganizationId, SignInFailure, SignInProtocol, User, UserId},
};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// How long somebody may look for their phone.
const PATIENCE: Duration = Duration::from_mins(10);

const COOKIE: Context<'static> = Context { organization: "-", table: "cookies", row: "sign-in", column: "half" };

/// Whose password was right: what the browser keeps, sealed, until the code comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HalfIn {
    pub(super) organization: OrganizationId,
    pub(super) user: UserId,
    /// The password's.
    pub(super) version: i64,
    pub(super) return_to: String,
    pub(super) began: Instant,
}

impl HalfIn {
    fn is_over(&self, now: Instant) -> bool {
        self.began.plus(PATIENCE) < now
    }
}

impl App {
    pub(super) fn half_in(&self, ctx: &Ctx, user: &User, version: i64, return_to: &str) -> Result<String, Error> {
        let half = HalfIn {
            organization: ctx.organization.clone(),
            user: user.id.clone(),
            version,
            return_to: return_to.to_owned(),
            began: ctx.now,
        };
        let bytes = serde_json::to_vec(&half).map_err(Error::internal)?;
        let sealed = self.sealer().seal(&COOKIE, &bytes).map_err(Error::internal)?;
        Ok(BASE64URL_NOPAD.encode(&sealed))
    }

    /// Finishes a sign-in by the code that the person's app shows, or by a recovery code.
    pub async fn finish_by_code(
        &self,
        cookie: Option<&str>,
        typed: &str,
        whence: &Whence,
    ) -> Result<ByPassword, Error> {
        let now = self.clock().now();
        let half = cookie.and_then(|cookie| self.opened_half(cookie)).filter(|half| !half.is_over(now));
        let half = half.ok_or(Error::TurnedAway(TurnedAway::Expired))?;
        let counter = [Counter::new(Of::One, &["code", half.organization.as_str(), half.user.as_str()])];
        if let Err(wait) = self.count_attempt(&counter).await? {
            return Ok(ByPassword::Wait(wait));
        }
        let request = whence.request.clone().unwrap_or_else(|| self.new_request());
        let ctx = Ctx { actor: Actor::System, organization: half.organization.clone(), now, request };
        let mut attempt = SignInAttempt::new(&ctx, None, SignInProtocol::Password, whence);
        attempt.entry.user = Some(half.user.clone());
        let mut work = self.begin(&ctx, Need::Directory).await?;
        let outcome = Box::pin(work.open_by_code(&half, typed, &mut attempt)).await;
        match work.finish(outcome).await {
            Ok((opened, user)) => {
                self.forgive_attempt(&counter).await?;
                let device = self.device_cookie(&ctx.organization, &user);
                Ok(ByPassword::In(Box::new(opened.signed_in(half.return_to)), device))
            }
            Err(error) => self.refused(&ctx, attempt, error).await,
        }
    }

    fn opened_half(&self, cookie: &str) -> Option<HalfIn> {
        let sealed = BASE64URL_NOPAD.decode(cookie.as_bytes()).ok()?;
        serde_json::from_slice(&self.sealer().open(&COOKIE, &sealed).ok()?).ok()
    }
}

impl Work<'_> {
    /// The code is used up in the transaction that opens the session: whoever is second is not in.
    async fn open_by_code(
        &mut self,
        half: &HalfIn,
        typed: &str,
        attempt: &mut SignInAttempt,
    ) -> Result<(Opened, User), Error> {
        let unproven = |why| Error::TurnedAway(TurnedAway::Unproven(why));
        let user = self.tx.user(&half.organization, &half.user).await?;
        let user = user.ok_or_else(|| unproven(SignInFailure::UnknownPerson))?;
        if !self.use_code(&user, typed).await? {
            return Err(unproven(SignInFailure::CodeWrong));
        }
        let opened = self.open_by_password((&user, half.version), attempt).await?;
        Ok((opened, user))
    }

    /// Uses up what somebody typed, if it is a code of their app or one of their recovery codes.
    pub(super) async fn use_code(&mut self, user: &User, typed: &str) -> Result<bool, Error> {
        let organization = self.ctx.organization.clone();
        let factor = self.tx.second_factor(&organization, &user.id).await?;
        let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_some()) else { return Ok(false) };
        let digits: String = typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
        if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let secret = self.app.sealer().open(&place(&organization, &user.id), &factor.sealed);
            let secret = secret.map_err(Error::internal)?;
            let step = totp::matching(&secret, &digits, self.ctx.now.seconds(), factor.last_step);
            return match step {
                Some(step) => Ok(self.tx.use_step(&organization, &user.id, step).await?),
                None => Ok(false),
            };
        }
        let is_one = self.tx.use_recovery_code(&organization, &user.id, &recovery_hash(typed), self.ctx.now).await?;
        if is_one {
            let left = self.tx.recovery_codes_left(&organization, &user.id).await?;
            self.tell(EventKind::RecoveryCodeUsed, [user.id.to_string()], json!({"left": left}));
            let lines = [
                "Somebody signed in to your account with one of your recovery codes.".to_owned(),
                format!("{left} of them are left. Was it not you? Then choose another password at once."),
            ];
            self.write_to(user, "A recovery code was used", &lines).await?;
        }
        Ok(is_one)
    }
}
