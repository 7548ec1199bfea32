//! Single logout: what providers ask and answer.

use super::{NameId, SamlFault, Trust};
use crate::{crypto::ServiceKey, model::Instant};

/// What a logout message has to be, so that it is believed.
#[derive(Debug, Clone, Copy)]
pub struct LogoutExpected<'a> {
    /// Who may speak.
    pub trust: &'a Trust,
    /// The address at which it arrived.
    pub address: &'a str,
    /// Our keys for what is encrypted, newest first.
    pub keys: &'a [ServiceKey],
    /// The time of the verification.
    pub now: Instant,
}

/// A verified logout message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogoutMessage {
    /// The provider wants somebody signed out.
    Request(LogoutRequest),
    /// The provider answers ours.
    Response(LogoutResponse),
}

/// The provider wants somebody signed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    /// Its id: what the answer names; accept it once.
    pub id: String,
    /// Whose sessions.
    pub name_id: NameId,
    /// Which of them; none: all.
    pub session_indexes: Vec<String>,
    /// What the answer has to bring back.
    pub relay_state: Option<String>,
    /// Until when its id is to be remembered.
    pub remember_until: Instant,
}

/// The provider answers ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutResponse {
    /// Its id.
    pub id: String,
    /// The request that it answers: compare it with the one that was sent.
    pub in_response_to: String,
    /// Whether the provider signed the person out everywhere.
    pub complete: bool,
    /// Its status codes, outer first, without their common prefix.
    pub status: String,
    /// What our request sent along.
    pub relay_state: Option<String>,
}

/// Verifies a logout message that came by the POST binding. `form` holds the form's fields.
///
/// The message has to be signed inside.
pub fn verify_logout_post(form: &[(String, String)], expected: &LogoutExpected<'_>) -> Result<LogoutMessage, SamlFault> {
    drop((form, expected));
    Err(SamlFault::Unsigned)
}

/// Verifies a logout message that came by the Redirect binding. `query` is the raw query, as it stands in the request line.
///
/// The signature is over the raw parameters, so that nothing is decoded and encoded again.
pub fn verify_logout_redirect(query: &str, expected: &LogoutExpected<'_>) -> Result<LogoutMessage, SamlFault> {
    drop((query, expected));
    Err(SamlFault::Unsigned)
}
