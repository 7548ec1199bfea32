//! Validly signed, and still no answer to a sign-in.

use crate::{
    attacks::Attacks,
    issuer::{How, signed},
    scene::{ACS, ADA, EVIL, IDP, KEYS, assertion, part, swapped, with_signed_assertion, without, wrapped},
};

pub fn add(all: &mut Attacks) {
    subjects(all);
    statements(all);
    responses(all);
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
