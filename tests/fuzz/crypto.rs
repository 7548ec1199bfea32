//! As much of `crypto` as SAML needs.

#[path = "../../src/crypto/certificate.rs"]
pub mod certificate;
#[path = "../../src/crypto/der.rs"]
mod der;
#[path = "../../src/crypto/hash.rs"]
pub mod hash;
#[path = "../../src/crypto/random.rs"]
pub mod random;
#[path = "../../src/crypto/service_key.rs"]
pub mod service_key;

pub use certificate::{Certificate, CertificateError, DigestAlgorithm, SignatureAlgorithm};
pub use hash::{constant_time_eq, sha256};
pub use random::NoRandomness;
pub use service_key::{ContentCipher, KeyTransport, ServiceKey, ServiceKeyError};
