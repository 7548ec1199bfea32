//! What an assertion says, read from signed bytes alone, and whether it may be believed here and now.

use super::{
    SKEW, SamlFault, encrypted, envelope,
    gate::{Kind, admit},
    names::{BEARER, DS, ENTITY, SAML, XSI},
    response::Expected,
    tree::{all, at_most_one, attribute, demanded, elements, instant_of, is, named, one, only_children, text},
};
use crate::{crypto::ServiceKey, model::Instant, sso::error::quoted};
use roxmltree::Node;
use std::time::Duration;

/// An id is remembered for as long as it could be used again; nobody needs longer.
pub(super) const LONGEST_LIFE: Duration = Duration::from_hours(24);
const LONGEST_NAME: usize = 512;

/// A provider's name for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameId {
    /// The name itself.
    pub value: String,
    /// Its format, such as [`format::PERSISTENT`](super::format::PERSISTENT).
    pub format: Option<String>,
    /// The domain that makes it unique, where the provider says one.
    pub name_qualifier: Option<String>,
    /// The service that it is unique for, where the provider says one.
    pub sp_name_qualifier: Option<String>,
}

/// One thing that a provider says about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name; often a URI.
    pub name: String,
    /// A name for people.
    pub friendly_name: Option<String>,
    /// Its values in their order. None: the provider names it, and says nothing.
    pub values: Vec<String>,
}

/// An assertion that may be believed.
pub(super) struct Believed {
    pub id: String,
    pub until: Instant,
    pub name_id: NameId,
    pub session: Session,
    pub attributes: Vec<Attribute>,
}

/// What an authentication statement says.
pub(super) struct Session {
    pub index: Option<String>,
    pub until: Option<Instant>,
    pub authenticated_at: Instant,
    pub context: Option<String>,
}

/// Reads an assertion out of its signed bytes.
pub(super) fn read(assertion: Node<'_, '_>, expected: &Expected<'_>) -> Result<Believed, SamlFault> {
    if !is(assertion, SAML, "Assertion") {
        return Err(SamlFault::AnotherDocument { expected: "Assertion", found: named(assertion) });
    }
    envelope::only_one_assertion(assertion)?;
    if demanded(assertion, "Version")? != "2.0" {
        return Err(SamlFault::Invalid { what: "Version", found: quoted(demanded(assertion, "Version")?) });
    }
    let known =
        ["Issuer", "Subject", "Conditions", "Advice", "AuthnStatement", "AttributeStatement", "AuthzDecisionStatement"];
    let known: Vec<(&str, &str)> = known.into_iter().map(|name| (SAML, name)).chain([(DS, "Signature")]).collect();
    only_children(assertion, &known, "Assertion")?;
    envelope::issued_by(one(assertion, SAML, "Issuer")?, &expected.trust.entity_id)?;
    envelope::issued_at(assertion, "assertion", expected.now)?;
    let until = conditions(one(assertion, SAML, "Conditions")?, expected)?;
    let subject = one(assertion, SAML, "Subject")?;
    let until = confirmed(subject, expected)?.min(until.unwrap_or(Instant(i64::MAX)));
    if until > expected.now.plus(LONGEST_LIFE) {
        return Err(SamlFault::LivesTooLong { until, hours: LONGEST_LIFE.as_secs() / 3600 });
    }
    Ok(Believed {
        id: demanded(assertion, "ID")?.to_owned(),
        until,
        name_id: named_person(subject, expected.keys)?,
        session: session(assertion, expected.now)?,
        attributes: attributes(assertion)?,
    })
}

/// The one person that is named here, plainly or encrypted. What is around is signed, and so is the ciphertext.
pub(super) fn named_person(place: Node<'_, '_>, keys: &[ServiceKey]) -> Result<NameId, SamlFault> {
    match (at_most_one(place, SAML, "NameID")?, at_most_one(place, SAML, "EncryptedID")?) {
        (Some(plain), None) => name_id(plain),
        (None, Some(encrypted)) => {
            let opened = encrypted::open(encrypted, true, keys)?;
            let document = admit(opened.as_bytes(), Kind::Message)?;
            name_id(encrypted::opened_element(&document, "NameID")?)
        }
        (None, None) => Err(SamlFault::Missing { what: "NameID" }),
        (Some(_), Some(_)) => Err(SamlFault::Repeated { what: "NameID" }),
    }
}

/// A person's name, which means somebody only if it is there once, whole and without ornaments.
fn name_id(node: Node<'_, '_>) -> Result<NameId, SamlFault> {
    let value = text(node, "NameID")?;
    let why = match value {
        "" => Some("it is empty"),
        // “ada ” is not “ada”, and whoever can name themselves at the provider must not become her.
        value if value.trim() != value => Some("it begins or ends with white space"),
        value if value.chars().any(char::is_control) => Some("it holds control characters"),
        value if value.len() > LONGEST_NAME => Some("it is longer than 512 bytes"),
        _ => None,
    };
    let of = |name| attribute(node, name).map(str::to_owned);
    let format = of("Format");
    match why {
        Some(why) => Err(SamlFault::NameId { why }),
        None if format.as_deref() == Some(ENTITY) => Err(SamlFault::NameId { why: "it names a service" }),
        None => Ok(NameId {
            value: value.to_owned(),
            format,
            name_qualifier: of("NameQualifier"),
            sp_name_qualifier: of("SPNameQualifier"),
        }),
    }
}

/// SAML core §2.5.1.2: not before `NotBefore`, and no more at `NotOnOrAfter`. Gives the latter.
fn within(node: Node<'_, '_>, now: Instant) -> Result<Option<Instant>, SamlFault> {
    let what = "assertion";
    if let Some(at) = instant_of(node, "NotBefore")?.filter(|at| *at > now.plus(SKEW)) {
        return Err(SamlFault::NotYetValid { what, at });
    }
    match instant_of(node, "NotOnOrAfter")? {
        Some(at) if now.minus(SKEW) >= at => Err(SamlFault::Expired { what, at }),
        until => Ok(until),
    }
}

/// SAML core §2.5.1: every condition has to be met, and an unknown one is not.
fn conditions(conditions: Node<'_, '_>, expected: &Expected<'_>) -> Result<Option<Instant>, SamlFault> {
    let until = within(conditions, expected.now)?;
    let mut restricted = false;
    for condition in elements(conditions) {
        if is(condition, SAML, "AudienceRestriction") {
            audience(condition, expected.entity_id)?;
            restricted = true;
        } else if !is(condition, SAML, "OneTimeUse") && !is(condition, SAML, "ProxyRestriction") {
            return Err(SamlFault::UnknownCondition { name: named(condition) });
        }
    }
    if restricted { Ok(until) } else { Err(SamlFault::Missing { what: "AudienceRestriction" }) }
}

/// SAML core §2.5.1.4: one of the audiences is us; several restrictions have to be met each.
fn audience(restriction: Node<'_, '_>, us: &str) -> Result<(), SamlFault> {
    only_children(restriction, &[(SAML, "Audience")], "AudienceRestriction")?;
    let named: Vec<&str> =
        elements(restriction).map(|node| Ok(text(node, "Audience")?.trim())).collect::<Result<_, SamlFault>>()?;
    if named.contains(&us) {
        return Ok(());
    }
    let found = named.into_iter().take(8).map(quoted).collect();
    Err(SamlFault::UnknownAudience { expected: us.to_owned(), found })
}

/// SAML profiles §4.1.4.3: one bearer confirmation has to be for this address, this request and this moment. Gives its end.
fn confirmed(subject: Node<'_, '_>, expected: &Expected<'_>) -> Result<Instant, SamlFault> {
    let known = [(SAML, "NameID"), (SAML, "EncryptedID"), (SAML, "SubjectConfirmation")];
    only_children(subject, &known, "Subject")?;
    let mut refusal = SamlFault::NoBearer;
    for confirmation in all(subject, SAML, "SubjectConfirmation") {
        if attribute(confirmation, "Method") != Some(BEARER) {
            continue;
        }
        match bearer(one(confirmation, SAML, "SubjectConfirmationData")?, expected) {
            Ok(until) => return Ok(until),
            Err(fault) => refusal = fault,
        }
    }
    Err(refusal)
}

fn bearer(data: Node<'_, '_>, expected: &Expected<'_>) -> Result<Instant, SamlFault> {
    let recipient = demanded(data, "Recipient")?;
    if recipient != expected.acs {
        return Err(SamlFault::WrongRecipient { expected: expected.acs.to_owned(), found: quoted(recipient) });
    }
    envelope::answers(attribute(data, "InResponseTo"), expected.answers)?;
    within(data, expected.now)?.ok_or(SamlFault::Missing { what: "NotOnOrAfter" })
}

/// SAML profiles §4.1.4.2: at least one authentication statement. Of several, the first names the session.
fn session(assertion: Node<'_, '_>, now: Instant) -> Result<Session, SamlFault> {
    let mut first = None;
    for statement in all(assertion, SAML, "AuthnStatement") {
        let until = instant_of(statement, "SessionNotOnOrAfter")?;
        if let Some(at) = until.filter(|at| now.minus(SKEW) >= *at) {
            return Err(SamlFault::Expired { what: "provider's session", at });
        }
        let authenticated_at =
            instant_of(statement, "AuthnInstant")?.ok_or(SamlFault::Missing { what: "AuthnInstant" })?;
        if authenticated_at > now.plus(SKEW) {
            return Err(SamlFault::NotYetValid { what: "authentication", at: authenticated_at });
        }
        let context = one(statement, SAML, "AuthnContext")?;
        let class = at_most_one(context, SAML, "AuthnContextClassRef")?;
        let context = class.map(|class| Ok(text(class, "AuthnContextClassRef")?.trim().to_owned())).transpose()?;
        let index = attribute(statement, "SessionIndex").filter(|index| !index.is_empty()).map(str::to_owned);
        first = first.or(Some(Session { index, until, authenticated_at, context }));
    }
    first.ok_or(SamlFault::Missing { what: "AuthnStatement" })
}

/// All attributes of all statements; a name that comes again adds its values.
fn attributes(assertion: Node<'_, '_>) -> Result<Vec<Attribute>, SamlFault> {
    let mut found: Vec<Attribute> = Vec::new();
    for statement in all(assertion, SAML, "AttributeStatement") {
        only_children(statement, &[(SAML, "Attribute")], "AttributeStatement")?;
        for node in elements(statement) {
            let name = demanded(node, "Name")?;
            only_children(node, &[(SAML, "AttributeValue")], "Attribute")?;
            let values = elements(node).filter_map(value);
            if let Some(known) = found.iter_mut().find(|known| known.name == name) {
                known.values.extend(values);
                continue;
            }
            let friendly_name = attribute(node, "FriendlyName").map(str::to_owned);
            found.push(Attribute { name: name.to_owned(), friendly_name, values: values.collect() });
        }
    }
    Ok(found)
}

/// The text of a value. A value that is a structure of its own (a NameID, an address) says nothing that could be mapped.
fn value(node: Node<'_, '_>) -> Option<String> {
    let nil = node.attribute((XSI, "nil")).is_some_and(|nil| nil == "true" || nil == "1");
    if nil { None } else { text(node, "AttributeValue").ok().map(str::to_owned) }
}
