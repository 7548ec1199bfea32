//! People, service accounts and groups.

use super::{ConnectionId, GroupId, Instant, ServiceAccountId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Whether somebody may come in. Derived from the facts below and never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UserState {
    /// Neither the directory nor a person forbids.
    Active,
    /// One of them does.
    Suspended,
    /// Deleted; a tombstone for 30 days.
    Removed,
}

/// One person in one organization. `D` is the document: read, or as it lies in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User<D = Map<String, Value>> {
    /// Its id; the same in SCIM.
    pub id: UserId,
    /// The connection that owns this person; none for a local one.
    pub connection: Option<ConnectionId>,
    /// Unique in its connection, compared folded.
    pub user_name: String,
    /// The provider's own id, compared exactly.
    pub external_id: Option<String>,
    /// The name that people read; empty when nobody said one.
    pub display_name: String,
    /// The primary address. An attribute, never an identity.
    pub email: Option<String>,
    /// What the directory says. SCIM reads and writes only this.
    pub directory_active: bool,
    /// What a person in this organization said.
    pub suspended_by_person: bool,
    /// When it was deleted.
    pub removed_at: Option<Instant>,
    /// The SCIM attributes: normalised, without `id`, `meta`, `groups`, `active` and `schemas`.
    pub document: D,
    /// Ends credentials: a session of an older epoch is over.
    pub session_epoch: i64,
    /// Drops cached decisions.
    pub access_epoch: i64,
    /// For ETags; moves with every change of the SCIM resource.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When the SCIM resource last changed.
    pub updated_at: Instant,
}

/// A user whose document is the JSON text that lies in the store: for those who pass it on and look at nothing inside.
pub type KeptUser = User<String>;

impl User {
    /// Somebody new of whom nothing is known yet: active, of version 1. The caller fills in what it knows.
    #[must_use]
    pub fn blank(id: UserId, connection: Option<ConnectionId>, now: Instant) -> Self {
        Self {
            id,
            connection,
            user_name: String::new(),
            external_id: None,
            display_name: String::new(),
            email: None,
            directory_active: true,
            suspended_by_person: false,
            removed_at: None,
            document: Map::new(),
            session_epoch: 0,
            access_epoch: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

impl<D> User<D> {
    /// The same person with their document in another form.
    ///
    /// # Errors
    /// Those of `change`.
    pub fn try_with_document<E, Error>(
        self,
        change: impl FnOnce(&UserId, D) -> Result<E, Error>,
    ) -> Result<User<E>, Error> {
        Ok(User {
            document: change(&self.id, self.document)?,
            id: self.id,
            connection: self.connection,
            user_name: self.user_name,
            external_id: self.external_id,
            display_name: self.display_name,
            email: self.email,
            directory_active: self.directory_active,
            suspended_by_person: self.suspended_by_person,
            removed_at: self.removed_at,
            session_epoch: self.session_epoch,
            access_epoch: self.access_epoch,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }

    /// Whether this person may come in.
    #[must_use]
    pub fn state(&self) -> UserState {
        match (self.removed_at, self.directory_active && !self.suspended_by_person) {
            (Some(_), _) => UserState::Removed,
            (None, true) => UserState::Active,
            (None, false) => UserState::Suspended,
        }
    }

    /// What to call this person.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.display_name.is_empty() { &self.user_name } else { &self.display_name }
    }
}

/// A machine of an organization, which comes in with API keys of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceAccount {
    /// Its id.
    pub id: ServiceAccountId,
    /// What people call it; unique in the organization when folded.
    pub name: String,
    /// What it is for; empty when nobody said.
    pub description: String,
    /// Whose acceptance of the terms covers it; none when the operator made it.
    pub created_by: Option<UserId>,
    /// What a person said.
    pub suspended: bool,
    /// When it was closed, for good.
    pub removed_at: Option<Instant>,
    /// For ETags; moves with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

impl ServiceAccount {
    /// Whether its keys may come in.
    #[must_use]
    pub fn state(&self) -> UserState {
        match (self.removed_at, self.suspended) {
            (Some(_), _) => UserState::Removed,
            (None, false) => UserState::Active,
            (None, true) => UserState::Suspended,
        }
    }
}

/// What an identity row says about a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// The subject of a sign-in.
    Subject,
    /// The externalId of a push.
    ExternalId,
}

impl IdentityKind {
    /// The word in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::ExternalId => "external_id",
        }
    }
}

/// Where a group came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GroupOrigin {
    /// Made by a person here. No rule matches it.
    Local,
    /// Pushed over SCIM.
    Scim,
    /// Asserted in a sign-in.
    Claims,
}

impl GroupOrigin {
    /// The word in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Scim => "scim",
            Self::Claims => "claims",
        }
    }
}

/// A user group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Group {
    /// Its id; the same in SCIM.
    pub id: GroupId,
    /// The connection that owns it; none for a local one.
    pub connection: Option<ConnectionId>,
    /// Where it came from.
    pub origin: GroupOrigin,
    /// Its name; unique in its connection and origin when folded.
    pub display_name: String,
    /// The provider's own id, compared exactly.
    pub external_id: Option<String>,
    /// When it was deleted.
    pub removed_at: Option<Instant>,
    /// For ETags; moves with every change, membership included.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

/// What lies behind the facts of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactSource {
    /// Pushed. Wins over claims.
    Scim,
    /// Asserted in the last sign-in.
    Claims,
}

impl FactSource {
    /// The word in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scim => "scim",
            Self::Claims => "claims",
        }
    }
}
