//! JWTs that others sign: a provider's own bearer tokens, and the assertions of OAuth clients.
//!
//! A key comes from a key set that an administrator pinned, never from the token; it is of the kind that the algorithm needs, and
//! the algorithm is one of a short list without shared secrets and without none (RFC 8725 §3.1, §3.2). Nothing of the claims
//! counts before the signature holds.

use crate::{model::Instant, scim::read_json};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};
use std::{fmt, time::Duration};

/// No honest token of this kind is larger.
const LARGEST: usize = 16 * 1024;
/// More keys than any provider has.
const MOST_KEYS: usize = 100;
/// RSA keys below this many bits are refused.
const LEAST_RSA_BITS: usize = 2048;
/// RSA keys above this many bits only cost time.
const MOST_RSA_BITS: usize = 8192;
/// How far two clocks may be apart.
const SKEW: Duration = Duration::from_mins(1);

/// A signature algorithm that is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwsAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA over P-256 with SHA-256.
    Es256,
}

impl JwsAlgorithm {
    /// Its name in a header (RFC 7518 §3.1).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Ps256, Self::Es256].into_iter().find(|known| known.name() == name)
    }

    fn library(self) -> (Algorithm, Kind) {
        match self {
            Self::Rs256 => (Algorithm::RS256, Kind::Rsa),
            Self::Ps256 => (Algorithm::PS256, Kind::Rsa),
            Self::Es256 => (Algorithm::ES256, Kind::P256),
        }
    }
}

/// Why a token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwsFault {
    /// Longer than any honest one.
    #[error("it is longer than {LARGEST} bytes")]
    TooLarge,
    /// Not a compact JWS with one meaning.
    #[error("it is no JWT that can be read: {0}")]
    Malformed(&'static str),
    /// None, a shared secret, or one that is not taken here.
    #[error("its algorithm is not one that is taken here")]
    Algorithm,
    /// It names extensions that have to be understood (RFC 7515 §4.1.11).
    #[error("its header demands extensions (crit) that are not known here")]
    Critical,
    /// Its header says that it is something else.
    #[error("it is a token of another type")]
    Type,
    /// It does not name its key.
    #[error("it does not name its key (kid)")]
    NoKey,
    /// No key of the pinned set has that name and fits the algorithm.
    #[error("it is signed with a key that is not in the pinned key set")]
    UnknownKey,
    /// The signature is not that key's.
    #[error("its signature does not hold")]
    Signature,
    /// A claim is missing, or says something else than it has to. The signature holds.
    #[error("its claim “{0}” is missing or is not what it has to be")]
    Claim(String),
    /// Its time is over. The signature holds.
    #[error("it expired at {0}")]
    Expired(Instant),
    /// Its time has not begun. The signature holds.
    #[error("it is not valid before {0}")]
    NotYet(Instant),
    /// It lives longer than such a token may. The signature holds.
    #[error("it lives longer than {} seconds", .0.as_secs())]
    TooLong(Duration),
}

impl JwsFault {
    /// Whether the signature held: then whoever sent it holds a real token, and may be told what is wrong with it.
    #[must_use]
    pub fn is_of_a_signed_token(&self) -> bool {
        match self {
            Self::Claim(_) | Self::Expired(_) | Self::NotYet(_) | Self::TooLong(_) => true,
            Self::TooLarge
            | Self::Malformed(_)
            | Self::Algorithm
            | Self::Critical
            | Self::Type
            | Self::NoKey
            | Self::UnknownKey
            | Self::Signature => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
}

struct Key {
    kid: Option<String>,
    kind: Kind,
    /// The algorithm that the key says it is for, if it does (RFC 7517 §4.4).
    only: Option<String>,
    verifier: DecodingKey,
}

/// The public keys of somebody else (RFC 7517 §5). Those that no signature should rest on are left out.
pub struct ForeignKeys(Vec<Key>);

impl fmt::Debug for ForeignKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignKeys({})", self.0.len())
    }
}

impl ForeignKeys {
    /// Reads a JWK set. A key that cannot be used does not spoil those beside it; a set without one that can is an error.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let document = read_json(text).map_err(|error| error.to_string())?;
        let list = document.get("keys").and_then(Value::as_array).ok_or("it has no list “keys”")?;
        if list.iter().any(|key| key.get("d").is_some() || key.get("k").is_some()) {
            return Err("it holds a private or shared key, which belongs nowhere but to its owner".to_owned());
        }
        let keys: Vec<Key> = list.iter().take(MOST_KEYS).filter_map(usable).collect();
        if keys.is_empty() {
            let least = LEAST_RSA_BITS;
            return Err(format!("it has no RSA key of at least {least} bits and no P-256 key for signatures"));
        }
        Ok(Self(keys))
    }

    /// Whether a key has this name.
    #[must_use]
    pub fn knows(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// The key of that name for that algorithm. Without a name: the only key of the set.
    fn find(&self, kid: Option<&str>, algorithm: JwsAlgorithm) -> Result<&Key, JwsFault> {
        let (_, needed) = algorithm.library();
        let fits = |key: &&Key| key.kind == needed && key.only.as_deref().is_none_or(|only| only == algorithm.name());
        match (kid, self.0.as_slice()) {
            (Some(kid), keys) => {
                let mut named = keys.iter().filter(|key| key.kid.as_deref() == Some(kid));
                named.find(fits).ok_or(JwsFault::UnknownKey)
            }
            (None, [only]) => Some(only).filter(fits).ok_or(JwsFault::UnknownKey),
            (None, _) => Err(JwsFault::NoKey),
        }
    }
}

fn usable(key: &Value) -> Option<Key> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    // RFC 7517 §4.2, §4.3: a key may say what it is for.
    if text("use").is_some_and(|usage| usage != "sig") {
        return None;
    }
    if let Some(operations) = key.get("key_ops") {
        operations.as_array()?.iter().find(|operation| *operation == "verify")?;
    }
    let (kind, verifier) = match text("kty")? {
        "RSA" => {
            let (modulus, exponent) = (text("n")?, text("e")?);
            let bits = rsa_bits(modulus)?;
            (LEAST_RSA_BITS..=MOST_RSA_BITS).contains(&bits).then_some(())?;
            (Kind::Rsa, DecodingKey::from_rsa_components(modulus, exponent).ok()?)
        }
        "EC" if text("crv") == Some("P-256") => {
            (Kind::P256, DecodingKey::from_ec_components(text("x")?, text("y")?).ok()?)
        }
        _ => return None,
    };
    Some(Key { kid: text("kid").map(str::to_owned), kind, only: text("alg").map(str::to_owned), verifier })
}

/// The size of a modulus, without leading zeros.
fn rsa_bits(modulus: &str) -> Option<usize> {
    let bytes = BASE64URL_NOPAD.decode(modulus.as_bytes()).ok()?;
    let significant: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    let first = significant.first()?;
    Some(significant.len() * 8 - first.leading_zeros() as usize)
}

/// A token of which nothing is believed yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    algorithm: JwsAlgorithm,
    kid: Option<String>,
    says_type: bool,
    message: &'a str,
    payload: &'a str,
    signature: &'a str,
}

/// What the claims have to say.
#[derive(Debug, Clone, Copy)]
pub struct Demands<'a> {
    /// The issuer, exactly.
    pub issuer: &'a str,
    /// The audience is exactly one of these.
    pub audiences: &'a [&'a str],
    /// Now.
    pub now: Instant,
    /// How long it may still hold.
    pub longest: Option<Duration>,
}

impl<'a> Unverified<'a> {
    /// Takes a compact JWS (RFC 7515 §7.1) apart and judges its header. `types` are those that its `typ` may say, in lower case.
    pub fn read(token: &'a str, algorithms: &[JwsAlgorithm], types: &[&str]) -> Result<Self, JwsFault> {
        if token.len() > LARGEST {
            return Err(JwsFault::TooLarge);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(JwsFault::Malformed("it has no three parts"))?;
        let (header, payload) = message.split_once('.').ok_or(JwsFault::Malformed("it has no three parts"))?;
        if payload.contains('.') {
            return Err(JwsFault::Malformed("it has more than three parts"));
        }
        let header = object(header)?;
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        let algorithm = text("alg").and_then(JwsAlgorithm::of).filter(|algorithm| algorithms.contains(algorithm));
        let algorithm = algorithm.ok_or(JwsFault::Algorithm)?;
        // RFC 7515 §4.1.11: extensions that are not understood make the JWS invalid.
        if header.contains_key("crit") {
            return Err(JwsFault::Critical);
        }
        // RFC 8725 §3.11: a token says what it is for, where it says it.
        match header.get("typ") {
            None => {}
            Some(Value::String(typ)) if types.contains(&typ.to_ascii_lowercase().as_str()) => {}
            Some(_) => return Err(JwsFault::Type),
        }
        // `jku`, `jwk`, `x5u` and `x5c` are not looked at: keys come from the pinned set.
        let (kid, says_type) = (text("kid").map(str::to_owned), header.contains_key("typ"));
        Ok(Self { algorithm, kid, says_type, message, payload, signature })
    }

    /// The key that it says it is signed with.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The subject that it claims: good for finding whose keys to ask, and for nothing else.
    #[must_use]
    pub fn claimed_subject(&self) -> Option<String> {
        let claims = object(self.payload).ok()?;
        claims.get("sub").and_then(Value::as_str).map(str::to_owned)
    }

    /// Whether it says of which type it is.
    #[must_use]
    pub fn is_typed(&self) -> bool {
        self.says_type
    }

    /// The claims, if the signature is that of a key of the set, and they say what they have to.
    pub fn verify(&self, keys: &ForeignKeys, demands: &Demands<'_>) -> Result<Map<String, Value>, JwsFault> {
        let claims = self.signed_claims(keys)?;
        demands.check(&claims)?;
        Ok(claims)
    }

    /// The claims, if the signature is that of a key of the set. What they say is still to be judged.
    pub fn signed_claims(&self, keys: &ForeignKeys) -> Result<Map<String, Value>, JwsFault> {
        let key = keys.find(self.kid(), self.algorithm)?;
        let (algorithm, _) = self.algorithm.library();
        let holds = jsonwebtoken::crypto::verify(self.signature, self.message.as_bytes(), &key.verifier, algorithm);
        if !holds.unwrap_or(false) {
            return Err(JwsFault::Signature);
        }
        object(self.payload)
    }
}

impl Demands<'_> {
    fn check(&self, claims: &Map<String, Value>) -> Result<(), JwsFault> {
        let missing = |name: &str| JwsFault::Claim(name.to_owned());
        if claims.get("iss").and_then(Value::as_str) != Some(self.issuer) {
            return Err(missing("iss"));
        }
        // A token for several audiences could be shown here by any of the others.
        let audience = match claims.get("aud") {
            Some(Value::String(one)) => Some(one.as_str()),
            Some(Value::Array(list)) => match list.as_slice() {
                [Value::String(one)] => Some(one.as_str()),
                _ => None,
            },
            Some(_) | None => None,
        };
        if !audience.is_some_and(|audience| self.audiences.contains(&audience)) {
            return Err(missing("aud"));
        }
        let expires = seconds(claims, "exp")?.ok_or_else(|| missing("exp"))?;
        if expires.plus(SKEW) <= self.now {
            return Err(JwsFault::Expired(expires));
        }
        if let Some(begins) = seconds(claims, "nbf")?.filter(|begins| *begins > self.now.plus(SKEW)) {
            return Err(JwsFault::NotYet(begins));
        }
        if let Some(issued) = seconds(claims, "iat")?.filter(|issued| *issued > self.now.plus(SKEW)) {
            return Err(JwsFault::NotYet(issued));
        }
        match self.longest {
            Some(longest) if expires > self.now.plus(longest + SKEW) => Err(JwsFault::TooLong(longest)),
            Some(_) | None => Ok(()),
        }
    }
}

/// When a token was issued (RFC 7519 §4.1.6), if it says so.
pub fn issued_at(claims: &Map<String, Value>) -> Result<Option<Instant>, JwsFault> {
    seconds(claims, "iat")
}

/// A NumericDate (RFC 7519 §2). One that is there but not a number refuses the token: it must not count as absent.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<Instant>, JwsFault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    #[expect(clippy::cast_possible_truncation, reason = "fractions of a second do not matter, and the cast saturates")]
    let whole = value.as_i64().or_else(|| value.as_f64().map(|fraction| fraction as i64));
    let whole = whole.ok_or_else(|| JwsFault::Claim(name.to_owned()))?;
    Ok(Some(Instant(whole.saturating_mul(1_000_000))))
}

/// A part that is a JSON object in which no name stands twice: two readers must not see two tokens (RFC 7519 §4).
fn object(part: &str) -> Result<Map<String, Value>, JwsFault> {
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| JwsFault::Malformed("a part is not base64url"))?;
    match read_json(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) | Err(_) => Err(JwsFault::Malformed("a part is no JSON object with one meaning")),
    }
}
