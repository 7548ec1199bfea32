//! A provider's signing keys (RFC 7517), without those that no signature should rest on.

use super::{TokenFault, error::quoted, issuer::may_sign};
use crate::crypto::PublicJwk;
use data_encoding::BASE64URL_NOPAD;
use openidconnect::{JsonWebKey, core::CoreJsonWebKey};
use serde_json::Value;

/// More keys than any provider has; a longer list only costs time.
const MOST_KEYS: usize = 100;
/// RSA keys below this many bits are refused.
const LEAST_RSA_BITS: usize = 2048;

/// The usable keys, and the others with the reason.
#[derive(Debug, Clone)]
pub(super) struct KeySet {
    keys: Vec<Signer>,
    refused: Vec<Refused>,
}

/// A key, and what it says of itself.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    pub(super) key: CoreJsonWebKey,
    /// The same key as signatures are checked with: ten times as fast. None where it is of a kind that signs nothing here.
    public: Option<PublicJwk>,
    /// The one algorithm that it is for, if it says so.
    algorithm: Option<String>,
    /// The issuer that it is for, if it says so: Entra publishes the keys of all tenants together.
    issuer: Option<String>,
}

impl Signer {
    /// Whether it may sign in this issuer's name, of this tenant.
    pub(super) fn speaks_for(&self, issuer: &str, tenant: Option<&str>) -> Result<(), TokenFault> {
        match &self.issuer {
            Some(own) if !may_sign(own, issuer, tenant) => Err(TokenFault::ForeignKey(quoted(own))),
            Some(_) | None => Ok(()),
        }
    }
}

#[derive(Debug, Clone)]
struct Refused {
    kid: Option<String>,
    why: String,
}

impl KeySet {
    /// Reads a JWK set. A key that we cannot use does not spoil those beside it.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let document: Value = serde_json::from_slice(body).map_err(|error| format!("it is not JSON ({error})"))?;
        let list = document.get("keys").and_then(Value::as_array).ok_or("it has no `keys` list")?;
        let mut set = Self { keys: Vec::new(), refused: Vec::new() };
        for key in list.iter().take(MOST_KEYS) {
            match usable(key) {
                Ok(key) => set.keys.push(key),
                Err(why) => {
                    let kid = key.get("kid").and_then(Value::as_str).map(quoted);
                    set.refused.push(Refused { kid, why });
                }
            }
        }
        Ok(set)
    }

    /// How many keys can be used.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Why the others cannot, a line for each.
    pub(super) fn refusals(&self) -> Vec<String> {
        let name = |kid: &Option<String>| kid.clone().unwrap_or_else(|| "(without an id)".to_owned());
        self.refused.iter().map(|refused| format!("{}: {}", name(&refused.kid), refused.why)).collect()
    }

    /// The key that made this signature. A key id names one key; without an id every fitting key is tried.
    pub(super) fn verify(
        &self,
        kid: Option<&str>,
        name: &str,
        message: &[u8],
        signature: &[u8],
    ) -> Result<&Signer, TokenFault> {
        let named = |signer: &&Signer| kid.is_none() || signer.key.key_id().map(|id| id.as_str()) == kid;
        // RFC 7517 §4.4: a key that names an algorithm is for that one.
        let meant = |signer: &&Signer| signer.algorithm.as_deref().is_none_or(|only| only == name);
        let mut tried = false;
        for signer in self.keys.iter().filter(named).filter(meant) {
            match signer.public.as_ref().and_then(|key| key.made(name, message, signature)) {
                Some(true) => return Ok(signer),
                Some(false) => tried = true,
                None => {}
            }
        }
        if tried {
            return Err(TokenFault::Signature);
        }
        let weak = self.refused.iter().find(|refused| kid.is_some() && refused.kid.as_deref() == kid);
        Err(match (weak, kid) {
            (Some(refused), Some(kid)) => TokenFault::WeakKey { kid: kid.to_owned(), why: refused.why.clone() },
            _ => TokenFault::UnknownKey { kid: kid.map(quoted), algorithm: name.to_owned() },
        })
    }
}

fn usable(key: &Value) -> Result<Signer, String> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    // RFC 7517 §4.2, §4.3: a key may say what it is for.
    if text("use").is_some_and(|usage| usage != "sig") {
        return Err("it is not for signatures".to_owned());
    }
    if let Some(operations) = key.get("key_ops") {
        let verifies = operations.as_array().is_some_and(|list| list.iter().any(|op| op == "verify"));
        if !verifies {
            return Err("its operations do not include verifying".to_owned());
        }
    }
    match text("kty") {
        Some("RSA") => {
            let bits = text("n").map_or(0, rsa_bits);
            if bits < LEAST_RSA_BITS {
                return Err(format!("an RSA key of {bits} bits; at least {LEAST_RSA_BITS} are needed"));
            }
        }
        Some("EC" | "OKP") => {}
        Some("oct") => return Err("a shared secret has no place in a public key set".to_owned()),
        Some(other) => return Err(format!("keys of the kind {:?} are not known", quoted(other))),
        None => return Err("it does not say what kind of key it is".to_owned()),
    }
    let read = serde_json::from_value(key.clone()).map_err(|error| format!("it cannot be read ({error})"))?;
    let public = PublicJwk::read(key);
    Ok(Signer {
        key: read,
        public,
        algorithm: text("alg").map(str::to_owned),
        issuer: text("issuer").map(str::to_owned),
    })
}

/// The size of a modulus, without leading zeros.
fn rsa_bits(modulus: &str) -> usize {
    let Ok(bytes) = BASE64URL_NOPAD.decode(modulus.trim_end_matches('=').as_bytes()) else { return 0 };
    let significant = bytes.iter().skip_while(|byte| **byte == 0);
    let mut bits = significant.clone().count() * 8;
    if let Some(first) = significant.clone().next() {
        bits -= first.leading_zeros() as usize;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusals(key: &Value) -> String {
        let set = KeySet::read(json!({"keys": [key]}).to_string().as_bytes()).expect("a set");
        assert_eq!(set.len(), 0, "{key}");
        set.refusals().join("\n")
    }

    #[test]
    fn a_short_rsa_key_is_refused_by_its_real_size() {
        let short = BASE64URL_NOPAD.encode(&[0xff; 128]);
        assert_eq!(
            refusals(&json!({"kty": "RSA", "kid": "k", "e": "AQAB", "n": short})),
            "k: an RSA key of 1024 bits; at least 2048 are needed"
        );
        let mut padded = vec![0; 128];
        padded.extend([0xff; 128]);
        let padded = BASE64URL_NOPAD.encode(&padded);
        assert!(refusals(&json!({"kty": "RSA", "e": "AQAB", "n": padded})).contains("1024 bits"));
        assert_eq!(rsa_bits(&BASE64URL_NOPAD.encode(&[0x7f; 256])), 2047);
    }

    #[test]
    fn keys_for_other_uses_are_refused() {
        assert!(refusals(&json!({"kty": "EC", "use": "enc"})).contains("not for signatures"));
        assert!(refusals(&json!({"kty": "EC", "key_ops": ["sign"]})).contains("verifying"));
        assert!(refusals(&json!({"kty": "oct", "k": "AAAA"})).contains("shared secret"));
        assert!(refusals(&json!({"kty": "lattice"})).contains("not known"));
        assert!(refusals(&json!("no key")).contains("does not say"));
    }
}
