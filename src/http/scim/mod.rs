//! `/scim/v2`: the door of identity providers (RFC 7644).
//!
//! Nothing in here is reached without a connection's token, not even what does not exist: [`caller`] stands in front of the
//! routes and of the 404 alike. Each handler reads ([`body`], [`parameters`]), makes one call of `app`, and answers
//! ([`answer`]).

mod address;
mod answer;
mod body;
mod caller;
mod diary;
mod discovery;
mod doors;
mod groups;
mod parameters;
mod roles;
mod search;
mod users;

pub(super) use address::take_from_path;
pub(super) use doors::doors;

use super::error::ScimFailure;
use crate::{filter::Dialect, scim::ScimError};

/// RFC 7644 §3.7: bulk is optional; `/ServiceProviderConfig` says that it is not offered.
async fn bulk() -> ScimFailure {
    ScimError::not_implemented("Bulk requests are not offered; send each operation by itself.").into()
}

/// RFC 7644 §3.11: a token here belongs to a provider and to no person.
async fn me() -> ScimFailure {
    ScimError::not_implemented("A connection's token belongs to no person, so there is no /Me.").into()
}

fn dialect(push: &caller::Push) -> Dialect {
    match push.connection.settings.dialect {
        crate::model::ScimDialect::Tolerant => Dialect::Tolerant,
        crate::model::ScimDialect::Strict => Dialect::Strict,
    }
}
