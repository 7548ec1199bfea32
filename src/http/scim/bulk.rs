//! `/Bulk`: many operations in one request, each by the use case and in the transaction that it would have by itself
//! (RFC 7644 §3.7).

use super::{
    answer,
    body::Object,
    caller::Push,
    dialect,
    diary::{Operation, Page},
    groups,
    parameters::{self, Given},
    users,
};
use crate::{
    app::{App, Receipt, Verdict},
    http::{
        error::{Refusal, ScimFailure},
        request::Noted,
    },
    scim::{
        Asked, Bulk, BulkMethod, BulkResult, EntityTags, Projection, ResourceType, ScimError, ScimType, Step,
        bulk_response,
    },
};
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

pub(super) async fn run(
    State(app): State<App>,
    push: Push,
    Extension(noted): Extension<Noted>,
    Object(body): Object,
) -> Result<Response, ScimFailure> {
    let bulk = Bulk::parse(&body, dialect(&push), app.settings().scim.max_bulk_operations)?;
    drop(body);
    // Otherwise a thousand requests in one would cost a thousandth of what they cost one by one.
    let besides = u32::try_from(bulk.operations.len().saturating_sub(1)).unwrap_or(u32::MAX);
    noted.admit(|limits| limits.of_connection_besides(&push.connection.id, besides))?;
    let mut job = Job {
        app: &app,
        push,
        bulk: &bulk,
        made: HashMap::new(),
        incomplete: HashMap::new(),
        results: bulk.operations.iter().map(|_| None).collect(),
        errors: 0,
        away: None,
        receipt: app.receipt(),
    };
    for step in bulk.steps() {
        if bulk.fail_on_errors.is_some_and(|most| job.errors >= most) {
            break;
        }
        Box::pin(job.step(step)).await;
    }
    let (results, receipt) = job.finish();
    let mut response = answer::json(&bulk_response(
        bulk.operations.iter().zip(results).filter_map(|(operation, result)| result.map(|result| (operation, result))),
    ));
    // What was made is made, also if the provider never learns of it: then each is answered again when it comes again.
    response.extensions_mut().insert(Arc::new(receipt));
    Ok(response)
}

/// A bulk request while it is done.
struct Job<'a> {
    app: &'a App,
    push: Push,
    bulk: &'a Bulk,
    /// The ids of what was made, by bulkId.
    made: HashMap<String, String>,
    /// Operations that were done without a reference, and the attributes that it is missing from.
    incomplete: HashMap<usize, Vec<String>>,
    results: Vec<Option<BulkResult>>,
    errors: u64,
    /// Why nothing more is tried: the store is away.
    away: Option<ScimError>,
    /// Of everything that was made.
    receipt: Receipt,
}

impl Job<'_> {
    async fn step(&mut self, step: Step) {
        // Each operation has its own moment, as if it had come by itself.
        self.push.ctx.now = self.app.clock().now();
        match step {
            Step::Do { operation, without } => {
                let page = self.page(operation, false);
                let work = self.perform(operation, &without);
                let outcome = match &page {
                    Some(page) => Box::pin(page.tells(work)).await,
                    None => work.await,
                };
                let location = self.location(operation);
                let result = self.result(page, outcome, location);
                self.note(operation, result);
            }
            Step::Complete { operation } => {
                let Some(attributes) = self.incomplete.remove(&operation) else { return };
                let Some(before) = self.results.get_mut(operation).and_then(Option::take) else { return };
                let page = self.page(operation, true);
                let work = self.complete(operation, &attributes);
                let outcome = match &page {
                    Some(page) => Box::pin(page.tells(work)).await,
                    None => work.await,
                };
                let BulkResult { status, location, .. } = before;
                let after = self.result(page, outcome, location);
                let status = if after.is_error() { after.status } else { status };
                self.note(operation, BulkResult { status, ..after });
            }
        }
    }

    /// The operation's own page in the provisioning log. Completing what was made without something is a change by itself.
    fn page(&self, operation: usize, completes: bool) -> Option<Page> {
        let given = self.bulk.operations.get(operation)?;
        let asked = given.asked.as_ref().ok();
        let id = match completes {
            true => given.bulk_id.as_ref().and_then(|bulk_id| self.made.get(bulk_id)).cloned(),
            false => asked.and_then(|asked| asked.resolved_id(&self.made)),
        };
        let path = match (asked, id) {
            (Some(asked), Some(id)) => format!("{}/{id}", asked.kind.endpoint()),
            (Some(asked), None) => asked.kind.endpoint().to_owned(),
            (None, _) => given.path.clone(),
        };
        let method = if completes { "PATCH" } else { &given.method };
        let kind = asked.map_or(ResourceType::User, |asked| asked.kind);
        Page::of_operation(self.app, Operation { method, path, kind, data: asked.map(|asked| &asked.data) })
    }

    /// What is said of an operation, here and in the provisioning log.
    fn result(
        &mut self,
        page: Option<Page>,
        outcome: Result<BulkResult, Refusal>,
        location: Option<String>,
    ) -> BulkResult {
        let (result, verdict) = match outcome {
            Ok(result) => {
                let verdict = Verdict { status: result.status, ..Verdict::default() };
                (result, verdict)
            }
            Err(refusal) => {
                let error = self.refused(refusal);
                (BulkResult::refused(&error, location), verdict(&error))
            }
        };
        if let Some(page) = page {
            page.end(verdict);
        }
        result
    }

    fn note(&mut self, operation: usize, result: BulkResult) {
        self.errors += u64::from(result.is_error());
        if let Some(place) = self.results.get_mut(operation) {
            *place = Some(result);
        }
    }

    async fn perform(&mut self, operation: usize, without: &BTreeSet<String>) -> Result<BulkResult, Refusal> {
        if let Some(why) = &self.away {
            return Err(why.clone().into());
        }
        let Some(given) = self.bulk.operations.get(operation) else {
            return Err(Refusal::internal("a step of a bulk request without its operation"));
        };
        let asked = given.asked.as_ref().map_err(Clone::clone)?;
        if let Some(id) = asked.dangling(&self.made, without) {
            return Err(self.nothing_made_of(&id).into());
        }
        let (data, incomplete) = asked.data(&self.made, without);
        let result = self.carry_out(asked, given.version.as_deref(), &data).await?;
        if let (BulkMethod::Create, Some(bulk_id)) = (asked.method, &given.bulk_id) {
            let id = result.location.as_deref().and_then(|location| location.rsplit('/').next());
            self.made.extend(id.map(|id| (bulk_id.clone(), id.to_owned())));
        }
        if !incomplete.is_empty() {
            self.incomplete.insert(operation, incomplete);
        }
        Ok(result)
    }

    /// Does one operation, as the request by itself does it.
    async fn carry_out(
        &mut self,
        asked: &Asked,
        version: Option<&str>,
        data: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<BulkResult, Refusal> {
        let (app, push) = (self.app, &self.push);
        let id = asked.resolved_id(&self.made).unwrap_or_default();
        let seen = version.map(EntityTags::parse);
        let target = (id.as_str(), seen.as_ref());
        let projection = self.projection(asked);
        let most = if projection.as_ref().is_some_and(|shown| shown.wants("members")) { usize::MAX } else { 0 };
        let (status, done) = match (asked.method, asked.kind) {
            (BulkMethod::Create, ResourceType::User) => (StatusCode::CREATED, users::make(app, push, data).await?),
            (BulkMethod::Create, ResourceType::Group) => (StatusCode::CREATED, groups::make(app, push, data).await?),
            (BulkMethod::Replace, ResourceType::User) => (StatusCode::OK, users::set(app, push, target, data).await?),
            (BulkMethod::Replace, ResourceType::Group) => (StatusCode::OK, groups::set(app, push, target, data).await?),
            (BulkMethod::Change, ResourceType::User) => (StatusCode::OK, users::change(app, push, target, data).await?),
            (BulkMethod::Change, ResourceType::Group) => {
                (StatusCode::OK, groups::change(app, push, target, data, most).await?)
            }
            (BulkMethod::Create | BulkMethod::Replace | BulkMethod::Change, ResourceType::Role) => {
                return Err(roles_are_read_only());
            }
            (BulkMethod::Delete, kind) => {
                match kind {
                    ResourceType::User => app.delete_user(&push.ctx, &push.connection, target).await?,
                    ResourceType::Group => app.delete_group(&push.ctx, &push.connection, target).await?,
                    ResourceType::Role => return Err(roles_are_read_only()),
                }
                let location = Some(answer::location(push, kind, &id));
                return Ok(BulkResult { status: 204, location, version: None, response: None });
            }
        };
        let (id, modified) = done.state();
        match asked.method {
            BulkMethod::Create => self.receipt.tells_of(id, modified),
            BulkMethod::Replace | BulkMethod::Change | BulkMethod::Delete => self.receipt.tells_of_change(id, modified),
        }
        Ok(done.in_bulk(status, projection.as_ref()))
    }

    /// Puts in what had to be left out when the resource was made.
    async fn complete(&mut self, operation: usize, attributes: &[String]) -> Result<BulkResult, Refusal> {
        let Some(Ok(asked)) = self.bulk.operations.get(operation).map(|given| &given.asked) else {
            return Err(Refusal::internal("a bulk operation was done that could not be read"));
        };
        if let Some(id) = asked.dangling(&self.made, &BTreeSet::new()) {
            return Err(self.nothing_made_of(&id).into());
        }
        let own = self.bulk.operations.get(operation).and_then(|given| self.made.get(given.bulk_id.as_ref()?)).cloned();
        let change = Asked { method: BulkMethod::Change, id: own, ..asked.clone() };
        self.carry_out(&change, None, &asked.completion(&self.made, attributes)).await
    }

    /// What of the resource stands in the result. RFC 7644 §3.7.3 leaves it to us on success: who asks for attributes, of one
    /// operation or of all, wants to see them.
    fn projection(&self, asked: &Asked) -> Option<Projection> {
        let of = |given: &Given| {
            let (projection, wanted) = parameters::projection(asked.kind, given);
            wanted.then_some(projection)
        };
        let own: Option<Uri> = format!("/?{}", asked.query).parse().ok();
        own.and_then(|own| of(&Given::of(&own))).or_else(|| of(&self.push.given))
    }

    /// RFC 7644 §3.7.3: the location is there "except in the event of a POST failure".
    fn location(&self, operation: usize) -> Option<String> {
        let asked = self.bulk.operations.get(operation)?.asked.as_ref().ok()?;
        let id = asked.resolved_id(&self.made).filter(|id| !id.starts_with("bulkId:"))?;
        Some(answer::location(&self.push, asked.kind, &id))
    }

    fn nothing_made_of(&self, bulk_id: &str) -> ScimError {
        let is_there = self.bulk.operations.iter().any(|given| given.bulk_id.as_deref() == Some(bulk_id));
        if is_there {
            ScimError::conflict(format!("It refers to “bulkId:{bulk_id}”, and that was not made."))
        } else {
            ScimError::invalid_value(format!(
                "It refers to “bulkId:{bulk_id}”, which no operation of this request makes."
            ))
        }
    }

    fn refused(&mut self, mut refusal: Refusal) -> ScimError {
        if let Some(why) = refusal.internals.take() {
            tracing::error!(request = self.push.ctx.request.as_str(), why, "an operation of a bulk request failed");
        }
        let error = ScimError { status: refusal.status.as_u16(), scim_type: refusal.scim_type, detail: refusal.detail };
        if error.status == StatusCode::SERVICE_UNAVAILABLE.as_u16() {
            self.away = Some(error.clone());
        }
        error
    }

    /// The results. What is still incomplete when the request was given up says so.
    fn finish(mut self) -> (Vec<Option<BulkResult>>, Receipt) {
        let incomplete: Vec<usize> = self.incomplete.keys().copied().collect();
        for operation in incomplete {
            let location = self.results.get_mut(operation).and_then(Option::take).and_then(|before| before.location);
            let detail = "It was made without what it refers to, which was given up after too many errors.";
            let page = self.page(operation, true);
            let result = self.result(page, Err(ScimError::conflict(detail).into()), location);
            self.note(operation, result);
        }
        (self.results, self.receipt)
    }
}

/// What the provisioning log says of a refusal.
fn verdict(error: &ScimError) -> Verdict {
    let ScimError { status, scim_type, detail } = error;
    Verdict { status: *status, scim_type: scim_type.map(ScimType::as_str), message: Some(detail.clone()) }
}

fn roles_are_read_only() -> Refusal {
    ScimError::forbidden("Roles are read here, and never made, changed or deleted.").into()
}
