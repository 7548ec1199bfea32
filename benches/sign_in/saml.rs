//! What an honest SAML provider says: the answers of the tests' own, to what was asked just now.

use crate::{
    Failure,
    issuer::{How, signed},
    scene::{ACS, ADA, IDP, KEYS, REQUEST, SP, assertion, field, part, wrapped},
};
use castgate::app::{Clock, SignInBegun};
use data_encoding::BASE64;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// How the provider introduces itself.
pub fn metadata() -> String {
    let certificate = KEYS.idp.certificate.to_base64();
    format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"{IDP}\">\
         <IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example.com/sso\"/>\
         </IDPSSODescriptor></EntityDescriptor>"
    )
}

/// What the provider's form carries for one of its people.
pub fn answered(begun: &SignInBegun, person: usize, teams: &[String]) -> Result<String, Failure> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let url = url::Url::parse(&begun.url)?;
    let asked = url.query_pairs().find(|(name, _)| name == "SAMLRequest").ok_or("nothing was asked")?.1.into_owned();
    let asked = miniz_oxide::inflate::decompress_to_vec(&BASE64.decode(asked.as_bytes())?)
        .map_err(|error| error.to_string())?;
    let asked = String::from_utf8(asked)?;
    let said =
        |from: &str| asked.split_once(from).and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default().to_owned();
    let issuer = asked.split_once("Issuer").and_then(|(_, rest)| rest.split(['>', '<']).nth(1)).unwrap_or_default();
    let values: String =
        teams.iter().map(|team| format!("<saml:AttributeValue>{team}</saml:AttributeValue>")).collect();
    let honest = wrapped(&assertion());
    let groups = part(&honest, "<saml:AttributeValue>", "</saml:Attribute>");
    let moment = Clock::machine().now();
    let (now, end) = (moment.to_string(), moment.plus(Duration::from_mins(5)).to_string());
    let changed = [
        (groups.as_str(), format!("{values}</saml:Attribute>")),
        (REQUEST, said("ID=\"")),
        (ACS, said("AssertionConsumerServiceURL=\"")),
        (SP, issuer.to_owned()),
        (ADA, format!("person-{person}@acme.example")),
        ("\"_a1\"", format!("\"_a{number}\"")),
        ("\"_r1\"", format!("\"_r{number}\"")),
        ("2026-11-22T08:05:00Z", end),
        ("2026-11-22T07:59:28Z", now.clone()),
        ("2026-11-22T07:59:57Z", now.clone()),
        ("2026-11-22T07:59:58Z", now.clone()),
        ("2026-11-22T07:59:59Z", now),
    ];
    let xml = changed.into_iter().fold(honest, |text, (from, to)| text.replace(from, &to));
    Ok(field(&signed(&xml, &format!("_a{number}"), &How::with(&KEYS.idp))))
}
