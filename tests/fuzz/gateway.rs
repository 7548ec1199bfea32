//! What is fuzzed of the gateway's own modules, which are compiled with all of it: headers of tokens, where a sign-in leads, and
//! what a SAML provider says.

use castgate::{
    config::Settings,
    crypto::Certificate,
    http,
    model::Instant,
    sso::{
        self,
        saml::{Answers, Expected, IdpMetadata, Signing, Trust, c14n::canonicalize, glimpse, verify_response},
    },
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::Value;
use std::{iter, sync::OnceLock};
use url::Url;

const ALGORITHMS: [&str; 5] = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];

/// The header of a token of a provider: what is not refused has three parts, an algorithm of the list, and demands nothing.
pub fn jose(data: &[u8]) {
    let Ok(token) = std::str::from_utf8(data) else { return };
    let (as_id, as_logout) = sso::header_faults(token);
    if as_id.is_none() {
        assert_eq!(as_logout, None, "{token:?} is an ID token and no logout token");
    }
    if as_logout.is_some() {
        return;
    }
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token:?}");
    let header = BASE64URL_NOPAD.decode(parts[0].as_bytes()).expect("a header that was read");
    // What is not looked at may be deeper than this reader goes.
    let Ok(header) = serde_json::from_slice::<Value>(&header) else { return };
    assert!(header["alg"].as_str().is_some_and(|alg| ALGORITHMS.contains(&alg)), "{header}");
    assert!(header["crit"].is_null() && header["b64"].is_null(), "{header}");
    let typ = header["typ"].as_str().unwrap_or("JWT").to_ascii_lowercase();
    assert!(["jwt", "logout+jwt", "application/jwt", "application/logout+jwt"].contains(&typ.as_str()), "{header}");
}

fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let mut settings = Settings::load(None, iter::empty()).expect("the defaults");
        settings.server.public_url = "https://id.example.com".parse().expect("an address");
        settings.gateway.return_hosts =
            ["costs.example.com", "*.apps.example.com"].map(|host| host.parse().expect("a host")).to_vec();
        settings
    })
}

/// Where a sign-in leads: to this site or to a host of the settings, in one reading and in every other one.
pub fn return_to(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let target = http::return_address(text, settings());
    assert!(
        target.bytes().all(|byte| byte.is_ascii_graphic()) && !target.contains('\\'),
        "{text:?} leads to {target:?}"
    );
    assert_eq!(http::return_address(&target, settings()), target, "{text:?}");
    let here = Url::parse("https://id.example.com/login").expect("an address");
    let there = here.join(&target).expect("an address");
    let host = there.host_str().unwrap_or_default();
    let known = host == "id.example.com" || host == "costs.example.com" || host.ends_with(".apps.example.com");
    assert!(known && there.scheme() == "https" && there.port().is_none(), "{text:?} leads to {there}");
    assert!(there.username().is_empty() && there.password().is_none(), "{text:?} leads to {there}");
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
