//! Signature wrapping: what was signed is kept somewhere, so that its signature verifies, and something else is to be read.

use crate::{
    attacks::Attacks,
    issuer::{DS, How, after_issuer, signature, signed},
    scene::*,
};

/// Where something can hide in a response, as what stands before it and behind it, around `{}`.
const PLACES: &[(&str, &str)] = &[
    ("before the status", "<samlp:Status>|{}<samlp:Status>"),
    ("in the status", "</samlp:Status>|{}</samlp:Status>"),
    ("in the status detail", "</samlp:Status>|<samlp:StatusDetail>{}</samlp:StatusDetail></samlp:Status>"),
    ("in extensions", "<samlp:Status>|<samlp:Extensions>{}</samlp:Extensions><samlp:Status>"),
    ("at the end", "</samlp:Response>|{}</samlp:Response>"),
    ("in an element of its own", "</samlp:Response>|<x:y xmlns:x=\"urn:x\">{}</x:y></samlp:Response>"),
    ("in the issuer", "</saml:Issuer>|{}</saml:Issuer>"),
    ("in the signature", "</ds:Signature>|{}</ds:Signature>"),
    ("in an object of the signature", "</ds:Signature>|<ds:Object>{}</ds:Object></ds:Signature>"),
    ("in the key info", "</ds:Signature>|<ds:KeyInfo>{}</ds:KeyInfo></ds:Signature>"),
    ("in SignedInfo", "</ds:SignedInfo>|{}</ds:SignedInfo>"),
    ("in the digest value", "</ds:DigestValue>|{}</ds:DigestValue>"),
    ("in a transform", "</ds:Transform>|{}</ds:Transform>"),
    ("in the subject", "</saml:Subject>|{}</saml:Subject>"),
    ("in the confirmation data", "</saml:SubjectConfirmationData>|{}</saml:SubjectConfirmationData>"),
    ("in the conditions", "</saml:Conditions>|{}</saml:Conditions>"),
    ("in advice", "<saml:Subject>|<saml:Advice>{}</saml:Advice><saml:Subject>"),
    ("in an attribute", "</saml:AttributeValue>|{}</saml:AttributeValue>"),
    ("in the name", "</saml:NameID>|{}</saml:NameID>"),
    ("at the end of the assertion", "</saml:Assertion>|{}</saml:Assertion>"),
];

fn hidden(xml: &str, place: &str, what: &str) -> Option<String> {
    let (mark, shape) = place.split_once('|').unwrap();
    xml.contains(mark).then(|| xml.replacen(mark, &shape.replace("{}", what), 1))
}

pub fn add(all: &mut Attacks) {
    beside(all);
    around(all);
    published(all);
    other_documents(all);
    elsewhere(all);
}

/// A second assertion somewhere beside a signed one.
fn beside(all: &mut Attacks) {
    for (how, xml) in
        [("assertion", with_signed_assertion(&assertion())), ("response", with_signed_response(&assertion()))]
    {
        for (place, shape) in PLACES {
            for id in ["_evil", "_a1"] {
                let evil = assertion_of(id, EVIL);
                if let Some(xml) = hidden(&xml, shape, &evil) {
                    all.add(
                        format!("another assertion {place}, id {id}, {how} signed"),
                        &xml,
                        &["repeated", "unexpected", "duplicate_id"],
                    );
                }
            }
        }
    }
}

/// The signed assertion somewhere in a false one, which carries the signature or does not.
fn around(all: &mut Attacks) {
    let good = with_signed_assertion(&assertion());
    let original = part(&good, "<saml:Assertion", "</saml:Assertion>");
    let sealed = signature_in(&good);
    let bare = without(&original, &sealed);
    for (place, shape) in PLACES {
        let evil = wrapped(&assertion_of("_evil", EVIL));
        if let Some(xml) = hidden(&evil, shape, &original) {
            all.add(format!("the signed assertion {place} of a false one"), &xml, &["repeated", "unexpected"]);
        }
        let carrying = after_issuer(&evil, "_evil", &sealed);
        if let Some(xml) = hidden(&carrying, shape, &bare) {
            all.add(
                format!("the signature in a false assertion, the true one {place}"),
                &xml,
                &["repeated", "unexpected"],
            );
        }
    }
}

/// XSW 1 to 8 as they were published, in the order of “On Breaking SAML”, with the ids kept and changed.
fn published(all: &mut Attacks) {
    for id in ["_evil", "_r1"] {
        let good = with_signed_response(&assertion());
        let sealed = signature_in(&good);
        let original = without(&good, &sealed);
        let evil = wrapped_as(id, &assertion_of("_e", EVIL));
        let inside =
            sealed.replacen("</ds:Signature>", &format!("<ds:Object>{original}</ds:Object></ds:Signature>"), 1);
        all.add(format!("XSW1, id {id}"), &after_issuer(&evil, id, &inside), &["repeated", "duplicate_id"]);
        all.add(
            format!("XSW2, id {id}"),
            &after_issuer(&evil, id, &format!("{original}{sealed}")),
            &["unexpected", "duplicate_id"],
        );
    }
    for id in ["_evil", "_a1"] {
        let good = with_signed_assertion(&assertion());
        let sealed = signature_in(&good);
        let original = part(&good, "<saml:Assertion", "</saml:Assertion>");
        let bare = without(&original, &sealed);
        let evil = assertion_of(id, EVIL);
        let codes: &[&str] = &["repeated", "duplicate_id"];
        all.add(format!("XSW3, id {id}"), &wrapped(&format!("{evil}{original}")), codes);
        let around = evil.replacen("</saml:Assertion>", &format!("{original}</saml:Assertion>"), 1);
        all.add(format!("XSW4, id {id}"), &wrapped(&around), codes);
        let carrying = after_issuer(&evil, id, &sealed);
        all.add(format!("XSW5, id {id}"), &wrapped(&format!("{carrying}{bare}")), codes);
        let inside = sealed.replacen("</ds:Signature>", &format!("{bare}</ds:Signature>"), 1);
        all.add(format!("XSW6, id {id}"), &wrapped(&after_issuer(&evil, id, &inside)), codes);
        let extended = format!("<samlp:Extensions>{evil}</samlp:Extensions>");
        all.add(format!("XSW7, id {id}"), &hidden(&good, "<samlp:Status>|{}<samlp:Status>", &extended).unwrap(), codes);
        let object = sealed.replacen("</ds:Signature>", &format!("<ds:Object>{bare}</ds:Object></ds:Signature>"), 1);
        all.add(format!("XSW8, id {id}"), &wrapped(&after_issuer(&evil, id, &object)), codes);
        let renamed = bare
            .replace("saml:Assertion ", "x:Assertion xmlns:x=\"urn:x\" ")
            .replace("</saml:Assertion", "</x:Assertion");
        all.add(
            format!("an assertion of another namespace, id {id}"),
            &wrapped(&format!("{renamed}{evil}")),
            &["unexpected", "repeated", "duplicate_id"],
        );
    }
}

/// Other things that the provider signed, none of them an assertion: their signatures in a false assertion or response.
fn other_documents(all: &mut Attacks) {
    let logout = format!(
        "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         ID=\"_l1\" IssueInstant=\"2026-11-22T07:59:59Z\" Version=\"2.0\"><saml:Issuer>{IDP}</saml:Issuer><saml:NameID>{ADA}</saml:NameID></samlp:LogoutRequest>"
    );
    let metadata = format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_m1\" entityID=\"{IDP}\"><md:Extensions></md:Extensions></md:EntityDescriptor>"
    );
    for (kind, id, document) in [("logout request", "_l1", logout), ("metadata", "_m1", metadata)] {
        let sealed = signature(&document, id, &How::with(&KEYS.idp));
        let object = format!("<ds:Object>{document}</ds:Object></ds:Signature>");
        for (place, target) in [("assertion", "_a1"), ("response", "_r1")] {
            let evil = wrapped(&assertion_of("_a1", EVIL));
            all.add(
                format!("the signature of a {kind} in the {place}"),
                &after_issuer(&evil, target, &sealed),
                &["signature_reference"],
            );
            let carrying = sealed.replacen("</ds:Signature>", &object, 1);
            all.add(
                format!("a signed {kind} in the signature of the {place}"),
                &after_issuer(&evil, target, &carrying),
                &["unexpected", "signature_reference"],
            );
            let info =
                sealed.replacen("</ds:Signature>", &format!("<ds:KeyInfo>{document}</ds:KeyInfo></ds:Signature>"), 1);
            all.add(
                format!("a signed {kind} in the key info of the {place}"),
                &after_issuer(&evil, target, &info),
                &["signature_reference"],
            );
            let extended = after_issuer(&evil, "_r1", &format!("<samlp:Extensions>{document}</samlp:Extensions>"));
            all.add(
                format!("a signed {kind} in extensions, its signature in the {place}"),
                &after_issuer(&extended, target, &sealed),
                &["signature_reference"],
            );
            // The same id, so that the reference is to the element around it: then two have it.
            let same = document.replace(id, target);
            let sealed = signature(&same, target, &How::with(&KEYS.idp));
            let doubled = after_issuer(
                &after_issuer(&evil, target, &sealed),
                "_r1",
                &format!("<samlp:Extensions>{same}</samlp:Extensions>"),
            );
            all.add(format!("a signed {kind} with the id of the {place}"), &doubled, &["duplicate_id"]);
            for other in ["Id", "id", "iD", "xml:id"] {
                let doubled = doubled.replacen(
                    &format!(" ID=\"{target}\" IssueInstant=\"2026-11-22T07:59:58Z\""),
                    &format!(" {other}=\"{target}\" IssueInstant=\"2026-11-22T07:59:58Z\""),
                    1,
                );
                all.add(
                    format!("a signed {kind} with the id of the {place}, called {other}"),
                    &doubled,
                    &["duplicate_id"],
                );
            }
        }
        let signed = signed(
            &document.replace("<md:Extensions>", "<saml:Issuer>x</saml:Issuer><md:Extensions>"),
            id,
            &How::with(&KEYS.idp),
        );
        all.add(format!("a signed {kind} instead of a response"), &signed, &["another_document"]);
    }
}

/// Signatures where none belongs.
fn elsewhere(all: &mut Attacks) {
    let good = with_signed_assertion(&assertion());
    let sealed = signature_in(&good);
    let evil = wrapped(&assertion_of("_a1", EVIL));
    for (place, shape) in PLACES {
        if let Some(xml) = hidden(&evil, shape, &sealed).filter(|_| !place.contains("end") && !place.contains("before"))
        {
            all.add(
                format!("the signature {place} of a false response"),
                &xml,
                &["signature_misplaced", "unexpected", "altered", "unsigned"],
            );
        }
    }
    all.add("two signatures in the assertion", &swapped(&good, &sealed, &sealed.repeat(2)), &["repeated"]);
    let stranger = signature(&wrapped(&assertion_of("_a1", EVIL)), "_a1", &How::with(&KEYS.foreign));
    all.add("a stranger's signature before the true one", &after_issuer(&good, "_a1", &stranger), &["repeated"]);
    all.add(
        "a stranger's signature behind the true one",
        &swapped(&good, &sealed, &format!("{sealed}{stranger}")),
        &["repeated"],
    );
    all.add(
        "the assertion's signature in the response",
        &after_issuer(&evil, "_r1", &sealed),
        &["signature_reference"],
    );
    let own = format!("<ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo></ds:SignedInfo></ds:Signature>");
    all.add(
        "a signature with two SignedInfo",
        &swapped(&good, "<ds:SignedInfo>", "<ds:SignedInfo></ds:SignedInfo><ds:SignedInfo>"),
        &["repeated"],
    );
    all.add(
        "a signature in a signature",
        &swapped(&good, "</ds:SignatureValue>", &format!("</ds:SignatureValue>{own}")),
        &["signature_misplaced", "unexpected"],
    );
}
