//! How strongly and how lately somebody in a browser proved who they are, and proving it again where a service asks for more.

use super::{
    App, Error, SignInBegun, Visit,
    sign_in::{Journey, signs_in},
};
use crate::{
    model::{ConnectionId, Instant, Session},
    sso::StepUp,
};
use serde::{Deserialize, Serialize};

/// What a session says about its sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Proof {
    /// When the person proved who they are. None: the provider did not say, and may have known them since yesterday.
    at: Option<Instant>,
    acr: Option<String>,
    connection: Option<ConnectionId>,
}

impl Proof {
    pub(super) fn of(session: &Session) -> Self {
        // Without a provider the proof was given here, at that moment.
        let here = session.connection.is_none().then_some(session.created_at);
        Self { at: session.authenticated_at.or(here), acr: session.acr.clone(), connection: session.connection.clone() }
    }
}

impl Visit {
    /// Whether they signed in as strongly and as lately as this demands. A key is nobody's presence: it proves nothing.
    #[must_use]
    pub fn proves(&self, demand: &StepUp, now: Instant) -> bool {
        let met = |proof: &Proof| demand.is_met_by(proof.acr.as_deref(), proof.at, now);
        demand.is_nothing() || self.proof.as_ref().is_some_and(met)
    }
}

impl App {
    /// Begins a sign-in at the provider of somebody's session, which has to be as this demands. None: no provider signed them
    /// in, and they do it here again.
    pub async fn begin_sign_in_again(
        &self,
        visit: &Visit,
        demand: StepUp,
        return_to: &str,
    ) -> Result<Option<SignInBegun>, Error> {
        let Some(id) = visit.proof.as_ref().and_then(|proof| proof.connection.as_ref()) else { return Ok(None) };
        let found = self.store().read().await?.connection(&visit.organization, id).await?;
        let connection = found.filter(signs_in).ok_or_else(|| Error::not_found("connection", id.as_str()))?;
        let journey = Journey { return_to: return_to.to_owned(), step_up: demand, ..Journey::default() };
        let hint = visit.visitor.email.as_deref();
        self.begin_with((&visit.organization, &connection), hint, journey).await.map(Some)
    }
}
