//! How identity providers get in at `/scim/v2`, in three ways.
//!
//! - A bearer token in one of the two [slots](tokens) of a connection. Whoever comes with one that has [ended](ended) is told
//!   when and why, because nobody else has that secret; admins see that somebody still comes.
//! - The access token of an OAuth [client](clients), which the client gets for [its credentials](grants) and which is a bearer
//!   token in no slot: the door knows no difference.
//! - A JWT that the provider [signs itself](issued), at the address of the connection whose administrator pinned its issuer.
//!   Nothing in a JWT chooses an organization: two may pin the same issuer and never meet.

mod caller;
mod clients;
mod ended;
mod grants;
mod issued;
mod tokens;

pub use caller::{Refusing, Shown};
pub use clients::{ClientProof, ClientWish, NewClient};
pub use grants::{AccessToken, Assertion, GrantError, Proven, TokenRequest};
pub use tokens::NewToken;

use super::{Error, credentials::NOTED_EVERY};
use crate::model::{Instant, RefusedUse, Uses};
use std::{net::IpAddr, time::Duration};

/// How long access tokens and used assertions are remembered after their end.
pub(super) const REMEMBERED: Duration = Duration::from_hours(24);

/// Whether something is worth noting: the time of the last one is kept to the minute.
fn stale(last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|last| last.plus(NOTED_EVERY) <= now)
}

/// The refusal to be noted, unless one was a moment ago: strangers who try again and again cost no writing.
fn refusal(uses: &Uses, why: &str, (now, from): (Instant, Option<IpAddr>)) -> Option<RefusedUse> {
    let last = uses.last_refused.as_ref().map(|last| last.at);
    stale(last, now).then(|| RefusedUse { at: now, from: text_of(from), why: why.to_owned() })
}

/// The address as it is kept.
fn text_of(from: Option<IpAddr>) -> Option<String> {
    from.map(|from| from.to_string())
}

impl From<Error> for Refusing {
    fn from(error: Error) -> Self {
        match error {
            Error::NotSignedIn => Self::Unknown,
            error => Self::Failed(error),
        }
    }
}
