//! Foreign keys, missing signatures, and what was changed after it was signed.

use crate::{
    attacks::Attacks,
    issuer::{DS, How, after_issuer, signed},
    scene::{
        ADA, EVIL, KEYS, Setting, assertion, assertion_of, part, signature_in, swapped, with_both_signed,
        with_signed_assertion, with_signed_response, without, wrapped,
    },
};
use castgate::sso::saml::Signing;
use data_encoding::BASE64;

pub fn add(all: &mut Attacks) {
    keys(all);
    stripped(all);
    altered(all);
}

fn keys(all: &mut Attacks) {
    let evil = wrapped(&assertion_of("_a1", EVIL));
    let info = |certificate: &castgate::crypto::Certificate| {
        format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
            certificate.to_base64()
        )
    };
    let foreign = How::with(&KEYS.foreign);
    let ec = How { algorithm: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", ..How::with(&KEYS.p256) };
    let brings = How { key_info: info(&KEYS.foreign.certificate), ..foreign.clone() };
    let lies = How { key_info: info(&KEYS.idp.certificate), ..foreign.clone() };
    let spki = BASE64.encode(KEYS.foreign.certificate.public_key());
    let value = How {
        key_info: format!(
            "<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{spki}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>"
        ),
        ..foreign.clone()
    };
    let named = How { key_info: "<ds:KeyInfo><ds:KeyName>idp</ds:KeyName></ds:KeyInfo>".into(), ..foreign.clone() };
    let fetched = How {
        key_info: "<ds:KeyInfo><ds:RetrievalMethod URI=\"http://127.0.0.1:9/key\"></ds:RetrievalMethod></ds:KeyInfo>"
            .into(),
        ..foreign.clone()
    };
    for (name, how) in [
        ("a foreign key", foreign),
        ("a foreign key of another kind", ec),
        ("a foreign key with its certificate", brings),
        ("a foreign key with the right certificate", lies),
        ("a foreign key as a value", value),
        ("a foreign key by name", named),
        ("a foreign key to be fetched", fetched),
    ] {
        all.add(format!("{name}, assertion"), &signed(&evil, "_a1", &how), &["wrong_certificate"]);
        all.add(format!("{name}, response"), &signed(&evil, "_r1", &how), &["wrong_certificate"]);
        // One good signature does not make up for a bad one.
        let half = signed(&with_signed_assertion(&assertion()), "_r1", &how);
        all.add(format!("{name} around a good assertion"), &half, &["wrong_certificate"]);
        let half = signed(&wrapped(&assertion()), "_a1", &how);
        let half = signed(&half, "_r1", &How::with(&KEYS.idp));
        all.add(format!("{name} inside a good response"), &half, &["wrong_certificate"]);
    }
    // Two lists of keys: which of them another reader would believe is not known.
    let twice = info(&KEYS.idp.certificate) + &info(&KEYS.foreign.certificate);
    let twice = How { key_info: twice, ..How::with(&KEYS.idp) };
    all.add("two key infos", &signed(&wrapped(&assertion()), "_a1", &twice), &["repeated"]);
    let none = Setting::trusting(&[]);
    all.with(
        "a connection without a certificate",
        &with_signed_assertion(&assertion()),
        none.clone(),
        &["no_certificate"],
    );
    all.with("unsigned, without a certificate", &evil, none, &["no_certificate"]);
    let retired = Setting::trusting(&[&KEYS.next.certificate]);
    all.with(
        "a certificate that was taken away",
        &with_signed_assertion(&assertion()),
        retired,
        &["wrong_certificate"],
    );
}

fn stripped(all: &mut Attacks) {
    all.add("nothing is signed", &wrapped(&assertion_of("_a1", EVIL)), &["unsigned"]);
    let xml = with_signed_assertion(&assertion());
    all.add("the signature is taken out", &without(&xml, &signature_in(&xml)), &["unsigned"]);
    let xml = with_signed_response(&assertion());
    all.add("the response's signature is taken out", &without(&xml, &signature_in(&xml)), &["unsigned"]);
    let empty = format!("<ds:Signature xmlns:ds=\"{DS}\"></ds:Signature>");
    all.add("an empty signature", &after_issuer(&wrapped(&assertion_of("_a1", EVIL)), "_a1", &empty), &["missing"]);
    let signature = signature_in(&with_signed_assertion(&assertion()));
    for (from, to) in [
        ("<ds:SignedInfo>", "</ds:SignedInfo>"),
        ("<ds:SignatureValue>", "</ds:SignatureValue>"),
        ("<ds:Reference ", "</ds:Reference>"),
        ("<ds:DigestValue>", "</ds:DigestValue>"),
        ("<ds:DigestMethod ", "</ds:DigestMethod>"),
        ("<ds:Transforms>", "</ds:Transforms>"),
        ("<ds:SignatureMethod ", "</ds:SignatureMethod>"),
        ("<ds:CanonicalizationMethod ", "</ds:CanonicalizationMethod>"),
    ] {
        let maimed = without(&signature, &part(&signature, from, to));
        all.add(
            format!("a signature without {from}"),
            &after_issuer(&wrapped(&assertion_of("_a1", EVIL)), "_a1", &maimed),
            &[],
        );
        let twice = swapped(&signature, &part(&signature, from, to), &part(&signature, from, to).repeat(2));
        all.add(
            format!("a signature with {from} twice"),
            &after_issuer(&wrapped(&assertion_of("_a1", EVIL)), "_a1", &twice),
            &[],
        );
    }
    for (from, to) in [("<ds:SignatureValue>", "</ds:SignatureValue>"), ("<ds:DigestValue>", "</ds:DigestValue>")] {
        let emptied = swapped(&signature, &part(&signature, from, to), &format!("{from}{to}"));
        all.add(
            format!("an empty {from}"),
            &after_issuer(&wrapped(&assertion_of("_a1", EVIL)), "_a1", &emptied),
            &["wrong_certificate"],
        );
    }
    let demand = |signing| Setting { signing, ..Setting::default() };
    all.with(
        "only the response, where the assertion must be",
        &with_signed_response(&assertion()),
        demand(Signing::Assertion),
        &["part_unsigned"],
    );
    all.with(
        "only the assertion, where the response must be",
        &with_signed_assertion(&assertion()),
        demand(Signing::Response),
        &["part_unsigned"],
    );
}

fn altered(all: &mut Attacks) {
    for (how, xml) in [
        ("assertion", with_signed_assertion(&assertion())),
        ("response", with_signed_response(&assertion())),
        ("both", with_both_signed(&assertion())),
    ] {
        for (name, from, to) in [
            ("the name", ADA, EVIL),
            ("a group", "engineering", "castai-owners"),
            ("the audience", "<saml:Audience>", "<saml:Audience> "),
            ("the end", "08:05:00Z\" Recipient", "09:05:00Z\" Recipient"),
            ("the session", "_s1", "_s2"),
            ("white space", "<saml:Subject>", "<saml:Subject> "),
            ("an attribute more", "<saml:NameID ", "<saml:NameID SPNameQualifier=\"x\" "),
            ("the id", "ID=\"_a1\"", "ID=\"_a2\""),
        ] {
            let codes: &[&str] = if name == "the id" { &["altered", "signature_reference"] } else { &["altered"] };
            all.add(format!("{name} is changed, {how} signed"), &swapped(&xml, from, to), codes);
        }
    }
}
