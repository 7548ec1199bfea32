//! What somebody knows and has, who signs in without a provider.

use super::{Instant, OrganizationId, UserId};
use std::fmt;

/// A password as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPassword {
    /// Its slow hash, as a PHC string.
    pub hash: String,
    /// The address, folded, that is shown to be the person's.
    pub verified_email: String,
    /// Moves with every password.
    pub version: i64,
    /// When it was chosen.
    pub changed_at: Instant,
}

impl fmt::Debug for StoredPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredPassword").field("version", &self.version).finish_non_exhaustive()
    }
}

/// A link by which a password is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordLink {
    /// In which organization.
    pub organization: OrganizationId,
    /// Whose.
    pub user: UserId,
    /// Where it went, folded.
    pub email: String,
}

/// What an authenticator app shares with us.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// The secret, sealed.
    pub sealed: Vec<u8>,
    /// The last step whose code was used.
    pub last_step: i64,
    /// When it was offered.
    pub created_at: Instant,
    /// When the person showed that the app has it.
    pub confirmed_at: Option<Instant>,
}

impl fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecondFactor").field("confirmed_at", &self.confirmed_at).finish_non_exhaustive()
    }
}
