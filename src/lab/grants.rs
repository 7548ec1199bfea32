//! The codes and access tokens that the lab's provider has given out.

use super::{LabError, people::Person};
use crate::crypto::{hash::sha256, random};
use data_encoding::BASE64URL_NOPAD;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

const CODE_LIFE: Duration = Duration::from_mins(1);
const TOKEN_LIFE: Duration = Duration::from_mins(5);

/// A sign-in that waits for its code to be exchanged.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub person: Person,
    pub redirect_uri: String,
    pub nonce: Option<String>,
    pub code_challenge: String,
}

/// What is given out and not used up. Codes work once and for 60 seconds.
#[derive(Debug, Default)]
pub(super) struct Grants {
    codes: HashMap<String, (Instant, Grant)>,
    tokens: HashMap<String, (Instant, Person)>,
}

impl Grants {
    /// A code for this sign-in.
    pub(super) fn code(&mut self, grant: Grant) -> String {
        self.codes.retain(|_, (since, _)| since.elapsed() < CODE_LIFE);
        let code = secret();
        self.codes.insert(code.clone(), (Instant::now(), grant));
        code
    }

    /// The sign-in of a code, which is used up by asking, whatever comes of it.
    pub(super) fn redeem(&mut self, code: &str) -> Option<Grant> {
        let (since, grant) = self.codes.remove(code)?;
        (since.elapsed() < CODE_LIFE).then_some(grant)
    }

    /// An access token for this person.
    pub(super) fn token(&mut self, person: Person) -> String {
        self.tokens.retain(|_, (since, _)| since.elapsed() < TOKEN_LIFE);
        let token = secret();
        self.tokens.insert(token.clone(), (Instant::now(), person));
        token
    }

    /// Whose access token this is.
    pub(super) fn person(&self, token: &str) -> Option<&Person> {
        let (since, person) = self.tokens.get(token)?;
        (since.elapsed() < TOKEN_LIFE).then_some(person)
    }
}

impl Grant {
    /// RFC 7636 §4.6: the verifier is what the challenge was made of.
    pub(super) fn is_proven_by(&self, verifier: &str) -> bool {
        (43..=128).contains(&verifier.len()) && challenge(verifier) == self.code_challenge
    }
}

/// RFC 7636 §4.2, S256.
pub(super) fn challenge(verifier: &str) -> String {
    BASE64URL_NOPAD.encode(&sha256(verifier.as_bytes()))
}

/// 256 bits that nobody guesses.
pub(super) fn secret() -> String {
    let mut bytes = [0; 32];
    random::fill_or_abort(&mut bytes);
    BASE64URL_NOPAD.encode(&bytes)
}

/// Only a loopback address passes.
pub(super) fn loopback(address: std::net::SocketAddr) -> Result<std::net::SocketAddr, LabError> {
    let allowed = address.ip() == std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    allowed.then_some(address).ok_or(LabError::NotLoopback(address))
}
