//! A provider's answer to a sign-in, from the form field to who signed in.

use super::{
    Attribute, NameId, SKEW, SamlFault, assertion, encrypted,
    envelope::{self, Carried},
    gate::{Kind, admit},
    inbound,
    names::SAML,
    signature::{self, Signed},
    tree::{at_most_one, demanded, one},
};
use crate::{
    crypto::{Certificate, ServiceKey},
    model::Instant,
};
use roxmltree::Node;

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
    verify(&inbound::decode(field)?, expected)
}

/// Verifies a response's bytes.
fn verify(bytes: &[u8], expected: &Expected<'_>) -> Result<SignedIn, SamlFault> {
    if expected.trust.certificates.is_empty() {
        return Err(SamlFault::NoCertificate);
    }
    let document = admit(bytes, Kind::Message)?;
    let response = document.root_element();
    let carried = envelope::carried(response)?;
    // Before the signature only for the trace: the wrong provider says more than the wrong certificate.
    if let Some(issuer) = at_most_one(response, SAML, "Issuer")? {
        envelope::issued_by(issuer, &expected.trust.entity_id)?;
    }
    let outer =
        signature::of(response)?.map(|found| signature::verify(found, "response", expected.trust)).transpose()?;
    let outer = outer.as_ref();
    match carried {
        Carried::Plain(assertion) => {
            signature::nowhere_but_in(response, &[response, assertion])?;
            let inner = signature::of(assertion)?;
            let inner = inner.map(|found| signature::verify(found, "assertion", expected.trust)).transpose()?;
            believe(response, outer, inner.as_ref(), None, expected)
        }
        Carried::Encrypted(encrypted) => {
            signature::nowhere_but_in(response, &[response])?;
            let opened = encrypted::open(encrypted, outer.is_some(), expected.keys)?;
            let opened_document = admit(opened.as_bytes(), Kind::Message)?;
            let assertion = encrypted::opened_assertion(&opened_document)?;
            signature::nowhere_but_in(opened_document.root_element(), &[assertion])?;
            let inner = signature::of(assertion)?;
            let inner = inner.map(|found| signature::verify(found, "assertion", expected.trust)).transpose()?;
            believe(response, outer, inner.as_ref(), Some(assertion), expected)
        }
    }
}

/// Reads from what was signed, parsed again by itself: the assertion's own bytes, else those of the response around it.
///
/// `opened` is the decrypted assertion, whose ciphertext the response's signature covers.
fn believe(
    response: Node<'_, '_>,
    outer: Option<&Signed>,
    inner: Option<&Signed>,
    opened: Option<Node<'_, '_>>,
    expected: &Expected<'_>,
) -> Result<SignedIn, SamlFault> {
    let signed = inner.or(outer).ok_or(SamlFault::Unsigned)?;
    match expected.signing {
        Signing::Assertion if inner.is_none() => return Err(SamlFault::PartUnsigned { what: "assertion" }),
        Signing::Response if outer.is_none() => return Err(SamlFault::PartUnsigned { what: "response" }),
        Signing::Either | Signing::Assertion | Signing::Response => {}
    }
    let outer_document = outer.map(|outer| admit(outer.bytes.as_bytes(), Kind::Message)).transpose()?;
    let inner_document = inner.map(|inner| admit(inner.bytes.as_bytes(), Kind::Message)).transpose()?;
    let response = outer_document.as_ref().map_or(response, |document| document.root_element());
    envelope::check(response, outer.is_some(), expected)?;
    let assertion = match (&inner_document, opened) {
        (Some(document), _) => document.root_element(),
        (None, Some(opened)) => opened,
        (None, None) => one(response, SAML, "Assertion")?,
    };
    let believed = assertion::read(assertion, expected)?;
    Ok(SignedIn {
        assertion_id: believed.id,
        response_id: demanded(response, "ID")?.to_owned(),
        remember_until: believed.until.plus(SKEW),
        issuer: expected.trust.entity_id.clone(),
        name_id: believed.name_id,
        session_index: believed.session.index,
        session_until: believed.session.until,
        authenticated_at: believed.session.authenticated_at,
        context: believed.session.context,
        attributes: believed.attributes,
        certificate: signed.certificate.clone(),
        sha1: inner.is_some_and(|signed| signed.sha1) || outer.is_some_and(|signed| signed.sha1),
        encrypted: opened.is_some(),
    })
}
