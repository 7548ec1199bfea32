//! Single logout: what providers ask and answer.

use super::{
    NameId, SKEW, SamlFault, Trust, assertion, envelope,
    gate::{Kind, admit},
    inbound,
    names::{SAML, SAMLP, SUCCESS},
    redirect, signature,
    tree::{all, demanded, instant_of, is, named, one, text},
};
use crate::{crypto::ServiceKey, model::Instant, sso::error::quoted};
use roxmltree::Node;
use std::time::Duration;

/// A logout message is for now, whatever it says.
const LONGEST_LIFE: Duration = Duration::from_mins(5);
const PARTIAL: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";

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
pub fn verify_logout_post(
    form: &[(String, String)],
    expected: &LogoutExpected<'_>,
) -> Result<LogoutMessage, SamlFault> {
    let of = |name: &'static str| {
        let mut found = form.iter().filter(|pair| pair.0 == name).map(|pair| pair.1.as_str());
        let first = found.next();
        if found.next().is_some() { Err(SamlFault::Repeated { what: name }) } else { Ok(first) }
    };
    let (field, value) = match (of("SAMLRequest")?, of("SAMLResponse")?) {
        (Some(request), None) => ("SAMLRequest", request),
        (None, Some(response)) => ("SAMLResponse", response),
        (None, None) => return Err(SamlFault::Missing { what: "SAMLRequest" }),
        (Some(_), Some(_)) => {
            return Err(SamlFault::Unexpected { what: "SAMLResponse".to_owned(), place: "a form with a SAMLRequest" });
        }
    };
    if expected.trust.certificates.is_empty() {
        return Err(SamlFault::NoCertificate);
    }
    let bytes = inbound::decode(value)?;
    let document = admit(&bytes, Kind::Message)?;
    let root = document.root_element();
    let signature = signature::of(root)?.ok_or(SamlFault::PartUnsigned { what: "message" })?;
    signature::nowhere_but_in(root, &[root])?;
    let signed = signature::verify(signature, "message", expected.trust)?;
    let signed = admit(signed.bytes.as_bytes(), Kind::Message)?;
    read(signed.root_element(), field, of("RelayState")?.map(str::to_owned), expected)
}

/// Verifies a logout message that came by the Redirect binding. `query` is the raw query, as it stands in the request line.
///
/// The signature is over the raw parameters, so that nothing is decoded and encoded again.
pub fn verify_logout_redirect(query: &str, expected: &LogoutExpected<'_>) -> Result<LogoutMessage, SamlFault> {
    let received = redirect::receive(query, expected.trust)?;
    let document = admit(&received.xml, Kind::Message)?;
    let root = document.root_element();
    // SAML bindings §3.4.4.1: the message itself holds no signature then.
    signature::nowhere_but_in(root, &[])?;
    read(root, received.field, received.relay_state, expected)
}

/// Reads a message whose every byte is signed.
fn read(
    root: Node<'_, '_>,
    field: &str,
    relay_state: Option<String>,
    expected: &LogoutExpected<'_>,
) -> Result<LogoutMessage, SamlFault> {
    let request = field == "SAMLRequest";
    let kind = if request { "LogoutRequest" } else { "LogoutResponse" };
    if !is(root, SAMLP, kind) {
        return Err(SamlFault::AnotherDocument { expected: kind, found: named(root) });
    }
    if demanded(root, "Version")? != "2.0" {
        return Err(SamlFault::Invalid { what: "Version", found: quoted(demanded(root, "Version")?) });
    }
    envelope::issued_by(one(root, SAML, "Issuer")?, &expected.trust.entity_id)?;
    envelope::addressed_to(root, expected.address, true)?;
    let issued = envelope::issued_at(root, "message", expected.now)?;
    let said = instant_of(root, "NotOnOrAfter")?.unwrap_or(Instant(i64::MAX));
    let until = issued.plus(LONGEST_LIFE).min(said);
    if expected.now.minus(SKEW) >= until {
        return Err(SamlFault::Expired { what: "message", at: until });
    }
    let id = demanded(root, "ID")?.to_owned();
    if !request {
        let (codes, _) = envelope::read_status(root)?;
        let complete = codes.first().is_some_and(|code| code == SUCCESS) && !codes.iter().any(|code| code == PARTIAL);
        let in_response_to = demanded(root, "InResponseTo")?.to_owned();
        let status = envelope::shortened(&codes);
        return Ok(LogoutMessage::Response(LogoutResponse { id, in_response_to, complete, status, relay_state }));
    }
    let sessions = all(root, SAMLP, "SessionIndex").map(|node| Ok(text(node, "SessionIndex")?.trim().to_owned()));
    Ok(LogoutMessage::Request(LogoutRequest {
        id,
        name_id: assertion::named_person(root, expected.keys)?,
        session_indexes: sessions.collect::<Result<_, SamlFault>>()?,
        relay_state,
        remember_until: until.plus(SKEW),
    }))
}
