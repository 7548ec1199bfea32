//! Who asks, in which organization, when: made once, at the edge.

use crate::model::{
    Capability, ConnectionId, Holder, Instant, KeyId, OrganizationId, RequestId, ServiceAccountId, SessionId, UserId,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Somebody signed in.
    User {
        /// Who.
        id: UserId,
        /// By which session.
        session: SessionId,
    },
    /// Somebody's API key.
    Key {
        /// Whose.
        user: UserId,
        /// Which.
        id: KeyId,
    },
    /// A service account, which comes in by its keys alone.
    ServiceAccount {
        /// Which.
        id: ServiceAccountId,
        /// By which key.
        key: KeyId,
    },
    /// An identity provider: a push, or a sign-in that it vouches for.
    Connection {
        /// Which.
        id: ConnectionId,
    },
    /// Somebody at the machine's own command line.
    Operator,
    /// castgate itself: an expiry, a retry.
    System,
}

impl Actor {
    /// The person behind it, if there is one.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::User { id, .. } | Self::Key { user: id, .. } => Some(id),
            Self::ServiceAccount { .. } | Self::Connection { .. } | Self::Operator | Self::System => None,
        }
    }

    /// The person or the machine whose credential it is, if it is one.
    #[must_use]
    pub fn holder(&self) -> Option<Holder> {
        match self {
            Self::User { id, .. } | Self::Key { user: id, .. } => Some(Holder::User(id.clone())),
            Self::ServiceAccount { id, .. } => Some(Holder::ServiceAccount(id.clone())),
            Self::Connection { .. } | Self::Operator | Self::System => None,
        }
    }

    /// The API key that it came in by, if it did.
    #[must_use]
    pub fn key(&self) -> Option<&KeyId> {
        match self {
            Self::Key { id, .. } | Self::ServiceAccount { key: id, .. } => Some(id),
            Self::User { .. } | Self::Connection { .. } | Self::Operator | Self::System => None,
        }
    }

    /// One word for the request line.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::Key { .. } => "key",
            Self::ServiceAccount { .. } => "service_account",
            Self::Connection { .. } => "connection",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { id, .. } => write!(f, "user {id}"),
            Self::Key { user, id } => write!(f, "key {id} of {user}"),
            Self::ServiceAccount { id, key } => write!(f, "key {key} of {id}"),
            Self::Connection { id } => write!(f, "connection {id}"),
            Self::Operator => f.write_str("operator"),
            Self::System => f.write_str("system"),
        }
    }
}

/// Everything a use case is told besides its own arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ctx {
    /// Who asks.
    pub actor: Actor,
    /// In which organization. Nothing outside it is read or written.
    pub organization: OrganizationId,
    /// When.
    pub now: Instant,
    /// In which request.
    pub request: RequestId,
}

/// What an actor must hold for a write transaction to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// This capability, on the whole organization.
    Capability(Capability),
    /// To be the person or the machine that it is about: their own session, terms, keys.
    Self_,
    /// To be the connection whose directory changes.
    Directory,
    /// To sit at the machine.
    Operator,
}

impl From<Capability> for Need {
    fn from(capability: Capability) -> Self {
        Self::Capability(capability)
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capability(capability) => write!(f, "the capability {capability} on the whole organization"),
            Self::Self_ => f.write_str("a signed-in person or a key of one's own"),
            Self::Directory => f.write_str("the identity provider's own token"),
            Self::Operator => f.write_str("the machine's own command line"),
        }
    }
}
