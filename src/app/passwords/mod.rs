//! E-mail address and password, for people whom no provider signs in.
//!
//! A password is chosen by a link that was mailed to the address ([choosing], [invited]), so that whoever has one reads what is
//! sent there; [policy] says which are taken. [Signing in](sign_in) says the same to whoever it is and does the same work,
//! whether there is such a person or not; [throttle] makes guessing slow. Whoever has an [authenticator app](second_factor) gives
//! its [code] as well. Where single sign-on is enforced for the address's domain, none of it opens anything.

mod choosing;
mod code;
mod device;
mod for_others;
mod invited;
mod policy;
mod second_factor;
mod sign_in;
mod throttle;

pub use choosing::PasswordShown;
pub use for_others::SignInState;
pub use second_factor::{Enrolment, RecoveryCodes};
pub use sign_in::{ByPassword, Tried};

use super::{App, Error, domains::enforced_connection};
use crate::{
    crypto::PasswordError,
    model::{OrganizationId, User, UserState, fold},
    store::Tx,
};

/// The longest address that there is (RFC 5321 §4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;

impl From<PasswordError> for Error {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Unavailable(error.to_string()),
            PasswordError::Failed => Self::Internal(error.to_string()),
        }
    }
}

impl App {
    /// How many slow hashes this process has computed: what tests compare, and time does not show.
    #[must_use]
    pub fn passwords_computed(&self) -> u64 {
        self.passwords().computed()
    }
}

/// The person with this address who is nobody's but the organization's own, and the rest of those who have it.
async fn local_person(tx: &mut Tx, organization: &OrganizationId, email: &str) -> Result<(Option<User>, bool), Error> {
    let people = tx.users_by_email(organization, email).await?;
    let is_anybody = !people.is_empty();
    Ok((people.into_iter().find(|user| user.connection.is_none()), is_anybody))
}

/// Whether somebody may have a password at all: local, active, and of no domain for which single sign-on is enforced.
async fn may_have_one(tx: &mut Tx, organization: &OrganizationId, user: &User) -> Result<bool, Error> {
    let local = user.connection.is_none() && user.state() == UserState::Active;
    Ok(local && enforced_connection(tx, organization, user.email.as_deref()).await?.is_none())
}

/// The address as it is compared; none where it cannot be one.
fn address(email: &str) -> Option<String> {
    let email = email.trim();
    (email.len() <= LONGEST_EMAIL && email.contains('@')).then(|| fold(email))
}
