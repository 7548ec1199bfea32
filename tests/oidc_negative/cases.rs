//! What goes wrong, case by case: a name, what is bent, and the refusal that names the rule.

use crate::{
    provider::keys,
    scene::{NOW, Scene, later},
};
use castgate::sso::{Pending, SsoError, TokenFault};
use serde_json::json;

pub type Bend = fn(&mut Scene);
pub type Refusal = fn(&SsoError) -> bool;

/// A sign-in with one thing wrong, and the refusal that names it.
pub struct Case(pub &'static str, pub Bend, pub Refusal);

macro_rules! refusal {
    ($pattern:pat) => {
        |error| matches!(error, $pattern)
    };
}

macro_rules! fault {
    ($pattern:pat) => {
        |error| matches!(error, SsoError::TokenInvalid { why: $pattern })
    };
}

pub const SIGNATURES: &[Case] = &[
    Case(
        "signed by a stranger under the provider's key id",
        |s| s.signed_by = "stranger",
        fault!(TokenFault::Signature),
    ),
    Case("signature of zeros", |s| s.signed_by = "zeros", fault!(TokenFault::Signature)),
    Case("no signature at all", |s| s.signed_by = "nobody", fault!(TokenFault::Signature)),
    Case("another person after signing", |s| s.bend_token = |t| swap_payload(&t), fault!(TokenFault::Signature)),
    Case(
        "algorithm none",
        |s| (s.signed_by, s.header) = ("nobody", json!({"alg": "none"})),
        fault!(TokenFault::Algorithm(_)),
    ),
    Case(
        "algorithm nOnE",
        |s| (s.signed_by, s.header) = ("nobody", json!({"alg": "nOnE"})),
        fault!(TokenFault::Algorithm(_)),
    ),
    Case(
        "HS256 keyed with the public key",
        |s| (s.signed_by, s.header) = ("HS256 with the public key", json!({"alg": "HS256", "kid": "rsa"})),
        fault!(TokenFault::Algorithm(_)),
    ),
    Case(
        "HS256 keyed with the client secret",
        |s| (s.signed_by, s.header) = ("HS256 with the secret", json!({"alg": "HS256"})),
        fault!(TokenFault::Algorithm(_)),
    ),
    Case(
        "RS256 under an EC key's id",
        |s| s.header = json!({"alg": "RS256", "kid": "p256"}),
        fault!(TokenFault::UnknownKey { .. }),
    ),
    Case(
        "ES256 under a P-384 key's id",
        |s| s.header = json!({"alg": "ES256", "kid": "p384"}),
        fault!(TokenFault::Signature | TokenFault::UnknownKey { .. }),
    ),
    Case(
        "key id that nobody published",
        |s| s.header["kid"] = json!("elsewhere"),
        fault!(TokenFault::UnknownKey { .. }),
    ),
    Case("key id that is a path", |s| s.header["kid"] = json!("../../dev/null"), fault!(TokenFault::UnknownKey { .. })),
    Case(
        "RSA key of 1024 bits",
        |s| s.header = json!({"alg": "RS256", "kid": "short"}),
        fault!(TokenFault::WeakKey { .. }),
    ),
    Case(
        "key that is for encryption",
        |s| (s.signed_by, s.header) = ("RS256", json!({"alg": "RS256", "kid": "encryption"})),
        fault!(TokenFault::WeakKey { .. }),
    ),
    Case(
        "key that is for another algorithm",
        |s| (s.signed_by, s.header) = ("RS256", json!({"alg": "RS256", "kid": "only RS512"})),
        fault!(TokenFault::UnknownKey { .. }),
    ),
    Case(
        "key that the token brings along",
        |s| {
            s.signed_by = "stranger";
            s.header["kid"] = json!("brought");
            s.header["jwk"] = keys().rotated()["keys"].as_array().unwrap().last().unwrap().clone();
            s.header["jku"] = json!("https://evil.example/jwks");
            s.header["x5u"] = json!("https://evil.example/cert");
        },
        fault!(TokenFault::UnknownKey { .. }),
    ),
    Case("critical header that nobody knows", |s| s.header["crit"] = json!(["exp"]), fault!(TokenFault::Critical)),
    Case(
        "access token in the place of an ID token",
        |s| s.header["typ"] = json!("at+jwt"),
        fault!(TokenFault::Type(_)),
    ),
    Case(
        "logout token in the place of an ID token",
        |s| s.header["typ"] = json!("logout+jwt"),
        fault!(TokenFault::Type(_)),
    ),
    Case(
        "two parts",
        |s| s.bend_token = |t| t.rsplit_once('.').unwrap().0.to_owned(),
        fault!(TokenFault::Malformed(_)),
    ),
    Case(
        "four parts",
        |s| s.bend_token = |t| format!("{t}.e30"),
        fault!(TokenFault::Malformed(_) | TokenFault::Algorithm(_)),
    ),
    Case("padding", |s| s.bend_token = |t| format!("{t}=="), fault!(TokenFault::Malformed(_))),
    Case("a token of a hundred kilobytes", |s| s.bend_token = |t| t.repeat(300), fault!(TokenFault::TooLarge(_))),
];

pub const CLAIMS: &[Case] = &[
    Case("wrong issuer", |s| s.claims["iss"] = json!("https://evil.example"), fault!(TokenFault::Issuer { .. })),
    Case("issuer with a slash more", |s| s.claims["iss"] = json!("@issuer/"), fault!(TokenFault::Issuer { .. })),
    Case("no issuer", |s| remove(s, "iss"), fault!(TokenFault::Issuer { .. })),
    Case("wrong audience", |s| s.claims["aud"] = json!("grafana"), fault!(TokenFault::Audience(_))),
    Case("audience without us", |s| s.claims["aud"] = json!(["grafana", "castgate2"]), fault!(TokenFault::Audience(_))),
    Case("no audience", |s| remove(s, "aud"), fault!(TokenFault::Audience(_))),
    Case("issued to another client", |s| s.claims["azp"] = json!("grafana"), fault!(TokenFault::AuthorizedParty(_))),
    Case(
        "several audiences, nobody authorized",
        |s| s.claims["aud"] = json!(["castgate", "grafana"]),
        fault!(TokenFault::AuthorizedParty(_)),
    ),
    Case(
        "authorized party that is no text",
        |s| s.claims["azp"] = json!(["castgate"]),
        fault!(TokenFault::AuthorizedParty(_)),
    ),
    Case("no nonce", |s| remove(s, "nonce"), fault!(TokenFault::Nonce)),
    Case("nonce of another sign-in", |s| s.claims["nonce"] = json!("replayed"), fault!(TokenFault::Nonce)),
    Case("expired beyond the leeway", |s| s.claims["exp"] = json!(NOW.seconds() - 60), fault!(TokenFault::Expired(_))),
    Case("no expiry", |s| remove(s, "exp"), fault!(TokenFault::Malformed(_))),
    Case("expiry that is no number", |s| s.claims["exp"] = json!("never"), fault!(TokenFault::Malformed(_))),
    Case(
        "issued in the future",
        |s| s.claims["iat"] = json!(NOW.seconds() + 61),
        fault!(TokenFault::IssuedInFuture(_)),
    ),
    Case("no time of issue", |s| remove(s, "iat"), fault!(TokenFault::Malformed(_))),
    Case("not valid yet", |s| s.claims["nbf"] = json!(NOW.seconds() + 61), fault!(TokenFault::NotYetValid(_))),
    Case("not-before that is no number", |s| s.claims["nbf"] = json!("1"), fault!(TokenFault::Malformed(_))),
    Case("no subject", |s| remove(s, "sub"), fault!(TokenFault::Subject)),
    Case("empty subject", |s| s.claims["sub"] = json!(" "), fault!(TokenFault::Subject)),
    Case("subject that is a number", |s| s.claims["sub"] = json!(1), fault!(TokenFault::Subject)),
    Case("subject of 256 characters", |s| s.claims["sub"] = json!("s".repeat(256)), fault!(TokenFault::Subject)),
    Case(
        "access token of somebody else",
        |s| s.claims["at_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA"),
        fault!(TokenFault::AccessTokenHash),
    ),
    Case("access token hash that is no text", |s| s.claims["at_hash"] = json!(7), fault!(TokenFault::AccessTokenHash)),
    Case(
        "subject named twice",
        |s| {
            s.claims_text = Some(
                r#"{"iss":"@issuer","aud":"castgate","sub":"ada","sub":"root","nonce":"@nonce","iat":1795248000,"exp":1795248300}"#,
            );
        },
        fault!(TokenFault::Malformed(_)),
    ),
    Case("claims that are a list", |s| s.claims_text = Some("[]"), fault!(TokenFault::Malformed(_))),
];

pub const ANSWERS: &[Case] = &[
    Case("state of another browser", |s| s.callback["state"] = json!("another"), refusal!(SsoError::StateMismatch)),
    Case("no state", |s| s.callback = json!({"code": "c0de"}), refusal!(SsoError::StateMismatch)),
    Case(
        "state and memory both empty",
        |s| (s.callback["state"], s.bend_pending) = (json!(""), |p: &mut Pending| p.state.clear()),
        refusal!(SsoError::StateMismatch),
    ),
    Case("memory of another provider", |s| s.bend_pending = |p| p.issuer.push('x'), refusal!(SsoError::StateMismatch)),
    Case(
        "issuer parameter of another provider",
        |s| s.callback["iss"] = json!("https://evil.example"),
        refusal!(SsoError::IssuerMismatch { .. }),
    ),
    Case(
        "issuer parameter promised and left out",
        |s| s.discovery["authorization_response_iss_parameter_supported"] = json!(true),
        refusal!(SsoError::IssuerMismatch { found: None, .. }),
    ),
    Case(
        "error from another provider",
        |s| s.callback = json!({"error": "x", "state": "@state", "iss": "https://evil.example"}),
        refusal!(SsoError::IssuerMismatch { .. }),
    ),
    Case(
        "code and error together",
        |s| s.callback["error"] = json!("access_denied"),
        refusal!(SsoError::CallbackInvalid { .. }),
    ),
    Case(
        "neither code nor error",
        |s| s.callback = json!({"state": "@state"}),
        refusal!(SsoError::CallbackInvalid { .. }),
    ),
    Case("empty code", |s| s.callback["code"] = json!(""), refusal!(SsoError::CallbackInvalid { .. })),
    Case("endless code", |s| s.callback["code"] = json!("c".repeat(5000)), refusal!(SsoError::CallbackInvalid { .. })),
    Case(
        "the provider's refusal",
        |s| s.callback = json!({"error": "access_denied", "state": "@state"}),
        refusal!(SsoError::Refused { .. }),
    ),
    Case("a sign-in of yesterday", |s| s.finished_at = later(15 * 60 + 1), refusal!(SsoError::PendingExpired { .. })),
    Case(
        "a code used twice",
        |s| s.token_answer = (400, json!({"error": "invalid_grant"})),
        refusal!(SsoError::CodeRefused { .. }),
    ),
    Case(
        "a wrong client secret",
        |s| s.token_answer = (401, json!({"error": "invalid_client"})),
        refusal!(SsoError::CodeRefused { .. }),
    ),
    Case(
        "a token endpoint that is down",
        |s| s.token_answer = (503, json!("sorry")),
        refusal!(SsoError::ProviderUnreachable { .. }),
    ),
    Case(
        "a token endpoint that redirects",
        |s| s.token_answer = (302, json!({})),
        refusal!(SsoError::ProviderUnreachable { .. }),
    ),
    Case(
        "no ID token",
        |s| s.token_answer.1 = json!({"access_token": "a", "token_type": "bearer"}),
        fault!(TokenFault::Missing),
    ),
    Case(
        "an access token of another type",
        |s| s.token_answer.1["token_type"] = json!("DPoP"),
        refusal!(SsoError::ProviderUnreachable { .. }),
    ),
    Case(
        "an answer of two megabytes",
        |s| s.token_answer.1["x"] = json!("x".repeat(2 << 20)),
        refusal!(SsoError::ProviderUnreachable { .. }),
    ),
    Case(
        "userinfo about somebody else",
        |s| s.userinfo.1["sub"] = json!("root"),
        refusal!(SsoError::UserinfoInvalid { .. }),
    ),
    Case(
        "userinfo about nobody",
        |s| s.userinfo.1 = json!({"name": "Root"}),
        refusal!(SsoError::UserinfoInvalid { .. }),
    ),
    Case(
        "userinfo that is no object",
        |s| s.userinfo.1 = json!("eyJhbGciOi"),
        refusal!(SsoError::UserinfoInvalid { .. }),
    ),
    Case("userinfo that is down", |s| s.userinfo.0 = 500, refusal!(SsoError::ProviderUnreachable { .. })),
];

pub const CONFIGURATIONS: &[Case] = &[
    Case(
        "issuer with a slash more",
        |s| s.discovery["issuer"] = json!(format!("{}/", s.provider.issuer)),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
    Case(
        "issuer of somebody else",
        |s| s.discovery["issuer"] = json!("https://evil.example"),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
    Case(
        "token endpoint in the clear",
        |s| s.discovery["token_endpoint"] = json!("http://idp.example/token"),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
    Case(
        "keys in a file",
        |s| s.discovery["jwks_uri"] = json!("file:///etc/keys"),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
    Case(
        "token endpoint with a user name in it",
        |s| s.discovery["token_endpoint"] = json!("https://castgate@idp.example/token"),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
    Case(
        "keys behind a password in the address",
        |s| s.discovery["jwks_uri"] = json!("https://:secret@idp.example/keys"),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
    Case(
        "authorization endpoint with a fragment",
        |s| s.discovery["authorization_endpoint"] = json!("https://idp.example/authorize#here"),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
    Case(
        "sign-in page that is a script",
        |s| s.discovery["authorization_endpoint"] = json!("javascript:alert(1)"),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
    Case(
        "no code flow",
        |s| s.discovery["response_types_supported"] = json!(["id_token"]),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
    Case(
        "PKCE without S256",
        |s| s.discovery["code_challenge_methods_supported"] = json!(["plain"]),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
    Case(
        "shared-secret signatures alone",
        |s| s.discovery["id_token_signing_alg_values_supported"] = json!(["HS256"]),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
    Case(
        "no token endpoint",
        |s| drop(s.discovery.as_object_mut().unwrap().remove("token_endpoint")),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
    Case(
        "connection in the clear",
        |s| "http://idp.example".clone_into(&mut s.settings.issuer),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
    Case(
        "connection with a query",
        |s| s.settings.issuer.push_str("/?a=b"),
        refusal!(SsoError::DiscoveryInvalid { .. }),
    ),
];

pub fn remove(scene: &mut Scene, claim: &str) {
    scene.claims.as_object_mut().unwrap().remove(claim);
}

fn swap_payload(token: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let payload = data_encoding::BASE64URL_NOPAD.encode(br#"{"sub":"root"}"#);
    format!("{}.{payload}.{}", parts[0], parts[2])
}
