//! What honest providers send, in their many ways: all of it is accepted.

use crate::{
    issuer::{How, OAEP11, RSA_SHA1, SHA1, Secretly, encrypted, signed},
    scene::*,
};
use castgate::sso::saml::Signing;

pub struct Benign {
    pub name: String,
    pub field: String,
    pub setting: Setting,
    /// The XML for another verifier, and the key; none where that one has no profile for it.
    pub xml: String,
}

struct All(Vec<Benign>);

impl All {
    fn with(&mut self, name: impl Into<String>, xml: String, setting: Setting) {
        self.0.push(Benign { name: name.into(), field: field(&xml), setting, xml });
    }

    fn add(&mut self, name: impl Into<String>, xml: String) {
        self.with(name, xml, Setting::default());
    }

    /// Signed in each of the three ways after an edit of the assertion.
    fn said(&mut self, name: &str, assertion: &str) {
        self.add(format!("{name}, assertion signed"), with_signed_assertion(assertion));
        self.add(format!("{name}, response signed"), with_signed_response(assertion));
    }
}

/// All of them.
pub fn all() -> Vec<Benign> {
    let mut all = All(Vec::new());
    signatures(&mut all);
    algorithms(&mut all);
    contents(&mut all);
    forms(&mut all);
    secrets(&mut all);
    settings(&mut all);
    all.0
}

fn signatures(all: &mut All) {
    all.add("the assertion is signed", with_signed_assertion(&assertion()));
    all.add("the response is signed", with_signed_response(&assertion()));
    all.add("both are signed", with_both_signed(&assertion()));
    let how = How { prefix: "", ..How::with(&KEYS.idp) };
    all.add("the signature is in the default namespace", signed(&wrapped(&assertion()), "_a1", &how));
    let how = How { prefix: "dsig:", ..How::with(&KEYS.idp) };
    all.add("the signature has another prefix", signed(&wrapped(&assertion()), "_r1", &how));
    let info = format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        KEYS.idp.certificate.to_base64()
    );
    let how = How { key_info: info, ..How::with(&KEYS.idp) };
    all.add("the certificate comes along", signed(&wrapped(&assertion()), "_a1", &how));
    let typed = swapped(
        &assertion(),
        "<saml:AttributeValue>engineering",
        "<saml:AttributeValue xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\">engineering",
    );
    for list in ["xs", "xs xsi saml", "#default xs", "nothing"] {
        let how = How { prefixes: list, ..How::with(&KEYS.idp) };
        all.add(format!("inclusive namespaces {list:?}"), signed(&wrapped(&typed), "_a1", &how));
    }
    // A prefix that only the response declares, and only the list carries into the assertion's canonical form.
    let outside = swapped(
        &wrapped(&assertion()),
        "<samlp:Response ",
        "<samlp:Response xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" ",
    );
    let how = How { prefixes: "xs", ..How::with(&KEYS.idp) };
    let inner = signed(&outside, "_a1", &how);
    all.add("a listed prefix from outside", inner.clone());
    all.add("a listed prefix from outside, both signed", signed(&inner, "_r1", &How::with(&KEYS.idp)));
    let how = How { info_prefixes: "ds", ..How::with(&KEYS.idp) };
    all.add("a listed prefix of SignedInfo", signed(&wrapped(&assertion()), "_a1", &how));
    let xml = with_signed_assertion(&assertion());
    let value = part(&xml, "<ds:SignatureValue>", "</ds:SignatureValue>");
    let broken = value.replacen("</ds", "\n</ds", 1).replacen("Value>", "Value>\n  ", 1);
    all.add("the signature's value stands in lines", swapped(&xml, &value, &broken));
}

fn algorithms(all: &mut All) {
    let more = "http://www.w3.org/2001/04/xmldsig-more#";
    let pss = "http://www.w3.org/2007/05/xmldsig-more#";
    let sha384 = format!("{more}sha384");
    let sha512 = "http://www.w3.org/2001/04/xmlenc#sha512".to_owned();
    for (algorithm, digest) in [
        (format!("{more}rsa-sha384"), sha384.clone()),
        (format!("{more}rsa-sha512"), sha512.clone()),
        (format!("{more}rsa-sha512"), sha384.clone()),
        (format!("{pss}sha256-rsa-MGF1"), crate::issuer::SHA256.to_owned()),
        (format!("{pss}sha384-rsa-MGF1"), sha384.clone()),
        (format!("{pss}sha512-rsa-MGF1"), sha512.clone()),
    ] {
        let how = How { algorithm: &algorithm, digest: &digest, ..How::with(&KEYS.idp) };
        all.add(format!("{algorithm} with {digest}"), signed(&wrapped(&assertion()), "_a1", &how));
    }
    for (key, name) in [(&KEYS.p256, "ecdsa-sha256"), (&KEYS.p384, "ecdsa-sha384")] {
        let algorithm = format!("{more}{name}");
        let how = How { algorithm: &algorithm, ..How::with(key) };
        let setting = Setting::trusting(&[&key.certificate]);
        all.with(name, signed(&wrapped(&assertion()), "_a1", &how), setting);
        let setting = Setting::trusting(&[&KEYS.idp.certificate, &key.certificate]);
        all.with(format!("{name} behind an RSA certificate"), signed(&wrapped(&assertion()), "_r1", &how), setting);
    }
    let setting = Setting::trusting(&[&KEYS.next.certificate, &KEYS.idp.certificate]);
    all.with("the old one of two certificates", with_signed_assertion(&assertion()), setting.clone());
    all.with("the new one of two certificates", signed(&wrapped(&assertion()), "_a1", &How::with(&KEYS.next)), setting);
    let how = How { algorithm: RSA_SHA1, digest: SHA1, ..How::with(&KEYS.idp) };
    let mut setting = Setting::default();
    setting.trust.allow_sha1 = true;
    all.with("SHA-1 where the connection says so", signed(&wrapped(&assertion()), "_a1", &how), setting);
}

fn contents(all: &mut All) {
    let base = assertion();
    all.said("a name with an ampersand", &swapped(&base, ADA, "o&amp;a@example.com"));
    all.said("a name beyond ASCII", &swapped(&base, ADA, "žofie+ß@example.com"));
    all.said(
        "a persistent NameID",
        &swapped(
            &base,
            "1.1:nameid-format:emailAddress\"",
            "2.0:nameid-format:persistent\" NameQualifier=\"x\" SPNameQualifier=\"y\"",
        ),
    );
    all.said("milliseconds", &base.replace(":58Z", ":58.123Z").replace("08:05:00Z", "08:05:00.000Z"));
    all.said("another zone", &base.replace("2026-11-22T08:05:00Z", "2026-11-22T09:05:00+01:00"));
    all.said(
        "several audiences",
        &swapped(&base, "<saml:Audience>", "<saml:Audience>https://other.example</saml:Audience><saml:Audience>"),
    );
    let twice = "<saml:AudienceRestriction><saml:Audience>https://gate.example.com/saml/con_1</saml:Audience></saml:AudienceRestriction>";
    all.said("two restrictions, both met", &swapped(&base, twice, &format!("{twice}{twice}")));
    all.said(
        "use once",
        &swapped(&base, "</saml:Conditions>", "<saml:OneTimeUse></saml:OneTimeUse></saml:Conditions>"),
    );
    all.said("no attributes", &without(&base, &part(&base, "<saml:AttributeStatement>", "</saml:AttributeStatement>")));
    all.said("an empty value", &swapped(&base, ">engineering<", "><"));
    all.said("no session index", &without(&base, " SessionIndex=\"_s1\""));
    all.said(
        "the session's end",
        &swapped(&base, " SessionIndex", " SessionNotOnOrAfter=\"2026-11-22T16:00:00Z\" SessionIndex"),
    );
    let other = "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:sender-vouches\"></saml:SubjectConfirmation>";
    all.said(
        "another confirmation first",
        &swapped(&base, "<saml:SubjectConfirmation ", &format!("{other}<saml:SubjectConfirmation ")),
    );
    let elsewhere = part(&base, "<saml:SubjectConfirmation ", "</saml:SubjectConfirmation>")
        .replace(ACS, "https://old.example/acs");
    all.said(
        "a bearer for another address first",
        &swapped(&base, "<saml:SubjectConfirmation ", &format!("{elsewhere}<saml:SubjectConfirmation ")),
    );
    let nested = "<saml:AttributeValue><saml:NameID>opaque</saml:NameID></saml:AttributeValue>";
    all.said(
        "a value that is a NameID",
        &swapped(&base, "<saml:AttributeValue>", &format!("{nested}<saml:AttributeValue>")),
    );
    all.said(
        "the clock is 59 seconds ahead",
        &base.replace("2026-11-22T07:59:28Z", "2026-11-22T08:00:59Z").replace("07:59:58Z", "08:00:59Z"),
    );
    all.said("the clock is 59 seconds behind", &base.replace("08:05:00Z", "07:59:01Z"));
    let groups: String =
        (0..1_000).map(|n| format!("<saml:AttributeValue>group-{n:04}</saml:AttributeValue>")).collect();
    all.said("a thousand groups", &swapped(&base, "<saml:AttributeValue>engineering</saml:AttributeValue>", &groups));
}

fn forms(all: &mut All) {
    let pretty = assertion().replace("><", ">\n    <");
    let xml = wrapped(&pretty).replacen("><saml:Issuer", ">\n  <saml:Issuer", 1);
    all.add("pretty-printed before it was signed", signed(&xml, "_a1", &How::with(&KEYS.idp)));
    let xml = with_signed_assertion(&assertion());
    all.add("with an XML declaration", format!("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n{xml}"));
    all.add("with a byte order mark", format!("\u{feff}{xml}"));
    all.add("with lines at the end", format!("{xml}\r\n\n"));
    all.add("with single quotes", xml.replacen("Version=\"2.0\"", "Version='2.0'", 1));
    all.add("with references for characters", xml.replacen("ada@", "&#97;d&#x61;@", 1));
    all.add(
        "with white space in tags",
        xml.replace("</saml:Issuer>", "</saml:Issuer  >").replacen(" ID=\"_a1\"", "\n\tID = \"_a1\"", 1),
    );
    let lines: String =
        field(&xml).as_bytes().chunks(76).flat_map(|line| [line, b"\r\n"].concat()).map(char::from).collect();
    all.0.push(Benign { name: "Base64 in lines".into(), field: lines, setting: Setting::default(), xml: xml.clone() });
    let other = wrapped(&assertion())
        .replace("samlp:", "saml2p:")
        .replace("xmlns:samlp", "xmlns:saml2p")
        .replace("saml:", "saml2:");
    let other = other.replace("xmlns:saml=", "xmlns:saml2=");
    all.add("other prefixes", signed(&other, "_a1", &How::with(&KEYS.idp)));
    let plain = assertion().replace("saml:", "").replace("xmlns:saml", "xmlns");
    all.add("no prefixes", signed(&wrapped(&plain), "_a1", &How::with(&KEYS.idp)));
    let extensions =
        "</saml:Issuer><samlp:Extensions><x:hint xmlns:x=\"urn:x\">1</x:hint></samlp:Extensions><samlp:Status>";
    all.add(
        "with extensions",
        signed(
            &swapped(&wrapped(&assertion()), "</saml:Issuer><samlp:Status>", extensions),
            "_a1",
            &How::with(&KEYS.idp),
        ),
    );
    let nobody = part(&wrapped(""), "<saml:Issuer>", "</saml:Issuer>");
    all.add("the response names no issuer", without(&xml, &nobody));
    all.add("the response names no destination", without(&xml, &format!(" Destination=\"{ACS}\"")));
}

fn secrets(all: &mut All) {
    let inside = part(&with_signed_assertion(&assertion()), "<saml:Assertion", "</saml:Assertion>");
    let gcm = |bits: u16| format!("http://www.w3.org/2009/xmlenc11#aes{bits}-gcm");
    let cbc = |bits: u16| format!("http://www.w3.org/2001/04/xmlenc#aes{bits}-cbc");
    for bits in [128, 192, 256] {
        let how = Secretly { cipher: &gcm(bits), ..Secretly::default() };
        all.add(
            format!("AES-{bits}-GCM, signed inside"),
            wrapped(&encrypted("EncryptedAssertion", &inside, &KEYS.sp_certificate, how)),
        );
        let how = Secretly { cipher: &cbc(bits), beside: true, ..Secretly::default() };
        all.add(
            format!("AES-{bits}-CBC, signed outside"),
            with_signed_response(&encrypted("EncryptedAssertion", &assertion(), &KEYS.sp_certificate, how)),
        );
    }
    let how = Secretly { transport: OAEP11, ..Secretly::default() };
    all.add("OAEP with SHA-256", wrapped(&encrypted("EncryptedAssertion", &inside, &KEYS.sp_certificate, how)));
    all.add(
        "signed inside and outside",
        with_signed_response(&encrypted("EncryptedAssertion", &inside, &KEYS.sp_certificate, how)),
    );
    // Some encrypt an element without the namespaces that its parents declare.
    let bare = without(&assertion(), " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"");
    all.add(
        "namespaces from outside",
        with_signed_response(&encrypted("EncryptedAssertion", &bare, &KEYS.sp_certificate, how)),
    );
    let name = part(&assertion(), "<saml:NameID", "</saml:NameID>");
    let secret = encrypted(
        "EncryptedID",
        &name.replacen("<saml:NameID", "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"", 1),
        &KEYS.sp_certificate,
        how,
    );
    all.said("an encrypted NameID", &swapped(&assertion(), &name, &secret));
}

fn settings(all: &mut All) {
    let unasked = assertion().replace(&format!("InResponseTo=\"{REQUEST}\" "), "");
    let xml = wrapped(&unasked).replace(&format!("InResponseTo=\"{REQUEST}\" "), "");
    let setting = Setting { answers: None, ..Setting::default() };
    all.with("unsolicited, where the connection says so", signed(&xml, "_a1", &How::with(&KEYS.idp)), setting);
    let setting = Setting { signing: Signing::Assertion, ..Setting::default() };
    all.with("a signed assertion where one is demanded", with_signed_assertion(&assertion()), setting);
    let setting = Setting { signing: Signing::Response, ..Setting::default() };
    all.with("a signed response where one is demanded", with_both_signed(&assertion()), setting);
}
