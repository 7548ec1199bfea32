//! Verifying an ID token (OpenID Connect Core 1.0 §3.1.3.7).

use super::{
    TokenFault,
    error::quoted,
    issuer::Issuer,
    jws::{Unverified, check_times},
    keys::KeySet,
    step_up::StepUp,
};
use crate::model::Instant;
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, AuthorizationCodeHash, Nonce,
    core::{CoreJsonWebKey, CoreJwsSigningAlgorithm},
};
use serde_json::{Map, Value};

/// OpenID Connect Core §2: the subject MUST NOT exceed 255 ASCII characters.
const LONGEST_SUBJECT: usize = 255;

/// What an ID token is held against.
pub(super) struct Expected<'a> {
    pub issuer: Issuer<'a>,
    pub client_id: &'a str,
    pub nonce: &'a str,
    /// The access token that came with it, which `at_hash` must fit.
    pub access_token: &'a str,
    /// The code that it came for, which `c_hash` must fit.
    pub code: &'a str,
    /// How and when they were asked to sign in.
    pub step_up: &'a StepUp,
    pub now: Instant,
}

/// The claims, if one of the keys signed them and every rule about them holds.
pub(super) fn verify(
    token: &Unverified<'_>,
    keys: &KeySet,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, TokenFault> {
    let (claims, key) = token.claims(keys)?;
    expected.issuer.check(&claims)?;
    check_audience(&claims, expected.client_id)?;
    check_party(&claims, expected.client_id)?;
    check_times(&claims, expected.now)?;
    check_nonce(&claims, expected.nonce)?;
    check_hashes(&claims, (key, &token.algorithm), expected)?;
    expected.step_up.check(&claims, expected.now)?;
    check_subject(&claims)?;
    Ok(claims)
}

/// OpenID Connect Core §3.1.3.8 and §3.3.2.11: access token and code are those that the ID token was issued with.
fn check_hashes(
    claims: &Map<String, Value>,
    (key, algorithm): (&CoreJsonWebKey, &CoreJwsSigningAlgorithm),
    expected: &Expected<'_>,
) -> Result<(), TokenFault> {
    if let Some(claimed) = claims.get("at_hash") {
        let token = AccessToken::new(expected.access_token.to_owned());
        let computed = AccessTokenHash::from_token(&token, algorithm, key);
        match (computed, claimed.as_str()) {
            (Ok(computed), Some(claimed)) if computed == AccessTokenHash::new(claimed.to_owned()) => {}
            _ => return Err(TokenFault::AccessTokenHash),
        }
    }
    if let Some(claimed) = claims.get("c_hash") {
        let code = AuthorizationCode::new(expected.code.to_owned());
        let computed = AuthorizationCodeHash::from_code(&code, algorithm, key);
        match (computed, claimed.as_str()) {
            (Ok(computed), Some(claimed)) if computed == AuthorizationCodeHash::new(claimed.to_owned()) => {}
            _ => return Err(TokenFault::CodeHash),
        }
    }
    Ok(())
}

/// OpenID Connect Core §2: a subject is 1 to 255 characters.
pub(super) fn check_subject(claims: &Map<String, Value>) -> Result<(), TokenFault> {
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    if subject.trim().is_empty() || subject.chars().count() > LONGEST_SUBJECT {
        return Err(TokenFault::Subject);
    }
    Ok(())
}

/// OpenID Connect Core §3.1.3.7, step 3: it is meant for us.
pub(super) fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), TokenFault> {
    let audience = claims.get("aud").unwrap_or(&Value::Null);
    let ours = match audience {
        Value::String(one) => one == client_id,
        Value::Array(list) => list.iter().any(|one| one == client_id),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    };
    if ours { Ok(()) } else { Err(TokenFault::Audience(quoted(&audience.to_string()))) }
}

/// OpenID Connect Core §3.1.3.7, steps 4 and 5: it was issued to us.
fn check_party(claims: &Map<String, Value>, client_id: &str) -> Result<(), TokenFault> {
    let several = claims.get("aud").and_then(Value::as_array).is_some_and(|list| list.len() > 1);
    match claims.get("azp") {
        Some(Value::String(party)) if party == client_id => Ok(()),
        Some(other) => Err(TokenFault::AuthorizedParty(quoted(&other.to_string()))),
        None if several => Err(TokenFault::AuthorizedParty("several audiences and no `azp`".to_owned())),
        None => Ok(()),
    }
}

/// OpenID Connect Core §3.1.3.7, step 11.
fn check_nonce(claims: &Map<String, Value>, expected: &str) -> Result<(), TokenFault> {
    let claimed = claims.get("nonce").and_then(Value::as_str).ok_or(TokenFault::Nonce)?;
    // `Nonce` compares in constant time.
    if expected.is_empty() || Nonce::new(claimed.to_owned()) != Nonce::new(expected.to_owned()) {
        return Err(TokenFault::Nonce);
    }
    Ok(())
}
