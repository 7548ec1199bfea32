//! Signed statements of a provider (RFC 7515): taken apart, judged by their header, believed by their signature. Nothing of one
//! is read before its signature holds, except the header that names the key.

use super::{TokenFault, error::quoted, keys::KeySet};
use crate::model::Instant;
use data_encoding::BASE64URL_NOPAD;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use std::fmt;

/// No honest ID token is larger: 250 groups by their ids are about 10 KiB.
const LARGEST: usize = 64 * 1024;
/// How far two clocks may be apart, in seconds.
pub(super) const LEEWAY: i64 = 60;

/// Which statement is expected: what its `typ` may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An ID token.
    Id,
    /// A logout token.
    Logout,
}

impl Kind {
    /// RFC 8725 §3.11: an access token (`at+jwt`) is neither, and an ID token says nothing but `JWT`. Back-Channel Logout 1.0
    /// §2.4 recommends `logout+jwt`, and providers that were there before say `JWT` or nothing.
    fn is(self, typ: &str) -> bool {
        let typ = typ.to_ascii_lowercase();
        match (self, typ.strip_prefix("application/").unwrap_or(&typ)) {
            (Self::Id | Self::Logout, "jwt") | (Self::Logout, "logout+jwt") => true,
            (Self::Id | Self::Logout, _) => false,
        }
    }
}

/// A token whose signature is not checked yet: only its header may be looked at.
pub(super) struct Unverified<'a> {
    header: Header,
    pub(super) algorithm: CoreJwsSigningAlgorithm,
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
    b64: Option<Value>,
    // `jku`, `x5u`, `jwk` and `x5c` are not here: a key comes from the provider's key set or from nowhere.
}

impl<'a> Unverified<'a> {
    /// Takes a compact JWS apart and judges its header.
    pub(super) fn read(token: &'a str, kind: Kind) -> Result<Self, TokenFault> {
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
        // RFC 7515 §4.1.11: extensions that are not understood make the JWS invalid. RFC 7797: `b64` changes what is signed.
        if header.crit.is_some() || header.b64.is_some() {
            return Err(TokenFault::Critical);
        }
        let other_type = header.typ.as_ref().filter(|typ| !kind.is(typ));
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

    /// What it says, if one of these keys signed it; and that key.
    pub(super) fn claims<'k>(&self, keys: &'k KeySet) -> Result<(Map<String, Value>, &'k CoreJsonWebKey), TokenFault> {
        let kid = self.header.kid.as_deref();
        let message = self.message.as_bytes();
        let signed = keys.verify(kid, &self.header.alg, message, &self.signature)?;
        let Claims(claims) = serde_json::from_slice(&decoded(self.payload, "payload")?)
            .map_err(|error| TokenFault::Malformed(format!("its claims cannot be read ({error})")))?;
        let issuer = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
        let tenant = claims.get("tid").and_then(Value::as_str);
        signed.speaks_for(issuer, tenant)?;
        Ok((claims, &signed.key))
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

/// OpenID Connect Core §3.1.3.7, steps 9 and 10; RFC 7519 §4.1.5 for `nbf`. When it was issued.
pub(super) fn check_times(claims: &Map<String, Value>, now: Instant) -> Result<i64, TokenFault> {
    let now = now.seconds();
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
        Some(_) | None => Ok(issued),
    }
}

/// A NumericDate. One that is there but not a number refuses the token: it must not count as absent.
pub(super) fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, TokenFault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    #[expect(clippy::cast_possible_truncation, reason = "fractions of a second do not matter, and the cast saturates")]
    let whole = value.as_i64().or_else(|| value.as_f64().map(|fraction| fraction as i64));
    whole.map(Some).ok_or_else(|| TokenFault::Malformed(format!("its `{name}` is not a number of seconds")))
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
