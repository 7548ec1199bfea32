//! What is fuzzed: bytes go in, and nothing may panic, hang or disagree with itself. The root of whoever uses this file has the
//! modules `filter`, `scim`, `crypto`, `model` and `sso`.

use crate::{
    crypto::Certificate,
    filter::{Dialect, Filter, StandardKinds, parse, parse_path},
    model::Instant,
    scim::{Extensions, GroupDocument, Patch, Query, ResourceType, USER_SCHEMA, UserDocument, parse_object},
    sso::saml::{Answers, Expected, IdpMetadata, Signing, Trust, c14n::canonicalize, glimpse, verify_response},
};
use data_encoding::BASE64;
use serde_json::{Map, Value, json};

const DIALECTS: [Dialect; 2] = [Dialect::Tolerant, Dialect::Strict];

/// Somebody with something in every kind of attribute.
fn somebody() -> Map<String, Value> {
    let body = json!({
        "schemas": [USER_SCHEMA], "userName": "ada@example.com", "externalId": "ext-0", "active": true, "title": "Countess",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [
            {"value": "ada@example.com", "type": "work", "primary": true}, {"value": "ada@home.example", "type": "home"},
        ],
        "roles": [{"value": "Viewer", "primary": true}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Engines", "manager": {"value": "usr_1"}},
        "meta": {"created": "2026-11-22T01:02:03Z"},
    });
    match body {
        Value::Object(body) => body,
        other => unreachable!("{other} is an object"),
    }
}

/// A filter: what prints reads back as the same, and what is strict is tolerable.
pub fn filter(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let resource = Value::Object(somebody());
    for dialect in DIALECTS {
        let Ok(filter) = parse(text, dialect) else { continue };
        let printed = filter.to_string();
        let again: Filter = parse(&printed, Dialect::Strict)
            .or_else(|_| parse(&printed, dialect))
            .unwrap_or_else(|error| panic!("{text:?} prints as {printed:?}, which does not parse: {error}"));
        assert_eq!(again.to_string(), printed, "{text:?}");
        let verdict = filter.matches(&resource, &StandardKinds);
        assert_eq!(verdict, again.matches(&resource, &StandardKinds), "{text:?} and {printed:?} disagree");
        assert_eq!(filter.explain(&resource, &StandardKinds).matched, verdict, "{text:?} explains another verdict");
        let tolerant = parse(text, Dialect::Tolerant);
        assert!(tolerant.is_ok(), "{text:?} is strict and not tolerable");
        for kind in [ResourceType::User, ResourceType::Group] {
            let _ = Query::parse(kind, &[("filter".to_owned(), text.to_owned())], dialect);
        }
    }
}

/// A PATCH path.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for dialect in DIALECTS {
        let Ok(path) = parse_path(text, dialect) else { continue };
        let printed = path.to_string();
        let again = parse_path(&printed, dialect)
            .unwrap_or_else(|error| panic!("{text:?} prints as {printed:?}, which does not parse: {error}"));
        assert_eq!(again.to_string(), printed, "{text:?}");
        for op in ["add", "replace", "remove"] {
            let operation = json!([{"op": op, "path": text, "value": "x"}]);
            apply(&json!({"Operations": operation}), dialect);
        }
    }
}

/// A PATCH of somebody and of a group. In the tolerant dialect, doing it twice is doing it once.
pub fn patch(data: &[u8]) {
    let Ok(body) = parse_object(data) else { return };
    for dialect in DIALECTS {
        apply(&Value::Object(body.clone()), dialect);
    }
}

fn apply(body: &Value, dialect: Dialect) {
    let Some(body) = body.as_object() else { return };
    let Ok(patch) = Patch::parse(body, dialect) else { return };
    let _ = patch.for_group();
    let Ok((before, _)) = UserDocument::parse(&somebody(), Dialect::Tolerant) else { return };
    let Ok(once) = patch.apply_to_user(&before) else { return };
    assert_eq!(once.changed, once.document != before);
    assert!(!once.document.user_name().is_empty(), "a user without a name came of {body:?}");
    // The strict dialect keeps as a text what the tolerant one would look into.
    if dialect == Dialect::Tolerant {
        whole(&once.document);
    }
    if patch.operations.len() == 1 && dialect == Dialect::Tolerant {
        let twice = patch.apply_to_user(&once.document).map(|patched| patched.document);
        assert_eq!(twice.as_ref().ok(), Some(&once.document), "twice is not once: {body:?}");
    }
}

/// What is kept is in the form in which it would come in again.
fn whole(document: &UserDocument) {
    let mut body = document.as_map().clone();
    body.insert("schemas".to_owned(), json!([USER_SCHEMA]));
    match UserDocument::parse(&body, Dialect::Tolerant) {
        Ok((again, _)) => assert_eq!(&again, document),
        Err(error) => panic!("{body:?} is kept and would not be taken: {error:?}"),
    }
}

/// The body of a POST or PUT.
pub fn body(data: &[u8]) {
    let Ok(body) = parse_object(data) else { return };
    let Ok((before, _)) = UserDocument::parse(&somebody(), Dialect::Tolerant) else { return };
    for dialect in DIALECTS {
        let made = UserDocument::parse(&body, dialect);
        let replaced = UserDocument::parse_replacement(&body, &before, dialect, Extensions::default());
        for (user, _) in [made, replaced].into_iter().flatten().filter(|_| dialect == Dialect::Tolerant) {
            whole(&user);
        }
        if let Ok((group, _)) = GroupDocument::parse(&body, dialect) {
            assert!(!group.display_name.is_empty());
        }
        for kind in [ResourceType::User, ResourceType::Group] {
            let _ = Query::from_search(kind, &body, dialect, Extensions::default());
        }
    }
}

/// The certificate of a key that nobody has any more.
const CERTIFICATE: &str = "\
    MIIDFTCCAf2gAwIBAgIUC/wcnDdbId5xemYixKHDEUUOODcwDQYJKoZIhvcNAQELBQAwGjEYMBYGA1UEAwwPaWRwLmV4YW1wbGUuY29tMB4XDT\
    I2MTEyMjA4MjcwN1oXDTM2MTExOTA4MjcwN1owGjEYMBYGA1UEAwwPaWRwLmV4YW1wbGUuY29tMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIB\
    CgKCAQEA1pPUEhsMjKVcL9+PRe/rih8WD+LmIQrouHdvgDpbNdU3AIyS79YCUrV79ELhe1+V6WH4GK8YyVFPsCd3mfuLwdU3QjT4XiFCHCxCdU\
    eGe9CDLAEjt1IoCJPB92Ch3R3iGLGl85SOMH2YAIUBFIc9AV7mcRAWEwx+EOBF7y7hkg6sRYo50Feu8kaI5OrZnToK3VF1ClLw4pRxXN4eSFAU\
    4lGj7a5wH5ycCeEaYYsSq7+PrZgiYUe15V3z/wBwcfwMzPFMHuuJAT3MJnoMzHCcgJ/OCN1l/PD5P69S0UiTgPMKWlpoNmhPpsoPyr++JShm3m\
    HirEBGGxrHMKG9H/KxOQIDAQABo1MwUTAdBgNVHQ4EFgQUuXjURDu9TKFR5Pfsebt45JT9qC8wHwYDVR0jBBgwFoAUuXjURDu9TKFR5Pfsebt4\
    5JT9qC8wDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAXNUnu73B2R3ZfNUTIRcgHNJyrTfR/jV42LtxlART9Lonexd5Qorik0\
    ujOPJV3ujzDGBD0ev2v2dWby2DHsy4WBAvLtanRJN02vG/AAhS11NLy+6C2P3GT/zj+AMqTr1gRDeDJBx7Uq3ByLA1JAhhgCa2JCqAtgMCx7lR\
    jmXf44CR3iNbqLW0YIjYmJCgq1Nh2CPb81oERxPT5aaNkdQbmS5F2V+b9YrBcbZQ9w6gyCSh9IAYLGuwpd0kMczKhi1T1Oehp62Kwt8p1JeeQ+\
    YrH47n0mTXzuahLuHyKRIVz+9dfVRzHSMxJf5zaNUMur2jDpqk6rA3XU7cbmgKuukn/A==";

/// A SAML message: through the gate, the canonical form and the whole verifier. Nobody can sign, so nothing is accepted.
pub fn saml(data: &[u8]) {
    if let Ok(once) = canonicalize(data, None, &[]) {
        assert_eq!(canonicalize(once.as_bytes(), None, &[]).as_ref(), Ok(&once));
        let _ = canonicalize(data, None, &["p", "#default"]);
    }
    let field = BASE64.encode(data);
    let _ = glimpse(&field);
    let trust = Trust {
        entity_id: "https://idp.example.com/metadata".to_owned(),
        certificates: Certificate::from_text(CERTIFICATE).into_iter().collect(),
        allow_sha1: true,
    };
    assert_eq!(trust.certificates.len(), 1);
    let expected = Expected {
        trust: &trust,
        entity_id: "https://gate.example.com/saml/con_1",
        acs: "https://gate.example.com/saml/con_1/acs",
        answers: Answers::Nothing,
        signing: Signing::Either,
        keys: &[],
        now: Instant(1_795_334_400_000_000),
    };
    assert!(verify_response(&field, &expected).is_err());
}

/// A provider's metadata: what is taken has a key and an address.
pub fn saml_metadata(data: &[u8]) {
    if let Ok(read) = IdpMetadata::parse(data, None, Instant(1_795_334_400_000_000)) {
        assert!(!read.certificates.is_empty() && !read.sign_on.is_empty());
        assert!(read.sign_on.iter().all(|endpoint| endpoint.location.starts_with("http")), "{:?}", read.sign_on);
    }
}
