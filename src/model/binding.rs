//! Role bindings: one row of subject, role, scope and source.

use super::{BindingId, GroupId, Instant, InvitationId, Role, Scope, ServiceAccountId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Whom a binding gives its role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Subject {
    /// One person.
    User(UserId),
    /// Everybody in a group, for as long as they are in it.
    Group(GroupId),
    /// A machine.
    ServiceAccount(ServiceAccountId),
}

impl Subject {
    /// The word in the store.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Group(_) => "group",
            Self::ServiceAccount(_) => "service_account",
        }
    }

    /// The id in the store.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::User(id) => id.as_str(),
            Self::Group(id) => id.as_str(),
            Self::ServiceAccount(id) => id.as_str(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// A text that is no id of anybody who can hold a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not the id of a user (usr_…), a group (grp_…) or a service account (sva_…)")]
pub struct BadSubject(pub String);

impl FromStr for Subject {
    type Err = BadSubject;
    fn from_str(text: &str) -> Result<Self, BadSubject> {
        let user = text.parse().map(Self::User);
        let group = user.or_else(|_| text.parse().map(Self::Group));
        group.or_else(|_| text.parse().map(Self::ServiceAccount)).map_err(|_| BadSubject(text.to_owned()))
    }
}

/// What made a binding. Each may take away only what it gave.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// Somebody decided.
    Person,
    /// A rule of the mapping.
    Rule {
        /// Its name; the mapping version lies beside it.
        name: String,
    },
    /// An accepted invitation.
    Invitation {
        /// Which.
        id: InvitationId,
    },
    /// A configuration file.
    File,
    /// The guard that an organization keeps an owner.
    Floor,
}

impl Source {
    /// The word in the store.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Rule { .. } => "rule",
            Self::Invitation { .. } => "invitation",
            Self::File => "file",
            Self::Floor => "floor",
        }
    }

    /// What distinguishes two sources of one kind: a rule's name, an invitation's id.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Rule { name } => name,
            Self::Invitation { id } => id.as_str(),
            Self::Person | Self::File | Self::Floor => "",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person => f.write_str("given by a person"),
            Self::Rule { name } => write!(f, "rule “{name}”"),
            Self::Invitation { id } => write!(f, "invitation {id}"),
            Self::File => f.write_str("configuration file"),
            Self::Floor => f.write_str("the owner floor"),
        }
    }
}

/// What a binding says, without its life: two with the same terms are the same grant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Terms {
    /// Who gets it.
    pub subject: Subject,
    /// What they get.
    pub role: Role,
    /// Where it holds.
    pub scope: Scope,
    /// What made it.
    pub source: Source,
    /// When it stops by itself.
    pub until: Option<Instant>,
}

/// One row of subject, role, scope and source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Binding {
    /// Its id.
    pub id: BindingId,
    /// What it says.
    #[serde(flatten)]
    pub terms: Terms,
    /// The mapping version that made it, if a rule did.
    pub mapping_version: Option<i64>,
    /// Who did it: an actor's text.
    pub author: String,
    /// Since when it holds.
    pub since: Instant,
}

impl Binding {
    /// Whether one act gave both: the same role to the same subject, by the same author at the same moment, at several places.
    /// Each is a row of its own, with its own life; that they belong together is presentation.
    #[must_use]
    pub fn given_with(&self, other: &Self) -> bool {
        let (a, b) = (&self.terms, &other.terms);
        a.subject == b.subject
            && a.role == b.role
            && a.source == b.source
            && a.until == b.until
            && self.author == other.author
            && self.since == other.since
    }

    /// The same bindings, those that one act gave side by side; otherwise in their order.
    #[must_use]
    pub fn together(bindings: &[Self]) -> Vec<Vec<&Self>> {
        let mut acts: Vec<Vec<&Self>> = Vec::new();
        for binding in bindings {
            match acts.iter_mut().find(|act| act.first().is_some_and(|first| first.given_with(binding))) {
                Some(act) => act.push(binding),
                None => acts.push(vec![binding]),
            }
        }
        acts
    }
}
