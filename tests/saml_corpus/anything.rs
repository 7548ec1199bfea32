//! Whatever comes: nothing panics, nothing is accepted that nobody signed, and canonical stays canonical.

use crate::scene::{ACS, KEYS, SP, Setting, assertion, field, now, with_both_signed, with_signed_assertion};
use castgate::{
    crypto::Certificate,
    sso::saml::{
        IdpMetadata, LogoutExpected, Signing, c14n::canonicalize, glimpse, verify_logout_post, verify_logout_redirect,
    },
};
use data_encoding::BASE64;
use proptest::prelude::*;

/// Pieces of which documents are made, and some of which none should be.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("<a>".to_owned()),
        Just("</a>".to_owned()),
        Just("<a/>".to_owned()),
        Just("<a b='\">'".to_owned()),
        Just(" xmlns='urn:x'".to_owned()),
        Just(" xmlns:p=\"urn:p\"".to_owned()),
        Just("<p:a>".to_owned()),
        Just("<!--".to_owned()),
        Just("-->".to_owned()),
        Just("<![CDATA[".to_owned()),
        Just("<?xml version='1.0'?>".to_owned()),
        Just("&#x41;".to_owned()),
        Just("<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_a1\">".to_owned()),
        "\\PC{0,8}",
        "[<>/&\"'= \r\n\t:#;!?-]{0,6}",
    ]
}

fn everything(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let setting = Setting::default();
    for value in [text.clone(), BASE64.encode(bytes)] {
        let _ = glimpse(&value);
        assert!(setting.verify(&value).is_err(), "{value}");
        let expected =
            LogoutExpected { trust: &setting.trust, address: ACS, keys: std::slice::from_ref(&KEYS.sp), now: now() };
        assert!(verify_logout_redirect(&value, &expected).is_err());
        assert!(
            verify_logout_redirect(&format!("SAMLRequest={value}&SigAlg={SP}&Signature={value}"), &expected).is_err()
        );
        assert!(verify_logout_post(&[("SAMLRequest".to_owned(), value)], &expected).is_err());
    }
    if let Ok(read) = IdpMetadata::parse(bytes, None, now()) {
        assert!(!read.certificates.is_empty() && !read.sign_on.is_empty());
    }
    let _ = Certificate::from_der(bytes);
    let _ = Certificate::from_text(&text);
    if let Ok(once) = canonicalize(bytes, None, &[]) {
        assert_eq!(canonicalize(once.as_bytes(), None, &[]).unwrap(), once);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_bytes_come_nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        everything(&bytes);
    }

    #[test]
    fn whatever_pieces_come_nothing_panics(pieces in proptest::collection::vec(piece(), 0..30)) {
        everything(pieces.concat().as_bytes());
    }

    /// A signed response with one change anywhere: refused, or read exactly as without the change.
    #[test]
    fn one_change_anywhere_changes_nothing_that_is_read(at in any::<prop::sample::Index>(), with in piece(), cut in 0_usize..12, both in any::<bool>()) {
        let xml = if both { with_both_signed(&assertion()) } else { with_signed_assertion(&assertion()) };
        let setting = Setting { signing: Signing::Assertion, ..Setting::default() };
        let honest = setting.verify(&field(&xml)).unwrap();
        let at = at.index(xml.len());
        let end = (at + cut).min(xml.len());
        let changed = format!("{}{with}{}", &xml[..at], &xml[end..]);
        if let Ok(mut read) = setting.verify(&field(&changed)) {
            // The id of a response that is not signed is nobody's word.
            read.response_id.clone_from(&honest.response_id);
            prop_assert_eq!(read, honest);
        }
    }
}
