//! What is encrypted is not therefore true.

use crate::{
    attacks::Attacks,
    issuer::{How, OAEP, Secretly, encrypted, signed},
    scene::{
        ADA, EVIL, KEYS, Setting, assertion, assertion_of, part, swapped, with_signed_assertion, with_signed_response,
        without, wrapped,
    },
};

pub fn add(all: &mut Attacks) {
    let inside = part(&with_signed_assertion(&assertion()), "<saml:Assertion", "</saml:Assertion>");
    let to = &KEYS.sp_certificate;
    let plain = Secretly::default();
    let sealed = |text: &str, how: Secretly<'_>| wrapped(&encrypted("EncryptedAssertion", text, to, how));
    all.add("encrypted and not signed", &sealed(&assertion_of("_a1", EVIL), plain), &["unsigned"]);
    let forged = part(
        &signed(&wrapped(&assertion_of("_a1", EVIL)), "_a1", &How::with(&KEYS.foreign)),
        "<saml:Assertion",
        "</saml:Assertion>",
    );
    all.add("encrypted and signed by a stranger", &sealed(&forged, plain), &["wrong_certificate"]);
    all.add("encrypted and altered", &sealed(&inside.replace(ADA, EVIL), plain), &["altered"]);
    for bits in [128, 192, 256] {
        let cipher = format!("http://www.w3.org/2001/04/xmlenc#aes{bits}-cbc");
        all.add(
            format!("AES-{bits}-CBC without a signature outside"),
            &sealed(&inside, Secretly { cipher: &cipher, ..plain }),
            &["cipher_unprotected"],
        );
    }
    for cipher in
        ["http://www.w3.org/2001/04/xmlenc#tripledes-cbc", "http://www.w3.org/2001/04/xmlenc#kw-aes128", "none"]
    {
        let xml = sealed(&inside, plain).replace("http://www.w3.org/2009/xmlenc11#aes256-gcm", cipher);
        all.add(format!("encrypted with {cipher}"), &xml, &["algorithm_refused"]);
    }
    for transport in ["http://www.w3.org/2001/04/xmlenc#rsa-1_5", "http://www.w3.org/2001/04/xmlenc#kw-aes256", ""] {
        let xml = sealed(&inside, plain).replace(OAEP, transport);
        all.add(format!("a key wrapped by {transport}"), &xml, &["algorithm_refused"]);
    }
    for cut in [1, 4, 8, 12, 15, 16, 40] {
        all.add(
            format!("a GCM tag without {cut} bytes"),
            &sealed(&inside, Secretly { cut, ..plain }),
            &["cannot_decrypt"],
        );
    }
    let stranger = wrapped(&encrypted("EncryptedAssertion", &inside, &KEYS.foreign.certificate, plain));
    all.add("encrypted for somebody else", &stranger, &["cannot_decrypt"]);
    let blind = Setting { decrypts: false, ..Setting::default() };
    all.with("encrypted, and we have no key", &sealed(&inside, plain), blind, &["cannot_decrypt"]);
    all.add("two assertions inside", &sealed(&format!("{}{inside}", assertion_of("_e", EVIL)), plain), &["repeated"]);
    all.add("a wrapper inside", &sealed(&format!("<x>{inside}</x>"), plain), &["another_document"]);
    all.add(
        "an assertion inside an assertion",
        &sealed(
            &assertion_of("_e", EVIL)
                .replace("</saml:Issuer>", &format!("</saml:Issuer><saml:Advice>{inside}</saml:Advice>")),
            plain,
        ),
        &["signature_misplaced", "repeated"],
    );
    all.add("the wrapper is closed inside", &sealed(&format!("</opened><opened>{inside}"), plain), &["not_xml"]);
    all.add("a DTD inside", &sealed(&format!("<!DOCTYPE x []>{inside}"), plain), &["forbidden"]);
    all.add("a comment inside", &sealed(&inside.replace("@example", "@<!-- -->example"), plain), &["forbidden"]);
    all.add("no UTF-8 inside", &sealed("<a", plain), &["not_xml"]);
    let evil = encrypted("EncryptedAssertion", &assertion_of("_e", EVIL), to, plain);
    let good = with_signed_assertion(&assertion());
    all.add(
        "an encrypted one before a signed one",
        &swapped(&good, "<saml:Assertion", &format!("{evil}<saml:Assertion")),
        &["repeated"],
    );
    all.add(
        "an encrypted one behind a signed one",
        &swapped(&good, "</samlp:Response>", &format!("{evil}</samlp:Response>")),
        &["repeated"],
    );
    all.add(
        "two encrypted ones",
        &wrapped(&format!("{evil}{}", encrypted("EncryptedAssertion", &inside, to, plain))),
        &["repeated"],
    );
    let xml = with_signed_response(&encrypted("EncryptedAssertion", &assertion(), to, plain));
    let other = encrypted("EncryptedAssertion", &assertion_of("_a1", EVIL), to, plain);
    let start = xml.find("<saml:EncryptedAssertion").unwrap();
    let end = xml.find("</samlp:Response>").unwrap();
    all.add("the ciphertext is exchanged", &format!("{}{other}{}", &xml[..start], &xml[end..]), &["altered"]);
    let reference = sealed(&inside, plain).replacen(
        "<xenc:CipherValue>",
        "<xenc:CipherReference URI=\"http://127.0.0.1:9/\"></xenc:CipherReference><xenc:CipherValue>",
        1,
    );
    all.add("a cipher reference", &reference, &["unexpected"]);
    let once = sealed(&inside, plain);
    let key = part(&once, "<xenc:EncryptedKey>", "</xenc:EncryptedKey>");
    all.add("forty encrypted keys", &once.replacen(&key, &key.repeat(40), 1), &["too_complex"]);
    all.add("no encrypted key", &without(&once, &key), &["missing"]);
}
