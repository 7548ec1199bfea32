//! Resources as answers: JSON, ETag, Location.

use super::caller::Push;
use crate::{
    app::{CursorPage, GroupView, Receipt, UserView},
    http::error::{Refusal, ScimFailure},
    model::{Instant, PatchResponse},
    scim::{
        BulkResult, EntityTags, GroupRef, KeptAttributes, ListResponse, Location, Member, MemberKind, Projection,
        ResourceMeta, ResourceType, ScimError, group_json, user_json, weak,
    },
};
use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, ETAG, LOCATION},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::value::{RawValue, Value, to_raw_value};
use std::sync::Arc;

/// One resource, ready to be answered.
pub(super) struct Resource {
    json: Box<RawValue>,
    kind: ResourceType,
    id: String,
    base: Arc<str>,
    version: String,
    modified: Instant,
}

/// Where a resource is.
pub(super) fn location(push: &Push, kind: ResourceType, id: &str) -> String {
    Location { base_url: &push.base, kind, id }.to_string()
}

/// A user, whole.
pub(super) fn user<D: KeptAttributes>(push: &Push, view: &UserView<D>) -> Result<Resource, Refusal> {
    let UserView { user, groups } = view;
    let version = weak(&user.version.to_string());
    let groups: Vec<GroupRef<'_>> =
        groups.iter().map(|group| GroupRef { id: group.id.as_str(), display: &group.display_name }).collect();
    let meta = ResourceMeta {
        id: user.id.as_str(),
        base_url: &push.base,
        created: user.created_at,
        modified: user.updated_at,
        version: &version,
    };
    // What the directory said, also of somebody whom a person here suspended: SCIM sees its own fact alone.
    let json = user_json(&user.document, user.directory_active, push.extensions(), meta, &groups)
        .map_err(|error| Refusal::internal(format!("the document of user {} cannot be told: {error}", user.id)))?;
    let (id, base) = (user.id.to_string(), Arc::clone(&push.base));
    Ok(Resource { json, kind: ResourceType::User, id, base, version, modified: user.updated_at })
}

/// A group, with its members where the view has them.
pub(super) fn group(push: &Push, view: &GroupView) -> Result<Resource, Refusal> {
    let GroupView { group, members } = view;
    let version = weak(&group.version.to_string());
    // Without names: clients that compare what they sent with what they get do best without.
    let members: Option<Vec<Member<'_>>> = members.as_ref().map(|members| {
        members.iter().map(|member| Member { id: member.as_str(), display: None, kind: MemberKind::User }).collect()
    });
    let meta = ResourceMeta {
        id: group.id.as_str(),
        base_url: &push.base,
        created: group.created_at,
        modified: group.updated_at,
        version: &version,
    };
    let json = group_json(&group.display_name, group.external_id.as_deref(), meta, members.as_deref())
        .map_err(|error| Refusal::internal(format!("group {} cannot be told: {error}", group.id)))?;
    let (id, base) = (group.id.to_string(), Arc::clone(&push.base));
    Ok(Resource { json, kind: ResourceType::Group, id, base, version, modified: group.updated_at })
}

impl Resource {
    /// As one operation of a bulk request has it; the resource itself only where somebody asked what it is.
    pub(super) fn in_bulk(self, status: StatusCode, projection: Option<&Projection>) -> BulkResult {
        let location = Some(self.location());
        let response = projection.map(|projection| projection.apply(self.read()));
        BulkResult { status: status.as_u16(), location, version: Some(self.version), response }
    }

    /// As it stands in a list.
    pub(super) fn shown(self, projection: &Projection) -> Box<RawValue> {
        if projection.is_everything() {
            return self.json;
        }
        // A tree of JSON values has nothing in it that cannot be written.
        to_raw_value(&projection.apply(self.read())).unwrap_or(self.json)
    }

    /// Its parts.
    fn read(&self) -> Value {
        // It was written a moment ago.
        serde_json::from_str(self.json.get()).unwrap_or_default()
    }

    /// Where it is.
    fn location(&self) -> String {
        Location { base_url: &self.base, kind: self.kind, id: &self.id }.to_string()
    }

    /// 200.
    pub(super) fn ok(mut self, projection: &Projection) -> Response {
        let version = std::mem::take(&mut self.version);
        let mut response = answer(Box::<str>::from(self.shown(projection)).into_string().into());
        put(&mut response, ETAG, &version);
        response
    }

    /// 304 if the client has this version (RFC 9110 §13.1.2), else 200.
    pub(super) fn ok_unless(self, known: Option<&EntityTags>, projection: &Projection) -> Response {
        if !known.is_some_and(|tags| tags.matches(&self.version)) {
            return self.ok(projection);
        }
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        put(&mut response, ETAG, &self.version);
        response
    }

    /// Its id, and when it was last changed: what a receipt notes of it.
    pub(super) fn state(&self) -> (&str, Instant) {
        (&self.id, self.modified)
    }

    /// 201 and where it is (RFC 7644 §3.3), with a receipt that says whether the provider got to know.
    pub(super) fn created(self, projection: &Projection, mut receipt: Receipt) -> Response {
        let (id, modified) = self.state();
        receipt.tells_of(id, modified);
        let location = self.location();
        let mut response = self.ok(projection);
        *response.status_mut() = StatusCode::CREATED;
        response.extensions_mut().insert(Arc::new(receipt));
        put(&mut response, LOCATION, &location);
        response
    }

    /// What the connection wants a PATCH to be answered with. RFC 7644 §3.5.2: 200 if `attributes` was given.
    pub(super) fn patched(self, how: PatchResponse, projection: &Projection) -> Response {
        match how {
            PatchResponse::Empty if !projection.is_selective() => {
                let mut response = gone();
                put(&mut response, ETAG, &self.version);
                response
            }
            PatchResponse::Empty | PatchResponse::Body => self.ok(projection),
        }
    }
}

/// 204.
pub(super) fn gone() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// A page of resources.
pub(super) fn list<T: Serialize>(resources: Vec<T>, total: u64, start_index: u64) -> Response {
    json(&ListResponse::by_index(resources, total, start_index))
}

/// A page of resources that was reached by a cursor.
pub(super) fn cursor_list<T>(
    page: CursorPage<T>,
    shown: impl Fn(T) -> Result<Box<RawValue>, Refusal>,
) -> Result<Response, Refusal> {
    let CursorPage { items, total, previous, next } = page;
    let resources = items.into_iter().map(shown).collect::<Result<_, _>>()?;
    Ok(json(&ListResponse::by_cursor(resources, total, previous, next)))
}

/// 200 and this.
pub(super) fn json(value: &impl Serialize) -> Response {
    // One resource mostly fits.
    let mut bytes = Vec::with_capacity(2_048);
    // Nothing is answered that cannot be written.
    let _ = serde_json::to_writer(&mut bytes, value);
    answer(bytes.into())
}

fn answer(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    response
}

/// 404 for what is not among the things that discovery lists.
pub(super) fn found(value: Option<Value>, what: &str, id: &str) -> Result<Response, ScimFailure> {
    match value {
        Some(value) => Ok(json(&value)),
        None => Err(ScimError::not_found(format!("There is no {what} “{id}”.")).into()),
    }
}

fn put(response: &mut Response, name: axum::http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
