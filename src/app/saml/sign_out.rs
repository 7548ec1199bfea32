//! Single logout, both ways: who signs out here is signed out at the provider, and whom the provider signs out is signed out here.

use super::{
    super::{Actor, App, Ctx, Error, Need, Work, sign_out::REMEMBERED},
    by_redirect, trust_of,
};
use crate::{
    crypto::{constant_time_eq, sha256},
    model::{Connection, ConnectionId, IdentityKind, Instant, OrganizationId, SamlEndpoint, SamlSettings, Session},
    sso::{
        SignOutName, SsoError,
        saml::{
            LogoutAnswer, LogoutCall, LogoutExpected, LogoutMessage, LogoutRequest, NameId, PostForm, SamlFault,
            new_id, verify_logout_post, verify_logout_redirect,
        },
    },
    store::LogoutOf,
};

/// What an id is cut to where people read it.
const LONGEST_ID: usize = 100;

/// Where a browser goes to sign out at a provider, or with an answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignOutAt {
    /// To this address.
    Address(String),
    /// With this form.
    Form(PostForm),
}

/// What a provider's logout message came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderLogout {
    /// It asked for it: done, and this is the answer to take back.
    Answer(Option<SignOutAt>),
    /// It answered ours. Whether it signed the person out everywhere.
    Answered {
        /// Everywhere, as far as it knows.
        complete: bool,
    },
}

/// A logout message as it came.
#[derive(Debug, Clone, Copy)]
pub enum LogoutCame<'a> {
    /// By the Redirect binding: the raw query.
    Redirect(&'a str),
    /// By the POST binding: the form's fields.
    Post(&'a [(String, String)]),
}

impl App {
    /// Where somebody whose session this is signs out at the provider, and the id of what it is asked. Nowhere, if it takes no
    /// sign-outs or cannot be asked.
    pub(in crate::app) async fn saml_sign_out(
        &self,
        session: &Session,
        connection: &Connection,
        name: &str,
    ) -> Result<Option<(SignOutAt, String)>, Error> {
        let Some(saml) = &connection.settings.saml else { return Ok(None) };
        let Some(endpoint) = SamlSettings::simplest(&saml.logout) else { return Ok(None) };
        let name: SignOutName = serde_json::from_str(name).map_err(Error::internal)?;
        let (name, now) = (NameId::from(name), self.clock().now());
        let ring = self.saml_ring(&session.organization, &connection.id).await?;
        let Some(key) = ring.signer(now) else { return Ok(None) };
        let (id, addresses) = (new_id().map_err(Error::internal)?, self.saml_addresses(&connection.id));
        let call = LogoutCall {
            id: &id,
            entity_id: &addresses.entity_id,
            destination: &endpoint.location,
            name_id: &name,
            session_index: session.provider_session.as_deref(),
            now,
        };
        let at = match by_redirect(endpoint) {
            true => call.redirect(None, key).map(SignOutAt::Address),
            false => call.post(None, key).map(SignOutAt::Form),
        };
        let at = at.map_err(SsoError::from)?;
        Ok(Some((at, id)))
    }

    /// What a provider's logout message comes to: of a verified request the sessions are over, before the answer goes out. An
    /// answer has to be to what this browser asked, whose id it kept as `left_with`.
    pub async fn provider_logout(
        &self,
        id: &ConnectionId,
        came: LogoutCame<'_>,
        left_with: Option<&str>,
    ) -> Result<ProviderLogout, Error> {
        let now = self.clock().now();
        let found = self.store().read().await?.connection_at(id).await?;
        let (organization, connection) = found.ok_or_else(|| Error::not_found("connection", id.as_str()))?;
        let Some(saml) = &connection.settings.saml else { return Err(Error::not_found("connection", id.as_str())) };
        let (trust, addresses) = (trust_of(saml), self.saml_addresses(id));
        let ring = self.saml_ring(&organization, id).await?;
        let expected = LogoutExpected { trust: &trust, address: &addresses.logout, keys: &ring.keys, now };
        let message = match came {
            LogoutCame::Redirect(query) => verify_logout_redirect(query, &expected),
            LogoutCame::Post(form) => verify_logout_post(form, &expected),
        };
        match message.map_err(SsoError::from)? {
            LogoutMessage::Response(response) => {
                // SAML profiles §4.4.4.2: it answers the request that this browser left with.
                let asked = left_with.unwrap_or_default();
                if !constant_time_eq(asked.as_bytes(), response.in_response_to.as_bytes()) {
                    let found = response.in_response_to.chars().take(LONGEST_ID).collect();
                    return Err(SsoError::from(SamlFault::AnotherRequest { found: Some(found) }).into());
                }
                Ok(ProviderLogout::Answered { complete: response.complete })
            }
            LogoutMessage::Request(request) => {
                self.end_named_sessions((&organization, &connection), &request, now).await?;
                let answer = self.logout_answer((&organization, &connection, saml), &request, now).await?;
                Ok(ProviderLogout::Answer(answer))
            }
        }
    }

    async fn end_named_sessions(
        &self,
        (organization, connection): (&OrganizationId, &Connection),
        request: &LogoutRequest,
        now: Instant,
    ) -> Result<(), Error> {
        let ctx = Ctx { actor: Actor::System, organization: organization.clone(), now, request: self.new_request() };
        let mut work = self.begin(&ctx, Need::Operator).await?;
        let outcome = Box::pin(work.end_named(connection, request)).await;
        work.finish(outcome).await
    }

    /// The answer to a request, where the provider takes one.
    async fn logout_answer(
        &self,
        (organization, connection, saml): (&OrganizationId, &Connection, &SamlSettings),
        request: &LogoutRequest,
        now: Instant,
    ) -> Result<Option<SignOutAt>, Error> {
        let Some(endpoint) = SamlSettings::simplest(&saml.logout) else { return Ok(None) };
        let SamlEndpoint { location, response_location, .. } = endpoint;
        let ring = self.saml_ring(organization, &connection.id).await?;
        let Some(key) = ring.signer(now) else { return Ok(None) };
        let (id, addresses) = (new_id().map_err(Error::internal)?, self.saml_addresses(&connection.id));
        let answer = LogoutAnswer {
            id: &id,
            entity_id: &addresses.entity_id,
            destination: response_location.as_ref().unwrap_or(location),
            in_response_to: &request.id,
            done: true,
            now,
        };
        let relay = request.relay_state.as_deref();
        let at = match by_redirect(endpoint) {
            true => answer.redirect(relay, key).map(SignOutAt::Address),
            false => answer.post(relay, key).map(SignOutAt::Form),
        };
        at.map(Some).map_err(|fault| SsoError::from(fault).into())
    }
}

impl Work<'_> {
    /// Ends the sessions that the request names: of that person, by that connection.
    async fn end_named(&mut self, connection: &Connection, request: &LogoutRequest) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let at = (&organization, &connection.id);
        self.tx.hold_sign_ins(&connection.id, true).await?;
        let message = (&sha256(request.id.as_bytes()), request.remember_until);
        if !self.tx.use_saml_message(&organization, &connection.id, message).await? {
            return Err(SsoError::Replayed.into());
        }
        let subject = request.name_id.value.as_str();
        let user = self.tx.identity(&organization, &connection.id, (IdentityKind::Subject, subject)).await?;
        let times = (now, now.plus(REMEMBERED));
        let mut ended = Vec::new();
        if request.session_indexes.is_empty() {
            self.tx.remember_logout(at, LogoutOf::Person, &sha256(subject.as_bytes()), times).await?;
            if let Some(user) = &user {
                ended = self.tx.end_sessions_by(at, user, now).await?;
            }
        }
        for index in &request.session_indexes {
            self.tx.remember_logout(at, LogoutOf::Session, &sha256(index.as_bytes()), times).await?;
            if user.is_some() {
                ended.extend(self.tx.end_provider_session(at, index, user.as_ref(), now).await?);
            }
        }
        // Of somebody who is not here it is told as well: the message is used up.
        self.tell_of_provider(&connection.id, &ended);
        Ok(())
    }
}
