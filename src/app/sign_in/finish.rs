//! The second half of a sign-in: from the provider's answer, or a one-time link, to a session and a trace.

use super::{
    super::{Actor, App, Ctx, Error, Need, TurnedAway},
    Begun, COOKIE, PATIENCE, SignInAttempt, SignedIn, Whence,
    session::Origin,
};
use crate::{
    crypto::{Context, TokenKind, token},
    model::{Connection, ConnectionId, ConnectionTest, Instant, OrganizationId, SignInProtocol, TestId, UserState},
    sso::{Callback, GroupsClaim, Identity, SsoError, StepUp},
};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a state says where it began. Whoever comes back later than this has a browser tab from yesterday.
const STATE_TELLS: Duration = Duration::from_hours(24);

const STATE: Context<'static> = Context { organization: "-", table: "cookies", row: "sign-in", column: "state" };

/// What somebody who comes back from the provider was on the way to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Journey {
    /// Where they go when they are in.
    pub(in crate::app) return_to: String,
    /// The hash of the invitation's link that led here.
    pub(in crate::app) invitation: Option<Vec<u8>>,
    /// The test of the connection that this is: nobody gets in by it.
    pub(in crate::app) test: Option<TestId>,
    /// When it began; nothing: just now.
    pub(in crate::app) began: Option<Instant>,
    /// How the person has to prove who they are, besides what the connection asks of everybody.
    #[serde(default)]
    pub(in crate::app) step_up: StepUp,
}

/// What became of a sign-in that came back.
#[derive(Debug)]
pub enum Finished {
    /// Somebody is in.
    SignedIn(SignedIn),
    /// A test of the connection has ended. Nobody is in.
    Tested(Box<ConnectionTest>),
}

impl App {
    /// Finishes a sign-in with the provider's answer, in the browser that began it and kept `cookie`.
    pub async fn finish_sign_in(
        &self,
        cookie: Option<&str>,
        callback: Callback,
        whence: Whence,
    ) -> Result<Finished, Error> {
        let now = self.clock().now();
        let begun = match cookie.map_or_else(|| Err(lost()), |cookie| self.open_cookie(cookie, now)) {
            Ok(begun) => begun,
            Err(error) => return Err(self.lost_sign_in(&callback, &whence, error).await),
        };
        let request = whence.request.clone().unwrap_or_else(|| self.new_request());
        let actor = Actor::Connection { id: begun.connection.clone() };
        let ctx = Ctx { actor, organization: begun.organization.clone(), now, request };
        let mut attempt = SignInAttempt::new(&ctx, Some(&begun.connection), SignInProtocol::Oidc, &whence);
        attempt.remember(&begun, now);
        let met = self.meet(&begun, &callback, &mut attempt, now).await;
        let journey = Journey {
            return_to: begun.return_to,
            invitation: begun.invitation,
            test: begun.test,
            began: Some(begun.began),
            step_up: StepUp::default(),
        };
        Box::pin(self.conclude_sign_in(&ctx, met, journey, attempt)).await
    }

    /// What every protocol does with an identity, or with why there is none: a session, and the trace.
    pub(in crate::app) async fn conclude_sign_in(
        &self,
        ctx: &Ctx,
        met: Result<(Connection, Identity), Error>,
        journey: Journey,
        mut attempt: SignInAttempt,
    ) -> Result<Finished, Error> {
        if let Some(test) = &journey.test {
            return self.finish_test(ctx, test, met, attempt).await;
        }
        let outcome = match met {
            Ok((connection, identity)) => {
                attempt.meet(&identity);
                let origin = (&connection, &identity, journey.began.unwrap_or(ctx.now));
                self.arrive(ctx, origin, (journey, &mut attempt)).await
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(signed_in) => Ok(Finished::SignedIn(signed_in)),
            Err(error) => Err(self.failed_sign_in(ctx, attempt, error).await),
        }
    }

    /// Who the provider says that it is.
    async fn meet(
        &self,
        begun: &Begun,
        callback: &Callback,
        attempt: &mut SignInAttempt,
        now: Instant,
    ) -> Result<(Connection, Identity), Error> {
        let found = self.store().read().await?.connection(&begun.organization, &begun.connection).await?;
        attempt.hear(found.as_ref(), callback);
        let usable = found.filter(|found| begun.test.is_some() || super::signs_in(found));
        let connection = usable.ok_or_else(|| Error::not_found("connection", begun.connection.as_str()))?;
        let oidc = connection.settings.oidc.as_ref();
        let settings = oidc.ok_or_else(|| Error::not_found("sign-in", connection.name.as_str()))?;
        let proof = self.client_proof(&begun.organization, &connection.id, settings).await?;
        let redirect = self.redirect_uri();
        let identity = self.oidc().finish(settings, &proof, &redirect, &begun.pending, callback, now).await?;
        let identity = with_known_groups(identity, &connection)?;
        Ok((connection, identity))
    }

    /// From an identity to a session: who it is, what is known of them now, and whether they get in.
    async fn arrive(
        &self,
        ctx: &Ctx,
        origin: Origin<'_>,
        (journey, attempt): (Journey, &mut SignInAttempt),
    ) -> Result<SignedIn, Error> {
        let mut work = self.begin(ctx, Need::Directory).await?;
        let outcome = Box::pin(work.settle_and_open(origin, journey.invitation.as_deref(), attempt)).await;
        Ok(work.finish(outcome).await?.signed_in(journey.return_to))
    }

    /// Signs in by a link that works once.
    pub async fn use_sign_in_link(&self, link: &str, whence: Whence) -> Result<SignedIn, Error> {
        let dead = || Error::TurnedAway(TurnedAway::DeadLink);
        let presented = token::parse(link, TokenKind::Link).map_err(|_| dead())?;
        let now = self.clock().now();
        let mut tx = self.store().write("sign-in link").await?;
        let Some((organization, user)) = tx.use_sign_in_link(&presented.hash(), now).await? else {
            tx.rollback().await?;
            return Err(dead());
        };
        let user = tx.user(&organization, &user).await?.ok_or_else(dead)?;
        tx.commit().await?;
        let request = whence.request.clone().unwrap_or_else(|| self.new_request());
        let ctx = Ctx { actor: Actor::System, organization, now, request };
        let mut attempt = SignInAttempt::new(&ctx, None, SignInProtocol::Link, &whence);
        attempt.entry.user = Some(user.id.clone());
        let outcome = match user.state() {
            UserState::Active => {
                let going = ("/account".to_owned(), &mut attempt);
                self.start_session(&ctx, &user, going).await
            }
            UserState::Suspended | UserState::Removed => Err(Error::TurnedAway(TurnedAway::Suspended)),
        };
        match outcome {
            Ok(signed_in) => Ok(signed_in),
            Err(error) => Err(self.failed_sign_in(&ctx, attempt, error).await),
        }
    }

    fn open_cookie(&self, cookie: &str, now: Instant) -> Result<Begun, Error> {
        let sealed = BASE64URL_NOPAD.decode(cookie.as_bytes()).map_err(|_| lost())?;
        let bytes = self.sealer().open(&COOKIE, &sealed).map_err(|_| lost())?;
        let begun: Begun = serde_json::from_slice(&bytes).map_err(|_| lost())?;
        if begun.began.plus(PATIENCE) < now { Err(lost()) } else { Ok(begun) }
    }

    /// The trace of an answer whose browser remembers nothing: the state says in which organization it is to be found.
    async fn lost_sign_in(&self, callback: &Callback, whence: &Whence, error: Error) -> Error {
        let now = self.clock().now();
        let began = callback.added_to_state().and_then(|tag| self.began_where(tag, now));
        let Some((organization, connection)) = began else { return error };
        let request = whence.request.clone().unwrap_or_else(|| self.new_request());
        // Nobody vouches for a state that anybody can send again: it leaves a trace, and no event.
        let ctx = Ctx { actor: Actor::System, organization, now, request };
        let mut attempt = SignInAttempt::new(&ctx, Some(&connection), SignInProtocol::Oidc, whence);
        attempt.hear(None, callback);
        self.failed_sign_in(&ctx, attempt, error).await
    }

    /// What the state of a sign-in says about where it began: sealed, so that nobody else can say it.
    pub(super) fn where_it_began(
        &self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        now: Instant,
    ) -> Result<String, Error> {
        let text = format!("{organization} {connection} {}", now.0);
        let sealed = self.sealer().seal(&STATE, text.as_bytes()).map_err(Error::internal)?;
        Ok(BASE64URL_NOPAD.encode(&sealed))
    }

    fn began_where(&self, tag: &str, now: Instant) -> Option<(OrganizationId, ConnectionId)> {
        let sealed = BASE64URL_NOPAD.decode(tag.as_bytes()).ok()?;
        let bytes = self.sealer().open(&STATE, &sealed).ok()?;
        let mut parts = std::str::from_utf8(&bytes).ok()?.split(' ');
        let organization = parts.next()?.parse().ok()?;
        let connection = parts.next()?.parse().ok()?;
        let began = Instant(parts.next()?.parse().ok()?);
        (began.plus(STATE_TELLS) >= now).then_some((organization, connection))
    }
}

fn lost() -> Error {
    Error::TurnedAway(TurnedAway::Expired)
}

/// Groups that are too many to list are not none: where sign-ins say them, whoever cannot be read does not come in.
pub(super) fn with_known_groups(identity: Identity, connection: &Connection) -> Result<Identity, SsoError> {
    if identity.groups == GroupsClaim::Overage && !connection.pushes_groups {
        return Err(SsoError::GroupsUnknown { why: "the connection names no groups_endpoint".to_owned() });
    }
    Ok(identity)
}
