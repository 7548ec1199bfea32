//! `/scim/v2`: the door of identity providers (RFC 7644).
//!
//! Nothing in here is reached without a connection's token, not even what does not exist: [`caller`] stands in front of the
//! routes and of the 404 alike. Each handler reads ([`body`], [`parameters`]), makes one call of `app`, and answers
//! ([`answer`]).

mod address;
mod answer;
mod body;
mod bulk;
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
use crate::{
    filter::Dialect,
    scim::{EntityTags, ScimError},
};

/// Which resource is changed, and the versions that the client takes it to have.
type Target<'a> = (&'a str, Option<&'a EntityTags>);

/// RFC 7644 §3.11: a token here belongs to a provider and to no person, so there is nobody whom `/Me` could stand for, and
/// "a service provider that does NOT support this feature SHOULD respond with HTTP status code 501".
async fn me() -> ScimFailure {
    ScimError::not_implemented("A connection's token belongs to no person, so there is no /Me.").into()
}

fn dialect(push: &caller::Push) -> Dialect {
    match push.connection.settings.dialect {
        crate::model::ScimDialect::Tolerant => Dialect::Tolerant,
        crate::model::ScimDialect::Strict => Dialect::Strict,
    }
}
