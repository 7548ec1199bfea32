//! XML signatures, as narrow as SAML demands them: one signature, one reference, to the element that it stands in.
//!
//! Keys come from the connection alone: `KeyInfo` is not read. Every step goes from a parent to its child, so that there is no
//! second `DigestValue` to be found. The result is the canonical form that was digested, and nothing else is ever believed.

use super::{
    SamlFault, Trust, c14n,
    names::{DS, ENVELOPED, EXC_C14N},
    tree::{at_most_one, attribute, base64, elements, is, named, one, only_children},
};
use crate::{
    crypto::{DigestAlgorithm, SignatureAlgorithm, constant_time_eq},
    sso::error::quoted,
};
use roxmltree::Node;

/// What a signature covers.
#[derive(Debug)]
pub(super) struct Signed {
    /// The canonical form of the signed element, without the signature.
    pub bytes: String,
    /// The fingerprint of the certificate whose key made it.
    pub certificate: String,
    /// Whether SHA-1 was relied on.
    pub sha1: bool,
}

/// The signature that is a child of this element, of which there is at most one.
pub(super) fn of<'a, 'i>(element: Node<'a, 'i>) -> Result<Option<Node<'a, 'i>>, SamlFault> {
    at_most_one(element, DS, "Signature")
}

/// Refuses signatures anywhere but as a child of one of these elements.
pub(super) fn nowhere_but_in(root: Node<'_, '_>, places: &[Node<'_, '_>]) -> Result<(), SamlFault> {
    let stray = root
        .descendants()
        .filter(|node| is(*node, DS, "Signature"))
        .find(|node| !node.parent().is_some_and(|parent| places.contains(&parent)));
    match stray {
        Some(signature) => {
            let parent = signature.parent_element().map(named).unwrap_or_default();
            Err(SamlFault::SignatureMisplaced { parent })
        }
        None => Ok(()),
    }
}

/// Verifies a signature, which signs the element that it stands in. `what` is that element for people.
pub(super) fn verify(signature: Node<'_, '_>, what: &'static str, trust: &Trust) -> Result<Signed, SamlFault> {
    let parent = signature.parent_element().ok_or(SamlFault::SignatureForm { why: "it is the whole document" })?;
    only_children(signature, &[(DS, "SignedInfo"), (DS, "SignatureValue"), (DS, "KeyInfo")], "Signature")?;
    at_most_one(signature, DS, "KeyInfo")?;
    let info = one(signature, DS, "SignedInfo")?;
    let value = base64(one(signature, DS, "SignatureValue")?, "SignatureValue")?;
    // XML Signature §4.4: exactly these, in this order.
    let [method, algorithm, reference] = elements(info).collect::<Vec<_>>()[..] else {
        return Err(SamlFault::SignatureForm { why: "SignedInfo has not exactly one reference" });
    };
    named_as(method, "CanonicalizationMethod")?;
    let prefixes = exclusive(method)?;
    let algorithm = signature_algorithm(algorithm)?;
    let reference = Reference::read(reference, parent)?;
    let sha1 = algorithm == SignatureAlgorithm::RsaSha1 || reference.digest == DigestAlgorithm::Sha1;
    if sha1 && !trust.allow_sha1 {
        return Err(SamlFault::Sha1Refused);
    }
    // The signature first: a stranger's document of any size costs one short canonical form and one verification.
    let message = c14n::canonical(info, None, &prefixes);
    let certificate = signer(trust, algorithm, message.as_bytes(), &value)?;
    let bytes = c14n::canonical(parent, Some(signature), &reference.prefixes);
    if !constant_time_eq(&reference.digest.digest(bytes.as_bytes()), &reference.value) {
        return Err(SamlFault::Altered { what });
    }
    Ok(Signed { bytes, certificate, sha1 })
}

/// The fingerprint of the connection's certificate whose key signed this.
pub(super) fn signer(
    trust: &Trust,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    value: &[u8],
) -> Result<String, SamlFault> {
    if trust.certificates.is_empty() {
        return Err(SamlFault::NoCertificate);
    }
    trust
        .certificates
        .iter()
        .find(|certificate| certificate.verifies(algorithm, message, value))
        .map(|certificate| certificate.fingerprint().to_owned())
        .ok_or(SamlFault::WrongCertificate { tried: trust.certificates.len() })
}

/// The only reference: to the element around the signature.
struct Reference<'a> {
    prefixes: Vec<&'a str>,
    digest: DigestAlgorithm,
    value: Vec<u8>,
}

impl<'a> Reference<'a> {
    fn read(node: Node<'a, '_>, parent: Node<'a, '_>) -> Result<Self, SamlFault> {
        named_as(node, "Reference")?;
        // SAML core §5.4.2: the reference is to the id of the element that is signed.
        let id = attribute(parent, "ID").filter(|id| is_name(id)).ok_or(SamlFault::Missing { what: "ID" })?;
        let found = attribute(node, "URI").unwrap_or_default();
        if found.strip_prefix('#') != Some(id) {
            return Err(SamlFault::SignatureReference { expected: quoted(id), found: quoted(found) });
        }
        let [transforms, method, value] = elements(node).collect::<Vec<_>>()[..] else {
            return Err(SamlFault::SignatureForm {
                why: "its reference has not exactly transforms, a method and a digest",
            });
        };
        named_as(transforms, "Transforms")?;
        named_as(method, "DigestMethod")?;
        named_as(value, "DigestValue")?;
        // SAML core §5.4.4: enveloped signature, then exclusive canonicalization, and no others.
        let [enveloped, canonical] = elements(transforms).collect::<Vec<_>>()[..] else {
            return Err(SamlFault::SignatureForm {
                why: "its transforms are not enveloped and exclusive canonicalization",
            });
        };
        named_as(enveloped, "Transform")?;
        named_as(canonical, "Transform")?;
        if attribute(enveloped, "Algorithm") != Some(ENVELOPED) {
            return Err(refused(enveloped));
        }
        childless(enveloped)?;
        Ok(Self {
            prefixes: exclusive(canonical)?,
            digest: digest_algorithm(method)?,
            value: base64(value, "DigestValue")?,
        })
    }
}

/// XML's NCName, as far as ids go: what no reader could take for anything else.
fn is_name(id: &str) -> bool {
    id.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn named_as(node: Node<'_, '_>, name: &'static str) -> Result<(), SamlFault> {
    if is(node, DS, name) { Ok(()) } else { Err(SamlFault::Missing { what: name }) }
}

fn childless(node: Node<'_, '_>) -> Result<(), SamlFault> {
    match elements(node).next() {
        Some(child) => Err(SamlFault::Unexpected { what: named(child), place: "Signature" }),
        None => Ok(()),
    }
}

fn refused(node: Node<'_, '_>) -> SamlFault {
    SamlFault::AlgorithmRefused { algorithm: quoted(attribute(node, "Algorithm").unwrap_or_default()) }
}

/// Exclusive canonicalization, and the prefixes that it treats inclusively.
fn exclusive<'a>(node: Node<'a, '_>) -> Result<Vec<&'a str>, SamlFault> {
    if attribute(node, "Algorithm") != Some(EXC_C14N) {
        return Err(refused(node));
    }
    only_children(node, &[(EXC_C14N, "InclusiveNamespaces")], "Signature")?;
    let Some(list) = at_most_one(node, EXC_C14N, "InclusiveNamespaces")? else { return Ok(Vec::new()) };
    childless(list)?;
    let prefixes: Vec<&str> = attribute(list, "PrefixList").unwrap_or_default().split_ascii_whitespace().collect();
    if prefixes.len() > 32 {
        return Err(SamlFault::TooComplex { what: "prefixes in one list", limit: 32 });
    }
    Ok(prefixes)
}

fn signature_algorithm(node: Node<'_, '_>) -> Result<SignatureAlgorithm, SamlFault> {
    named_as(node, "SignatureMethod")?;
    childless(node)?;
    signature_algorithm_named(attribute(node, "Algorithm").unwrap_or_default())
}

/// The allow-list of signatures. An HMAC is not on it: it would be keyed with the public key.
pub(super) fn signature_algorithm_named(uri: &str) -> Result<SignatureAlgorithm, SamlFault> {
    Ok(match uri {
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1" => SignatureAlgorithm::RsaSha1,
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => SignatureAlgorithm::RsaSha256,
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => SignatureAlgorithm::RsaSha384,
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => SignatureAlgorithm::RsaSha512,
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1" => SignatureAlgorithm::RsaPssSha256,
        "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1" => SignatureAlgorithm::RsaPssSha384,
        "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1" => SignatureAlgorithm::RsaPssSha512,
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => SignatureAlgorithm::EcdsaSha256,
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => SignatureAlgorithm::EcdsaSha384,
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512" => SignatureAlgorithm::EcdsaSha512,
        other => return Err(SamlFault::AlgorithmRefused { algorithm: quoted(other) }),
    })
}

fn digest_algorithm(node: Node<'_, '_>) -> Result<DigestAlgorithm, SamlFault> {
    childless(node)?;
    Ok(match attribute(node, "Algorithm").unwrap_or_default() {
        "http://www.w3.org/2000/09/xmldsig#sha1" => DigestAlgorithm::Sha1,
        "http://www.w3.org/2001/04/xmlenc#sha256" => DigestAlgorithm::Sha256,
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => DigestAlgorithm::Sha384,
        "http://www.w3.org/2001/04/xmlenc#sha512" => DigestAlgorithm::Sha512,
        _ => return Err(refused(node)),
    })
}
