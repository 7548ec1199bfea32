//! The API of admins and their programs: `/api/v1`, JSON. An API key, or a session whose changes carry the form token in
//! `X-Castgate-Csrf`. Whether somebody may is decided by `app`; what is wrong is said as problem+json (RFC 9457).

mod access_reviews;
mod adoptions;
mod authorize;
mod bindings;
mod cast_ai;
mod client_keys;
mod clusters;
mod configuration;
mod connection_removal;
mod connection_tests;
mod connection_tokens;
mod connections;
mod directory;
mod domains;
mod erasure;
mod feed;
mod groups;
mod invitations;
mod key_moves;
mod keys;
mod lists;
mod mapping;
mod mapping_versions;
mod member_changes;
mod members;
mod mirrored_keys;
mod organization;
mod provisioning;
mod role_changes;
mod roles;
mod saml;
mod schemas;
mod scim_clients;
mod service_accounts;
mod sessions;
mod setup_links;
mod sign_in_states;
mod sign_ins;
mod signals;
mod undo;
mod versions;
mod webhooks;
mod why;
mod worded;

use lists::{List, Paging};

pub(super) use access_reviews::told_of_reviews;
pub(super) use bindings::TOLD_OF_ACCESS;
pub(super) use cast_ai::told_of_reading;
pub(super) use undo::TOLD_OF_UNDO;

use super::doors::Doors;
use crate::app::Error;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
/// Ten years: longer is a mistake in the unit.
const MOST_DAYS: u32 = 3650;

pub(super) fn doors() -> impl IntoIterator<Item = Doors> {
    [
        organization::doors(),
        clusters::doors(),
        cast_ai::doors(),
        configuration::doors(),
        connections::doors(),
        connection_tests::doors(),
        connection_removal::doors(),
        setup_links::doors(),
        domains::doors(),
        scim_clients::doors(),
        provisioning::doors(),
        adoptions::doors(),
        mapping::doors(),
        mapping_versions::doors(),
        directory::doors(),
        erasure::doors(),
        members::doors(),
        member_changes::doors(),
        sessions::doors(),
        sign_in_states::doors(),
        sign_ins::doors(),
        groups::doors(),
        invitations::doors(),
        bindings::doors(),
        role_changes::doors(),
        access_reviews::doors(),
        roles::doors(),
        schemas::doors(),
        keys::doors(),
        key_moves::doors(),
        mirrored_keys::doors(),
        service_accounts::doors(),
        authorize::doors(),
        why::doors(),
        undo::doors(),
        webhooks::doors(),
        signals::doors(),
    ]
}

/// A life in days, as bodies give it.
fn life(days: Option<u32>) -> Result<Option<Duration>, Error> {
    match days {
        None => Ok(None),
        Some(days @ 1..=MOST_DAYS) => Ok(Some(DAY * days)),
        Some(_) => Err(Error::invalid("expires_in_days", format!("give a number of days from 1 to {MOST_DAYS}"))),
    }
}
