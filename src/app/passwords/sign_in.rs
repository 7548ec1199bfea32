//! Signing in by e-mail address and password. One answer for every reason, one slow hash for every attempt.

use super::{
    super::{
        Actor, App, Ctx, Error, Need, SignedIn, TurnedAway, Whence, Work,
        domains::enforced_connection,
        sign_in::{Opened, SignInAttempt},
    },
    address, local_person,
    throttle::{Counter, Of},
};
use crate::{
    model::{Organization, OrganizationId, SignInFailure, SignInProtocol, StoredPassword, User, UserState, fold},
    store::Tx,
};
use secrecy::SecretString;
use std::time::Duration;

/// What somebody typed, and what their browser brought along.
#[derive(Debug)]
pub struct Tried<'a> {
    /// The organization's short name.
    pub slug: &'a str,
    /// The address.
    pub email: &'a str,
    /// The password.
    pub password: SecretString,
    /// The cookie of a browser that somebody signed in with before.
    pub device: Option<&'a str>,
    /// Where they want to go.
    pub return_to: &'a str,
}

/// What came of an attempt.
#[derive(Debug)]
pub enum ByPassword {
    /// The person is in; what the browser keeps to be known again.
    In(Box<SignedIn>, Option<String>),
    /// The password is right, and the code of the person's app is asked for next; what the browser keeps meanwhile.
    Code(String),
    /// No. Every reason looks the same.
    Refused,
    /// Nothing was tried: it is too early for that.
    Wait(Duration),
}

/// What is known of whoever an attempt may mean.
struct Meant {
    organization: Option<Organization>,
    person: Option<User>,
    stored: Option<StoredPassword>,
    /// Why this person does not get in whatever they type, or that nobody is meant.
    hindrance: Option<SignInFailure>,
    has_second_factor: bool,
}

impl App {
    /// Signs somebody in by e-mail address and password.
    pub async fn sign_in_by_password(&self, tried: Tried<'_>, whence: &Whence) -> Result<ByPassword, Error> {
        let now = self.clock().now();
        let email = address(tried.email).unwrap_or_default();
        let meant = self.meant(tried.slug, &email).await?;
        let counters = self.counters(&meant, &tried, &email, whence);
        if let Err(wait) = self.count_attempt(&counters).await? {
            return Ok(ByPassword::Wait(wait));
        }
        let stored = meant.stored.as_ref().map(|stored| stored.hash.as_str());
        let is_right = self.passwords().verify(&tried.password, stored).await?;
        let failure = match (meant.hindrance, is_right) {
            (Some(failure @ (SignInFailure::UnknownPerson | SignInFailure::NoPassword)), _) => Some(failure),
            (_, false) => Some(SignInFailure::PasswordWrong),
            (hindrance, true) => hindrance,
        };
        let Some(organization) = meant.organization.as_ref().map(|organization| organization.id.clone()) else {
            return Ok(ByPassword::Refused);
        };
        let request = whence.request.clone().unwrap_or_else(|| self.new_request());
        let ctx = Ctx { actor: Actor::System, organization, now, request };
        let mut attempt = SignInAttempt::new(&ctx, None, SignInProtocol::Password, whence);
        attempt.entry.email = Some(email);
        attempt.entry.user = meant.person.as_ref().map(|user| user.id.clone());
        let (user, stored) = match (failure, meant.person, meant.stored) {
            (None, Some(user), Some(stored)) => (user, stored),
            (failure, _, _) => {
                let why = failure.unwrap_or(SignInFailure::UnknownPerson);
                return self.refused(&ctx, attempt, Error::TurnedAway(TurnedAway::Unproven(why))).await;
            }
        };
        if meant.has_second_factor {
            self.forgive_attempt(&counters).await?;
            return Ok(ByPassword::Code(self.half_in(&ctx, &user, stored.version, tried.return_to)?));
        }
        match self.open_by_password(&ctx, (&user, stored.version), &mut attempt).await {
            Ok(opened) => {
                self.forgive_attempt(&counters).await?;
                let device = self.device_cookie(&ctx.organization, &user);
                Ok(ByPassword::In(Box::new(opened.signed_in(tried.return_to.to_owned())), device))
            }
            Err(error) => self.refused(&ctx, attempt, error).await,
        }
    }

    /// Leaves the trace of an attempt that failed. What is nobody's fault here is an error still.
    pub(super) async fn refused(&self, ctx: &Ctx, attempt: SignInAttempt, why: Error) -> Result<ByPassword, Error> {
        if !matches!(why, Error::TurnedAway(_)) {
            return Err(why);
        }
        match self.failed_sign_in(ctx, attempt, why).await {
            Error::SignIn { .. } | Error::TurnedAway(_) => Ok(ByPassword::Refused),
            error => Err(error),
        }
    }

    async fn open_by_password(
        &self,
        ctx: &Ctx,
        who: (&User, i64),
        attempt: &mut SignInAttempt,
    ) -> Result<Opened, Error> {
        let mut work = self.begin(ctx, Need::Directory).await?;
        let outcome = Box::pin(work.open_by_password(who, attempt)).await;
        work.finish(outcome).await
    }

    async fn meant(&self, slug: &str, email: &str) -> Result<Meant, Error> {
        let mut tx = self.store().read().await?;
        let mut meant = Meant {
            organization: tx.organization_by_slug(slug.trim()).await?,
            person: None,
            stored: None,
            hindrance: Some(SignInFailure::UnknownPerson),
            has_second_factor: false,
        };
        let Some(organization) = meant.organization.as_ref().map(|organization| organization.id.clone()) else {
            return Ok(meant);
        };
        let (person, is_anybody) = local_person(&mut tx, &organization, email).await?;
        if is_anybody {
            meant.hindrance = Some(SignInFailure::NoPassword);
        }
        let Some(user) = person else { return Ok(meant) };
        if let Some(stored) = tx.password(&organization, &user.id).await? {
            meant.hindrance = hindrance(&mut tx, &organization, (&user, &stored)).await?;
            let factor = tx.second_factor(&organization, &user.id).await?;
            meant.has_second_factor = factor.is_some_and(|factor| factor.confirmed_at.is_some());
            meant.stored = Some(stored);
        }
        meant.person = Some(user);
        Ok(meant)
    }

    /// What this attempt counts for: the browser by itself, if it is the person's own; else whom it tries and from where.
    fn counters(&self, meant: &Meant, tried: &Tried<'_>, email: &str, whence: &Whence) -> Vec<Counter> {
        let organization = meant.organization.as_ref().map(|organization| organization.id.as_str());
        if let (Some(known), Some(user)) = (meant.organization.as_ref(), meant.person.as_ref())
            && let Some(device) = self.known_device(tried.device, (&known.id, &user.id))
        {
            return vec![Counter::new(Of::One, &["device", &device])];
        }
        let slug = fold(tried.slug.trim());
        let mut counters = vec![Counter::new(Of::One, &["password", organization.unwrap_or(&slug), email])];
        counters.extend(of_address("password", whence));
        counters
    }
}

/// The counter of a network address: of the network, where a household or a machine has a whole one (RFC 6177 §2).
pub(super) fn of_address(what: &str, whence: &Whence) -> Option<Counter> {
    let text = match whence.address?.to_canonical() {
        std::net::IpAddr::V4(address) => address.to_string(),
        std::net::IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    };
    Some(Counter::new(Of::Address, &["address", what, &text]))
}

/// Why somebody does not get in by a password that is right.
pub(super) async fn hindrance(
    tx: &mut Tx,
    organization: &OrganizationId,
    (user, stored): (&User, &StoredPassword),
) -> Result<Option<SignInFailure>, Error> {
    if user.connection.is_some() {
        return Ok(Some(SignInFailure::NoPassword));
    }
    if user.state() != UserState::Active {
        return Ok(Some(SignInFailure::Suspended));
    }
    if enforced_connection(tx, organization, user.email.as_deref()).await?.is_some() {
        return Ok(Some(SignInFailure::EnforcedElsewhere));
    }
    let verified = user.email.as_deref().is_some_and(|email| fold(email) == stored.verified_email);
    Ok((!verified).then_some(SignInFailure::EmailUnverified))
}

impl Work<'_> {
    /// A session for somebody whose password of this version was right: asked again in the transaction, so that one that was
    /// changed meanwhile, or a person who was suspended, opens nothing.
    pub(super) async fn open_by_password(
        &mut self,
        (user, version): (&User, i64),
        attempt: &mut SignInAttempt,
    ) -> Result<Opened, Error> {
        let unproven = |why| Error::TurnedAway(TurnedAway::Unproven(why));
        let organization = self.ctx.organization.clone();
        let stored = self.tx.password_to_change(&organization, &user.id).await?;
        let stored = stored.filter(|stored| stored.version == version);
        let stored = stored.ok_or_else(|| unproven(SignInFailure::PasswordWrong))?;
        let user = self.tx.user(&organization, &user.id).await?;
        let user = user.ok_or_else(|| unproven(SignInFailure::UnknownPerson))?;
        if let Some(why) = hindrance(&mut self.tx, &organization, (&user, &stored)).await? {
            return Err(unproven(why));
        }
        self.open_session(&user, None, attempt).await
    }
}
