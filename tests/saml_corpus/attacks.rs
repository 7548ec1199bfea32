//! What attackers send: every vector begins with something that the provider really signed, or would sign.

use crate::{bombs, issuer::*, parsing, scene::*, wrapping};
use castgate::{model::Instant, sso::saml::Signing};
use data_encoding::BASE64;
use std::sync::LazyLock;

/// One attack.
pub struct Vector {
    pub name: String,
    pub field: String,
    pub setting: Setting,
    /// Why it is refused: one of these codes; none: whatever the reason.
    pub codes: &'static [&'static str],
}

/// A list of attacks.
#[derive(Default)]
pub struct Attacks(pub Vec<Vector>);

impl Attacks {
    pub fn with(&mut self, name: impl Into<String>, xml: &str, setting: Setting, codes: &'static [&'static str]) {
        self.0.push(Vector { name: name.into(), field: field(xml), setting, codes });
    }

    pub fn add(&mut self, name: impl Into<String>, xml: &str, codes: &'static [&'static str]) {
        self.with(name, xml, Setting::default(), codes);
    }

    /// Validly signed in each way, and still not to be believed.
    fn said(&mut self, name: &str, assertion: &str, codes: &'static [&'static str]) {
        self.add(format!("{name} (assertion signed)"), &with_signed_assertion(assertion), codes);
        self.add(format!("{name} (response signed)"), &with_signed_response(assertion), codes);
    }

    /// The response says it, and is signed, and still not to be believed.
    fn enveloped(&mut self, name: &str, response: &str, codes: &'static [&'static str]) {
        self.add(name, &signed(response, "_r1", &How::with(&KEYS.idp)), codes);
    }
}

/// All of them, made once.
pub static ALL: LazyLock<Vec<Vector>> = LazyLock::new(all);

fn all() -> Vec<Vector> {
    let mut all = Attacks::default();
    wrapping::add(&mut all);
    parsing::add(&mut all);
    bombs::add(&mut all);
    algorithms(&mut all);
    transforms(&mut all);
    keys(&mut all);
    stripped(&mut all);
    altered(&mut all);
    parties(&mut all);
    times(&mut all);
    requests(&mut all);
    subjects(&mut all);
    statements(&mut all);
    responses(&mut all);
    secrets(&mut all);
    all.0
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

fn parties(all: &mut Attacks) {
    let base = assertion();
    all.said("another issuer", &swapped(&base, IDP, "https://idp.example.net/metadata"), &["unknown_issuer"]);
    all.said("an issuer with a slash more", &swapped(&base, IDP, &format!("{IDP}/")), &["unknown_issuer"]);
    all.said(
        "no issuer",
        &swapped(&base, &format!("<saml:Issuer>{IDP}</saml:Issuer>"), "<saml:Issuer></saml:Issuer>"),
        &["unknown_issuer"],
    );
    all.said(
        "an issuer of another format",
        &swapped(
            &base,
            "<saml:Issuer>",
            "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">",
        ),
        &["unknown_issuer"],
    );
    all.said(
        "another audience",
        &swapped(&base, &format!(">{SP}<"), ">https://gate.example.com/saml/con_2<"),
        &["unknown_audience"],
    );
    all.said(
        "the audience in other letters",
        &swapped(&base, &format!(">{SP}<"), &format!(">{}<", SP.to_uppercase())),
        &["unknown_audience"],
    );
    all.said(
        "an audience with more behind it",
        &swapped(&base, &format!(">{SP}<"), &format!(">{SP}/acs<")),
        &["unknown_audience"],
    );
    let restriction = part(&base, "<saml:AudienceRestriction>", "</saml:AudienceRestriction>");
    all.said("no audience", &without(&base, &restriction), &["missing"]);
    all.said(
        "an empty restriction",
        &swapped(&base, &restriction, "<saml:AudienceRestriction></saml:AudienceRestriction>"),
        &["unknown_audience"],
    );
    let other = restriction.replace(SP, "https://other.example");
    all.said(
        "two restrictions, one for others",
        &swapped(&base, &restriction, &format!("{restriction}{other}")),
        &["unknown_audience"],
    );
    all.said("no conditions", &without(&base, &part(&base, "<saml:Conditions", "</saml:Conditions>")), &["missing"]);
    let conditions = part(&base, "<saml:Conditions", "</saml:Conditions>");
    all.said("conditions twice", &swapped(&base, &conditions, &conditions.repeat(2)), &["repeated"]);
    all.said(
        "an unknown condition",
        &swapped(&base, "</saml:Conditions>", "<saml:Condition></saml:Condition></saml:Conditions>"),
        &["unknown_condition"],
    );
    all.said(
        "a condition of somebody else",
        &swapped(&base, "</saml:Conditions>", "<x:Only xmlns:x=\"urn:x\"></x:Only></saml:Conditions>"),
        &["unknown_condition"],
    );
    all.said(
        "another recipient",
        &swapped(&base, &format!("Recipient=\"{ACS}\""), "Recipient=\"https://gate.example.com/saml/con_2/acs\""),
        &["wrong_recipient"],
    );
    all.said("no recipient", &without(&base, &format!(" Recipient=\"{ACS}\"")), &["missing"]);
    let elsewhere = Setting { acs: "https://gate.example.com/saml/con_2/acs", ..Setting::default() };
    all.with(
        "delivered at another connection",
        &with_signed_assertion(&base),
        elsewhere,
        &["wrong_destination", "wrong_recipient"],
    );
    let elsewhere = Setting { sp: "https://gate.example.com/saml/con_2", ..Setting::default() };
    all.with("shown to another connection", &with_signed_assertion(&base), elsewhere, &["unknown_audience"]);
    let mut tenant = Setting::default();
    tenant.trust.entity_id = "https://idp.example.org/b".into();
    tenant.trust.certificates = vec![KEYS.next.certificate.clone()];
    all.with("a provider of another organization", &with_both_signed(&base), tenant.clone(), &["unknown_issuer"]);
    tenant.trust.certificates = vec![KEYS.idp.certificate.clone()];
    all.with("another provider with the same key", &with_both_signed(&base), tenant, &["unknown_issuer"]);
}

fn times(all: &mut Attacks) {
    let base = assertion();
    let at = |text: &str| text.parse::<Instant>().unwrap();
    for (how, xml) in [("assertion", with_signed_assertion(&base)), ("response", with_signed_response(&base))] {
        for later in ["2026-11-22T08:06:00Z", "2026-11-22T08:07:00Z", "2026-11-23T08:00:00Z", "2027-11-22T08:00:00Z"] {
            let setting = Setting { now: at(later), ..Setting::default() };
            all.with(format!("replayed at {later}, {how} signed"), &xml, setting, &["expired"]);
        }
        let setting = Setting { now: at("2026-11-22T07:58:20Z"), ..Setting::default() };
        all.with(format!("too early, {how} signed"), &xml, setting, &["not_yet_valid"]);
    }
    all.said("expired", &base.replace("08:05:00Z", "07:58:59Z"), &["expired"]);
    all.said(
        "expired conditions alone",
        &swapped(
            &base,
            "NotOnOrAfter=\"2026-11-22T08:05:00Z\"><saml:Aud",
            "NotOnOrAfter=\"2026-11-22T07:58:00Z\"><saml:Aud",
        ),
        &["expired"],
    );
    all.said(
        "expired confirmation alone",
        &swapped(&base, "NotOnOrAfter=\"2026-11-22T08:05:00Z\" Rec", "NotOnOrAfter=\"2026-11-22T07:58:00Z\" Rec"),
        &["expired"],
    );
    all.said("no end of the confirmation", &without(&base, "NotOnOrAfter=\"2026-11-22T08:05:00Z\" "), &["missing"]);
    all.said(
        "not yet valid",
        &base.replace("NotBefore=\"2026-11-22T07:59:28Z\"", "NotBefore=\"2026-11-22T08:02:00Z\""),
        &["not_yet_valid"],
    );
    all.said(
        "issued in the future",
        &base.replace("IssueInstant=\"2026-11-22T07:59:58Z\"", "IssueInstant=\"2026-11-22T08:01:01Z\""),
        &["not_yet_valid"],
    );
    all.said("valid for a year", &base.replace("2026-11-22T08:05:00Z", "2027-11-22T08:05:00Z"), &["lives_too_long"]);
    all.said(
        "the session is over",
        &swapped(&base, " SessionIndex", " SessionNotOnOrAfter=\"2026-11-22T07:00:00Z\" SessionIndex"),
        &["expired"],
    );
    all.said(
        "signed in tomorrow",
        &swapped(&base, "AuthnInstant=\"2026-11-22", "AuthnInstant=\"2026-11-23"),
        &["not_yet_valid"],
    );
    for odd in [
        "yesterday",
        "",
        "2026-11-22",
        "2026-11-22T08:05:00",
        "9999999999",
        "2026-11-22T08:05:00Z[Europe/Paris]",
        "2026-13-45T99:99:99Z",
    ] {
        all.said(&format!("the end is {odd:?}"), &base.replace("2026-11-22T08:05:00Z", odd), &["invalid", "missing"]);
    }
    all.said("no instant of issue", &without(&base, " IssueInstant=\"2026-11-22T07:59:58Z\""), &["missing"]);
}

fn requests(all: &mut Attacks) {
    let base = assertion();
    let other = "_0000000000000000000000000000000000000000";
    all.said("the confirmation answers another request", &swapped(&base, REQUEST, other), &["another_request"]);
    all.said(
        "the confirmation answers no request",
        &without(&base, &format!("InResponseTo=\"{REQUEST}\" ")),
        &["another_request"],
    );
    all.said("an empty request", &swapped(&base, REQUEST, ""), &["another_request"]);
    for answers in [Some(other), Some(""), None] {
        let setting = Setting { answers, ..Setting::default() };
        all.with(
            format!("in a browser that asked {answers:?}"),
            &with_signed_assertion(&base),
            setting.clone(),
            &["another_request", "not_unsolicited"],
        );
        all.with(
            format!("signed whole, in a browser that asked {answers:?}"),
            &with_both_signed(&base),
            setting,
            &["another_request", "not_unsolicited"],
        );
    }
    all.enveloped(
        "the response answers another request",
        &swapped(&wrapped(&base), REQUEST, other),
        &["another_request"],
    );
    let unsigned = swapped(&with_signed_assertion(&base), REQUEST, other);
    all.add("the response answers another request, unsigned", &unsigned, &["another_request"]);
    // What nobody signed cannot supply what the signed part lacks.
    let lacking = without(&base, &format!("InResponseTo=\"{REQUEST}\" "));
    all.add("only the unsigned response answers", &with_signed_assertion(&lacking), &["another_request"]);
    let none = Setting { answers: None, ..Setting::default() };
    let half = without(&with_signed_assertion(&base), &format!("InResponseTo=\"{REQUEST}\" "));
    all.with("unsolicited with a request inside", &half, none.clone(), &["not_unsolicited"]);
    all.with("unsolicited with a request outside", &with_signed_assertion(&lacking), none, &["not_unsolicited"]);
}

fn subjects(all: &mut Attacks) {
    let base = assertion();
    let name = part(&base, "<saml:NameID", "</saml:NameID>");
    all.said("no name", &without(&base, &name), &["missing"]);
    all.said("two names", &swapped(&base, &name, &format!("{name}{}", name.replace(ADA, EVIL))), &["repeated"]);
    for (what, value) in [
        ("empty", ""),
        ("blank", "  "),
        ("with a space before", " ada@example.com"),
        ("with a line after", "ada@example.com\n"),
        ("with a control character", "ada&#x9;@example.com"),
    ] {
        all.said(&format!("a name that is {what}"), &swapped(&base, ADA, value), &["name_id"]);
    }
    all.said("a name beyond all lengths", &swapped(&base, ADA, &"a".repeat(2_000)), &["name_id"]);
    all.said(
        "a name with a child",
        &swapped(&base, ADA, "ada@example.com<x:a xmlns:x=\"urn:x\"></x:a>.evil"),
        &["unexpected"],
    );
    all.said(
        "a name of a service",
        &swapped(&base, "1.1:nameid-format:emailAddress", "2.0:nameid-format:entity"),
        &["name_id"],
    );
    all.said("no subject", &without(&base, &part(&base, "<saml:Subject>", "</saml:Subject>")), &["missing"]);
    let subject = part(&base, "<saml:Subject>", "</saml:Subject>");
    all.said("two subjects", &swapped(&base, &subject, &subject.repeat(2)), &["repeated"]);
    let confirmation = part(&base, "<saml:SubjectConfirmation ", "</saml:SubjectConfirmation>");
    all.said("no confirmation", &without(&base, &confirmation), &["no_bearer"]);
    for method in ["holder-of-key", "sender-vouches", "BEARER", "bearer "] {
        all.said(
            &format!("a confirmation by {method}"),
            &swapped(&base, "cm:bearer", &format!("cm:{method}")),
            &["no_bearer"],
        );
    }
    let data = part(&base, "<saml:SubjectConfirmationData", "</saml:SubjectConfirmationData>");
    all.said("no confirmation data", &without(&base, &data), &["missing"]);
    all.said("confirmation data twice", &swapped(&base, &data, &data.repeat(2)), &["repeated"]);
    all.said(
        "a confirmation that is not yet valid",
        &swapped(&base, "SubjectConfirmationData ", "SubjectConfirmationData NotBefore=\"2026-11-22T08:02:00Z\" "),
        &["not_yet_valid"],
    );
    all.said("a base id", &swapped(&base, &name, "<saml:BaseID>x</saml:BaseID>"), &["unexpected", "missing"]);
}

fn statements(all: &mut Attacks) {
    let base = assertion();
    all.said(
        "no authentication",
        &without(&base, &part(&base, "<saml:AuthnStatement", "</saml:AuthnStatement>")),
        &["missing"],
    );
    all.said(
        "no instant of authentication",
        &without(&base, " AuthnInstant=\"2026-11-22T07:59:57Z\""),
        &["missing", "missing"],
    );
    all.said("no context", &without(&base, &part(&base, "<saml:AuthnContext>", "</saml:AuthnContext>")), &["missing"]);
    all.said("SAML 1.1", &swapped(&base, "Version=\"2.0\"", "Version=\"1.1\""), &["invalid"]);
    all.said("no version", &without(&base, " Version=\"2.0\""), &["missing"]);
    all.said(
        "an unknown statement",
        &swapped(&base, "</saml:Assertion>", "<saml:Statement></saml:Statement></saml:Assertion>"),
        &["unexpected"],
    );
    all.said(
        "an encrypted attribute",
        &swapped(
            &base,
            "</saml:AttributeStatement>",
            "<saml:EncryptedAttribute></saml:EncryptedAttribute></saml:AttributeStatement>",
        ),
        &["unexpected"],
    );
    all.said("an attribute without a name", &swapped(&base, " Name=\"groups\"", ""), &["missing"]);
}

fn responses(all: &mut Attacks) {
    let base = wrapped(&assertion());
    let status = part(&base, "<samlp:Status>", "</samlp:Status>");
    for code in ["Responder", "Requester", "AuthnFailed", "success", "VersionMismatch"] {
        let xml = base.replace("status:Success", &format!("status:{code}"));
        all.enveloped(&format!("the status is {code}"), &xml, &["provider_refused"]);
        let xml = with_signed_assertion(&assertion()).replace("status:Success", &format!("status:{code}"));
        all.add(format!("the unsigned status is {code}"), &xml, &["provider_refused"]);
    }
    all.enveloped("no status", &without(&base, &status), &["missing"]);
    all.enveloped("two statuses", &swapped(&base, &status, &status.repeat(2)), &["repeated"]);
    all.enveloped(
        "another destination",
        &swapped(&base, ACS, "https://gate.example.com/other"),
        &["wrong_destination"],
    );
    all.enveloped("no destination, signed", &without(&base, &format!(" Destination=\"{ACS}\"")), &["missing"]);
    let moved = swapped(&with_signed_assertion(&assertion()), ACS, "https://gate.example.com/other");
    all.add("another destination, unsigned", &moved, &["wrong_destination"]);
    all.enveloped(
        "another issuer of the response",
        &swapped(&base, IDP, "https://idp.example.net"),
        &["unknown_issuer"],
    );
    all.enveloped("SAML 1.1 outside", &swapped(&base, "Version=\"2.0\"", "Version=\"1.1\""), &["invalid"]);
    all.enveloped("issued in the future", &swapped(&base, "07:59:59Z", "08:01:30Z"), &["not_yet_valid"]);
    all.enveloped("no assertion", &without(&base, &part(&base, "<saml:Assertion", "</saml:Assertion>")), &["missing"]);
    all.enveloped(
        "something unknown in the response",
        &swapped(&base, "</samlp:Response>", "<x:y xmlns:x=\"urn:x\"></x:y></samlp:Response>"),
        &["unexpected"],
    );
    let renamed = base.replace("samlp:Response", "samlp:ArtifactResponse");
    all.enveloped("another message", &renamed, &["another_document"]);
    let foreign = base.replacen("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.0:protocol", 1);
    all.enveloped("a response of SAML 1.0", &foreign, &["another_document"]);
    let alone = assertion();
    let alone = signed(&alone, "_a1", &How::with(&KEYS.idp));
    all.add("an assertion alone", &alone, &["another_document"]);
}

fn secrets(all: &mut Attacks) {
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
