//! X.509 certificates of identity providers. A certificate is an envelope for a key that an admin pinned: nobody's chain is
//! followed, and what signs a document is the key.

use super::{
    der::{Reader, tag},
    hash::sha256,
};
use crate::model::Instant;
use aws_lc_rs::{
    digest,
    signature::{self, ParsedPublicKey, VerificationAlgorithm},
};
use data_encoding::{BASE64, HEXLOWER};
use std::fmt;

/// Why a certificate cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not PEM and not Base64.
    #[error("this is not a certificate in PEM or Base64; paste it from -----BEGIN CERTIFICATE----- to its end")]
    NotBase64,
    /// The bytes are not an X.509 certificate.
    #[error("this is not an X.509 certificate")]
    Malformed,
    /// RSA below 2048 bits, DSA, Ed25519, a curve that is not P-256, P-384 or P-521.
    #[error("its key is of a kind that is not accepted; RSA from 2048 bits and ECDSA on P-256, P-384 and P-521 are")]
    KeyRefused,
}

/// A way to sign a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names are what they are")]
pub enum SignatureAlgorithm {
    RsaSha1,
    RsaSha256,
    RsaSha384,
    RsaSha512,
    RsaPssSha256,
    RsaPssSha384,
    RsaPssSha512,
    EcdsaSha256,
    EcdsaSha384,
    EcdsaSha512,
}

/// A way to digest a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names are what they are")]
pub enum DigestAlgorithm {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl DigestAlgorithm {
    /// The digest of `bytes`.
    #[must_use]
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }
}

/// What a key is for: an algorithm of another family is not even tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Rsa,
    P256,
    P384,
    P521,
}

/// A certificate whose key can verify.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    fingerprint: String,
    subject: String,
    not_before: Instant,
    not_after: Instant,
    family: Family,
    key: ParsedPublicKey,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, {})", self.subject, self.fingerprint)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl Certificate {
    /// From DER.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let fields = Fields::read(der).ok_or(CertificateError::Malformed)?;
        let (family, key) = read_key(fields.key).ok_or(CertificateError::KeyRefused)?;
        Ok(Self {
            der: der.to_vec(),
            fingerprint: HEXLOWER.encode(&sha256(der)),
            subject: subject(fields.subject),
            not_before: fields.not_before,
            not_after: fields.not_after,
            family,
            key,
        })
    }

    /// From PEM, or from the bare Base64 that metadata holds, with whatever white space.
    pub fn from_text(text: &str) -> Result<Self, CertificateError> {
        let text = text.trim();
        let body = text.strip_prefix("-----BEGIN CERTIFICATE-----").unwrap_or(text);
        let body = body.strip_suffix("-----END CERTIFICATE-----").unwrap_or(body);
        let packed: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let der = BASE64.decode(packed.as_bytes()).map_err(|_| CertificateError::NotBase64)?;
        Self::from_der(&der)
    }

    /// All of it, as it came.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// As Base64 in one line, as metadata and the store hold it.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64.encode(&self.der)
    }

    /// The SHA-256 of all of it, in lower-case hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Whom it names, such as `CN=idp.example.com, O=Example`; for people to read.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The beginning of its validity. A pinned key is used outside of it too; people are told.
    #[must_use]
    pub fn not_before(&self) -> Instant {
        self.not_before
    }

    /// The end of its validity. A pinned key is used outside of it too; people are told.
    #[must_use]
    pub fn not_after(&self) -> Instant {
        self.not_after
    }

    /// Whether this key signed `message`. False too if the algorithm is not for this kind of key.
    #[must_use]
    pub fn verifies(&self, algorithm: SignatureAlgorithm, message: &[u8], sig: &[u8]) -> bool {
        let Some(parameters) = parameters(self.family, algorithm) else { return false };
        if algorithm == self.family.usual() {
            return self.key.verify_sig(message, sig).is_ok();
        }
        ParsedPublicKey::new(parameters, &self.key).is_ok_and(|key| key.verify_sig(message, sig).is_ok())
    }

    /// The public key (SubjectPublicKeyInfo, DER).
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.key.as_ref()
    }
}

impl Family {
    /// The algorithm that its key is parsed for.
    fn usual(self) -> SignatureAlgorithm {
        match self {
            Self::Rsa => SignatureAlgorithm::RsaSha256,
            Self::P256 => SignatureAlgorithm::EcdsaSha256,
            Self::P384 => SignatureAlgorithm::EcdsaSha384,
            Self::P521 => SignatureAlgorithm::EcdsaSha512,
        }
    }
}

/// What verifies this algorithm by a key of this family: nothing where they do not belong together.
fn parameters(family: Family, algorithm: SignatureAlgorithm) -> Option<&'static dyn VerificationAlgorithm> {
    use SignatureAlgorithm as A;
    match (family, algorithm) {
        (Family::Rsa, A::RsaSha1) => Some(&signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
        (Family::Rsa, A::RsaSha256) => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        (Family::Rsa, A::RsaSha384) => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        (Family::Rsa, A::RsaSha512) => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        (Family::Rsa, A::RsaPssSha256) => Some(&signature::RSA_PSS_2048_8192_SHA256),
        (Family::Rsa, A::RsaPssSha384) => Some(&signature::RSA_PSS_2048_8192_SHA384),
        (Family::Rsa, A::RsaPssSha512) => Some(&signature::RSA_PSS_2048_8192_SHA512),
        (Family::P256, A::EcdsaSha256) => Some(&signature::ECDSA_P256_SHA256_FIXED),
        (Family::P384, A::EcdsaSha384) => Some(&signature::ECDSA_P384_SHA384_FIXED),
        (Family::P521, A::EcdsaSha256) => Some(&signature::ECDSA_P521_SHA256_FIXED),
        (Family::P521, A::EcdsaSha384) => Some(&signature::ECDSA_P521_SHA384_FIXED),
        (Family::P521, A::EcdsaSha512) => Some(&signature::ECDSA_P521_SHA512_FIXED),
        (Family::Rsa, A::EcdsaSha256 | A::EcdsaSha384 | A::EcdsaSha512)
        | (
            Family::P256 | Family::P384 | Family::P521,
            A::RsaSha1
            | A::RsaSha256
            | A::RsaSha384
            | A::RsaSha512
            | A::RsaPssSha256
            | A::RsaPssSha384
            | A::RsaPssSha512,
        )
        | (Family::P256, A::EcdsaSha384 | A::EcdsaSha512)
        | (Family::P384, A::EcdsaSha256 | A::EcdsaSha512) => None,
    }
}

/// The key and its family: of those families whose object identifiers it has, the one that can read it.
fn read_key(spki: &[u8]) -> Option<(Family, ParsedPublicKey)> {
    let algorithm = Reader(Reader(spki).tagged(tag::SEQUENCE)?.content).tagged(tag::SEQUENCE)?;
    let mut names = Reader(algorithm.content);
    let (kind, curve) = (names.tagged(tag::OID)?.content, names.tagged(tag::OID).map(|curve| curve.content));
    // RFC 3279 §2.3.1 and RFC 5480 §2.1.1.
    let family = match (kind, curve) {
        (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", None) => Family::Rsa,
        (b"\x2a\x86\x48\xce\x3d\x02\x01", Some(b"\x2a\x86\x48\xce\x3d\x03\x01\x07")) => Family::P256,
        (b"\x2a\x86\x48\xce\x3d\x02\x01", Some(b"\x2b\x81\x04\x00\x22")) => Family::P384,
        (b"\x2a\x86\x48\xce\x3d\x02\x01", Some(b"\x2b\x81\x04\x00\x23")) => Family::P521,
        (_, _) => return None,
    };
    // An RSA key is measured when it verifies; a small one is to be refused before anybody relies on it.
    if family == Family::Rsa && aws_lc_rs::rsa::PublicEncryptingKey::from_der(spki).ok()?.key_size_bits() < 2048 {
        return None;
    }
    let key = ParsedPublicKey::new(parameters(family, family.usual())?, spki).ok()?;
    Some((family, key))
}

/// What a certificate says. RFC 5280 §4.1.
struct Fields<'a> {
    not_before: Instant,
    not_after: Instant,
    subject: &'a [u8],
    key: &'a [u8],
}

impl<'a> Fields<'a> {
    fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Reader(der);
        let certificate = outer.tagged(tag::SEQUENCE)?;
        if !outer.0.is_empty() {
            return None;
        }
        let mut body = Reader(Reader(certificate.content).tagged(tag::SEQUENCE)?.content);
        let _ = body.tagged(tag::VERSION);
        body.tagged(tag::INTEGER)?;
        body.tagged(tag::SEQUENCE)?;
        body.tagged(tag::SEQUENCE)?;
        let mut validity = Reader(body.tagged(tag::SEQUENCE)?.content);
        let (not_before, not_after) = (time(&mut validity)?, time(&mut validity)?);
        let subject = body.tagged(tag::SEQUENCE)?.content;
        let key = body.tagged(tag::SEQUENCE)?.whole;
        Some(Self { not_before, not_after, subject, key })
    }
}

/// RFC 5280 §4.1.2.5: `YYMMDDHHMMSSZ` until 2049, `YYYYMMDDHHMMSSZ` beyond.
fn time(reader: &mut Reader<'_>) -> Option<Instant> {
    let element = reader.next()?;
    let text = std::str::from_utf8(element.content).ok().filter(|text| text.is_ascii())?;
    let (year, rest) = match element.tag {
        tag::UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: u16 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        tag::GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let pair = |at: usize| rest.get(at..at + 2);
    let written = format!("{year:04}-{}-{}T{}:{}:{}Z", pair(0)?, pair(2)?, pair(4)?, pair(6)?, pair(8)?);
    (rest.get(10..) == Some("Z")).then(|| written.parse().ok())?
}

/// The names that people know, in their order; an unknown kind is left out, and so is what is not text.
fn subject(name: &[u8]) -> String {
    let mut parts = Vec::new();
    for set in Reader(name) {
        for pair in Reader(set.content) {
            let mut pair = Reader(pair.content);
            let Some(kind) = pair.tagged(tag::OID) else { continue };
            let label = match kind.content {
                b"\x55\x04\x03" => "CN",
                b"\x55\x04\x0a" => "O",
                b"\x55\x04\x0b" => "OU",
                b"\x55\x04\x06" => "C",
                _ => continue,
            };
            let Some(text) = pair.next().and_then(|value| std::str::from_utf8(value.content).ok()) else { continue };
            parts.push(format!("{label}={}", text.chars().filter(|c| !c.is_control()).take(100).collect::<String>()));
        }
    }
    parts.join(", ")
}
