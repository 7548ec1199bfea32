//! The SAML corpus: attacks that begin with what a provider really signed, none accepted, and what honest providers send, all
//! accepted. Keys and documents are made in the test.

#![expect(clippy::unwrap_used, reason = "a test stops where it is wrong")]
#![expect(clippy::format_push_string, clippy::format_collect, reason = "documents are put together as they read")]
#![expect(clippy::too_many_lines, reason = "a list of vectors is as long as it is")]

mod anything;
mod attacks;
mod benign;
mod bombs;
mod forged;
mod issuer;
mod keys;
mod logout;
mod others;
mod parsing;
mod published;
mod scene;
#[cfg(feature = "second-opinion")]
mod second_opinion;
mod secrets;
mod unfit;
mod untimely;
mod wrapping;

use castgate::sso::saml::SamlFault;
use scene::{ADA, Setting};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn no_attack_is_accepted_and_each_is_refused_for_its_reason() {
    let attacks = &*attacks::ALL;
    let names: BTreeSet<&str> = attacks.iter().map(|attack| attack.name.as_str()).collect();
    assert!(names.len() >= 250, "{} different attacks", names.len());
    let mut wrong = Vec::new();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for attack in attacks {
        match attack.setting.verify(&attack.field) {
            Ok(signed_in) => wrong.push(format!("ACCEPTED: {} as {}", attack.name, signed_in.name_id.value)),
            Err(fault) => {
                *reasons.entry(fault.code()).or_default() += 1;
                if !attack.codes.is_empty() && !attack.codes.contains(&fault.code().as_str()) {
                    wrong.push(format!("{}: {} ({fault})", attack.name, fault.code()));
                }
            }
        }
    }
    println!("{} attacks: {reasons:?}", attacks.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), attacks.len(), wrong.join("\n"));
}

#[test]
fn all_that_honest_providers_send_is_accepted() {
    let benign = benign::all();
    assert!(benign.len() >= 40, "{}", benign.len());
    let refused: Vec<String> = benign
        .iter()
        .filter_map(|one| one.setting.verify(&one.field).err().map(|fault| format!("{}: {fault}", one.name)))
        .collect();
    println!("{} benign variants", benign.len());
    assert!(refused.is_empty(), "{} of {}:\n{}", refused.len(), benign.len(), refused.join("\n"));
}

#[test]
fn what_is_read_is_what_was_signed() {
    let signed_in =
        Setting::default().verify(&scene::field(&scene::with_signed_assertion(&scene::assertion()))).unwrap();
    assert_eq!(signed_in.name_id.value, ADA);
    assert_eq!((signed_in.assertion_id.as_str(), signed_in.response_id.as_str()), ("_a1", "_r1"));
    assert_eq!(signed_in.session_index.as_deref(), Some("_s1"));
    assert_eq!(signed_in.remember_until.to_string(), "2026-11-22T08:06:00Z");
    assert_eq!(signed_in.attributes.len(), 1);
    assert_eq!(signed_in.attributes[0].values, ["engineering", "castai-viewers"]);
    assert_eq!(signed_in.certificate, scene::KEYS.idp.certificate.fingerprint());
    assert!(!signed_in.sha1 && !signed_in.encrypted);
}

#[test]
fn every_refusal_says_what_to_do() {
    let faults: Vec<SamlFault> = attacks::ALL.iter().filter_map(|one| one.setting.verify(&one.field).err()).collect();
    for fault in faults {
        assert!(fault.advice().ends_with('.'), "{fault}");
        assert!(!fault.to_string().chars().any(char::is_control), "{fault:?}");
        assert!(fault.to_string().len() < 1_200, "{fault}");
    }
}
