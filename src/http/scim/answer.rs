//! Resources as answers: JSON, ETag, Location.

use super::caller::Push;
use crate::{
    app::{CursorPage, GroupView, Receipt, UserView},
    http::error::ScimFailure,
    model::{Instant, PatchResponse},
    scim::{
        BulkResult, EntityTags, GroupRef, Member, MemberKind, Projection, ResourceMeta, ResourceType, ScimError,
        cursor_response, group_json, list_response, user_json, weak,
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
use serde_json::Value;
use std::sync::Arc;

/// One resource, ready to be answered.
pub(super) struct Resource {
    json: Value,
    location: String,
    version: String,
    modified: Instant,
}

/// Where a resource is.
pub(super) fn location(push: &Push, kind: ResourceType, id: &str) -> String {
    format!("{}{}/{id}", push.base, kind.endpoint())
}

/// A user, whole.
pub(super) fn user(push: &Push, mut view: UserView) -> Resource {
    // What the directory said, also of somebody whom a person here suspended: SCIM sees its own fact alone.
    let document = push.extensions().told(view.take_document());
    let UserView { user, groups } = view;
    let (base, version) = (&*push.base, weak(&user.version.to_string()));
    let groups: Vec<GroupRef<'_>> =
        groups.iter().map(|group| GroupRef { id: group.id.as_str(), display: &group.display_name }).collect();
    let meta = ResourceMeta {
        id: user.id.as_str(),
        base_url: base,
        created: user.created_at,
        modified: user.updated_at,
        version: &version,
    };
    let json = user_json(document, meta, &groups);
    Resource { json, location: format!("{base}/Users/{}", user.id), version, modified: user.updated_at }
}

/// A group, with its members where the view has them.
pub(super) fn group(push: &Push, view: &GroupView) -> Resource {
    let GroupView { group, members } = view;
    let (base, version) = (&*push.base, weak(&group.version.to_string()));
    // Without names: clients that compare what they sent with what they get do best without.
    let members: Option<Vec<Member<'_>>> = members.as_ref().map(|members| {
        members.iter().map(|member| Member { id: member.as_str(), display: None, kind: MemberKind::User }).collect()
    });
    let meta = ResourceMeta {
        id: group.id.as_str(),
        base_url: base,
        created: group.created_at,
        modified: group.updated_at,
        version: &version,
    };
    let json = group_json(&group.display_name, group.external_id.as_deref(), meta, members.as_deref());
    Resource { json, location: format!("{base}/Groups/{}", group.id), version, modified: group.updated_at }
}

impl Resource {
    /// As one operation of a bulk request has it; the resource itself only where somebody asked what it is.
    pub(super) fn in_bulk(self, status: StatusCode, projection: Option<&Projection>) -> BulkResult {
        let Self { json, location, version, modified: _ } = self;
        let response = projection.map(|projection| projection.apply(json));
        BulkResult { status: status.as_u16(), location: Some(location), version: Some(version), response }
    }

    /// As it stands in a list.
    pub(super) fn shown(self, projection: &Projection) -> Value {
        projection.apply(self.json)
    }

    /// 200.
    pub(super) fn ok(self, projection: &Projection) -> Response {
        let Self { json, location: _, version, modified: _ } = self;
        let mut response = self::json(&projection.apply(json));
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
        (self.json["id"].as_str().unwrap_or_default(), self.modified)
    }

    /// 201 and where it is (RFC 7644 §3.3), with a receipt that says whether the provider got to know.
    pub(super) fn created(self, projection: &Projection, mut receipt: Receipt) -> Response {
        let (id, modified) = self.state();
        receipt.tells_of(id, modified);
        let location = self.location.clone();
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
pub(super) fn list(resources: Vec<Value>, total: u64, start_index: u64) -> Response {
    json(&list_response(resources, total, start_index))
}

/// A page of resources that was reached by a cursor.
pub(super) fn cursor_list<T>(page: CursorPage<T>, shown: impl Fn(T) -> Value) -> Response {
    let CursorPage { items, total, previous, next } = page;
    json(&cursor_response(items.into_iter().map(shown).collect(), total, previous, next))
}

/// 200 and this.
pub(super) fn json(value: &Value) -> Response {
    // One resource mostly fits.
    let mut bytes = Vec::with_capacity(2_048);
    // A tree of JSON values has nothing in it that cannot be written.
    let _ = serde_json::to_writer(&mut bytes, value);
    let mut response = Response::new(Body::from(bytes));
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
