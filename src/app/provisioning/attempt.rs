//! A provider's request while it is under way.

use super::{
    Moved,
    queue::{Waiting, Whose},
    redact, shown,
};
use crate::{
    app::{Actor, App, Ctx},
    crypto::{TokenKind, token},
    model::{Connection, Instant, PatchResponse, Push, PushEntry, RequestId, Tolerated, UserId},
    scim::{ResourceType, Tolerance, example, parse_object},
    telemetry::metrics,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

tokio::task_local! {
    /// The request of this task. Not in [`Ctx`], which says who asks and not for what.
    static CURRENT: Attempt;
}

/// Bodies in which an example is looked for; a first sync's groups are larger.
const LARGEST_WITH_EXAMPLE: usize = 64 * 1024;

/// What a provider asks for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request's number.
    pub request: RequestId,
    /// The HTTP method.
    pub method: String,
    /// The path behind `/scim/v2`, fit to be shown.
    pub path: String,
    /// The parameters, as they came. What of them is shown is found out when the line is written, and not while somebody waits.
    pub parameters: Arc<[(String, String)]>,
    /// The user or group in the path.
    pub resource: Option<String>,
    /// What kind of thing the body tells of.
    pub kind: ResourceType,
    /// Whether only some attributes are to be in the answer: then a PATCH has one with a body.
    pub selective: bool,
}

/// What the provider was answered.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// The status.
    pub status: u16,
    /// SCIM's keyword.
    pub scim_type: Option<&'static str>,
    /// What was wrong.
    pub message: Option<String>,
}

/// A provider's request while it is under way. Cheap to clone; clones are one.
#[derive(Debug, Clone)]
pub struct Attempt(Arc<Known>);

#[derive(Debug)]
struct Known {
    asked: Asked,
    at: Instant,
    began: std::time::Instant,
    found: Mutex<Found>,
}

/// What is found out about it on the way.
#[derive(Debug, Default)]
struct Found {
    whose: Option<Whose>,
    /// What a PATCH of this connection is answered with.
    patch_response: Option<PatchResponse>,
    body: Option<Vec<u8>>,
    /// Whom it is about, where its path does not say.
    about: Option<String>,
    /// What it got away with and no written line tells of.
    tolerances: Vec<Tolerated>,
    /// The status that a change wrote, once it is on disk.
    written: Option<u16>,
}

/// A line for the log, and the attempt that is to know when it is on disk.
#[derive(Debug)]
pub(in crate::app) struct Line {
    pub(in crate::app) push: Push,
    attempt: Attempt,
}

impl Line {
    /// The line is on disk.
    pub(in crate::app) fn written(self) {
        let PushEntry { status, tolerances, .. } = self.push.entry;
        let mut found = self.attempt.found();
        found.written = Some(status);
        found.tolerances.retain(|tolerated| !tolerances.contains(tolerated));
    }
}

impl App {
    /// A provider's request begins.
    #[must_use]
    pub fn attempt(&self, asked: Asked) -> Attempt {
        Attempt(Arc::new(Known {
            asked,
            at: self.clock().now(),
            began: std::time::Instant::now(),
            found: Mutex::default(),
        }))
    }

    /// A provider's request ends. What no change has written yet, and is somebody's, waits to be written.
    pub fn conclude(&self, attempt: &Attempt, verdict: &Verdict) {
        let found = attempt.found();
        let Some(whose) = found.whose.clone() else { return };
        if found.written == Some(verdict.status) && found.tolerances.is_empty() {
            return;
        }
        let tolerances = found.tolerances.clone();
        let about = found.about.clone();
        let failed = found.written.is_some_and(|written| written != verdict.status);
        let made = failed.then_some("The change was made; its answer failed.");
        drop(found);
        let entry = PushEntry {
            scim_type: verdict.scim_type.map(str::to_owned),
            message: verdict.message.as_deref().or(made).map(redact::text),
            tolerances,
            resource: attempt.0.asked.resource.clone().or(about),
            ..attempt.entry(verdict.status)
        };
        let parameters = Arc::clone(&attempt.0.asked.parameters);
        self.pushes().add(Waiting { whose, at: attempt.0.at, entry, parameters });
    }
}

impl Attempt {
    /// The provider's request of this task.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Does what is asked for. Whatever it changes and tolerates, in its own task, is this attempt's.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// The request's number.
    #[must_use]
    pub fn request(&self) -> RequestId {
        self.0.asked.request.clone()
    }

    /// One of several things that this request asks for, with a line of its own: an operation of a bulk request. To be done in
    /// its [`scope`](Self::scope) and concluded like any other.
    #[must_use]
    pub fn part(&self, app: &App, asked: Asked) -> Self {
        let part = app.attempt(Asked { request: self.request(), ..asked });
        {
            let (mine, mut its) = (self.found(), part.found());
            its.whose.clone_from(&mine.whose);
            its.patch_response = mine.patch_response;
        }
        part
    }

    /// Whose request it is.
    pub fn of_connection(&self, ctx: &Ctx, connection: &Connection) {
        let mut found = self.found();
        found.whose = Some(Whose::Connection(ctx.organization.clone(), connection.id.clone()));
        found.patch_response = Some(connection.settings.patch_response);
    }

    /// By which token it came, which opens nothing: perhaps one that did once.
    pub fn of_token(&self, bearer: &str) {
        if let Ok(presented) = token::parse(bearer, TokenKind::Scim) {
            self.found().whose = Some(Whose::Token(presented.hash()));
        }
    }

    /// Whom it is about, where its path does not say.
    pub(in crate::app) fn about(&self, user: &UserId) {
        self.found().about = Some(user.to_string());
    }

    /// What its body says, for examples of what it gets away with.
    pub fn with_body(&self, body: &[u8]) {
        if body.len() <= LARGEST_WITH_EXAMPLE {
            self.found().body = Some(body.to_vec());
        }
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tolerate(&self, tolerances: &[Tolerance]) {
        let mut found = self.found();
        let new: Vec<Tolerance> = tolerances
            .iter()
            .copied()
            .filter(|new| found.tolerances.iter().all(|known| known.name != new.name()))
            .collect();
        if new.is_empty() {
            return;
        }
        let body = found.body.as_ref().and_then(|body| parse_object(body).ok());
        let kind = self.0.asked.kind;
        let tolerated = new.into_iter().map(|tolerance| Tolerated {
            name: tolerance.name().to_owned(),
            example: body.as_ref().and_then(|body| example(tolerance, kind, body)).map(|text| redact::text(&text)),
        });
        found.tolerances.extend(tolerated);
    }

    /// The line of a change that is about to be committed in the name of `ctx`.
    pub(in crate::app) fn line(&self, app: &App, ctx: &Ctx, moved: Moved) -> Option<Line> {
        let Actor::Connection { id } = &ctx.actor else { return None };
        let found = self.found();
        let status = self.status_of_change(found.patch_response);
        let tolerances = found.tolerances.clone();
        drop(found);
        let Moved { change, access, resource } = moved;
        let entry = self.entry(status);
        let entry = PushEntry {
            path: shown::path(&entry.path, &self.0.asked.parameters),
            resource: entry.resource.clone().or(resource),
            change: Some(change),
            access: (access.gained + access.lost > 0).then_some(access),
            tolerances,
            ..entry
        };
        let push =
            Push { id: app.pushes().id(self.0.at, &entry.request), at: self.0.at, connection: id.clone(), entry };
        Some(Line { push, attempt: self.clone() })
    }

    /// The line, with the path alone.
    fn entry(&self, status: u16) -> PushEntry {
        let Asked { request, method, path, parameters: _, resource, kind: _, selective: _ } = &self.0.asked;
        let micros = u32::try_from(self.0.began.elapsed().as_micros()).unwrap_or(u32::MAX);
        PushEntry {
            request: request.clone(),
            method: method.clone(),
            path: path.clone(),
            resource: resource.clone(),
            status,
            scim_type: None,
            message: None,
            times: 1,
            change: None,
            access: None,
            tolerances: Vec::new(),
            ms: f64::from(micros) / 1_000.0,
        }
    }

    /// What a change is answered with: its line is written before there is an answer.
    fn status_of_change(&self, patch_response: Option<PatchResponse>) -> u16 {
        let Asked { method, path, selective, .. } = &self.0.asked;
        match method.as_str() {
            "POST" if path.starts_with("/Users") || path.starts_with("/Groups") => 201,
            "DELETE" => 204,
            "PATCH" if patch_response == Some(PatchResponse::Empty) && !selective => 204,
            _ => 200,
        }
    }
}

/// Counts what a request got away with, and notes it for the log.
pub fn tolerated(tolerances: &[Tolerance]) {
    if tolerances.is_empty() {
        return;
    }
    metrics().tolerated(tolerances);
    if let Some(attempt) = Attempt::current() {
        attempt.tolerate(tolerances);
    }
}
