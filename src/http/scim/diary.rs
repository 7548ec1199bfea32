//! Each request at the providers' door has its line in the provisioning log, however it ends.

use super::parameters::{self, Given};
use crate::{
    app::{App, Asked, Attempt, Verdict},
    http::{error::Said, request::Noted},
    model::{GroupId, UserId},
    scim::{LEFT_OUT, ResourceType},
};
use axum::{extract::Request, response::Response};
use serde_json::{Map, Value};
use std::{future::Future, sync::Arc};

/// What nginx's log says of a caller who did not wait.
const WENT_AWAY: u16 = 499;

/// Keeps the diary of one request.
pub(super) async fn keep(
    app: &App,
    (request, given): (Request, &Given),
    answer: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let mut page = Page { attempt: app.attempt(asked(app, &request, given)), app: app.clone(), verdict: None };
    let response = page.tells(answer(request)).await;
    let said = response.extensions().get::<Said>();
    page.verdict = Some(Verdict {
        status: response.status().as_u16(),
        scim_type: said.and_then(|said| said.keyword),
        message: said.map(|said| said.detail.clone()),
    });
    response
}

/// The page of a request; turned when the request is over, also when nobody waits for its answer any more.
pub(super) struct Page {
    app: App,
    attempt: Attempt,
    verdict: Option<Verdict>,
}

impl Page {
    /// The page of one operation of the bulk request that this task is about.
    pub(super) fn of_operation(app: &App, operation: Operation<'_>) -> Option<Self> {
        let whole = Attempt::current()?;
        let Operation { method, path, kind, data } = operation;
        let path = path.split('?').next().unwrap_or_default();
        let attempt = whole.part(
            app,
            Asked {
                request: whole.request(),
                method: shown_method(&method.to_ascii_uppercase()),
                path: shown_path(path),
                parameters: Arc::default(),
                resource: path.rsplit('/').next().filter(|id| is_id(id)).map(str::to_owned),
                kind,
                // Whatever the connection wants of a PATCH by itself: in bulk it has a status of 200.
                selective: true,
            },
        );
        if let Some(data) = data {
            attempt.with_body(&serde_json::to_vec(data).unwrap_or_default());
        }
        Some(Self { app: app.clone(), attempt, verdict: None })
    }

    /// Does what the page is about.
    pub(super) async fn tells<F: Future>(&self, work: F) -> F::Output {
        self.attempt.clone().scope(work).await
    }

    /// What was answered.
    pub(super) fn end(mut self, verdict: Verdict) {
        self.verdict = Some(verdict);
    }
}

/// What an operation of a bulk request asks for.
pub(super) struct Operation<'a> {
    /// The method, as it was sent.
    pub(super) method: &'a str,
    /// The path behind `/scim/v2`, or whatever was sent as one.
    pub(super) path: String,
    /// What kind of thing its data tells of.
    pub(super) kind: ResourceType,
    /// Its data.
    pub(super) data: Option<&'a Map<String, Value>>,
}

impl Drop for Page {
    fn drop(&mut self) {
        let went_away = || Verdict { status: WENT_AWAY, ..Verdict::default() };
        self.app.conclude(&self.attempt, &self.verdict.take().unwrap_or_else(went_away));
    }
}

fn asked(app: &App, request: &Request, given: &Given) -> Asked {
    let (uri, method) = (request.uri(), request.method());
    let path = uri.path().strip_prefix("/scim/v2").unwrap_or(uri.path());
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let (noun, rest) = (parts.next().unwrap_or_default(), parts.next());
    let kind = if noun.eq_ignore_ascii_case("Groups") { ResourceType::Group } else { ResourceType::User };
    Asked {
        request: request.extensions().get::<Noted>().map_or_else(|| app.new_request(), |noted| noted.id().clone()),
        method: shown_method(method.as_str()),
        path: shown_path(path),
        parameters: Arc::clone(&given.pairs),
        resource: rest.filter(|id| is_id(id)).map(str::to_owned),
        kind,
        selective: parameters::projection(kind, given).0.is_selective(),
    }
}

fn shown_method(method: &str) -> String {
    let is_known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(&method);
    if is_known { method.to_owned() } else { LEFT_OUT.to_owned() }
}

fn is_id(text: &str) -> bool {
    text.parse::<UserId>().is_ok() || text.parse::<GroupId>().is_ok()
}

/// The words of the protocol and our own ids; whatever else somebody wrote into a path may be anything.
fn shown_path(path: &str) -> String {
    const WORDS: &[&str] = &[
        "Users",
        "Groups",
        "Me",
        "Bulk",
        "Roles",
        "Entitlements",
        "Schemas",
        "ResourceTypes",
        "ServiceProviderConfig",
        "User",
        "Group",
        "Role",
        ".search",
    ];
    let shown = |part: &str| {
        let is_known = WORDS.contains(&part) || is_id(part) || part.starts_with("urn:ietf:") || part.is_empty();
        if is_known { part.to_owned() } else { LEFT_OUT.to_owned() }
    };
    path.split('/').map(shown).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_without_what_may_be_anybodys() {
        let id = UserId::from_uuid(uuid::Uuid::nil());
        assert_eq!(shown_path(&format!("/Users/{id}")), format!("/Users/{id}"));
        assert_eq!(shown_path("/Users/ada@acme.example"), "/Users/…");
        assert_eq!(shown_path("/cgs_secret/Users"), "/…/Users");
    }
}
