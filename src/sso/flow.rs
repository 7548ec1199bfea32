//! What travels between the two halves of a sign-in.

use super::{SsoError, error::quoted, issuer::Issuer, step_up::StepUp};
use crate::model::{Instant, OidcSettings};
use openidconnect::CsrfToken;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};
use url::Url;

/// How long somebody may take to sign in at the provider: passwords, second factors, consent.
const PATIENCE: Duration = Duration::from_mins(15);
/// No honest code or state is longer.
const LONGEST_PARAMETER: usize = 4096;

/// A sign-in that was begun: where to send the browser, and what to remember.
#[derive(Clone)]
pub struct Begun {
    /// The provider's sign-in page, with the request in it.
    pub url: String,
    /// What the second half needs; bind it to the browser and keep it from everybody, the browser's owner included.
    pub pending: Pending,
}

impl Begun {
    /// Adds something of the caller's own to the state: it comes back with the answer, also by a browser that has forgotten
    /// where it began. Opaque to the provider, and as public as the address bar.
    pub fn add_to_state(&mut self, tag: &str) {
        let Ok(mut url) = Url::parse(&self.url) else { return };
        let state = format!("{}.{tag}", self.pending.state);
        let pairs = url.query_pairs().into_owned();
        let pairs: Vec<_> =
            pairs.map(|(name, value)| if name == "state" { (name, state.clone()) } else { (name, value) }).collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
        self.url = url.into();
        self.pending.state = state;
    }
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address holds the state and the nonce.
        f.debug_struct("Begun").field("pending", &self.pending).finish_non_exhaustive()
    }
}

/// The memory of a sign-in between leaving for the provider and coming back. It holds secrets: seal it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Comes back with the answer: the answer belongs to this browser.
    pub state: String,
    /// Comes back in the ID token: the token belongs to this sign-in.
    pub nonce: String,
    /// Proves at the token endpoint that the code belongs to us (RFC 7636).
    pub pkce_verifier: String,
    /// The provider that was asked.
    pub issuer: String,
    /// When it was begun.
    pub created_at: Instant,
    /// How the person was asked to sign in there.
    #[serde(default)]
    pub step_up: StepUp,
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, created_at, .. } = self;
        f.debug_struct("Pending").field("issuer", issuer).field("created_at", created_at).finish_non_exhaustive()
    }
}

/// The query with which a provider sends the browser back. Nothing of it is to be believed.
#[derive(Clone, Default, Deserialize)]
pub struct Callback {
    /// The code to exchange.
    pub code: Option<String>,
    /// Our state.
    pub state: Option<String>,
    /// The provider's issuer (RFC 9207).
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// More about why.
    pub error_description: Option<String>,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("iss", &self.iss).field("error", &self.error).finish_non_exhaustive()
    }
}

impl Pending {
    /// Whether this answer may belong to this sign-in at all. Asks nobody.
    pub(super) fn check(&self, settings: &OidcSettings, callback: &Callback, now: Instant) -> Result<(), SsoError> {
        let state = callback.state.as_deref().unwrap_or_default();
        // `CsrfToken` compares in constant time.
        let same = CsrfToken::new(state.to_owned()) == CsrfToken::new(self.state.clone());
        if self.state.is_empty() || !same || self.issuer != settings.issuer {
            return Err(SsoError::StateMismatch);
        }
        if now > self.created_at.plus(PATIENCE) || now.plus(Duration::from_mins(1)) < self.created_at {
            return Err(SsoError::PendingExpired { minutes: PATIENCE.as_secs() / 60 });
        }
        Ok(())
    }
}

impl Callback {
    /// What was added to the state ([`Begun::add_to_state`]); nothing of it is believed.
    #[must_use]
    pub fn added_to_state(&self) -> Option<&str> {
        self.state.as_deref()?.split_once('.').map(|(_, tag)| tag)
    }

    /// RFC 9207 §2.4: the issuer in the answer is the one that was asked, and is there if it was promised.
    pub(super) fn check_issuer(&self, expected: Issuer<'_>, promised: bool) -> Result<(), SsoError> {
        let absent_as_agreed = self.iss.is_none() && !promised;
        if absent_as_agreed || self.iss.as_deref().is_some_and(|named| expected.may_be(named)) {
            return Ok(());
        }
        Err(SsoError::IssuerMismatch { expected: expected.published(), found: self.iss.as_deref().map(quoted) })
    }

    /// The code, unless the provider refused or sent what makes no sense.
    pub(super) fn code(&self) -> Result<&str, SsoError> {
        let invalid = |what| SsoError::CallbackInvalid { what };
        match (self.code.as_deref(), self.error.as_deref()) {
            (Some(_), Some(_)) => Err(invalid("has a code and an error at once")),
            (None, Some(error)) => Err(SsoError::Refused {
                error: quoted(error),
                description: self.error_description.as_deref().map(quoted),
            }),
            (None | Some(""), None) => Err(invalid("has neither a code nor an error")),
            (Some(code), None) if code.len() > LONGEST_PARAMETER => Err(invalid("has a code that is too long")),
            (Some(code), None) => Ok(code),
        }
    }
}
