//! Single logout, both ways: what providers send is verified, what we send is what they would verify.

use crate::{
    issuer::{How, RSA_SHA1, RSA_SHA256, SHA1, after_issuer, signature, signed},
    scene::*,
};
use castgate::sso::saml::{
    LogoutAnswer, LogoutCall, LogoutExpected, LogoutMessage, NameId, SamlFault, Trust, new_id, verify_logout_post,
    verify_logout_redirect,
};
use data_encoding::BASE64;
use miniz_oxide::deflate::compress_to_vec;
use url::form_urlencoded::byte_serialize;

const SLO: &str = "https://gate.example.com/saml/con_1/slo";

fn request() -> String {
    format!(
        "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         Destination=\"{SLO}\" ID=\"_l1\" IssueInstant=\"2026-11-22T07:59:59Z\" Version=\"2.0\"><saml:Issuer>{IDP}</saml:Issuer>\
         <saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">{ADA}</saml:NameID>\
         <samlp:SessionIndex>_s1</samlp:SessionIndex><samlp:SessionIndex>_s2</samlp:SessionIndex></samlp:LogoutRequest>"
    )
}

fn response() -> String {
    format!(
        "<samlp:LogoutResponse xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         Destination=\"{SLO}\" ID=\"_l2\" InResponseTo=\"_ours\" IssueInstant=\"2026-11-22T07:59:59Z\" Version=\"2.0\"><saml:Issuer>{IDP}</saml:Issuer>\
         <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode></samlp:Status></samlp:LogoutResponse>"
    )
}

fn escaped(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// A query as a provider makes it.
fn query(field: &str, xml: &[u8], relay_state: Option<&str>, algorithm: &str, how: &How<'_>) -> String {
    let mut query = format!("{field}={}", escaped(&BASE64.encode(&compress_to_vec(xml, 6))));
    if let Some(state) = relay_state {
        query += &format!("&RelayState={}", escaped(state));
    }
    query += &format!("&SigAlg={}", escaped(algorithm));
    let value = BASE64.encode(&how.key.sign(algorithm, query.as_bytes()));
    format!("{query}&Signature={}", escaped(&value))
}

fn good_query() -> String {
    query("SAMLRequest", request().as_bytes(), Some("back"), RSA_SHA256, &How::with(&KEYS.idp))
}

fn redirected(query: &str) -> Result<LogoutMessage, SamlFault> {
    let setting = Setting::default();
    verify_logout_redirect(query, &expected(&setting.trust))
}

fn expected(trust: &Trust) -> LogoutExpected<'_> {
    LogoutExpected { trust, address: SLO, keys: std::slice::from_ref(&KEYS.sp), now: now() }
}

fn posted(field: &str, xml: &str) -> Result<LogoutMessage, SamlFault> {
    let setting = Setting::default();
    let form = [(field.to_owned(), BASE64.encode(xml.as_bytes())), ("RelayState".to_owned(), "back".to_owned())];
    verify_logout_post(&form, &expected(&setting.trust))
}

#[test]
fn a_providers_wish_is_read_by_both_bindings() {
    let redirect = redirected(&good_query()).unwrap();
    let post = posted("SAMLRequest", &signed(&request(), "_l1", &How::with(&KEYS.idp))).unwrap();
    assert_eq!(redirect, post);
    let LogoutMessage::Request(wish) = redirect else { panic!("{redirect:?}") };
    assert_eq!((wish.id.as_str(), wish.name_id.value.as_str()), ("_l1", ADA));
    assert_eq!(wish.session_indexes, ["_s1", "_s2"]);
    assert_eq!(wish.relay_state.as_deref(), Some("back"));
    assert_eq!(wish.remember_until.to_string(), "2026-11-22T08:05:59Z");
}

#[test]
fn a_providers_answer_is_read_by_both_bindings() {
    let post = posted("SAMLResponse", &signed(&response(), "_l2", &How::with(&KEYS.idp))).unwrap();
    let raw = query("SAMLResponse", response().as_bytes(), None, RSA_SHA256, &How::with(&KEYS.idp));
    for (message, state) in [(post, Some("back")), (redirected(&raw).unwrap(), None)] {
        let LogoutMessage::Response(answer) = message else { panic!("{message:?}") };
        assert!(answer.complete);
        assert_eq!((answer.in_response_to.as_str(), answer.relay_state.as_deref()), ("_ours", state));
    }
    let partial = response().replace("status:Success\"></samlp:StatusCode>", "status:Success\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"></samlp:StatusCode></samlp:StatusCode>");
    let LogoutMessage::Response(answer) =
        posted("SAMLResponse", &signed(&partial, "_l2", &How::with(&KEYS.idp))).unwrap()
    else {
        panic!("a response")
    };
    assert!(!answer.complete);
    assert_eq!(answer.status, "Success / PartialLogout");
}

#[test]
fn the_raw_query_is_what_is_signed() {
    // Lower-case escapes, which an encoder of ours would write in capitals.
    let unsigned = format!(
        "SAMLRequest={}&SigAlg={}",
        escaped(&BASE64.encode(&compress_to_vec(request().as_bytes(), 9)))
            .replace("%2B", "%2b")
            .replace("%2F", "%2f")
            .replace("%3D", "%3d"),
        escaped(RSA_SHA256).replace("%3A", "%3a")
    );
    let value = BASE64.encode(&KEYS.idp.sign(RSA_SHA256, unsigned.as_bytes()));
    redirected(&format!("{unsigned}&Signature={}", escaped(&value))).unwrap();
    // Other parameters and another order change nothing.
    let parts: Vec<String> = good_query().split('&').map(str::to_owned).rev().collect();
    redirected(&format!("x=1&{}", parts.join("&"))).unwrap();
}

#[test]
fn no_forged_logout_by_redirect_is_accepted() {
    let how = How::with(&KEYS.idp);
    let good = good_query();
    let evil = request().replace(ADA, EVIL);
    let swapped_message = format!("SAMLRequest={}", escaped(&BASE64.encode(&compress_to_vec(evil.as_bytes(), 6))));
    let message = good.split('&').next().unwrap().to_owned();
    let bomb = compress_to_vec(&vec![b' '; 8_000_000], 9);
    let with_bomb = |bytes: &[u8]| {
        let unsigned = format!("SAMLRequest={}&SigAlg={}", escaped(&BASE64.encode(bytes)), escaped(RSA_SHA256));
        format!("{unsigned}&Signature={}", escaped(&BASE64.encode(&KEYS.idp.sign(RSA_SHA256, unsigned.as_bytes()))))
    };
    let late = request().replace("07:59:59Z", "07:53:00Z");
    let cases: Vec<(&str, String, &str)> = vec![
        ("unsigned", message.clone(), "part_unsigned"),
        ("without an algorithm", good.replace("SigAlg", "Sigalg"), "part_unsigned"),
        ("without a signature", good.replace("&Signature", "&signature"), "part_unsigned"),
        ("another message", good.replace(&message, &swapped_message), "wrong_certificate"),
        ("another relay state", good.replace("RelayState=back", "RelayState=evil"), "wrong_certificate"),
        ("no relay state any more", good.replace("&RelayState=back", ""), "wrong_certificate"),
        ("a relay state more", format!("{good}&RelayState=evil"), "repeated"),
        ("a message more", format!("{good}&{message}"), "repeated"),
        ("a signature more", format!("{good}&Signature=AAAA"), "repeated"),
        ("a request and a response", format!("{good}&{}", message.replace("Request", "Response")), "unexpected"),
        ("a request as a response", good.replace("SAMLRequest", "SAMLResponse"), "wrong_certificate"),
        (
            "signed as a response",
            query("SAMLResponse", request().as_bytes(), None, RSA_SHA256, &how),
            "another_document",
        ),
        ("another encoding", format!("{good}&SAMLEncoding=urn%3Ax"), "encoding"),
        (
            "an HMAC",
            good.replace(&escaped(RSA_SHA256), &escaped("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")),
            "algorithm_refused",
        ),
        ("SHA-1", query("SAMLRequest", request().as_bytes(), None, RSA_SHA1, &how), "sha1_refused"),
        (
            "a stranger",
            query("SAMLRequest", request().as_bytes(), None, RSA_SHA256, &How::with(&KEYS.foreign)),
            "wrong_certificate",
        ),
        ("a bomb", with_bomb(&bomb), "too_large"),
        ("not deflated", with_bomb(b"not deflated at all"), "encoding"),
        ("half a message", with_bomb(&compress_to_vec(request().as_bytes(), 6)[..40]), "encoding"),
        (
            "another provider",
            query("SAMLRequest", request().replace(IDP, "https://x.example").as_bytes(), None, RSA_SHA256, &how),
            "unknown_issuer",
        ),
        (
            "another address",
            query("SAMLRequest", request().replace(SLO, ACS).as_bytes(), None, RSA_SHA256, &how),
            "wrong_destination",
        ),
        (
            "no address",
            query(
                "SAMLRequest",
                request().replace(&format!("Destination=\"{SLO}\" "), "").as_bytes(),
                None,
                RSA_SHA256,
                &how,
            ),
            "missing",
        ),
        ("yesterday's", query("SAMLRequest", late.as_bytes(), None, RSA_SHA256, &how), "expired"),
        (
            "tomorrow's",
            query("SAMLRequest", request().replace("-22T", "-23T").as_bytes(), None, RSA_SHA256, &how),
            "not_yet_valid",
        ),
        (
            "expired",
            query(
                "SAMLRequest",
                request().replace(" Version", " NotOnOrAfter=\"2026-11-22T07:58:00Z\" Version").as_bytes(),
                None,
                RSA_SHA256,
                &how,
            ),
            "expired",
        ),
        (
            "a DTD",
            query("SAMLRequest", format!("<!DOCTYPE x>{}", request()).as_bytes(), None, RSA_SHA256, &how),
            "forbidden",
        ),
        ("an assertion", query("SAMLRequest", assertion().as_bytes(), None, RSA_SHA256, &how), "another_document"),
        (
            "a signature inside",
            query("SAMLRequest", signed(&request(), "_l1", &how).as_bytes(), None, RSA_SHA256, &how),
            "signature_misplaced",
        ),
        ("nobody", query("SAMLRequest", request().replace(ADA, "").as_bytes(), None, RSA_SHA256, &how), "name_id"),
        ("nothing", String::new(), "missing"),
        ("too much", "a".repeat(600_000), "too_large"),
    ];
    for (name, query, code) in cases {
        let fault = redirected(&query).expect_err(name);
        assert_eq!(fault.code(), code, "{name}: {fault}");
    }
    let mut nobody = Setting::default().trust;
    nobody.certificates.clear();
    assert_eq!(verify_logout_redirect(&good_query(), &expected(&nobody)), Err(SamlFault::NoCertificate));
}

#[test]
fn no_forged_logout_by_post_is_accepted() {
    let how = How::with(&KEYS.idp);
    let good = signed(&request(), "_l1", &how);
    let evil = request().replace(ADA, EVIL);
    let sealed = signature(&request(), "_l1", &how);
    let inside = sealed.replace("</ds:Signature>", &format!("<ds:Object>{}</ds:Object></ds:Signature>", request()));
    let sha1 = How { algorithm: RSA_SHA1, digest: SHA1, ..how.clone() };
    let cases: Vec<(&str, String, &str)> = vec![
        ("unsigned", request(), "part_unsigned"),
        ("altered", good.replace(ADA, EVIL), "altered"),
        (
            "a signature of another request",
            after_issuer(&evil.replace("_l1", "_l9"), "_l9", &sealed),
            "signature_reference",
        ),
        ("the request in its signature", after_issuer(&evil.replace("_l1", "_l9"), "_l9", &inside), "unexpected"),
        ("a stranger", signed(&request(), "_l1", &How::with(&KEYS.foreign)), "wrong_certificate"),
        ("SHA-1", signed(&request(), "_l1", &sha1), "sha1_refused"),
        ("a comment", good.replace("@example", "@<!-- -->example"), "forbidden"),
        (
            "two names",
            signed(
                &request().replace("<samlp:SessionIndex>_s1", "<saml:NameID>x</saml:NameID><samlp:SessionIndex>_s1"),
                "_l1",
                &how,
            ),
            "repeated",
        ),
        ("a response", signed(&response(), "_l2", &how), "another_document"),
        ("a sign-in", with_signed_response(&assertion()), "another_document"),
        ("another address", signed(&request().replace(SLO, ACS), "_l1", &how), "wrong_destination"),
    ];
    for (name, xml, code) in cases {
        let fault = posted("SAMLRequest", &xml).expect_err(name);
        assert_eq!(fault.code(), code, "{name}: {fault}");
    }
    let both = [("SAMLRequest".to_owned(), BASE64.encode(good.as_bytes())), ("SAMLResponse".to_owned(), String::new())];
    let setting = Setting::default();
    assert_eq!(verify_logout_post(&both, &expected(&setting.trust)).unwrap_err().code(), "unexpected");
}

#[test]
fn what_we_ask_and_answer_verifies_with_our_certificate() {
    let name_id = NameId {
        value: "a&<b>@x".to_owned(),
        format: Some("urn:f\"".to_owned()),
        name_qualifier: None,
        sp_name_qualifier: Some("q".to_owned()),
    };
    let id = new_id().unwrap();
    let call = LogoutCall {
        id: &id,
        entity_id: SP,
        destination: "https://idp.example.com/slo?x=1",
        name_id: &name_id,
        session_index: Some("_s<1>"),
        now: now(),
    };
    // The provider's side is ours, with the names exchanged.
    let trust = Trust { entity_id: SP.to_owned(), certificates: vec![KEYS.sp_certificate.clone()], allow_sha1: false };
    let theirs = LogoutExpected { trust: &trust, address: "https://idp.example.com/slo?x=1", keys: &[], now: now() };
    let url = call.redirect(Some("a b&c=d"), &KEYS.sp).unwrap();
    assert!(url.starts_with("https://idp.example.com/slo?x=1&SAMLRequest="), "{url}");
    let query = url.split_once('?').unwrap().1;
    let LogoutMessage::Request(read) = verify_logout_redirect(query, &theirs).unwrap() else { panic!("a request") };
    assert_eq!((&read.name_id, read.session_indexes.as_slice()), (&name_id, ["_s<1>".to_owned()].as_slice()));
    assert_eq!((read.id.as_str(), read.relay_state.as_deref()), (id.as_str(), Some("a b&c=d")));
    let form = call.post(None, &KEYS.sp).unwrap();
    let LogoutMessage::Request(read) = verify_logout_post(&[(form.field.to_owned(), form.value)], &theirs).unwrap()
    else {
        panic!("a request")
    };
    assert_eq!(read.name_id, name_id);
    for done in [true, false] {
        let answer = LogoutAnswer {
            id: &id,
            entity_id: SP,
            destination: "https://idp.example.com/slo?x=1",
            in_response_to: "_l1",
            done,
            now: now(),
        };
        let url = answer.redirect(None, &KEYS.sp).unwrap();
        let form = answer.post(Some("s"), &KEYS.sp).unwrap();
        let by_post = verify_logout_post(&[(form.field.to_owned(), form.value)], &theirs).unwrap();
        for message in [verify_logout_redirect(url.split_once('?').unwrap().1, &theirs).unwrap(), by_post] {
            let LogoutMessage::Response(read) = message else { panic!("a response") };
            assert_eq!((read.complete, read.in_response_to.as_str()), (done, "_l1"));
        }
    }
}
