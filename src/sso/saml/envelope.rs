//! The response around an assertion: one response, exactly one assertion, and the status before all.

use super::{
    Answers, SamlFault,
    names::{DS, ENTITY, SAML, SAMLP, SUCCESS},
    response::Expected,
    tree::{all, at_most_one, attribute, demanded, instant, is, named, one, only_children, text},
};
use crate::{model::Instant, sso::error::quoted};
use roxmltree::Node;

/// The one assertion of a response.
#[derive(Debug, Clone, Copy)]
pub(super) enum Carried<'a, 'i> {
    /// As it is.
    Plain(Node<'a, 'i>),
    /// Encrypted.
    Encrypted(Node<'a, 'i>),
}

/// The assertion in a response, which holds exactly one, as its child.
pub(super) fn carried<'a, 'i>(response: Node<'a, 'i>) -> Result<Carried<'a, 'i>, SamlFault> {
    if !is(response, SAMLP, "Response") {
        return Err(SamlFault::AnotherDocument { expected: "Response", found: named(response) });
    }
    if demanded(response, "Version")? != "2.0" {
        return Err(SamlFault::Invalid { what: "Version", found: quoted(demanded(response, "Version")?) });
    }
    // Unsigned as it may be: a refusal is no reason to let anybody in.
    status(response)?;
    let known = [
        (SAML, "Issuer"),
        (DS, "Signature"),
        (SAMLP, "Extensions"),
        (SAMLP, "Status"),
        (SAML, "Assertion"),
        (SAML, "EncryptedAssertion"),
    ];
    only_children(response, &known, "Response")?;
    for name in ["Issuer", "Extensions"] {
        at_most_one(response, if name == "Issuer" { SAML } else { SAMLP }, name)?;
    }
    only_one_assertion(response)?;
    let plain = at_most_one(response, SAML, "Assertion")?.map(Carried::Plain);
    let encrypted = at_most_one(response, SAML, "EncryptedAssertion")?.map(Carried::Encrypted);
    plain.or(encrypted).ok_or(SamlFault::Missing { what: "Assertion" })
}

/// Whatever namespace it pretends to be in and wherever it hides: a second assertion is an attack.
pub(super) fn only_one_assertion(root: Node<'_, '_>) -> Result<(), SamlFault> {
    let names = ["Assertion", "EncryptedAssertion"];
    let count = root.descendants().filter(|node| node.is_element() && names.contains(&node.tag_name().name())).count();
    match count {
        0 => Err(SamlFault::Missing { what: "Assertion" }),
        1 => Ok(()),
        _ => Err(SamlFault::Repeated { what: "Assertion" }),
    }
}

/// SAML core §3.2.2.2: the top-level status decides.
fn status(response: Node<'_, '_>) -> Result<(), SamlFault> {
    let (codes, message) = read_status(response)?;
    if codes.first().is_some_and(|code| code == SUCCESS) {
        return Ok(());
    }
    Err(SamlFault::ProviderRefused { status: shortened(&codes), message })
}

/// The status codes of a message, outer first, and its explanation.
pub(super) fn read_status(message: Node<'_, '_>) -> Result<(Vec<String>, Option<String>), SamlFault> {
    let status = one(message, SAMLP, "Status")?;
    let mut codes = Vec::new();
    let mut next = Some(one(status, SAMLP, "StatusCode")?);
    while let Some(code) = next.filter(|_| codes.len() < 3) {
        codes.push(quoted(demanded(code, "Value")?));
        next = all(code, SAMLP, "StatusCode").next();
    }
    let said = at_most_one(status, SAMLP, "StatusMessage")?.map(|node| text(node, "StatusMessage")).transpose()?;
    Ok((codes, said.map(|text| quoted(text.trim()))))
}

/// `Responder / AuthnFailed` instead of two long names.
pub(super) fn shortened(codes: &[String]) -> String {
    let short = |code: &String| code.rsplit(':').next().unwrap_or_default().to_owned();
    codes.iter().map(short).collect::<Vec<_>>().join(" / ")
}

/// Refuses a message of another party. SAML core §2.2.5: an entity id has no other format.
pub(super) fn issued_by(node: Node<'_, '_>, expected: &str) -> Result<(), SamlFault> {
    let found = text(node, "Issuer")?.trim();
    let entity = attribute(node, "Format").is_none_or(|format| format == ENTITY);
    if found == expected && entity {
        return Ok(());
    }
    Err(SamlFault::UnknownIssuer { expected: expected.to_owned(), found: quoted(found) })
}

/// SAML bindings §3.5.5.2: a signed message says where it goes, and goes nowhere else.
pub(super) fn addressed_to(message: Node<'_, '_>, here: &str, signed: bool) -> Result<(), SamlFault> {
    match attribute(message, "Destination") {
        None if signed => Err(SamlFault::Missing { what: "Destination" }),
        None => Ok(()),
        Some(destination) if destination == here => Ok(()),
        Some(destination) => Err(SamlFault::WrongDestination { expected: here.to_owned(), found: quoted(destination) }),
    }
}

/// When a message was made: not in the future.
pub(super) fn issued_at(node: Node<'_, '_>, what: &'static str, now: Instant) -> Result<Instant, SamlFault> {
    let at = instant(demanded(node, "IssueInstant")?, "IssueInstant")?;
    if at > now.plus(super::SKEW) { Err(SamlFault::NotYetValid { what, at }) } else { Ok(at) }
}

/// The request that is answered, where it is said: it must be ours.
pub(super) fn answers(found: Option<&str>, expected: Answers<'_>) -> Result<(), SamlFault> {
    match (expected, found) {
        (Answers::Request(id), Some(found)) if id == found => Ok(()),
        (Answers::Nothing, None) => Ok(()),
        (Answers::Request(_), found) => Err(SamlFault::AnotherRequest { found: found.map(quoted) }),
        (Answers::Nothing, Some(found)) => Err(SamlFault::NotUnsolicited { found: quoted(found) }),
    }
}

/// What the response says of itself. Where no signature covers it, this can only refuse.
pub(super) fn check(response: Node<'_, '_>, signed: bool, expected: &Expected<'_>) -> Result<(), SamlFault> {
    if let Some(issuer) = at_most_one(response, SAML, "Issuer")? {
        issued_by(issuer, &expected.trust.entity_id)?;
    }
    addressed_to(response, expected.acs, signed)?;
    issued_at(response, "response", expected.now)?;
    if let Some(found) = attribute(response, "InResponseTo") {
        answers(Some(found), expected.answers)?;
    }
    Ok(())
}
