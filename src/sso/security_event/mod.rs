//! Security event tokens (RFC 8417) as CAEP and RISC use them: taken apart, believed by their signature, and read. What they come
//! to is decided elsewhere.

mod event;
mod subject;

pub use event::{Asked, ToldEvent};
pub use subject::Subject;

use crate::{
    crypto::{ForeignKeys, JwsAlgorithm, JwsFault, Unverified, issued_at},
    model::{Instant, SignalSettings},
};
use serde_json::{Map, Value};
use std::time::Duration;

/// The algorithms of such a token.
const ALGORITHMS: [JwsAlgorithm; 3] = [JwsAlgorithm::Rs256, JwsAlgorithm::Ps256, JwsAlgorithm::Es256];
/// What `typ` may say.
const TYPES: [&str; 2] = ["secevent+jwt", "application/secevent+jwt"];
/// How old one may be: as long a transmitter may try again. So long its id is remembered at least.
pub const OLDEST: Duration = Duration::from_hours(24);
/// How far two clocks may be apart.
const SKEW: Duration = Duration::from_mins(1);
/// The longest id of a token.
const LONGEST_ID: usize = 255;
/// Events in one token.
const MOST_EVENTS: usize = 10;

/// What a provider tells of, and what for: signed, of this issuer, for this receiver, and not long ago.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityEvent {
    /// The token's own id.
    pub id: String,
    /// When it was signed.
    pub issued_at: Instant,
    /// What it tells of.
    pub events: Vec<ToldEvent>,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventFault {
    /// It is not a security event token, or says something that it may not.
    #[error("{0}")]
    Request(String),
    /// No key of the pinned set signed it.
    #[error("{0}")]
    Key(JwsFault),
    /// It is another issuer's.
    #[error("its issuer (iss) is not the one that is pinned for this stream")]
    Issuer,
    /// It is for somebody else.
    #[error("its audience (aud) is not the one that is pinned for this stream")]
    Audience,
}

impl EventFault {
    /// The word for it (RFC 8935 §2.4).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Request(_) => "invalid_request",
            Self::Key(_) => "invalid_key",
            Self::Issuer => "invalid_issuer",
            Self::Audience => "invalid_audience",
        }
    }
}

/// A token of which nothing is believed yet.
#[derive(Debug)]
pub struct UnverifiedEvent<'a>(Unverified<'a>);

impl<'a> UnverifiedEvent<'a> {
    /// Takes it apart and judges its header.
    pub fn read(token: &'a str) -> Result<Self, EventFault> {
        let token = Unverified::read(token.trim(), &ALGORITHMS, &TYPES).map_err(of_header)?;
        // SSF 1.0 §8.1: the type has to be said, so that no other token of the issuer can be taken for one.
        if !token.is_typed() {
            return Err(EventFault::Request("its header says no type; it has to be secevent+jwt".to_owned()));
        }
        Ok(Self(token))
    }

    /// The key that it says it is signed with.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.0.kid()
    }

    /// What it tells of, if one of these keys signed it and it says what it has to.
    pub fn verify(
        &self,
        keys: &ForeignKeys,
        pinned: &SignalSettings,
        now: Instant,
    ) -> Result<SecurityEvent, EventFault> {
        let claims = self.0.signed_claims(keys).map_err(of_header)?;
        if claims.get("iss").and_then(Value::as_str) != Some(pinned.issuer.as_str()) {
            return Err(EventFault::Issuer);
        }
        if !is_for(&claims, &pinned.audience) {
            return Err(EventFault::Audience);
        }
        let issued_at = issued(&claims, now)?;
        // SSF 1.0 §8.1: neither belongs into a security event token, so that it passes for no ID token.
        if claims.contains_key("exp") || claims.contains_key("nonce") {
            return Err(request("it has exp or nonce, which a security event token has not"));
        }
        let id = claims.get("jti").and_then(Value::as_str).filter(|id| !id.is_empty() && id.len() <= LONGEST_ID);
        let id = id.ok_or_else(|| request("it has no id (jti) of 1 to 255 bytes"))?.to_owned();
        let told = claims.get("events").and_then(Value::as_object);
        let told = told.filter(|told| (1..=MOST_EVENTS).contains(&told.len()));
        let told = told.ok_or_else(|| request("it has no events, or too many"))?;
        let subject = claims.get("sub_id").map(Subject::read).transpose().map_err(EventFault::Request)?;
        let events = told.iter().map(|(uri, payload)| ToldEvent::read(uri, payload, subject.as_ref()));
        let events = events.collect::<Result<Vec<_>, String>>().map_err(EventFault::Request)?;
        Ok(SecurityEvent { id, issued_at, events })
    }
}

fn request(why: &str) -> EventFault {
    EventFault::Request(why.to_owned())
}

fn of_header(fault: JwsFault) -> EventFault {
    match &fault {
        JwsFault::NoKey | JwsFault::UnknownKey | JwsFault::Signature => EventFault::Key(fault),
        JwsFault::TooLarge
        | JwsFault::Malformed(_)
        | JwsFault::Algorithm
        | JwsFault::Critical
        | JwsFault::Type
        | JwsFault::Claim(_)
        | JwsFault::Expired(_)
        | JwsFault::NotYet(_)
        | JwsFault::TooLong(_) => EventFault::Request(fault.to_string()),
    }
}

/// RFC 8417 §2.2: the audience may be a list; a transmitter that tells several receivers signs one token for all.
fn is_for(claims: &Map<String, Value>, audience: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(list)) => list.iter().all(Value::is_string) && list.iter().any(|one| one == audience),
        Some(_) | None => false,
    }
}

fn issued(claims: &Map<String, Value>, now: Instant) -> Result<Instant, EventFault> {
    let issued = issued_at(claims).map_err(|fault| EventFault::Request(fault.to_string()))?;
    let issued = issued.ok_or_else(|| request("it does not say when it was issued (iat)"))?;
    if issued > now.plus(SKEW) {
        return Err(EventFault::Request(format!("it was issued in the future, at {issued}")));
    }
    if issued < now.minus(OLDEST) {
        return Err(EventFault::Request(format!("it was issued too long ago, at {issued}")));
    }
    Ok(issued)
}
