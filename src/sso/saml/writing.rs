//! Signing what we write.

use super::{
    SamlFault, c14n,
    gate::{Kind, admit},
    names::{DS, ENVELOPED, EXC_C14N, RSA_SHA256, SHA256},
    tree::{demanded, elements},
};
use crate::{
    crypto::{ServiceKey, sha256},
    model::Instant,
};
use data_encoding::BASE64;

/// The message with its signature inside, where the schema wants it: behind the issuer, which is the first child.
pub(super) fn signed(xml: &str, key: &ServiceKey) -> Result<String, SamlFault> {
    let document = admit(xml.as_bytes(), Kind::Message)?;
    let root = document.root_element();
    let digest = BASE64.encode(&sha256(c14n::canonical(root, None, &[]).as_bytes()));
    let id = demanded(root, "ID")?;
    let body = format!(
        "<ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{id}\"><ds:Transforms><ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform>\
         <ds:Transform Algorithm=\"{EXC_C14N}\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    );
    // What is signed is the canonical form, in which the element says its namespace itself.
    let canonical = format!("<ds:SignedInfo xmlns:ds=\"{DS}\">{body}");
    let value = BASE64.encode(&key.sign(canonical.as_bytes()).map_err(|_| SamlFault::CannotSign)?);
    let signature = format!(
        "<ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo>{body}<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"
    );
    let at = elements(root).next().ok_or(SamlFault::CannotSign)?.range().end;
    let (before, after) = xml.split_at_checked(at).ok_or(SamlFault::CannotSign)?;
    Ok(format!("{before}{signature}{after}"))
}

/// A time in whole seconds: some providers read no fractions.
pub(super) fn time(at: Instant) -> String {
    Instant(at.seconds().saturating_mul(1_000_000)).to_string()
}
