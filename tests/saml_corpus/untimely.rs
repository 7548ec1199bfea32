//! Validly signed, for somebody else, for another moment, or for another sign-in.

use crate::{
    attacks::Attacks,
    scene::{
        ACS, IDP, KEYS, REQUEST, SP, Setting, assertion, part, swapped, with_both_signed, with_signed_assertion,
        with_signed_response, without, wrapped,
    },
};
use castgate::model::Instant;

pub fn add(all: &mut Attacks) {
    parties(all);
    times(all);
    requests(all);
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
