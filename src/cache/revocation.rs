//! What the nodes tell each other.

use crate::model::{ConnectionId, KeyId, OrganizationId, SessionId, UserId};
use serde::{Deserialize, Serialize};

/// Something that must not be believed any more.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revocation {
    /// Everything of an organization.
    Organization {
        /// The organization.
        organization: OrganizationId,
    },
    /// Everything that a connection signed in or may push.
    Connection {
        /// Its organization.
        organization: OrganizationId,
        /// The connection.
        connection: ConnectionId,
    },
    /// A person's sessions, keys and access.
    User {
        /// Their organization.
        organization: OrganizationId,
        /// The person.
        user: UserId,
    },
    /// One session.
    Session {
        /// Its organization.
        organization: OrganizationId,
        /// The session.
        session: SessionId,
    },
    /// One API key.
    Key {
        /// Its organization.
        organization: OrganizationId,
        /// The key.
        key: KeyId,
    },
}

/// What travels on the feed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Message {
    /// Somebody can be heard.
    Heartbeat,
    /// A node revoked something.
    Revoked { node: String, revocation: Revocation },
}
