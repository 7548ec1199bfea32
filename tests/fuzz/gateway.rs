//! What is fuzzed of the gateway's own modules, which are compiled with all of it: headers of tokens, and where a sign-in leads.

use castgate::{config::Settings, http, sso};
use data_encoding::BASE64URL_NOPAD;
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
    let header: Value = serde_json::from_slice(&header).expect("a header that was read");
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
