//! One provider, one service, one sign-in under way, and what an honest answer looks like.

use crate::issuer::{How, Key, signed};
use castgate::{
    crypto::{Certificate, ServiceKey},
    model::Instant,
    sso::saml::{Answers, Expected, SamlFault, SignedIn, Signing, Trust, verify_response},
};
use data_encoding::BASE64;
use std::sync::LazyLock;

pub const IDP: &str = "https://idp.example.com/metadata";
pub const SP: &str = "https://gate.example.com/saml/con_1";
pub const ACS: &str = "https://gate.example.com/saml/con_1/acs";
pub const REQUEST: &str = "_4fee3b046395c4e751011e97f8900b5273d56685";
pub const NOW: &str = "2026-11-22T08:00:00Z";
pub const ADA: &str = "ada@example.com";
pub const EVIL: &str = "owner@victim.example";

/// Keys cost a moment: they are made once for all tests.
pub struct Keys {
    pub idp: Key,
    pub next: Key,
    pub foreign: Key,
    pub p256: Key,
    pub p384: Key,
    pub sp: ServiceKey,
    pub sp_certificate: Certificate,
}

pub static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let sp = ServiceKey::generate().unwrap();
    let certificate = sp.certificate("gate.example.com", now(), Instant(now().0 + 1_000_000_000_000)).unwrap();
    Keys {
        idp: Key::rsa("idp.example.com"),
        next: Key::rsa("idp.example.com"),
        foreign: Key::rsa("idp.example.com"),
        p256: Key::ec("P-256"),
        p384: Key::ec("P-384"),
        sp_certificate: Certificate::from_der(&certificate).unwrap(),
        sp,
    }
});

pub fn now() -> Instant {
    NOW.parse().unwrap()
}

/// How the connection is set up.
#[derive(Clone)]
pub struct Setting {
    pub trust: Trust,
    pub answers: Option<&'static str>,
    pub signing: Signing,
    pub now: Instant,
    pub acs: &'static str,
    pub sp: &'static str,
    pub decrypts: bool,
}

impl Default for Setting {
    fn default() -> Self {
        let trust =
            Trust { entity_id: IDP.to_owned(), certificates: vec![KEYS.idp.certificate.clone()], allow_sha1: false };
        Self { trust, answers: Some(REQUEST), signing: Signing::Either, now: now(), acs: ACS, sp: SP, decrypts: true }
    }
}

impl Setting {
    pub fn trusting(certificates: &[&Certificate]) -> Self {
        let mut setting = Self::default();
        setting.trust.certificates = certificates.iter().map(|one| (*one).clone()).collect();
        setting
    }

    pub fn verify(&self, field: &str) -> Result<SignedIn, SamlFault> {
        self.expecting(|expected| verify_response(field, expected))
    }

    /// With what an answer is held against.
    pub fn expecting<T>(&self, ask: impl FnOnce(&Expected<'_>) -> T) -> T {
        ask(&Expected {
            trust: &self.trust,
            entity_id: self.sp,
            acs: self.acs,
            answers: self.answers.map_or(Answers::Nothing, Answers::Request),
            signing: self.signing,
            keys: if self.decrypts { std::slice::from_ref(&KEYS.sp) } else { &[] },
            now: self.now,
        })
    }
}

pub fn field(xml: &str) -> String {
    BASE64.encode(xml.as_bytes())
}

/// What an honest assertion says; not signed.
pub fn assertion() -> String {
    assertion_of("_a1", ADA)
}

pub fn assertion_of(id: &str, who: &str) -> String {
    format!(
        "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" IssueInstant=\"2026-11-22T07:59:58Z\" Version=\"2.0\">\
         <saml:Issuer>{IDP}</saml:Issuer>\
         <saml:Subject><saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{who}</saml:NameID>\
         <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <saml:SubjectConfirmationData InResponseTo=\"{REQUEST}\" NotOnOrAfter=\"2026-11-22T08:05:00Z\" Recipient=\"{ACS}\"></saml:SubjectConfirmationData>\
         </saml:SubjectConfirmation></saml:Subject>\
         <saml:Conditions NotBefore=\"2026-11-22T07:59:28Z\" NotOnOrAfter=\"2026-11-22T08:05:00Z\">\
         <saml:AudienceRestriction><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
         <saml:AuthnStatement AuthnInstant=\"2026-11-22T07:59:57Z\" SessionIndex=\"_s1\">\
         <saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
         <saml:AttributeStatement><saml:Attribute Name=\"groups\"><saml:AttributeValue>engineering</saml:AttributeValue>\
         <saml:AttributeValue>castai-viewers</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>"
    )
}

/// A response around an assertion; not signed.
pub fn wrapped(assertion: &str) -> String {
    wrapped_as("_r1", assertion)
}

pub fn wrapped_as(id: &str, assertion: &str) -> String {
    format!(
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         Destination=\"{ACS}\" ID=\"{id}\" InResponseTo=\"{REQUEST}\" IssueInstant=\"2026-11-22T07:59:59Z\" Version=\"2.0\">\
         <saml:Issuer>{IDP}</saml:Issuer>\
         <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode></samlp:Status>\
         {assertion}</samlp:Response>"
    )
}

/// A response whose assertion is signed.
pub fn with_signed_assertion(assertion: &str) -> String {
    signed(&wrapped(assertion), "_a1", &How::with(&KEYS.idp))
}

/// A response that is signed itself.
pub fn with_signed_response(assertion: &str) -> String {
    signed(&wrapped(assertion), "_r1", &How::with(&KEYS.idp))
}

/// A response that is signed, and its assertion too.
pub fn with_both_signed(assertion: &str) -> String {
    signed(&with_signed_assertion(assertion), "_r1", &How::with(&KEYS.idp))
}

/// The first part of a text from `from` to `to`, both included.
pub fn part(xml: &str, from: &str, to: &str) -> String {
    let start = xml.find(from).unwrap();
    let end = start + xml[start..].find(to).unwrap() + to.len();
    xml[start..end].to_owned()
}

/// The text without that part.
pub fn without(xml: &str, what: &str) -> String {
    assert!(xml.contains(what), "{what} is not there");
    xml.replacen(what, "", 1)
}

/// The text with one thing in place of another, which has to be there.
pub fn swapped(xml: &str, from: &str, to: &str) -> String {
    assert!(xml.contains(from), "{from} is not there");
    xml.replacen(from, to, 1)
}

/// The first signature in a text.
pub fn signature_in(xml: &str) -> String {
    part(xml, "<ds:Signature ", "</ds:Signature>")
}
