//! A SAML provider: it answers what it was asked, signs people out, and signs both.

use crate::saml_issuer::{How, Key, RSA_SHA256, signed};
use castgate::model::Instant;
use data_encoding::BASE64;
use miniz_oxide::{deflate::compress_to_vec, inflate::decompress_to_vec};
use std::{sync::LazyLock, time::Duration};
use url::form_urlencoded::byte_serialize;

pub(crate) const ENTITY: &str = "https://idp.example.com/metadata";
const NAMES: &str =
    "xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";

/// A key costs a moment: it is made once.
pub(crate) static KEY: LazyLock<Key> = LazyLock::new(|| Key::rsa("idp.example.com"));

/// What the provider's address was called with: the id of the question.
pub(crate) fn asked(address: &url::Url) -> String {
    let sent = address.query_pairs().find(|(name, _)| name == "SAMLRequest").unwrap().1.into_owned();
    let xml = String::from_utf8(decompress_to_vec(&BASE64.decode(sent.as_bytes()).unwrap()).unwrap()).unwrap();
    xml.split_once(" ID=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

/// Who signs in where, for the form field `SAMLResponse`.
pub(crate) fn answer(room: &str, request: &str, who: &str, index: &str, now: Instant) -> String {
    let until = now.plus(Duration::from_mins(5));
    let (acs, audience) = (format!("{room}/acs"), format!("{room}/metadata"));
    let assertion = format!(
        "<saml:Assertion ID=\"_a{index}\" IssueInstant=\"{now}\" Version=\"2.0\"><saml:Issuer>{ENTITY}</saml:Issuer><saml:Subject>\
         <saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{who}</saml:NameID>\
         <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <saml:SubjectConfirmationData InResponseTo=\"{request}\" NotOnOrAfter=\"{until}\" Recipient=\"{acs}\"></saml:SubjectConfirmationData>\
         </saml:SubjectConfirmation></saml:Subject><saml:Conditions NotOnOrAfter=\"{until}\"><saml:AudienceRestriction>\
         <saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
         <saml:AuthnStatement AuthnInstant=\"{now}\" SessionIndex=\"{index}\"><saml:AuthnContext><saml:AuthnContextClassRef>\
         urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext>\
         </saml:AuthnStatement></saml:Assertion>"
    );
    let response = format!(
        "<samlp:Response {NAMES} Destination=\"{acs}\" ID=\"_r1\" InResponseTo=\"{request}\" IssueInstant=\"{now}\" Version=\"2.0\">\
         <saml:Issuer>{ENTITY}</saml:Issuer><samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\">\
         </samlp:StatusCode></samlp:Status>{assertion}</samlp:Response>"
    );
    let response = signed(&response, &format!("_a{index}"), &How::with(&KEY));
    BASE64.encode(signed(&response, "_r1", &How::with(&KEY)).as_bytes())
}

/// The provider signs somebody out: the question, not signed.
fn sign_out(room: &str, who: &str, id: &str, now: Instant) -> String {
    format!(
        "<samlp:LogoutRequest {NAMES} Destination=\"{room}/logout\" ID=\"{id}\" IssueInstant=\"{now}\" Version=\"2.0\">\
         <saml:Issuer>{ENTITY}</saml:Issuer>\
         <saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{who}</saml:NameID></samlp:LogoutRequest>"
    )
}

/// The same for the form field `SAMLRequest`.
pub(crate) fn sign_out_form(room: &str, who: &str, now: Instant) -> String {
    BASE64.encode(signed(&sign_out(room, who, "_l1", now), "_l1", &How::with(&KEY)).as_bytes())
}

/// The same as the query of a redirect.
pub(crate) fn sign_out_query(room: &str, who: &str, now: Instant) -> String {
    let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let packed = BASE64.encode(&compress_to_vec(sign_out(room, who, "_l2", now).as_bytes(), 6));
    let query = format!("SAMLRequest={}&SigAlg={}", escaped(&packed), escaped(RSA_SHA256));
    let value = BASE64.encode(&KEY.sign(RSA_SHA256, query.as_bytes()));
    format!("{query}&Signature={}", escaped(&value))
}
