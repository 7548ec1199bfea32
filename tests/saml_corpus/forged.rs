//! Signatures of every kind that is not to be believed: other algorithms, other transforms, other references.

use crate::{
    attacks::Attacks,
    issuer::{DS, ENVELOPED, EXC, How, RSA_SHA1, RSA_SHA256, SHA1, SHA256, after_issuer, signature_over, signed},
    scene::{EVIL, KEYS, Setting, assertion, assertion_of, part, swapped, without, wrapped},
};
use data_encoding::BASE64;

pub fn add(all: &mut Attacks) {
    algorithms(all);
    transforms(all);
}

fn algorithms(all: &mut Attacks) {
    let xml = wrapped(&assertion());
    let how = || How::with(&KEYS.idp);
    for (algorithm, digest) in [(RSA_SHA1, SHA1), (RSA_SHA1, SHA256), (RSA_SHA256, SHA1)] {
        let how = How { algorithm, digest, ..how() };
        all.add(format!("SHA-1: {algorithm} with {digest}"), &signed(&xml, "_a1", &how), &["sha1_refused"]);
        all.add(
            format!("SHA-1 in the response: {algorithm} with {digest}"),
            &signed(&xml, "_r1", &how),
            &["sha1_refused"],
        );
    }
    for name in [
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256",
        " http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "none",
        "",
    ] {
        let how = How { algorithm: name, ..how() };
        all.add(format!("the signature's algorithm is {name:?}"), &signed(&xml, "_a1", &how), &["algorithm_refused"]);
    }
    // The public key as the secret of an HMAC.
    let how_hmac = How { algorithm: "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", ..how() };
    let forged = signed(&wrapped(&assertion_of("_a1", EVIL)), "_a1", &how_hmac);
    let value = part(&forged, "<ds:SignatureValue>", "</ds:SignatureValue>");
    let info = part(&forged, "<ds:SignedInfo>", "</ds:SignedInfo>").replacen(
        "<ds:SignedInfo>",
        &format!("<ds:SignedInfo xmlns:ds=\"{DS}\">"),
        1,
    );
    for key in
        [KEYS.idp.certificate.public_key(), KEYS.idp.certificate.der(), KEYS.idp.certificate.to_base64().as_bytes()]
    {
        let mac = BASE64.encode(&castgate::crypto::hmac_sha256(key, info.as_bytes()));
        let xml = swapped(&forged, &value, &format!("<ds:SignatureValue>{mac}</ds:SignatureValue>"));
        all.add(format!("an HMAC with {} public bytes", key.len()), &xml, &["algorithm_refused"]);
    }
    for name in ["http://www.w3.org/2001/04/xmldsig-more#md5", "http://www.w3.org/2001/04/xmlenc#ripemd160", "none", ""]
    {
        let how = How { digest: name, ..how() };
        all.add(format!("the digest is {name:?}"), &signed(&xml, "_a1", &how), &["algorithm_refused"]);
    }
    for name in [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://example.com/void",
        "",
    ] {
        let how = How { c14n: name, ..how() };
        all.add(format!("SignedInfo is canonicalized by {name:?}"), &signed(&xml, "_a1", &how), &["algorithm_refused"]);
    }
    for (key, name) in [
        (&KEYS.p256, "rsa-sha256"),
        (&KEYS.idp, "ecdsa-sha256"),
        (&KEYS.p256, "ecdsa-sha384"),
        (&KEYS.p384, "ecdsa-sha256"),
    ] {
        let algorithm = format!("http://www.w3.org/2001/04/xmldsig-more#{name}");
        let how = How { algorithm: &algorithm, ..How::with(key) };
        let setting = Setting::trusting(&[&key.certificate]);
        all.with(format!("{name} by another kind of key"), &signed(&xml, "_a1", &how), setting, &["wrong_certificate"]);
    }
}

fn transforms(all: &mut Attacks) {
    let xml = wrapped(&assertion());
    let xslt = "http://www.w3.org/TR/1999/REC-xslt-19991116";
    let xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116";
    let filter = "http://www.w3.org/2002/06/xmldsig-filter2";
    let base64 = "http://www.w3.org/2000/09/xmldsig#base64";
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let lists: Vec<Vec<&str>> = vec![
        vec![],
        vec![ENVELOPED],
        vec![EXC],
        vec![EXC, ENVELOPED],
        vec![ENVELOPED, ENVELOPED],
        vec![EXC, EXC],
        vec![ENVELOPED, EXC, EXC],
        vec![ENVELOPED, ENVELOPED, EXC],
        vec![ENVELOPED, inclusive],
        vec![ENVELOPED, xslt],
        vec![ENVELOPED, xpath],
        vec![ENVELOPED, filter],
        vec![ENVELOPED, base64],
        vec![xslt, EXC],
        vec![xpath, EXC],
        vec![filter, EXC],
        vec![ENVELOPED, xpath, EXC],
        vec![ENVELOPED, xslt, EXC],
        vec![ENVELOPED, "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"],
        vec![ENVELOPED, ""],
    ];
    for list in lists {
        let name = format!("the transforms are {list:?}");
        let how = How { transforms: list, ..How::with(&KEYS.idp) };
        all.add(name, &signed(&xml, "_a1", &how), &["algorithm_refused", "signature_form"]);
    }
    let id = |uri: &str| How { uri: Some(uri.to_owned()), ..How::with(&KEYS.idp) };
    for uri in [
        "",
        "#",
        "#_r1",
        "#_A1",
        "#_a1 ",
        "# _a1",
        "_a1",
        "#xpointer(id('_a1'))",
        "#xpointer(/)",
        "http://127.0.0.1:9/x",
        "file:///etc/passwd",
        "https://idp.example.com/#_a1",
        "#_a1#_a1",
        "#%5Fa1",
    ] {
        all.add(format!("the reference is {uri:?}"), &signed(&xml, "_a1", &id(uri)), &["signature_reference"]);
    }
    let none = signed(&xml, "_a1", &id("NONE"));
    all.add("no reference URI", &without(&none, " URI=\"NONE\""), &["signature_reference"]);
    // An id that says nothing: the reference "#" would be everything.
    let void = signed(&xml.replace("ID=\"_a1\"", "ID=\"\""), "", &How::with(&KEYS.idp));
    all.add("an empty id", &void, &["missing"]);
    for odd in ["1a", "a b", "a:b", "a'b", "a/b"] {
        let xml = signed(&xml.replace("ID=\"_a1\"", &format!("ID=\"{odd}\"")), odd, &How::with(&KEYS.idp));
        all.add(format!("the id {odd:?}"), &xml, &["missing"]);
    }
    // A canonical form of nothing has a digest too.
    for nothing in ["", "\n", "<saml:Assertion></saml:Assertion>"] {
        let signature = signature_over(nothing, "_a1", &How::with(&KEYS.idp));
        let xml = after_issuer(&wrapped(&assertion_of("_a1", EVIL)), "_a1", &signature);
        all.add(format!("the digest of {nothing:?}"), &xml, &["altered"]);
    }
}
