//! Resources as answers: what is stored with what the server adds to it, written straight into JSON text.

mod group;
mod list;
mod user;

pub use self::{
    group::{Member, group_json},
    list::ListResponse,
    user::{GroupRef, KeptAttributes, user_json},
};

use super::schema::ResourceType;
use crate::model::Instant;
use serde::{Serialize, Serializer};
use std::fmt;

/// What the server adds to a document.
#[derive(Debug, Clone, Copy)]
pub struct ResourceMeta<'a> {
    /// The resource's id.
    pub id: &'a str,
    /// The URL of the SCIM root, without a slash at the end. Locations are absolute.
    pub base_url: &'a str,
    /// When the resource was made.
    pub created: Instant,
    /// When it last changed.
    pub modified: Instant,
    /// Its version as an entity tag: `W/"…"`, see [`super::weak`].
    pub version: &'a str,
}

impl<'a> ResourceMeta<'a> {
    /// As the resource says it.
    fn of(self, kind: ResourceType) -> Meta<'a> {
        Meta {
            resource_type: kind.name(),
            created: self.created,
            last_modified: self.modified,
            location: Location { base_url: self.base_url, kind, id: self.id },
            version: self.version,
        }
    }
}

/// RFC 7643 §3.1: `meta`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    resource_type: &'static str,
    created: Instant,
    last_modified: Instant,
    location: Location<'a>,
    version: &'a str,
}

/// Where a resource is.
#[derive(Debug, Clone, Copy)]
pub struct Location<'a> {
    /// The URL of the SCIM root, without a slash at the end.
    pub base_url: &'a str,
    /// What kind of resource it is.
    pub kind: ResourceType,
    /// Its id.
    pub id: &'a str,
}

impl fmt::Display for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base_url, kind, id } = self;
        write!(f, "{base_url}{}/{id}", kind.endpoint())
    }
}

impl Serialize for Location<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests;
