//! How castgate shows at a token endpoint that it is the client.

use super::SsoError;
use crate::{
    crypto::{self, jwt::SigningKeys},
    model::Instant,
};
use data_encoding::BASE64URL_NOPAD;
use secrecy::SecretString;
use serde_json::json;
use std::fmt;

/// How long an assertion is good, in seconds: it is used at once.
const LIFE: i64 = 60;

/// What shows that castgate is the client.
pub enum ClientProof<'a> {
    /// Nothing but the code's own proof (PKCE): a public client.
    Public,
    /// A secret that the provider knows too.
    Secret(&'a SecretString),
    /// A key of the connection's own, of which the provider knows the public half.
    Keys(&'a SigningKeys),
}

impl fmt::Debug for ClientProof<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "ClientProof::Public",
            Self::Secret(_) => "ClientProof::Secret(…)",
            Self::Keys(_) => "ClientProof::Keys(…)",
        })
    }
}

impl<'a> From<Option<&'a SecretString>> for ClientProof<'a> {
    fn from(secret: Option<&'a SecretString>) -> Self {
        secret.map_or(Self::Public, Self::Secret)
    }
}

impl ClientProof<'_> {
    /// A new assertion for this token endpoint, where keys are the proof (RFC 7523 §3; OpenID Connect Core §9).
    pub(super) fn assertion(&self, client_id: &str, endpoint: &str, now: Instant) -> Result<Option<String>, SsoError> {
        let keys = match self {
            Self::Public | Self::Secret(_) => return Ok(None),
            Self::Keys(keys) => keys,
        };
        let id = BASE64URL_NOPAD.encode(&crypto::random::bytes::<16>().map_err(|_| SsoError::NoClientKey)?);
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": endpoint, "jti": id, "iat": now.seconds(), "exp": now.seconds() + LIFE,
        });
        keys.sign(now, "JWT", &claims).map(Some).map_err(|_| SsoError::NoClientKey)
    }
}
