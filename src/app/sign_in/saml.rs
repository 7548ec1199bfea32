//! Sign-in over SAML: the question to the provider, and its answer, which comes from another site by a form.

use super::{
    super::{
        Actor, App, Ctx, Error, TurnedAway,
        saml::{by_redirect, signing_of, trust_of},
    },
    Finished, Journey, LONGEST_EMAIL, PATIENCE, SignInAttempt, SignInBegun, Whence, both,
    finish::with_known_groups,
    signs_in,
};
use crate::{
    crypto::{Context, heavy},
    model::{Connection, ConnectionId, Instant, OrganizationId, RequestId, SamlSettings, SignInProtocol},
    sso::{
        Identity, SsoError, StepUp,
        saml::{Answers, AuthnRequest, Expected, Glimpse, SKEW, SamlFault, glimpse, new_id, verify_response},
        saml_identity,
    },
};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

const COOKIE: Context<'static> = Context { organization: "-", table: "cookies", row: "sign-in", column: "saml" };

/// What the sealed cookie holds: binds the provider's answer to this browser, organization, connection and request.
#[derive(Debug, Serialize, Deserialize)]
struct BegunSaml {
    organization: OrganizationId,
    connection: ConnectionId,
    /// The id of what was asked: the answer has to name it, inside its signed part.
    request: String,
    began: Instant,
    /// As the person typed it.
    email: Option<String>,
    journey: Journey,
}

/// What an answer is held against.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    /// What it has to answer.
    answers: Answers<'a>,
    /// How the person has to prove who they are, besides what the connection asks of everybody.
    step_up: Option<&'a StepUp>,
    /// When that was asked.
    at: Option<Instant>,
}

/// Nobody asked.
const UNASKED: Asked<'static> = Asked { answers: Answers::Nothing, step_up: None, at: None };

/// What came of a provider's answer.
#[derive(Debug)]
pub enum SamlArrival {
    /// The sign-in, or the test that it was, is over.
    Finished(Finished),
    /// The provider sent somebody whom nobody had sent to it, and may. Whoever sits there says whether they want to be this
    /// person: another site could have posted its own account here.
    Confirm {
        /// What the provider calls them.
        person: String,
        /// The organization's name.
        organization: String,
    },
}

impl App {
    /// Begins a sign-in at a connection that speaks SAML.
    pub(super) async fn begin_saml(
        &self,
        (organization, connection, saml): (&OrganizationId, &Connection, &SamlSettings),
        email: Option<&str>,
        journey: Journey,
        now: Instant,
    ) -> Result<SignInBegun, Error> {
        let endpoint = SamlSettings::simplest(&saml.sign_on);
        let endpoint = endpoint.ok_or_else(|| Error::not_found("sign-in", connection.name.as_str()))?;
        let addresses = self.saml_addresses(&connection.id);
        let id = new_id().map_err(Error::internal)?;
        let step_up = both(&always(saml), &journey.step_up)?;
        let asked = AuthnRequest {
            id: &id,
            entity_id: &addresses.entity_id,
            acs: &addresses.acs,
            destination: &endpoint.location,
            name_id_format: saml.name_id_format.as_deref(),
            // There is no maximal age in SAML but “now”.
            force_authn: saml.force_authn || step_up.max_age.is_some(),
            contexts: &step_up.acr_values,
            subject_hint: None,
            now,
        };
        let ring = match saml.sign_requests {
            true => Some(self.saml_ring(organization, &connection.id).await?),
            false => None,
        };
        let key = ring.as_ref().and_then(|ring| ring.signer(now));
        // No RelayState: where the person goes lies in the cookie, and nobody else has a say in it.
        let (url, form) = match by_redirect(endpoint) {
            true => (asked.redirect(None, key).map_err(SsoError::from)?, None),
            false => (endpoint.location.clone(), Some(asked.post(None, key).map_err(SsoError::from)?)),
        };
        let kept = BegunSaml {
            organization: organization.clone(),
            connection: connection.id.clone(),
            request: id,
            began: now,
            email: email.map(|email| email.chars().take(LONGEST_EMAIL).collect()),
            journey,
        };
        let bytes = serde_json::to_vec(&kept).map_err(Error::internal)?;
        let sealed = self.sealer().seal(&COOKIE, &bytes).map_err(Error::internal)?;
        Ok(SignInBegun { url, form, cookie: BASE64URL_NOPAD.encode(&sealed), returns_by_post: true })
    }

    /// Finishes a sign-in with what the provider posted to a connection's address, in the browser that began it and kept
    /// `cookie`.
    pub async fn finish_saml_sign_in(
        &self,
        id: &ConnectionId,
        cookie: Option<&str>,
        (field, whence): (&str, Whence),
    ) -> Result<SamlArrival, Error> {
        let now = self.clock().now();
        let (organization, connection, saml) = self.saml_connection(id).await?;
        // Nothing of this is believed: it decides which of two questions the verifier is asked.
        let seen = heavy(|| glimpse(field)).await.unwrap_or_default();
        let ctx = |actor| Ctx { actor, organization: organization.clone(), now, request: self.request_of(&whence) };
        let place = (&organization, &connection);
        if seen.in_response_to.is_none() && saml.idp_initiated && signs_in(&connection) {
            let person = match self.verify_saml(place, (field, UNASKED), now).await {
                Ok(identity) => identity.subject,
                // Nobody vouches for who sent it: it leaves a trace, and no event.
                Err(error) => {
                    let ctx = ctx(Actor::System);
                    return Err(self.failed_sign_in(&ctx, heard(&ctx, id, (&seen, &whence)), error).await);
                }
            };
            let name = self.store().read().await?.organization(&organization).await?.map(|found| found.name);
            return Ok(SamlArrival::Confirm { person, organization: name.unwrap_or_default() });
        }
        let begun = cookie.and_then(|cookie| self.open_saml_cookie(cookie, now));
        let begun = begun.filter(|begun| begun.connection == *id && begun.organization == organization);
        let Some(begun) = begun else {
            let lost = Error::TurnedAway(TurnedAway::Expired);
            // Who is vouched for leaves a trace, and no event; a stranger's bare claim leaves nothing.
            let asked = Asked { answers: Answers::Request(seen.in_response_to.as_deref().unwrap_or("")), ..UNASKED };
            if self.verify_saml_once(place, (field, asked), now).await?.is_err() {
                return Err(lost);
            }
            let ctx = ctx(Actor::System);
            return Err(self.failed_sign_in(&ctx, heard(&ctx, id, (&seen, &whence)), lost).await);
        };
        let ctx = ctx(Actor::Connection { id: id.clone() });
        let mut attempt = heard(&ctx, id, (&seen, &whence));
        attempt.entry.email.clone_from(&begun.email);
        let micros = u64::try_from(now.0.saturating_sub(begun.began.0)).unwrap_or_default();
        attempt.entry.seconds = Some(micros / 1_000_000);
        attempt.message("what the provider was asked", [("entity_id", saml.entity_id.clone())]);
        let met = match begun.journey.test.is_some() || signs_in(&connection) {
            true => {
                let step_up = Some(&begun.journey.step_up);
                let asked = Asked { answers: Answers::Request(&begun.request), step_up, at: Some(begun.began) };
                self.verify_saml(place, (field, asked), now).await
            }
            false => Err(Error::not_found("connection", id.as_str())),
        };
        let met = met.map(|identity| (connection, identity));
        let journey = Journey { began: Some(begun.began), ..begun.journey };
        Box::pin(self.conclude_sign_in(&ctx, met, journey, attempt)).await.map(SamlArrival::Finished)
    }

    /// Whoever was asked wants to be signed in as whom the provider sent.
    pub async fn confirm_saml_sign_in(
        &self,
        id: &ConnectionId,
        (field, whence): (&str, Whence),
    ) -> Result<Finished, Error> {
        let now = self.clock().now();
        let (organization, connection, saml) = self.saml_connection(id).await?;
        if !saml.idp_initiated || !signs_in(&connection) {
            return Err(Error::TurnedAway(TurnedAway::Expired));
        }
        let identity = self.verify_saml((&organization, &connection), (field, UNASKED), now).await?;
        let actor = Actor::Connection { id: id.clone() };
        let ctx = Ctx { actor, organization, now, request: self.request_of(&whence) };
        let mut attempt = SignInAttempt::new(&ctx, Some(id), SignInProtocol::Saml, &whence);
        attempt.message("the provider's answer", about(&glimpse(field).unwrap_or_default()));
        let journey = Journey { return_to: "/account".to_owned(), ..Journey::default() };
        Box::pin(self.conclude_sign_in(&ctx, Ok((connection, identity)), journey, attempt)).await
    }

    fn request_of(&self, whence: &Whence) -> RequestId {
        whence.request.clone().unwrap_or_else(|| self.new_request())
    }

    /// Who the answer proves that somebody is. A key that nobody knows is looked for once where the provider publishes its own.
    async fn verify_saml(
        &self,
        (organization, connection): (&OrganizationId, &Connection),
        (field, asked): (&str, Asked<'_>),
        now: Instant,
    ) -> Result<Identity, Error> {
        let outcome = self.verify_saml_once((organization, connection), (field, asked), now).await?;
        let unknown = matches!(outcome, Err(SsoError::Saml(SamlFault::WrongCertificate { .. })));
        let newer = if unknown { self.learn_unknown_key(organization, connection).await? } else { None };
        let outcome = match newer.filter(signs_in) {
            Some(newer) => self.verify_saml_once((organization, &newer), (field, asked), now).await?,
            None => outcome,
        };
        Ok(outcome?)
    }

    async fn verify_saml_once(
        &self,
        (organization, connection): (&OrganizationId, &Connection),
        (field, asked): (&str, Asked<'_>),
        now: Instant,
    ) -> Result<Result<Identity, SsoError>, Error> {
        let Some(saml) = &connection.settings.saml else {
            return Err(Error::not_found("connection", connection.id.as_str()));
        };
        let (trust, addresses) = (trust_of(saml), self.saml_addresses(&connection.id));
        let expected = Expected {
            trust: &trust,
            entity_id: &addresses.entity_id,
            acs: &addresses.acs,
            answers: asked.answers,
            signing: signing_of(saml),
            keys: &[],
            now,
        };
        // Opening our own keys costs more than all the rest: most answers are not encrypted.
        let mut outcome = heavy(|| verify_response(field, &expected)).await;
        if matches!(outcome, Err(SamlFault::CannotDecrypt)) {
            let ring = self.saml_ring(organization, &connection.id).await?;
            outcome = heavy(|| verify_response(field, &Expected { keys: &ring.keys, ..expected })).await;
        }
        #[cfg(feature = "second-opinion")]
        if self.settings().sign_in.second_opinion {
            outcome = heard_twice(field, &expected, outcome).await?;
        }
        Ok(outcome.map_err(SsoError::from).and_then(|signed_in| {
            if signed_in.sha1 {
                tracing::warn!(connection = %connection.id, "a sign-in rests on SHA-1, which can be forged");
            }
            strong_enough(saml, &signed_in, asked)?;
            with_known_groups(saml_identity(saml, signed_in), connection)
        }))
    }

    /// The connection at whose own address a provider's message came.
    async fn saml_connection(&self, id: &ConnectionId) -> Result<(OrganizationId, Connection, SamlSettings), Error> {
        let found = self.store().read().await?.connection_at(id).await?;
        let saml = found.and_then(|(organization, connection)| {
            let saml = connection.settings.saml.clone()?;
            Some((organization, connection, saml))
        });
        saml.ok_or_else(|| Error::not_found("connection", id.as_str()))
    }

    fn open_saml_cookie(&self, cookie: &str, now: Instant) -> Option<BegunSaml> {
        let sealed = BASE64URL_NOPAD.decode(cookie.as_bytes()).ok()?;
        let bytes = self.sealer().open(&COOKIE, &sealed).ok()?;
        let begun: BegunSaml = serde_json::from_slice(&bytes).ok()?;
        (begun.began.plus(PATIENCE) >= now).then_some(begun)
    }
}

/// The outcome, if it is none to begin with or the second verifier agrees.
#[cfg(feature = "second-opinion")]
async fn heard_twice(
    field: &str,
    expected: &Expected<'_>,
    outcome: Result<crate::sso::saml::SignedIn, SamlFault>,
) -> Result<Result<crate::sso::saml::SignedIn, SamlFault>, Error> {
    let Ok(ours) = outcome else { return Ok(outcome) };
    let (second, field) = (crate::sso::saml::SecondOpinion::on(expected), field.to_owned());
    let asked = tokio::task::spawn_blocking(move || second.agrees(&field, &ours).map(|()| ours));
    asked.await.map_err(Error::internal)
}

/// The trace of an answer that came to a connection.
fn heard(ctx: &Ctx, id: &ConnectionId, (seen, whence): (&Glimpse, &Whence)) -> SignInAttempt {
    let mut attempt = SignInAttempt::new(ctx, Some(id), SignInProtocol::Saml, whence);
    attempt.message("the provider's answer", about(seen));
    attempt
}

/// What a message says of itself, for the trace.
fn about(seen: &Glimpse) -> Vec<(&'static str, String)> {
    let said = |name, value: &Option<String>| value.as_ref().map(|value| (name, value.clone()));
    let parts = [
        said("issuer", &seen.issuer),
        said("id", &seen.id),
        said("in_response_to", &seen.in_response_to),
        Some(("element", seen.kind.clone())),
    ];
    parts.into_iter().flatten().collect()
}

/// What a connection asks of every sign-in, in the words of both protocols.
fn always(saml: &SamlSettings) -> StepUp {
    StepUp { acr_values: saml.contexts.clone(), max_age: None }
}

/// Whether the person proved who they are as the connection asks: a provider that ignores the question is not believed.
fn strong_enough(
    saml: &SamlSettings,
    signed_in: &crate::sso::saml::SignedIn,
    asked: Asked<'_>,
) -> Result<(), SsoError> {
    let context = signed_in.context.as_deref();
    let always = always(saml);
    for demand in [Some(&always), asked.step_up].into_iter().flatten() {
        if !demand.acr_values.is_empty() && !context.is_some_and(|done| demand.acr_values.iter().any(|one| one == done))
        {
            let said = context.unwrap_or("nothing");
            let what = format!("one of {:?} was asked, and the provider says {said:?}", demand.acr_values);
            return Err(SsoError::TooWeak { what });
        }
    }
    // SAML core §3.4.1: with ForceAuthn the provider must not rely on an earlier proof.
    let anew = saml.force_authn || asked.step_up.is_some_and(|demand| demand.max_age.is_some());
    let earliest = asked.at.filter(|_| anew).map(|at| at.minus(SKEW));
    if earliest.is_some_and(|earliest| signed_in.authenticated_at < earliest) {
        let what = format!("a new proof was asked, and the provider's is of {}", signed_in.authenticated_at);
        return Err(SsoError::TooWeak { what });
    }
    Ok(())
}
