//! What a provider encrypted for us. Encryption says nothing of who made it: a signature has to be inside, or around it.

use super::{
    SamlFault,
    c14n::written,
    names::{DS, SAML, XENC, XENC11},
    tree::{all, at_most_one, attribute, base64, elements, is, named, one, only_children},
};
use crate::{
    crypto::{ContentCipher, KeyTransport, ServiceKey},
    sso::error::quoted,
};
use roxmltree::{Document, Node};
use std::fmt::Write as _;

/// Each costs a private-key operation for each of our keys, before anybody has proved who they are.
const MOST_KEYS: usize = 2;

/// The content of an `EncryptedAssertion` or `EncryptedID`, as a document whose element declares the namespaces that held around it.
///
/// `protected` says whether a verified signature covers the ciphertext.
pub(super) fn open(encrypted: Node<'_, '_>, protected: bool, keys: &[ServiceKey]) -> Result<String, SamlFault> {
    only_children(encrypted, &[(XENC, "EncryptedData"), (XENC, "EncryptedKey")], "EncryptedAssertion")?;
    let data = one(encrypted, XENC, "EncryptedData")?;
    only_children(data, &[(XENC, "EncryptionMethod"), (DS, "KeyInfo"), (XENC, "CipherData")], "EncryptedData")?;
    let cipher = content_cipher(one(data, XENC, "EncryptionMethod")?)?;
    // Whoever may change a CBC ciphertext and watch what we say of it can read it, block by block. So nobody may.
    let malleable = matches!(cipher, ContentCipher::Aes128Cbc | ContentCipher::Aes192Cbc | ContentCipher::Aes256Cbc);
    if malleable && !protected {
        return Err(SamlFault::CipherUnprotected);
    }
    let content = value(data)?;
    let info = at_most_one(data, DS, "KeyInfo")?;
    let inside = info.into_iter().flat_map(|info| all(info, XENC, "EncryptedKey"));
    let wrapped: Vec<Node<'_, '_>> = inside.chain(all(encrypted, XENC, "EncryptedKey")).collect();
    if wrapped.is_empty() {
        return Err(SamlFault::Missing { what: "EncryptedKey" });
    }
    if wrapped.len() > MOST_KEYS {
        return Err(SamlFault::TooComplex { what: "encrypted keys", limit: MOST_KEYS });
    }
    for node in wrapped {
        let (transport, secret) = (key_transport(one(node, XENC, "EncryptionMethod")?)?, value(node)?);
        let opened = keys.iter().find_map(|key| key.open((transport, &secret), (cipher, &content)).ok());
        if let Some(plain) = opened {
            let plain = String::from_utf8(plain).map_err(|_| SamlFault::CannotDecrypt)?;
            return Ok(in_context(encrypted, &plain));
        }
    }
    Err(SamlFault::CannotDecrypt)
}

/// The assertion in what was opened: the only element there.
pub(super) fn opened_assertion<'a, 'i>(document: &'a Document<'i>) -> Result<Node<'a, 'i>, SamlFault> {
    opened_element(document, "Assertion")
}

/// The element of this name in what was opened: the only one there.
pub(super) fn opened_element<'a, 'i>(
    document: &'a Document<'i>,
    name: &'static str,
) -> Result<Node<'a, 'i>, SamlFault> {
    let mut inside = elements(document.root_element());
    match (inside.next(), inside.next()) {
        (Some(only), None) if is(only, SAML, name) => Ok(only),
        (Some(other), None) => Err(SamlFault::AnotherDocument { expected: name, found: named(other) }),
        (None, _) => Err(SamlFault::Missing { what: name }),
        (Some(_), Some(_)) => Err(SamlFault::Repeated { what: name }),
    }
}

/// XML Encryption §4.4: what is decrypted takes the place of the ciphertext, and so sees the namespaces around it.
fn in_context(place: Node<'_, '_>, plain: &str) -> String {
    let mut out = String::from("<opened");
    for namespace in place.namespaces().filter(|namespace| namespace.name() != Some("xml")) {
        let uri = written(namespace.uri());
        let prefix = namespace.name().map(|prefix| format!(":{prefix}")).unwrap_or_default();
        let _ = write!(out, " xmlns{prefix}=\"{uri}\"");
    }
    out.push('>');
    out.push_str(plain);
    out.push_str("</opened>");
    out
}

fn value(node: Node<'_, '_>) -> Result<Vec<u8>, SamlFault> {
    let data = one(node, XENC, "CipherData")?;
    only_children(data, &[(XENC, "CipherValue")], "CipherData")?;
    base64(one(data, XENC, "CipherValue")?, "CipherValue")
}

fn refused(uri: &str) -> SamlFault {
    SamlFault::AlgorithmRefused { algorithm: quoted(uri) }
}

fn content_cipher(method: Node<'_, '_>) -> Result<ContentCipher, SamlFault> {
    Ok(match attribute(method, "Algorithm").unwrap_or_default() {
        "http://www.w3.org/2009/xmlenc11#aes128-gcm" => ContentCipher::Aes128Gcm,
        "http://www.w3.org/2009/xmlenc11#aes192-gcm" => ContentCipher::Aes192Gcm,
        "http://www.w3.org/2009/xmlenc11#aes256-gcm" => ContentCipher::Aes256Gcm,
        "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => ContentCipher::Aes128Cbc,
        "http://www.w3.org/2001/04/xmlenc#aes192-cbc" => ContentCipher::Aes192Cbc,
        "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => ContentCipher::Aes256Cbc,
        other => return Err(refused(other)),
    })
}

/// XML Encryption 1.1 §5.5.2: RSA-OAEP with one and the same digest for label and mask. RSA 1.5 is an oracle, and refused.
fn key_transport(method: Node<'_, '_>) -> Result<KeyTransport, SamlFault> {
    let digest = at_most_one(method, DS, "DigestMethod")?.and_then(|node| attribute(node, "Algorithm"));
    let digest = digest.unwrap_or("http://www.w3.org/2000/09/xmldsig#sha1");
    let mask = match attribute(method, "Algorithm").unwrap_or_default() {
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p" => "http://www.w3.org/2009/xmlenc11#mgf1sha1",
        "http://www.w3.org/2009/xmlenc11#rsa-oaep" => at_most_one(method, XENC11, "MGF")?
            .and_then(|node| attribute(node, "Algorithm"))
            .unwrap_or("http://www.w3.org/2009/xmlenc11#mgf1sha1"),
        other => return Err(refused(other)),
    };
    if let Some(label) = elements(method).find(|child| child.tag_name().name() == "OAEPparams") {
        return Err(SamlFault::Unexpected { what: named(label), place: "EncryptionMethod" });
    }
    Ok(match (digest, mask) {
        ("http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2009/xmlenc11#mgf1sha1") => {
            KeyTransport::OaepSha1
        }
        ("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2009/xmlenc11#mgf1sha256") => {
            KeyTransport::OaepSha256
        }
        ("http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2009/xmlenc11#mgf1sha384") => {
            KeyTransport::OaepSha384
        }
        ("http://www.w3.org/2001/04/xmlenc#sha512", "http://www.w3.org/2009/xmlenc11#mgf1sha512") => {
            KeyTransport::OaepSha512
        }
        (digest, mask) => return Err(refused(&format!("{digest} with {mask}"))),
    })
}
