//! The streams: what is pinned, the token that a transmitter shows, and what came by it.

use super::super::{App, Ctx, Error, Work, credentials::told_only};
use crate::{
    crypto::{Secret, TokenKind, token},
    model::{Capability, ConnectionId, EventKind, Signal, SignalSettings, SignalStream},
    sso::security_event::EventFault,
    store::Tx,
};
use serde_json::json;
use std::time::Duration;

/// Refusals are noted to the minute: whoever tries again and again costs no writing.
const NOTED_EVERY: Duration = Duration::from_mins(1);

/// A new token for security events. The secret is shown once.
#[derive(Debug)]
pub struct NewSignalToken {
    /// How the stream stands.
    pub stream: SignalStream,
    /// What the transmitter sends.
    pub secret: Secret,
}

impl App {
    /// Where a connection's transmitter delivers.
    #[must_use]
    pub fn signal_url(&self, connection: &ConnectionId) -> String {
        format!("{}/ssf/{connection}/events", self.settings().server.origin())
    }

    /// Refuses settings by which nothing could be believed.
    pub(in crate::app) fn check_signals(&self, signals: &SignalSettings) -> Result<(), Error> {
        let SignalSettings { issuer, audience, jwks_url } = signals;
        if issuer.is_empty() || audience.is_empty() {
            let detail = "issuer and audience are compared exactly: neither may be empty";
            return Err(Error::invalid("settings.signals.issuer", detail));
        }
        let admitted = self.pinned_keys().admits(jwks_url);
        admitted.map_err(|why| Error::invalid("settings.signals.jwks_url", why))
    }

    /// How a connection's stream stands; none: it has no token.
    pub async fn signal_stream(&self, ctx: &Ctx, id: &ConnectionId) -> Result<Option<SignalStream>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        is_there(&mut tx, ctx, id).await?;
        Ok(tx.signal_stream(&ctx.organization, id).await?.map(|known| known.stream))
    }

    /// Gives a connection's transmitter a token; the one before is dead.
    pub async fn create_signal_token(&self, ctx: &Ctx, id: &ConnectionId) -> Result<NewSignalToken, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.add_signal_token(id)).await;
        work.finish(outcome).await
    }

    /// Takes the token away: nothing is accepted any more.
    pub async fn revoke_signal_token(&self, ctx: &Ctx, id: &ConnectionId) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.end_signal_token(id)).await;
        work.finish(outcome).await
    }

    /// The security events that came, older than `before` (an id, or '' for the newest), the newest first.
    pub async fn signals(&self, ctx: &Ctx, id: &ConnectionId, page: (&str, i64)) -> Result<Vec<Signal>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        is_there(&mut tx, ctx, id).await?;
        Ok(tx.signals(&ctx.organization, id, page).await?)
    }

    pub(super) async fn note_refused_signal(&self, ctx: &Ctx, id: &ConnectionId, fault: &EventFault) {
        let noted = async {
            let known = self.store().read().await?.signal_stream(&ctx.organization, id).await?;
            let last = known.and_then(|known| known.stream.refused_at);
            if last.is_some_and(|last| ctx.now < last.plus(NOTED_EVERY)) {
                return Ok(());
            }
            let mut tx = self.store().write("signal refused").await?;
            tx.note_refused_signal((&ctx.organization, id), (ctx.now, &fault.to_string())).await?;
            tx.commit().await
        };
        told_only(noted.await);
    }
}

async fn is_there(tx: &mut Tx, ctx: &Ctx, id: &ConnectionId) -> Result<(), Error> {
    let found = tx.connection(&ctx.organization, id).await?;
    found.map(drop).ok_or_else(|| Error::not_found("connection", id.as_str()))
}

impl Work<'_> {
    async fn add_signal_token(&mut self, id: &ConnectionId) -> Result<NewSignalToken, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        is_there(&mut self.tx, self.ctx, id).await?;
        let clock = self.app.clock();
        let secret = token::generate(TokenKind::Signals, &mut |bytes: &mut [u8]| clock.fill(bytes));
        self.tx.set_signal_token((&organization, id), (&secret.hash(), &secret.hint()), now).await?;
        let known = self.tx.signal_stream(&organization, id).await?;
        let stream = known.ok_or_else(|| Error::internal("a stream that was just written is not there"))?.stream;
        self.tell(EventKind::SignalTokenCreated, [id.to_string()], json!({"hint": secret.hint()}));
        Ok(NewSignalToken { stream, secret })
    }

    async fn end_signal_token(&mut self, id: &ConnectionId) -> Result<(), Error> {
        is_there(&mut self.tx, self.ctx, id).await?;
        if !self.tx.delete_signal_stream(&self.ctx.organization, id).await? {
            return Err(Error::not_found("signal token", id.as_str()));
        }
        self.tell(EventKind::SignalTokenRevoked, [id.to_string()], json!({}));
        Ok(())
    }
}
