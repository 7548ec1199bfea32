//! Line 2: the SCIM protocol without HTTP. Pure.
//!
//! A request's bytes become an object ([`parse_object`]), the object becomes a [`UserDocument`], a [`GroupDocument`] or a
//! [`Patch`], and what is stored becomes an answer ([`user_json`], [`group_json`], [`ListResponse`]) cut down to what was
//! asked for ([`Projection`]). Every refusal is a [`ScimError`], which knows its status and its JSON.
//!
//! What may be said is data ([`ResourceType`] and its [`Attribute`]s). The same data reads bodies, resolves PATCH paths,
//! checks filters and answers `/Schemas`, so that they cannot disagree.
//!
//! Clients are taken as they are. In the tolerant dialect whatever has one sensible meaning is given that meaning, and each
//! such kindness is counted by name ([`Tolerance`]); in the strict dialect it is refused.
//!
//! A user is patched as a document. A group is not: its members are rows that nobody wants to load, so a group's PATCH
//! becomes a list of changes ([`GroupPatch`]) for the store to do.

mod body;
mod bulk;
mod discovery;
mod error;
mod etag;
mod example;
mod extension;
mod group;
mod patch;
mod projection;
mod query;
mod resource;
mod role;
mod schema;
mod shape;
mod tolerance;
mod user;

#[cfg(test)]
mod tests;

pub use body::{UnreadableJson, parse_object, read_json};
pub use bulk::{Asked, Bulk, BulkMethod, BulkOperation, BulkResult, Step, bulk_response};
pub use discovery::{
    BulkLimits, Capabilities, Pagination, resource_type, resource_types, schema, schemas, service_provider_config,
};
pub use error::{ERROR_SCHEMA, ScimError, ScimType};
pub use etag::{EntityTags, weak};
pub use example::{LEFT_OUT, example, filter_without_values};
pub use extension::Extensions;
pub use group::{GroupDocument, MemberKind, MemberRef};
pub use patch::{GroupPatch, MemberChange, Op, Operation, PATCH_SCHEMA, Patch, Patched};
pub use projection::Projection;
pub use query::{Query, Sort};
pub use resource::{GroupRef, KeptAttributes, ListResponse, Location, Member, ResourceMeta, group_json, user_json};
pub use role::{
    OKTA_ROLE_SCHEMA, OfferedRole, RoleDialect, RoleNames, offered_role, offered_roles, role_page, role_resource_type,
    role_schema, roles_and_entitlements,
};
pub use schema::{
    Attribute, ENTERPRISE_SCHEMA, GROUP_SCHEMA, Mutability, Named, Place, ROLE_SCHEMA, ResourceType, Returned, Type,
    USER_SCHEMA, Uniqueness,
};
pub use tolerance::Tolerance;
pub use user::UserDocument;
