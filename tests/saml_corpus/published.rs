//! What providers publish, what we publish, and what we ask.

use crate::{
    issuer::{How, OAEP, RSA_SHA1, SHA1, signature},
    scene::*,
};
use castgate::{
    crypto::{Certificate, CertificateError, ServiceKey},
    model::Instant,
    sso::saml::{AuthnRequest, Binding, IdpMetadata, OurKey, Ourselves, format, glimpse, new_id},
};
use data_encoding::BASE64;
use miniz_oxide::inflate::decompress_to_vec;
use url::Url;

fn metadata() -> String {
    let first = KEYS.idp.certificate.to_base64();
    let lines: String =
        first.as_bytes().chunks(64).map(|line| format!("{}\n        ", std::str::from_utf8(line).unwrap())).collect();
    let second = KEYS.next.certificate.to_base64();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- made by a person -->\n\
         <EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"{IDP}\" validUntil=\"2026-12-01T00:00:00Z\">\
         <IDPSSODescriptor WantAuthnRequestsSigned=\"true\" protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol\">\
         <KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{lines}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>\
         <KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{second}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>\
         <KeyDescriptor use=\"encryption\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>\
         <SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example.com/slo\" ResponseLocation=\"https://idp.example.com/slo/done\"/>\
         <NameIDFormat>{}</NameIDFormat>\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\" Location=\"https://idp.example.com/soap\"/>\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://idp.example.com/sso/post\"/>\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example.com/sso?tenant=1\"/>\
         </IDPSSODescriptor></EntityDescriptor>",
        KEYS.foreign.certificate.to_base64(),
        format::PERSISTENT,
    )
}

fn read(xml: &str) -> Result<IdpMetadata, String> {
    IdpMetadata::parse(xml.as_bytes(), None, now()).map_err(|fault| fault.code())
}

#[test]
fn a_providers_metadata_is_read() {
    let read = read(&metadata()).unwrap();
    assert_eq!(read.entity_id, IDP);
    assert_eq!(read.certificates, [KEYS.idp.certificate.clone(), KEYS.next.certificate.clone()]);
    assert_eq!(read.sign_on_at(Binding::Redirect), Some("https://idp.example.com/sso?tenant=1"));
    assert_eq!(read.sign_on_at(Binding::Post), Some("https://idp.example.com/sso/post"));
    assert_eq!(read.logout[0].response_location.as_deref(), Some("https://idp.example.com/slo/done"));
    assert_eq!(read.name_id_formats, [format::PERSISTENT]);
    assert!(read.wants_signed_requests);
    assert_eq!(read.valid_until.unwrap().to_string(), "2026-12-01T00:00:00Z");
}

#[test]
fn of_a_federation_the_wanted_provider_is_read() {
    let one = metadata();
    let one = &one[one.find("<EntityDescriptor").unwrap()..];
    let two = one.replace(IDP, "https://other.example");
    let list = format!(
        "<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" validUntil=\"2026-11-25T00:00:00Z\">{one}{two}</EntitiesDescriptor>"
    );
    assert_eq!(read(&list), Err("metadata".to_owned()));
    let wanted = IdpMetadata::parse(list.as_bytes(), Some("https://other.example"), now()).unwrap();
    assert_eq!(wanted.entity_id, "https://other.example");
    assert_eq!(wanted.valid_until.unwrap().to_string(), "2026-11-25T00:00:00Z");
    assert!(IdpMetadata::parse(list.as_bytes(), Some("https://nobody.example"), now()).is_err());
}

/// The document with its outermost element signed.
fn signed_whole(xml: &str, how: &How<'_>) -> String {
    let xml = xml.replace("<!-- made by a person -->\n", "");
    let xml = xml.replacen("<EntityDescriptor ", "<EntityDescriptor ID=\"_m1\" ", 1);
    let element = xml.find("<EntityDescriptor").unwrap();
    let at = element + xml[element..].find('>').unwrap() + 1;
    format!("{}{}{}", &xml[..at], signature(&xml, "_m1", how), &xml[at..])
}

#[test]
fn where_somebody_has_to_have_signed_the_metadata_nothing_else_is_read() {
    let signers = [KEYS.next.certificate.clone()];
    let read = |xml: &str| IdpMetadata::parse_signed(xml.as_bytes(), None, &signers, now());
    let code = |xml: &str| read(xml).unwrap_err().code();
    let good = signed_whole(&metadata(), &How::with(&KEYS.next));
    assert_eq!(read(&good).unwrap().entity_id, IDP);
    // What no signature covers is not there: comments, wherever they come in.
    let commented = good.replacen("<SingleLogoutService", "<!-- Location --><SingleLogoutService", 1);
    assert_eq!(read(&commented), read(&good));
    // In the midst of a word as well: the signed bytes are read, and not the document that they came in.
    let commented = good.replacen("nameid-format:", "nameid-format:<!-- which -->", 1);
    assert_ne!(commented, good);
    assert_eq!(read(&commented).unwrap().name_id_formats, read(&good).unwrap().name_id_formats);
    // By anybody: who says so is not asked of whom nothing is demanded.
    assert_eq!(
        IdpMetadata::parse(good.as_bytes(), None, now()).unwrap().certificates,
        read(&good).unwrap().certificates
    );
    assert_eq!(code(&metadata()), "part_unsigned");
    assert_eq!(code(&signed_whole(&metadata(), &How::with(&KEYS.foreign))), "wrong_certificate");
    // The key that it brings along itself proves nothing.
    assert_eq!(code(&signed_whole(&metadata(), &How::with(&KEYS.idp))), "wrong_certificate");
    assert_eq!(code(&good.replace("https://idp.example.com/sso/post", "https://evil.example/sso/post")), "altered");
    let sha1 = How { algorithm: RSA_SHA1, digest: SHA1, ..How::with(&KEYS.next) };
    assert_eq!(code(&signed_whole(&metadata(), &sha1)), "sha1_refused");
    // Wrapped into somebody else's list, and beside somebody else's description.
    let inner = &good[good.find("<EntityDescriptor").unwrap()..];
    let evil = metadata().replace("idp.example.com", "evil.example");
    let evil = &evil[evil.find("<EntityDescriptor").unwrap()..];
    let list = format!(
        "<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">{inner}{evil}</EntitiesDescriptor>"
    );
    assert_eq!(code(&list), "part_unsigned");
    let moved = signature_of(&good);
    let stolen = format!("{}{moved}{}", &evil[..=evil.find('>').unwrap()], &evil[evil.find('>').unwrap() + 1..]);
    assert_eq!(code(&stolen.replacen("<EntityDescriptor ", "<EntityDescriptor ID=\"_m1\" ", 1)), "altered");
}

/// The signature of a signed document.
fn signature_of(xml: &str) -> &str {
    let end = "</ds:Signature>";
    &xml[xml.find("<ds:Signature ").unwrap()..xml.find(end).unwrap() + end.len()]
}

#[test]
fn metadata_that_would_trust_nobody_or_lead_astray_is_refused() {
    let good = metadata();
    let certificate = |from: &str| good.replace(from, "encryption");
    let cases: Vec<(&str, String, &str)> = vec![
        (
            "no signing key",
            certificate("signing").replace("<KeyDescriptor>", "<KeyDescriptor use=\"encryption\">"),
            "metadata",
        ),
        ("a script", good.replace("https://idp.example.com/sso/post", "javascript:alert(1)"), "metadata"),
        ("data", good.replace("https://idp.example.com/slo/done", "data:text/html,x"), "metadata"),
        ("plain http", good.replace("https://idp.example.com/sso?", "http://idp.example.com/sso?"), "metadata"),
        ("a service provider", good.replace("IDPSSODescriptor", "SPSSODescriptor"), "metadata"),
        ("two roles", good.replace("</IDPSSODescriptor>", "</IDPSSODescriptor><IDPSSODescriptor/>"), "repeated"),
        ("SAML 1.1", good.replace(" urn:oasis:names:tc:SAML:2.0:protocol", ""), "metadata"),
        ("no address", good.replace("SingleSignOnService", "ArtifactResolutionService"), "metadata"),
        ("expired", good.replace("2026-12-01T00:00:00Z", "2026-11-22T07:59:00Z"), "expired"),
        ("no name", good.replace(&format!("entityID=\"{IDP}\""), ""), "missing"),
        ("a DTD", good.replace("<!-- made by a person -->", "<!DOCTYPE x>"), "forbidden"),
        (
            "an entity",
            good.replace("<!-- made by a person -->", "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>"),
            "forbidden",
        ),
        ("something else", "<html></html>".to_owned(), "another_document"),
        ("five megabytes", format!("{good}{}", " ".repeat(5_000_000)), "too_large"),
        ("a comment in a value", good.replace(format::PERSISTENT, "a<!-- -->b"), "unexpected"),
    ];
    for (name, xml, code) in cases {
        assert_eq!(read(&xml).map(|_| ()), Err(code.to_owned()), "{name}");
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_named_and_left_out() {
    let good = metadata();
    let odd = good.replace(&KEYS.next.certificate.to_base64(), &BASE64.encode(b"no certificate"));
    let read = read(&odd).unwrap();
    assert_eq!(read.certificates, std::slice::from_ref(&KEYS.idp.certificate));
    assert_eq!(read.unusable_certificates, ["this is not an X.509 certificate"]);
}

#[test]
fn certificates_are_read_as_people_paste_them() {
    let certificate = &KEYS.p256.certificate;
    assert_eq!(certificate.subject(), "CN=ec.example, O=Example");
    assert!(certificate.not_after() > certificate.not_before());
    let pem = format!("\n-----BEGIN CERTIFICATE-----\r\n{}\r\n-----END CERTIFICATE-----\n", certificate.to_base64());
    assert_eq!(&Certificate::from_text(&pem).unwrap(), certificate);
    assert_eq!(Certificate::from_text("hello"), Err(CertificateError::NotBase64));
    let der = KEYS.idp.certificate.der();
    for end in 0..der.len() {
        assert!(Certificate::from_der(&der[..end]).is_err());
    }
    for at in 0..der.len() {
        let mut changed = der.to_vec();
        changed[at] ^= 0xff;
        // Whatever comes of it: nothing panics.
        let _ = Certificate::from_der(&changed);
    }
}

#[test]
fn our_certificate_says_when_it_ends() {
    let from: Instant = "2049-12-31T00:00:00Z".parse().unwrap();
    let until: Instant = "2050-01-02T00:00:00Z".parse().unwrap();
    let certificate = Certificate::from_der(&KEYS.sp.certificate("gate", from, until).unwrap()).unwrap();
    assert_eq!((certificate.not_before(), certificate.not_after()), (from, until));
    let again = ServiceKey::from_pkcs8(KEYS.sp.pkcs8()).unwrap();
    assert!(certificate.verifies(castgate::crypto::SignatureAlgorithm::RsaSha256, b"x", &again.sign(b"x").unwrap()));
}

#[test]
fn our_metadata_shows_overlapping_keys() {
    let (new, old) = (KEYS.sp_certificate.der(), KEYS.idp.certificate.der());
    let keys = [
        OurKey { certificate: new, signing: true, encryption: true },
        OurKey { certificate: old, signing: true, encryption: false },
    ];
    let ourselves = Ourselves {
        entity_id: SP,
        acs: ACS,
        logout: Some("https://gate.example.com/slo?a=1&b=2"),
        keys: &keys,
        name_id_formats: &[format::PERSISTENT],
        signs_requests: true,
        valid_until: Some(now()),
    };
    let xml = ourselves.metadata();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let of = |name: &str| document.descendants().filter(|node| node.tag_name().name() == name).collect::<Vec<_>>();
    let uses: Vec<_> = of("KeyDescriptor").iter().map(|node| node.attribute("use").unwrap()).collect();
    assert_eq!(uses, ["signing", "encryption", "signing"]);
    assert_eq!(of("AssertionConsumerService")[0].attribute("Location"), Some(ACS));
    assert_eq!(of("SingleLogoutService")[1].attribute("Location"), Some("https://gate.example.com/slo?a=1&b=2"));
    assert!(xml.contains(OAEP));
}

#[test]
fn our_request_says_what_it_wants_and_is_signed() {
    let id = new_id().unwrap();
    let contexts = ["urn:mfa<".to_owned()];
    let request = AuthnRequest {
        id: &id,
        entity_id: SP,
        acs: ACS,
        destination: "https://idp.example.com/sso?tenant=1",
        name_id_format: Some(format::PERSISTENT),
        force_authn: true,
        contexts: &contexts,
        subject_hint: None,
        now: now(),
    };
    let url = Url::parse(&request.redirect(Some("/after&x"), Some(&KEYS.sp)).unwrap()).unwrap();
    let names: Vec<_> = url.query_pairs().map(|pair| pair.0.into_owned()).collect();
    assert_eq!(names, ["tenant", "SAMLRequest", "RelayState", "SigAlg", "Signature"]);
    let pair = |name: &str| url.query_pairs().find(|pair| pair.0 == name).unwrap().1.into_owned();
    let xml = decompress_to_vec(&BASE64.decode(pair("SAMLRequest").as_bytes()).unwrap()).unwrap();
    let xml = String::from_utf8(xml).unwrap();
    for said in [
        format!("ID=\"{id}\""),
        "ForceAuthn=\"true\"".into(),
        "urn:mfa&lt;".into(),
        "IssueInstant=\"2026-11-22T08:00:00Z\"".into(),
    ] {
        assert!(xml.contains(&said), "{xml}");
    }
    let raw = url.query().unwrap().split_once('&').unwrap().1;
    let (signed, _) = raw.split_once("&Signature=").unwrap();
    let signature = BASE64.decode(pair("Signature").as_bytes()).unwrap();
    assert!(KEYS.sp_certificate.verifies(
        castgate::crypto::SignatureAlgorithm::RsaSha256,
        signed.as_bytes(),
        &signature
    ));
    let form = request.post(None, Some(&KEYS.sp)).unwrap();
    let seen = glimpse(&form.value).unwrap();
    assert_eq!(
        (seen.kind.as_str(), seen.id.as_deref(), seen.issuer.as_deref()),
        ("AuthnRequest", Some(id.as_str()), Some(SP))
    );
    assert!(seen.xml.contains("<ds:SignatureValue>"));
    let plain = request.redirect(None, None).unwrap();
    assert!(!plain.contains("SigAlg"));
    assert_ne!(new_id().unwrap(), id);
}
