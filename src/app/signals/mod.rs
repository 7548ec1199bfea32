//! Signals: a provider tells, by a connection of its own, that something happened to somebody (SSF 1.0, push by RFC 8935).
//!
//! Who may tell is pinned three times: a bearer token of the stream's own, the issuer with its keys, and the audience. Whom it may
//! tell of are the connection's own people. A token counts once: its id is written in the transaction of what it does. Sessions and
//! access end by the same functions as everywhere else.

mod effects;
mod streams;
mod whom;

pub use streams::NewSignalToken;

use super::{Actor, App, Ctx, Error, Need, Work};
use crate::{
    crypto::{TokenKind, constant_time_eq, sha256, token},
    model::{Connection, ConnectionId, EventKind, Signal, SignalEntry, SignalId, SignalSettings},
    sso::security_event::{Asked, EventFault, SecurityEvent, UnverifiedEvent},
};
use serde_json::json;

/// Why a security event is not accepted.
#[derive(Debug)]
pub enum NotAccepted {
    /// What was sent cannot be right: the word of RFC 8935 §2.4 and the sentence.
    Refused(&'static str, String),
    /// It could not be found out. It is worth trying again.
    Failed(Error),
}

impl From<Error> for NotAccepted {
    fn from(error: Error) -> Self {
        match error {
            // Disabled a moment ago.
            Error::NotSignedIn => unknown(),
            error => Self::Failed(error),
        }
    }
}

/// Who told, and by what that was believed.
struct Caller {
    ctx: Ctx,
    connection: ConnectionId,
    pinned: SignalSettings,
    /// The hash of the stream's token.
    token: Vec<u8>,
}

/// Every reason for not knowing somebody looks the same.
fn unknown() -> NotAccepted {
    NotAccepted::Refused("authentication_failed", "no stream of this address has this bearer token".to_owned())
}

impl App {
    /// Accepts a security event token that came to a connection's own address: verified, and all that follows from it durable.
    pub async fn accept_signal(&self, id: &ConnectionId, bearer: Option<&str>, set: &str) -> Result<(), NotAccepted> {
        let caller = self.signal_caller(id, bearer).await?;
        let event = match self.verified_event(&caller, set).await? {
            Ok(event) => event,
            Err(fault) => {
                self.note_refused_signal(&caller.ctx, id, &fault).await;
                return Err(NotAccepted::Refused(fault.code(), fault.to_string()));
            }
        };
        let mut work = self.begin(&caller.ctx, Need::Directory).await?;
        let outcome = Box::pin(work.take_signal(&caller, &event)).await;
        Ok(work.finish(outcome).await?)
    }

    async fn signal_caller(&self, id: &ConnectionId, bearer: Option<&str>) -> Result<Caller, NotAccepted> {
        let presented = bearer.and_then(|text| token::parse(text, TokenKind::Signals).ok()).ok_or_else(unknown)?;
        let mut tx = self.store().read().await.map_err(Error::from)?;
        let found = tx.connection_at(id).await.map_err(Error::from)?;
        let (organization, connection) = found.filter(|(_, found)| found.enabled).ok_or_else(unknown)?;
        let known = tx.signal_stream(&organization, id).await.map_err(Error::from)?.ok_or_else(unknown)?;
        if !constant_time_eq(&known.token, &presented.hash()) {
            return Err(unknown());
        }
        let pinned = connection.settings.signals.clone().ok_or_else(unknown)?;
        let actor = Actor::Connection { id: connection.id.clone() };
        let ctx = Ctx { actor, organization, now: self.clock().now(), request: self.new_request() };
        Ok(Caller { ctx, connection: connection.id, pinned, token: known.token })
    }

    async fn verified_event(
        &self,
        Caller { ctx, pinned, .. }: &Caller,
        set: &str,
    ) -> Result<Result<SecurityEvent, EventFault>, Error> {
        let set = match UnverifiedEvent::read(set) {
            Ok(set) => set,
            Err(fault) => return Ok(Err(fault)),
        };
        let keys = self.pinned_keys().at(&pinned.jwks_url, set.kid(), ctx.now).await;
        // Nobody can say whether it is good: the transmitter is to try again.
        let keys = keys.map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(set.verify(&keys, pinned, ctx.now))
    }
}

impl Work<'_> {
    /// The connection as it is now, if it still believes what was believed when the token came: reading the keys takes a while.
    async fn still_believed(&mut self, caller: &Caller) -> Result<Connection, Error> {
        let organization = self.ctx.organization.clone();
        let stream = self.tx.signal_stream(&organization, &caller.connection).await?;
        let holds = stream.is_some_and(|known| known.token == caller.token);
        let connection = self.tx.connection(&organization, &caller.connection).await?;
        let connection = connection.filter(|now| now.enabled && now.settings.signals.as_ref() == Some(&caller.pinned));
        connection.filter(|_| holds).ok_or(Error::NotSignedIn)
    }

    /// Everything that a token comes to, once.
    async fn take_signal(&mut self, caller: &Caller, told: &SecurityEvent) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let id = SignalId::from_uuid(self.app.clock().uuid());
        let (request, issued_at) = (self.ctx.request.clone(), told.issued_at);
        // A sign-in under way is through, or comes after this.
        self.tx.hold_sign_ins(&caller.connection, true).await?;
        let connection = self.still_believed(caller).await?;
        let entry = SignalEntry { request, issued_at, events: Vec::new() };
        let mut signal = Signal { id, connection: connection.id.clone(), at: now, entry };
        // RFC 8935 §2: one that came before is answered like the first time, and does nothing.
        if !self.tx.insert_signal(&organization, &signal, &sha256(told.id.as_bytes())).await? {
            return Ok(());
        }
        let (mut verified, mut state) = (false, None);
        for event in &told.events {
            match &event.asked {
                Asked::Verify => verified = true,
                Asked::Stream(said) => state = Some(said.as_str()),
                Asked::EndSessions
                | Asked::SignInAgain
                | Asked::Suspend
                | Asked::Activate
                | Asked::Remove
                | Asked::Note
                | Asked::Unknown => {}
            }
            signal.entry.events.push(self.take_event((&connection, &caller.pinned), (event, issued_at)).await?);
        }
        self.tx.note_signal((&organization, &connection.id), (now, verified), state).await?;
        self.tx.update_signal(&organization, &signal.id, &signal.entry).await?;
        let people = signal.entry.events.iter().filter_map(|event| event.user.as_ref()).map(ToString::to_string);
        let subjects: Vec<String> = [caller.connection.to_string()].into_iter().chain(people).collect();
        let each = |event: &crate::model::SignalledEvent| json!({"event": event.event, "effect": event.effect});
        let events: Vec<_> = signal.entry.events.iter().map(each).collect();
        self.tell(EventKind::SignalReceived, subjects, json!({"signal": signal.id, "events": events}));
        Ok(())
    }
}
