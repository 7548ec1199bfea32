//! Sessions, and whose a credential is. Secrets themselves are nowhere; only their SHA-256.

use super::{ConnectionId, Instant, OrganizationId, ServiceAccountId, SessionId, Subject, UserId};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id: not the secret.
    pub id: SessionId,
    /// Of which organization.
    pub organization: OrganizationId,
    /// Whose.
    pub user: UserId,
    /// By which connection; none for a one-time link.
    pub connection: Option<ConnectionId>,
    /// The user's session epoch when it began.
    pub user_epoch: i64,
    /// The connection's epoch when it began.
    pub connection_epoch: i64,
    /// When it began.
    pub created_at: Instant,
    /// When it was last seen, to the minute.
    pub last_seen_at: Instant,
    /// When it ends at the latest.
    pub expires_at: Instant,
    /// The provider's session id, for its logout.
    pub provider_session: Option<String>,
    /// When the person signed in at the provider, if it said so.
    pub authenticated_at: Option<Instant>,
    /// How they signed in at the provider (`acr`), if it said so.
    pub acr: Option<String>,
}

/// Whose a credential is: a person's or a machine's. Its text is the id, whose prefix tells the two apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Holder {
    /// One person.
    User(UserId),
    /// A machine.
    ServiceAccount(ServiceAccountId),
}

impl JsonSchema for Holder {
    fn schema_name() -> Cow<'static, str> {
        "Holder".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A user's id or a service account's.",
            "pattern": "^(usr|sva)_[0-9a-v]{25}[048cgkos]$",
            "examples": ["usr_06h01qbn45r9t2euf2aprlbdqk"],
        })
    }
}

impl Holder {
    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(id) => id.as_str(),
            Self::ServiceAccount(id) => id.as_str(),
        }
    }

    /// The person, if it is one.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(id) => Some(id),
            Self::ServiceAccount(_) => None,
        }
    }

    /// What bindings say of them.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::User(id) => Subject::User(id.clone()),
            Self::ServiceAccount(id) => Subject::ServiceAccount(id.clone()),
        }
    }

    /// The word in the store and the API: `user` or `service_account`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::ServiceAccount(_) => "service_account",
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is neither the id of a user nor that of a service account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is neither the id of a user (usr_…) nor that of a service account (sva_…)")]
pub struct BadHolder(pub String);

impl FromStr for Holder {
    type Err = BadHolder;
    fn from_str(text: &str) -> Result<Self, BadHolder> {
        let user = text.parse().map(Self::User);
        user.or_else(|_| text.parse().map(Self::ServiceAccount)).map_err(|_| BadHolder(text.to_owned()))
    }
}

impl TryFrom<String> for Holder {
    type Error = BadHolder;
    fn try_from(text: String) -> Result<Self, BadHolder> {
        text.parse()
    }
}

impl From<Holder> for String {
    fn from(holder: Holder) -> String {
        holder.to_string()
    }
}

impl From<UserId> for Holder {
    fn from(id: UserId) -> Self {
        Self::User(id)
    }
}

impl From<ServiceAccountId> for Holder {
    fn from(id: ServiceAccountId) -> Self {
        Self::ServiceAccount(id)
    }
}
