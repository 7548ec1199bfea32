//! Verifying a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6).

use super::{
    TokenFault,
    error::quoted,
    issuer::Issuer,
    jws::{LEEWAY, Unverified, check_times},
    keys::KeySet,
    token::check_audience,
};
use crate::model::Instant;
use serde_json::{Map, Value};
use std::time::Duration;

/// The event that a logout token tells of.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How old such a token may be: it is sent at once, and so long its id is remembered. In seconds.
const LONGEST: i64 = 15 * 60;
/// No honest name of a token, a session or a person is longer.
const LONGEST_NAME: usize = 255;

/// What a provider says when somebody signed out there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutNotice {
    /// The token's own id, which is used up by it.
    pub id: String,
    /// Whose sessions end, by the provider's name for them.
    pub subject: Option<String>,
    /// Which of the provider's sessions is over.
    pub provider_session: Option<String>,
    /// Until when the token's id has to be remembered.
    pub replayable_until: Instant,
}

/// The notice, if one of the keys signed it and every rule about it holds.
pub(super) fn verify(
    token: &Unverified<'_>,
    keys: &KeySet,
    (issuer, client_id, now): (Issuer<'_>, &str, Instant),
) -> Result<LogoutNotice, TokenFault> {
    let (claims, _) = token.claims(keys)?;
    issuer.check(&claims)?;
    check_audience(&claims, client_id)?;
    let made_at = check_times(&claims, now)?;
    if made_at < now.seconds().saturating_sub(LONGEST + LEEWAY) {
        return Err(TokenFault::Expired(made_at.saturating_add(LONGEST)));
    }
    check_event(&claims)?;
    // §2.4: a nonce would make it an ID token.
    if claims.contains_key("nonce") {
        return Err(TokenFault::NotALogout("it has a nonce, which makes it an ID token"));
    }
    let id = name(&claims, "jti")?.ok_or(TokenFault::NotALogout("it has no id (jti)"))?;
    let (subject, provider_session) = (name(&claims, "sub")?, name(&claims, "sid")?);
    if subject.is_none() && provider_session.is_none() {
        return Err(TokenFault::NotALogout("it says neither who (sub) nor which session (sid)"));
    }
    let made_at = Instant(made_at.saturating_mul(1_000_000));
    let replayable_until = made_at.plus(Duration::from_secs((LONGEST + 2 * LEEWAY).unsigned_abs()));
    Ok(LogoutNotice { id, subject, provider_session, replayable_until })
}

/// §2.4: `events` is an object with the member of this event, whose value is an object.
fn check_event(claims: &Map<String, Value>) -> Result<(), TokenFault> {
    let event = claims.get("events").and_then(|events| events.get(EVENT));
    if event.is_some_and(Value::is_object) { Ok(()) } else { Err(TokenFault::NotALogout("it tells of another event")) }
}

/// A name, if it is there. One that is there and cannot be one refuses the token: it must not count as absent.
fn name(claims: &Map<String, Value>, claim: &'static str) -> Result<Option<String>, TokenFault> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) if !text.trim().is_empty() && text.chars().count() <= LONGEST_NAME => {
            Ok(Some(text.clone()))
        }
        Some(other) => {
            Err(TokenFault::Malformed(format!("its `{claim}` is not a name: {}", quoted(&other.to_string()))))
        }
    }
}
