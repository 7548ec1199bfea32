//! A provider's answer to a sign-in, from the form field to who signed in.

use super::{Attribute, NameId, SamlFault};
use crate::{
    crypto::{Certificate, ServiceKey},
    model::Instant,
};

/// The provider as its connection knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// Its entity id.
    pub entity_id: String,
    /// The keys that sign for it. Without one, everything is refused.
    pub certificates: Vec<Certificate>,
    /// Whether SHA-1 is accepted, because the provider can do nothing else.
    pub allow_sha1: bool,
}

/// What has to be signed. Something has to be, in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signing {
    /// The response or the assertion, as the provider likes.
    #[default]
    Either,
    /// The assertion, whatever else is.
    Assertion,
    /// The response, whatever else is.
    Response,
}

/// What an answer has to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers<'a> {
    /// The request of this id, which this browser began at this connection.
    Request(&'a str),
    /// Nothing: the provider began (IdP-initiated). An answer that names any request is refused.
    Nothing,
}

/// What a response has to be, so that it is believed.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Who may speak.
    pub trust: &'a Trust,
    /// Our entity id at this connection: the audience.
    pub entity_id: &'a str,
    /// The address at which it arrived.
    pub acs: &'a str,
    /// The request that it answers.
    pub answers: Answers<'a>,
    /// What has to be signed.
    pub signing: Signing,
    /// Our keys for what is encrypted, newest first.
    pub keys: &'a [ServiceKey],
    /// The time of the verification.
    pub now: Instant,
}

/// Who signed in, read from signed bytes alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The assertion's id: accept it once, and remember it until [`SignedIn::remember_until`].
    pub assertion_id: String,
    /// The response's id. Covered by a signature only if the response is signed.
    pub response_id: String,
    /// When nobody would accept the assertion any more, skew included.
    pub remember_until: Instant,
    /// The provider's entity id.
    pub issuer: String,
    /// Its name for the person.
    pub name_id: NameId,
    /// Its name for its session, which a logout names.
    pub session_index: Option<String>,
    /// When its session ends, if it says so.
    pub session_until: Option<Instant>,
    /// When the person proved who they are.
    pub authenticated_at: Instant,
    /// How they did, as an authentication context class.
    pub context: Option<String>,
    /// What it says about the person, in its order; a name that came several times stands once, with all values.
    pub attributes: Vec<Attribute>,
    /// The fingerprint of the certificate whose key signed it.
    pub certificate: String,
    /// Whether SHA-1 was relied on: a warning for the connection.
    pub sha1: bool,
    /// Whether the assertion was encrypted.
    pub encrypted: bool,
}

/// Verifies the form field `SAMLResponse`.
pub fn verify_response(field: &str, expected: &Expected<'_>) -> Result<SignedIn, SamlFault> {
    drop((field, expected));
    Err(SamlFault::Unsigned)
}
