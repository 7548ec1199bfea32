//! Line 6: secrets and what is done with them. Nothing above this module sees a key's bytes.
//!
//! A credential is an opaque [`token`] whose hash alone is stored, so that a stolen database signs nobody in. What must be
//! read back (a provider's client secret, our own signing keys) is [sealed](seal) under the master key of the
//! [key file](keyfile), bound to the row it belongs to. Services behind the gateway verify short-lived [`jwt`]s without
//! asking. People's own [passwords](password) are hashed slowly. All else rests on one library, `aws-lc-rs`, and on the system's
//! [randomness](random).

pub mod audit_key;
pub mod certificate;
mod der;
pub mod foreign;
pub mod hash;
mod heavy;
pub mod jwt;
pub mod keyfile;
pub mod keyring;
pub mod password;
pub mod public_jwk;
pub mod random;
pub mod seal;
pub mod service_key;
pub mod token;
pub mod totp;

pub use audit_key::{AuditKey, AuditKeyError, signed_by};
pub use certificate::{Certificate, CertificateError, DigestAlgorithm, SignatureAlgorithm};
pub use foreign::{Demands, ForeignKeys, JwsAlgorithm, JwsFault, Unverified, issued_at};
pub use hash::{constant_time_eq, hmac_sha256, sha256, sha256_of};
pub use heavy::heavy;
pub use jwt::{Expected, JwtError, SigningKey, SigningKeys};
pub use keyfile::{KeyFileError, MasterKey};
pub use keyring::KeyRingError;
pub use password::{LONGEST_PASSWORD, PasswordError, Passwords};
pub use public_jwk::PublicJwk;
pub use random::{NoRandomness, fill_or_abort, of_id_or_abort};
pub use seal::{Context, SealError, Sealer};
pub use service_key::{ContentCipher, KeyTransport, ServiceKey, ServiceKeyError};
pub use token::{BadToken, Presented, Secret, TokenKind};
