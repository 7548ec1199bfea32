//! Public keys as providers publish them (RFC 7517; RFC 7518 §6), and whether one made a signature.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

/// A public key of a kind whose signatures we can check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicJwk(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl PublicJwk {
    /// Reads a key; none where it is no key, or of another kind.
    #[must_use]
    pub fn read(key: &Value) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let bytes = |name: &str| BASE64URL_NOPAD.decode(text(name)?.trim_end_matches('=').as_bytes()).ok();
        // RFC 7518 §6.2.1.2: a coordinate has the full size of the curve's.
        let sized = |name: &str, size: usize| bytes(name).filter(|bytes| bytes.len() == size);
        let point = |size: usize| Some([vec![4], sized("x", size)?, sized("y", size)?].concat());
        let kind = match (text("kty")?, text("crv")) {
            ("RSA", _) => Kind::Rsa { modulus: number(&bytes("n")?), exponent: number(&bytes("e")?) },
            ("EC", Some("P-256")) => Kind::P256(point(32)?),
            ("EC", Some("P-384")) => Kind::P384(point(48)?),
            ("OKP", Some("Ed25519")) => Kind::Ed25519(sized("x", 32)?),
            _ => return None, // not ours: a text of a stranger's
        };
        Some(Self(kind))
    }

    /// Whether this key made a signature by an algorithm of RFC 7518 §3.1 or RFC 8037 §3.1; none where the algorithm is not for
    /// keys of its kind, or not known.
    #[must_use]
    pub fn made(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
        let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
        };
        match (&self.0, algorithm) {
            (Kind::Rsa { modulus, exponent }, "RS256" | "PS256") => {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                let how = if algorithm == "RS256" { &RSA_PKCS1_2048_8192_SHA256 } else { &RSA_PSS_2048_8192_SHA256 };
                Some(key.verify(how, message, signature).is_ok())
            }
            (Kind::P256(point), "ES256") => Some(by(&ECDSA_P256_SHA256_FIXED, point)),
            (Kind::P384(point), "ES384") => Some(by(&ECDSA_P384_SHA384_FIXED, point)),
            (Kind::Ed25519(key), "EdDSA") => Some(by(&ED25519, key)),
            (Kind::Rsa { .. } | Kind::P256(_) | Kind::P384(_) | Kind::Ed25519(_), _) => None,
        }
    }
}

/// A number without leading zeros.
fn number(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::{
        rand::SystemRandom,
        rsa::KeySize,
        signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair},
    };
    use serde_json::json;

    /// RFC 7515, appendix A.3.
    const MESSAGE: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    fn key() -> Value {
        json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
               "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})
    }

    #[test]
    fn the_signature_of_the_rfc_holds_and_no_other() {
        let key = PublicJwk::read(&key()).expect("a key");
        let signature = BASE64URL_NOPAD.decode(SIGNATURE.as_bytes()).expect("base64url");
        assert_eq!(key.made("ES256", MESSAGE.as_bytes(), &signature), Some(true));
        assert_eq!(key.made("ES256", b"something else", &signature), Some(false));
        assert_eq!(key.made("ES256", MESSAGE.as_bytes(), &[0; 64]), Some(false));
        assert_eq!(key.made("ES256", MESSAGE.as_bytes(), &[]), Some(false));
        for other in ["ES384", "RS256", "EdDSA", "none", "HS256"] {
            assert_eq!(key.made(other, MESSAGE.as_bytes(), &signature), None, "{other}");
        }
    }

    #[test]
    fn an_rsa_key_is_read_with_and_without_leading_zeros() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let RsaPublicKeyComponents { n: modulus, e: exponent } = pair.public_key().into();
        let padded = [vec![0], modulus.clone()].concat();
        let ways: [(&str, &'static dyn RsaEncoding); 2] = [("RS256", &RSA_PKCS1_SHA256), ("PS256", &RSA_PSS_SHA256)];
        for (name, how) in ways {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(how, &SystemRandom::new(), b"said", &mut signature).expect("a signature");
            for modulus in [&modulus, &padded] {
                let (n, e) = (BASE64URL_NOPAD.encode(modulus), BASE64URL_NOPAD.encode(&exponent));
                let key = PublicJwk::read(&json!({"kty": "RSA", "n": n, "e": e})).expect("a key");
                assert_eq!(key.made(name, b"said", &signature), Some(true), "{name}");
                assert_eq!(key.made(name, b"unsaid", &signature), Some(false), "{name}");
                let other = if name == "RS256" { "PS256" } else { "RS256" };
                assert_eq!(key.made(other, b"said", &signature), Some(false), "{name} as {other}");
            }
        }
    }

    #[test]
    fn what_is_no_key_is_none() {
        let short = json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"});
        for other in
            [short, json!({"kty": "oct", "k": "AAAA"}), json!({"kty": "OKP", "crv": "X25519", "x": "AA"}), json!({})]
        {
            assert_eq!(PublicJwk::read(&other), None, "{other}");
        }
    }
}
