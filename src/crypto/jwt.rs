//! Short-lived signed statements for the services behind the gateway, which verify them by our published keys.
//!
//! ES256 only: a token that names another algorithm is refused before its signature is looked at. The time is a parameter, so
//! that the clock of the tests is the clock of the verification.

use super::hash::sha256;
use crate::model::Instant;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{fmt, time::Duration};

/// Why a statement was not signed or not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// The bytes are no P-256 key in PKCS #8.
    #[error("this is not a P-256 signing key")]
    BadKey,
    /// The library refused to make a key or to sign.
    #[error("the token could not be signed: {0}")]
    Refused(String),
    /// It is not a JWT, or is signed with another algorithm than ES256.
    #[error("this is not a token that castgate signs")]
    NotOurs,
    /// It names a key that is not published.
    #[error("this token is signed by a key that is not published (any more)")]
    UnknownKey,
    /// The signature, the issuer or the audience is wrong, or a claim is missing.
    #[error("this token is not valid here: {0}")]
    Invalid(String),
    /// Its time is over.
    #[error("this token has expired")]
    Expired,
}

/// One ES256 key of ours.
pub struct SigningKey {
    kid: String,
    pkcs8: Zeroizing<Vec<u8>>,
    signer: EncodingKey,
    verifier: DecodingKey,
    x: String,
    y: String,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

impl SigningKey {
    /// A new key.
    pub fn generate() -> Result<Self, JwtError> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|_| JwtError::Refused("no key could be made".to_owned()))?;
        Self::from_pkcs8(document.as_ref())
    }

    /// The key in a PKCS #8 document (DER), as [`SigningKey::pkcs8`] gave it.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, JwtError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(|_| JwtError::BadKey)?;
        // SEC 1 §2.3.3: an uncompressed point is 04 and the two coordinates.
        let [4, point @ ..] = pair.public_key().as_ref() else { return Err(JwtError::BadKey) };
        let (x, y) = point.split_at_checked(32).ok_or(JwtError::BadKey)?;
        let (x, y) = (BASE64URL_NOPAD.encode(x), BASE64URL_NOPAD.encode(y));
        let verifier = DecodingKey::from_ec_components(&x, &y).map_err(|_| JwtError::BadKey)?;
        Ok(Self {
            kid: thumbprint(&x, &y),
            pkcs8: Zeroizing::new(der.to_vec()),
            signer: EncodingKey::from_ec_der(der),
            verifier,
            x,
            y,
        })
    }

    /// The private key (PKCS #8, DER). Seal it before it is stored.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The key's name: its RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// RFC 7517 §4: the public half.
    fn jwk(&self) -> Value {
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid, "x": self.x, "y": self.y})
    }
}

/// RFC 7638 §3: the SHA-256 of the required members, in lexicographic order, without white space.
fn thumbprint(x: &str, y: &str) -> String {
    BASE64URL_NOPAD.encode(&sha256(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#).as_bytes()))
}

/// A key with its times. It is published from the moment it is here until it is retired, and signs within that.
#[derive(Debug)]
pub struct Published {
    /// The key.
    pub key: SigningKey,
    /// When it may begin to sign: late enough for verifiers to have read it.
    pub signs_from: Instant,
    /// When it is no longer published; what it signed is over by then, or is to be refused.
    pub retired_at: Option<Instant>,
}

impl Published {
    fn is_published(&self, now: Instant) -> bool {
        self.retired_at.is_none_or(|retired| now < retired)
    }
}

/// All published keys: the one that signs now, those that will, and those whose tokens still live.
#[derive(Debug)]
pub struct SigningKeys {
    keys: Vec<Published>,
}

/// What a verifier demands of a token.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The issuer, exactly.
    pub issuer: &'a str,
    /// An audience that the token must name; none: whomever it names.
    pub audience: Option<&'a str>,
    /// The time of the verification.
    pub now: Instant,
    /// How far the clocks of signer and verifier may differ.
    pub leeway: Duration,
}

/// The claims that are checked here rather than in the library, whose clock cannot be moved.
#[derive(Deserialize)]
struct Times {
    exp: i64,
    nbf: Option<i64>,
}

impl SigningKeys {
    /// These keys, in any order.
    pub fn new(mut keys: Vec<Published>) -> Self {
        keys.sort_by_key(|published| std::cmp::Reverse(published.signs_from));
        Self { keys }
    }

    /// One more.
    pub fn add(&mut self, key: Published) {
        let place = self.keys.partition_point(|there| there.signs_from > key.signs_from);
        self.keys.insert(place, key);
    }

    /// The key that signs at this moment: of those that may, the one that began last.
    pub fn signer(&self, now: Instant) -> Option<&SigningKey> {
        self.published(now).find(|published| published.signs_from <= now).map(|published| &published.key)
    }

    /// Signs `claims` as a JWT whose header says `typ` (such as `JWT` or `at+jwt`).
    pub fn sign(&self, now: Instant, typ: &str, claims: &impl Serialize) -> Result<String, JwtError> {
        let key = self.signer(now).ok_or_else(|| JwtError::Refused("no key may sign now".to_owned()))?;
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some(key.kid.clone());
        jsonwebtoken::encode(&header, claims, &key.signer).map_err(|error| JwtError::Refused(error.to_string()))
    }

    /// The public halves, as `/.well-known/jwks.json` gives them (RFC 7517 §5).
    pub fn jwks(&self, now: Instant) -> Value {
        let keys: Vec<Value> = self.published(now).map(|published| published.key.jwk()).collect();
        json!({"keys": keys})
    }

    /// The claims of a token of ours, if its signature, issuer, audience and times hold.
    pub fn verify<T: DeserializeOwned>(&self, token: &str, expected: &Expected<'_>) -> Result<T, JwtError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| JwtError::NotOurs)?;
        // RFC 8725 §3.1: the verifier says which algorithm, not the token.
        if header.alg != Algorithm::ES256 {
            return Err(JwtError::NotOurs);
        }
        let kid = header.kid.ok_or(JwtError::NotOurs)?;
        let key = self
            .published(expected.now)
            .find(|published| published.key.kid == kid)
            .map(|published| &published.key)
            .ok_or(JwtError::UnknownKey)?;
        let claims: Value = jsonwebtoken::decode(token, &key.verifier, &validation(expected))
            .map_err(|error| JwtError::Invalid(error.to_string()))?
            .claims;
        check_times(&claims, expected)?;
        serde_json::from_value(claims).map_err(|error| JwtError::Invalid(error.to_string()))
    }

    fn published(&self, now: Instant) -> impl Iterator<Item = &Published> {
        self.keys.iter().filter(move |published| published.is_published(now))
    }
}

fn validation(expected: &Expected<'_>) -> Validation {
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[expected.issuer]);
    match expected.audience {
        Some(audience) => validation.set_audience(&[audience]),
        None => validation.validate_aud = false,
    }
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

fn check_times(claims: &Value, expected: &Expected<'_>) -> Result<(), JwtError> {
    let times = Times::deserialize(claims).map_err(|error| JwtError::Invalid(error.to_string()))?;
    // RFC 7519 §4.1.4: not on or after the expiration. §4.1.5: not before its beginning.
    if expected.now.minus(expected.leeway).seconds() >= times.exp {
        return Err(JwtError::Expired);
    }
    if times.nbf.is_some_and(|nbf| expected.now.plus(expected.leeway).seconds() < nbf) {
        return Err(JwtError::Invalid("it is not valid yet".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_790_000_000_000_000);

    fn expected() -> Expected<'static> {
        Expected { issuer: "https://castgate.example", audience: Some("billing"), now: NOW, leeway: Duration::ZERO }
    }

    fn claims() -> Value {
        json!({"iss": "https://castgate.example", "aud": "billing", "sub": "usr_1", "exp": NOW.seconds() + 60})
    }

    fn key(signs_from: Instant, retired_at: Option<Instant>) -> Published {
        Published { key: SigningKey::generate().unwrap(), signs_from, retired_at }
    }

    fn keys() -> SigningKeys {
        SigningKeys::new(vec![key(NOW, None)])
    }

    fn current(keys: &SigningKeys) -> &SigningKey {
        keys.signer(NOW).unwrap()
    }

    #[test]
    fn a_token_is_believed_by_those_it_is_for() {
        let keys = keys();
        let token = keys.sign(NOW, "JWT", &claims()).unwrap();
        assert_eq!(keys.verify::<Value>(&token, &expected()), Ok(claims()));
        let elsewhere = Expected { audience: Some("payroll"), ..expected() };
        assert!(matches!(keys.verify::<Value>(&token, &elsewhere), Err(JwtError::Invalid(_))));
        let other = Expected { issuer: "https://other.example", ..expected() };
        assert!(matches!(keys.verify::<Value>(&token, &other), Err(JwtError::Invalid(_))));
    }

    #[test]
    fn a_token_ends_at_its_second() {
        let keys = keys();
        let token = keys.sign(NOW, "JWT", &claims()).unwrap();
        let at = |seconds| Expected { now: NOW.plus(Duration::from_secs(seconds)), ..expected() };
        assert!(keys.verify::<Value>(&token, &at(59)).is_ok());
        assert_eq!(keys.verify::<Value>(&token, &at(60)), Err(JwtError::Expired));
        let lenient = Expected { leeway: Duration::from_secs(5), ..at(64) };
        assert!(keys.verify::<Value>(&token, &lenient).is_ok());
    }

    #[test]
    fn a_token_without_an_end_is_refused() {
        let keys = keys();
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove("exp");
        let token = keys.sign(NOW, "JWT", &claims).unwrap();
        assert!(matches!(keys.verify::<Value>(&token, &expected()), Err(JwtError::Invalid(_))));
    }

    #[test]
    fn a_changed_token_and_another_algorithm_are_refused() {
        let keys = keys();
        let token = keys.sign(NOW, "JWT", &claims()).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let forged = BASE64URL_NOPAD.encode(claims().to_string().replace("usr_1", "usr_2").as_bytes());
        let changed = format!("{}.{forged}.{}", parts[0], parts[2]);
        assert!(matches!(keys.verify::<Value>(&changed, &expected()), Err(JwtError::Invalid(_))));
        let none = BASE64URL_NOPAD.encode(br#"{"alg":"none"}"#);
        assert_eq!(keys.verify::<Value>(&format!("{none}.{}.", parts[1]), &expected()), Err(JwtError::NotOurs));
        // RFC 8725 §2.1: our public key used as an HMAC secret.
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(current(&keys).kid().to_owned());
        let secret = EncodingKey::from_secret(keys.jwks(NOW).to_string().as_bytes());
        let confused = jsonwebtoken::encode(&header, &claims(), &secret).unwrap();
        assert_eq!(keys.verify::<Value>(&confused, &expected()), Err(JwtError::NotOurs));
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_until_its_tokens_are_over() {
        let at = |minutes: u64| NOW.plus(Duration::from_mins(minutes));
        let first = key(NOW, Some(at(20)));
        let second = key(at(10), None);
        let names = (first.key.kid().to_owned(), second.key.kid().to_owned());
        let keys = SigningKeys::new(vec![first, second]);
        let signer = |minutes| keys.signer(at(minutes)).unwrap().kid();
        let published = |minutes| keys.jwks(at(minutes))["keys"].as_array().unwrap().len();
        assert_eq!((signer(0), signer(9), signer(10)), (&*names.0, &*names.0, &*names.1));
        assert_eq!((published(0), published(19), published(20)), (2, 2, 1));
        let token = keys
            .sign(at(9), "JWT", &json!({"iss": "https://castgate.example", "aud": "billing", "exp": at(60).seconds()}))
            .unwrap();
        let verified = |minutes| keys.verify::<Value>(&token, &Expected { now: at(minutes), ..expected() });
        assert!(verified(19).is_ok());
        assert_eq!(verified(20), Err(JwtError::UnknownKey));
        let stored = SigningKey::from_pkcs8(keys.signer(NOW).unwrap().pkcs8()).unwrap();
        assert_eq!(stored.kid(), names.0);
    }

    #[test]
    fn no_key_signs_before_its_time() {
        assert!(
            SigningKeys::new(vec![key(NOW.plus(Duration::from_secs(1)), None)]).sign(NOW, "JWT", &claims()).is_err()
        );
    }

    #[test]
    fn the_published_key_is_the_one_others_verify_with() {
        let keys = keys();
        let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys.jwks(NOW)).unwrap();
        let jwk = set.find(current(&keys).kid()).unwrap();
        assert_eq!(jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap(), current(&keys).kid());
        let key = DecodingKey::from_jwk(jwk).unwrap();
        let token = keys.sign(NOW, "at+jwt", &claims()).unwrap();
        assert!(jsonwebtoken::decode::<Value>(&token, &key, &validation(&expected())).is_ok());
        assert!(!keys.jwks(NOW).to_string().contains("\"d\""), "the private half is never published");
    }
}
