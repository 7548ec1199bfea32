//! Our own key as a SAML service provider: it signs what we ask of identity providers, and opens what they encrypt for us.

use super::{
    der::{element, tag},
    random,
};
use crate::model::Instant;
use aws_lc_rs::{
    aead,
    cipher::{self, DecryptionContext, UnboundCipherKey},
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    iv::FixedLength,
    rand::SystemRandom,
    rsa::{
        KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
        OaepPrivateDecryptingKey, PrivateDecryptingKey,
    },
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use secrecy::zeroize::Zeroizing;
use std::fmt;

/// Why the service provider's key could not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServiceKeyError {
    /// The bytes are no RSA key in PKCS #8.
    #[error("this is not an RSA signing key in PKCS #8")]
    BadKey,
    /// The library refused to make a key or to sign.
    #[error("the library could not make or use a key")]
    Refused,
    /// The ciphertext is not for this key, or was changed. Deliberately says no more.
    #[error("this cannot be decrypted with this key")]
    Unreadable,
}

/// How a content key is wrapped: RSA-OAEP with one digest for the label and the mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names are what they are")]
pub enum KeyTransport {
    OaepSha1,
    OaepSha256,
    OaepSha384,
    OaepSha512,
}

/// How content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names are what they are")]
pub enum ContentCipher {
    Aes128Gcm,
    Aes192Gcm,
    Aes256Gcm,
    Aes128Cbc,
    Aes192Cbc,
    Aes256Cbc,
}

/// An RSA key pair of ours.
pub struct ServiceKey {
    pkcs8: Zeroizing<Vec<u8>>,
    pair: KeyPair,
    decrypting: OaepPrivateDecryptingKey,
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceKey(…)")
    }
}

impl ServiceKey {
    /// A new key of 2048 bits, which every provider knows how to use.
    pub fn generate() -> Result<Self, ServiceKeyError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| ServiceKeyError::Refused)?;
        let document: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| ServiceKeyError::Refused)?;
        Self::from_pkcs8(document.as_ref())
    }

    /// The key in a PKCS #8 document (DER), as [`ServiceKey::pkcs8`] gave it.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, ServiceKeyError> {
        let pair = KeyPair::from_pkcs8(der).map_err(|_| ServiceKeyError::BadKey)?;
        let decrypting = PrivateDecryptingKey::from_pkcs8(der)
            .and_then(|key| Ok(OaepPrivateDecryptingKey::new(key)?))
            .map_err(|_| ServiceKeyError::BadKey)?;
        Ok(Self { pkcs8: Zeroizing::new(der.to_vec()), pair, decrypting })
    }

    /// The private key (PKCS #8, DER). Seal it before it is stored.
    #[must_use]
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ServiceKeyError> {
        let mut out = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut out)
            .map_err(|_| ServiceKeyError::Refused)?;
        Ok(out)
    }

    /// Opens what was encrypted for us: the content key first, then the content with it.
    pub fn open(
        &self,
        (transport, wrapped): (KeyTransport, &[u8]),
        (cipher, content): (ContentCipher, &[u8]),
    ) -> Result<Vec<u8>, ServiceKeyError> {
        let algorithm = match transport {
            KeyTransport::OaepSha1 => &OAEP_SHA1_MGF1SHA1,
            KeyTransport::OaepSha256 => &OAEP_SHA256_MGF1SHA256,
            KeyTransport::OaepSha384 => &OAEP_SHA384_MGF1SHA384,
            KeyTransport::OaepSha512 => &OAEP_SHA512_MGF1SHA512,
        };
        let mut room = Zeroizing::new(vec![0; self.decrypting.min_output_size()]);
        let key =
            self.decrypting.decrypt(algorithm, wrapped, &mut room, None).map_err(|_| ServiceKeyError::Unreadable)?;
        decrypt(cipher, key, content).ok_or(ServiceKeyError::Unreadable)
    }

    /// A certificate for this key, signed by itself: the envelope in which SAML metadata carries a key.
    pub fn certificate(&self, name: &str, from: Instant, until: Instant) -> Result<Vec<u8>, ServiceKeyError> {
        let public: PublicKeyX509Der<'_> = self.pair.public_key().as_der().map_err(|_| ServiceKeyError::Refused)?;
        // A positive number of 127 bits: RFC 5280 §4.1.2.2.
        let mut serial = random::bytes::<16>().map_err(|_| ServiceKeyError::Refused)?;
        serial[0] = serial[0] & 0x7f | 0x40;
        // RFC 4055 §5: sha256WithRSAEncryption with NULL parameters.
        let oid = element(tag::OID, &[b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"]);
        let algorithm = element(tag::SEQUENCE, &[&oid, &element(tag::NULL, &[])]);
        // RFC 5280 appendix A: a common name has at most 64 characters.
        let common: String = name.chars().take(64).collect();
        let common = element(tag::UTF8_STRING, &[common.as_bytes()]);
        let pair = element(tag::SEQUENCE, &[&element(tag::OID, &[b"\x55\x04\x03"]), &common]);
        let name = element(tag::SEQUENCE, &[&element(tag::SET, &[&pair])]);
        let validity = element(tag::SEQUENCE, &[&time(from), &time(until)]);
        let version = element(tag::VERSION, &[&element(tag::INTEGER, &[&[2]])]);
        let serial = element(tag::INTEGER, &[&serial]);
        let body = element(tag::SEQUENCE, &[&version, &serial, &algorithm, &name, &validity, &name, public.as_ref()]);
        let signature = self.sign(&body)?;
        Ok(element(tag::SEQUENCE, &[&body, &algorithm, &element(tag::BIT_STRING, &[&[0], &signature])]))
    }
}

/// RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime beyond.
fn time(at: Instant) -> Vec<u8> {
    let digits: String =
        Instant(at.seconds() * 1_000_000).to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    match digits.strip_prefix("20") {
        Some(short) if digits.as_str() < "2050" => element(tag::UTC_TIME, &[short.as_bytes(), b"Z"]),
        Some(_) | None => element(tag::GENERALIZED_TIME, &[digits.as_bytes(), b"Z"]),
    }
}

fn decrypt(cipher: ContentCipher, key: &[u8], content: &[u8]) -> Option<Vec<u8>> {
    match cipher {
        ContentCipher::Aes128Gcm => gcm(&aead::AES_128_GCM, key, content),
        ContentCipher::Aes192Gcm => gcm(&aead::AES_192_GCM, key, content),
        ContentCipher::Aes256Gcm => gcm(&aead::AES_256_GCM, key, content),
        ContentCipher::Aes128Cbc => cbc(&cipher::AES_128, key, content),
        ContentCipher::Aes192Cbc => cbc(&cipher::AES_192, key, content),
        ContentCipher::Aes256Cbc => cbc(&cipher::AES_256, key, content),
    }
}

/// XML Encryption 1.1 §5.2.4: a nonce of 96 bits, the ciphertext, and a tag of 128 bits, never fewer.
fn gcm(algorithm: &'static aead::Algorithm, key: &[u8], content: &[u8]) -> Option<Vec<u8>> {
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(algorithm, key).ok()?);
    let (nonce, sealed) = content.split_at_checked(aead::NONCE_LEN)?;
    let nonce = aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut room = sealed.to_vec();
    let length = key.open_in_place(nonce, aead::Aad::empty(), &mut room).ok()?.len();
    room.truncate(length);
    Some(room)
}

/// XML Encryption 1.1 §5.2.2: the IV, then blocks whose last byte says how many bytes are padding.
fn cbc(algorithm: &'static cipher::Algorithm, key: &[u8], content: &[u8]) -> Option<Vec<u8>> {
    let key = cipher::DecryptingKey::cbc(UnboundCipherKey::new(algorithm, key).ok()?).ok()?;
    let (iv, blocks) = content.split_at_checked(16)?;
    let iv = DecryptionContext::Iv128(FixedLength::try_from(iv).ok()?);
    let mut room = blocks.to_vec();
    let plain = key.decrypt(&mut room, iv).ok()?;
    let padding = usize::from(*plain.last()?);
    let length = plain.len().checked_sub(padding).filter(|_| (1..=16).contains(&padding))?;
    room.truncate(length);
    Some(room)
}
