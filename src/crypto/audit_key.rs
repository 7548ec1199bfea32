//! The key that signs how far an organization's events are sealed: Ed25519 (RFC 8032).
//!
//! Its public half may be given to anybody; whoever keeps a signed checkpoint elsewhere can tell later whether the events
//! are still those that were signed.

use super::hash::sha256;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use data_encoding::HEXLOWER;
use secrecy::zeroize::Zeroizing;
use std::fmt;

/// Bytes of the public key's digest that name it.
const ID: usize = 8;

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuditKeyError {
    /// The bytes are no Ed25519 key in PKCS #8.
    #[error("this is not an Ed25519 signing key")]
    BadKey,
    /// The library could not make one.
    #[error("no signing key could be made")]
    Refused,
}

/// One Ed25519 key pair.
pub struct AuditKey {
    id: String,
    pair: Ed25519KeyPair,
    pkcs8: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditKey({})", self.id)
    }
}

impl AuditKey {
    /// A new key.
    pub fn generate() -> Result<Self, AuditKeyError> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| AuditKeyError::Refused)?;
        Self::from_pkcs8(document.as_ref())
    }

    /// The key in a PKCS #8 document (DER), as [`AuditKey::pkcs8`] gave it.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, AuditKeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| AuditKeyError::BadKey)?;
        let digest = sha256(pair.public_key().as_ref());
        let id = HEXLOWER.encode(digest.get(..ID).unwrap_or_default());
        Ok(Self { id, pair, pkcs8: Zeroizing::new(der.to_vec()) })
    }

    /// The private key (PKCS #8, DER). Seal it before it is stored.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The key's name: the beginning of the public half's SHA-256, hexadecimal.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public half, 32 bytes.
    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// Signs.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    /// Whether this key signed this message.
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        signed_by(self.public(), message, signature)
    }
}

/// Whether the key of this public half signed this message.
#[must_use]
pub fn signed_by(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_key_signs_only_that_key_confirms() {
        let (key, other) = (AuditKey::generate().unwrap(), AuditKey::generate().unwrap());
        let signature = key.sign(b"up to here");
        let again = AuditKey::from_pkcs8(key.pkcs8()).unwrap();
        assert!(again.signed(b"up to here", &signature) && again.id() == key.id());
        assert!(!again.signed(b"up to there", &signature));
        assert!(!other.signed(b"up to here", &signature));
        assert_eq!(AuditKey::from_pkcs8(b"no key").unwrap_err(), AuditKeyError::BadKey);
        assert!(!format!("{key:?}").contains(&HEXLOWER.encode(&key.pkcs8()[16..])));
    }
}
