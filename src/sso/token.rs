//! Verifying an ID token (OpenID Connect Core 1.0 §3.1.3.7). Nothing of it is read before its signature holds,
//! except the header that names the key.

use super::{TokenFault, error::quoted, keys::KeySet};
use crate::model::Instant;
use data_encoding::BASE64URL_NOPAD;
use openidconnect::{
    AccessToken, AccessTokenHash, Nonce,
    core::{CoreJsonWebKey, CoreJwsSigningAlgorithm},
};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use std::fmt;

/// No honest ID token is larger: 250 groups by their ids are about 10 KiB.
const LARGEST: usize = 64 * 1024;
/// How far two clocks may be apart, in seconds.
const LEEWAY: i64 = 60;
/// OpenID Connect Core §2: the subject MUST NOT exceed 255 ASCII characters.
const LONGEST_SUBJECT: usize = 255;

/// What an ID token is held against.
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    /// The access token that came with it, which `at_hash` must fit.
    pub access_token: &'a str,
    pub now: Instant,
}

/// A token whose signature is not checked yet: only its header may be looked at.
pub(super) struct Unverified<'a> {
    header: Header,
    algorithm: CoreJwsSigningAlgorithm,
    message: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    cty: Option<String>,
    crit: Option<Value>,
    // `jku`, `x5u`, `jwk` and `x5c` are not here: a key comes from the provider's key set or from nowhere.
}

impl<'a> Unverified<'a> {
    /// Takes a compact JWS apart and judges its header.
    pub(super) fn read(token: &'a str) -> Result<Self, TokenFault> {
        if token.len() > LARGEST {
            return Err(TokenFault::TooLarge(LARGEST));
        }
        let malformed = |what: &str| TokenFault::Malformed(what.to_owned());
        let (message, signature) = token.rsplit_once('.').ok_or_else(|| malformed("it has no signature part"))?;
        let (header, payload) = message.split_once('.').ok_or_else(|| malformed("it has no payload part"))?;
        let header: Header = serde_json::from_slice(&decoded(header, "header")?)
            .map_err(|error| TokenFault::Malformed(format!("its header cannot be read ({error})")))?;
        let algorithm = algorithm(&header.alg).ok_or_else(|| TokenFault::Algorithm(quoted(&header.alg)))?;
        if payload.contains('.') {
            return Err(malformed("it has more than three parts"));
        }
        // RFC 7515 §4.1.11: extensions that are not understood make the JWS invalid.
        if header.crit.is_some() {
            return Err(TokenFault::Critical);
        }
        // RFC 8725 §3.11: an access token (`at+jwt`) or a logout token (`logout+jwt`) is no ID token.
        let other_type = header.typ.as_ref().filter(|typ| !typ.eq_ignore_ascii_case("JWT"));
        if let Some(other) = other_type.or(header.cty.as_ref()) {
            return Err(TokenFault::Type(quoted(other)));
        }
        let signature = decoded(signature, "signature")?;
        Ok(Self { header, algorithm, message, payload, signature })
    }

    /// Whether fetching the keys again could help: the provider may have rotated them.
    pub(super) fn may_be_rotated(&self, fault: &TokenFault) -> bool {
        matches!(fault, TokenFault::UnknownKey { .. })
            || (self.header.kid.is_none() && matches!(fault, TokenFault::Signature))
    }

    /// Checks the signature, then every rule about the claims.
    pub(super) fn verify(&self, keys: &KeySet, expected: &Expected<'_>) -> Result<Map<String, Value>, TokenFault> {
        let kid = self.header.kid.as_deref();
        let message = self.message.as_bytes();
        let key = keys.verify(kid, &self.algorithm, &self.header.alg, message, &self.signature)?;
        let Claims(claims) = serde_json::from_slice(&decoded(self.payload, "payload")?)
            .map_err(|error| TokenFault::Malformed(format!("its claims cannot be read ({error})")))?;
        check_parties(&claims, expected)?;
        check_times(&claims, expected.now.seconds())?;
        check_nonce(&claims, expected.nonce)?;
        self.check_access_token(&claims, key, expected.access_token)?;
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        if subject.trim().is_empty() || subject.chars().count() > LONGEST_SUBJECT {
            return Err(TokenFault::Subject);
        }
        Ok(claims)
    }

    /// OpenID Connect Core §3.1.3.8: the access token is the one that was issued with the ID token.
    fn check_access_token(
        &self,
        claims: &Map<String, Value>,
        key: &CoreJsonWebKey,
        access_token: &str,
    ) -> Result<(), TokenFault> {
        let Some(claimed) = claims.get("at_hash") else { return Ok(()) };
        let access_token = AccessToken::new(access_token.to_owned());
        let computed = AccessTokenHash::from_token(&access_token, &self.algorithm, key);
        match (computed, claimed.as_str()) {
            (Ok(computed), Some(claimed)) if computed == AccessTokenHash::new(claimed.to_owned()) => Ok(()),
            _ => Err(TokenFault::AccessTokenHash),
        }
    }
}

fn algorithm(name: &str) -> Option<CoreJwsSigningAlgorithm> {
    match name {
        "RS256" => Some(CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256),
        "PS256" => Some(CoreJwsSigningAlgorithm::RsaSsaPssSha256),
        "ES256" => Some(CoreJwsSigningAlgorithm::EcdsaP256Sha256),
        "ES384" => Some(CoreJwsSigningAlgorithm::EcdsaP384Sha384),
        "EdDSA" => Some(CoreJwsSigningAlgorithm::EdDsa),
        _ => None,
    }
}

fn decoded(part: &str, name: &str) -> Result<Vec<u8>, TokenFault> {
    BASE64URL_NOPAD
        .decode(part.as_bytes())
        .map_err(|_| TokenFault::Malformed(format!("its {name} is not base64url without padding")))
}

/// OpenID Connect Core §3.1.3.7, steps 2 to 5.
fn check_parties(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), TokenFault> {
    let issuer = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
    if issuer != expected.issuer {
        return Err(TokenFault::Issuer { expected: expected.issuer.to_owned(), found: quoted(issuer) });
    }
    let audience = claims.get("aud").unwrap_or(&Value::Null);
    let (ours, several) = match audience {
        Value::String(one) => (one == expected.client_id, false),
        Value::Array(list) => (list.iter().any(|one| one == expected.client_id), list.len() > 1),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => (false, false),
    };
    if !ours {
        return Err(TokenFault::Audience(quoted(&audience.to_string())));
    }
    match claims.get("azp") {
        Some(Value::String(party)) if party == expected.client_id => Ok(()),
        Some(other) => Err(TokenFault::AuthorizedParty(quoted(&other.to_string()))),
        None if several => Err(TokenFault::AuthorizedParty("several audiences and no `azp`".to_owned())),
        None => Ok(()),
    }
}

/// OpenID Connect Core §3.1.3.7, steps 9 and 10; RFC 7519 §4.1.5 for `nbf`.
fn check_times(claims: &Map<String, Value>, now: i64) -> Result<(), TokenFault> {
    let expires = seconds(claims, "exp")?.ok_or_else(|| TokenFault::Malformed("it has no `exp`".to_owned()))?;
    if now >= expires.saturating_add(LEEWAY) {
        return Err(TokenFault::Expired(expires));
    }
    let issued = seconds(claims, "iat")?.ok_or_else(|| TokenFault::Malformed("it has no `iat`".to_owned()))?;
    if issued > now.saturating_add(LEEWAY) {
        return Err(TokenFault::IssuedInFuture(issued));
    }
    match seconds(claims, "nbf")? {
        Some(begins) if begins > now.saturating_add(LEEWAY) => Err(TokenFault::NotYetValid(begins)),
        Some(_) | None => Ok(()),
    }
}

/// A NumericDate. One that is there but not a number refuses the token: it must not count as absent.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, TokenFault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    #[expect(clippy::cast_possible_truncation, reason = "fractions of a second do not matter, and the cast saturates")]
    let whole = value.as_i64().or_else(|| value.as_f64().map(|fraction| fraction as i64));
    whole.map(Some).ok_or_else(|| TokenFault::Malformed(format!("its `{name}` is not a number of seconds")))
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

/// Claims in which no name stands twice: two readers of one token must not see two people (RFC 7519 §4).
pub(super) struct Claims(pub Map<String, Value>);

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = Claims;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of claims")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Claims, A::Error> {
                let mut claims = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if claims.contains_key(&name) {
                        return Err(A::Error::custom(format!("the claim {:?} stands twice", quoted(&name))));
                    }
                    claims.insert(name, value);
                }
                Ok(Claims(claims))
            }
        }
        deserializer.deserialize_map(Once)
    }
}
