//! What a caller saw before a change, so that nobody undoes what they did not see.

use super::Error;
use serde::Serialize;

/// What a caller says they saw before a change (`If-Match`): one of these revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen(pub Vec<String>);

impl Seen {
    /// Whether what is there now is what they saw.
    #[must_use]
    pub fn is(&self, now: &str) -> bool {
        self.0.iter().any(|seen| seen == now)
    }
}

/// [`Error::Stale`] unless what is there now is what the caller saw, or they did not say.
pub(super) fn still(seen: Option<&Seen>, now: &str) -> Result<(), Error> {
    match seen {
        Some(seen) if !seen.is(now) => Err(Error::Stale),
        Some(_) | None => Ok(()),
    }
}

/// The number of a text: the first letters of its hash.
#[must_use]
pub fn text_revision(text: &str) -> String {
    let mut hash = data_encoding::HEXLOWER.encode(&crate::crypto::sha256(text.as_bytes()));
    hash.truncate(32);
    hash
}

/// The number of a thing that has no version of its own: what is shown of it is all there is.
#[must_use]
pub fn shown_revision(thing: &impl Serialize) -> String {
    text_revision(&serde_json::json!(thing).to_string())
}
