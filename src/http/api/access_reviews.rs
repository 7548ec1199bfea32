//! Access reviews: what nobody uses, what people decide about it, and the evidence of both.

use super::{
    List, Paging,
    role_changes::{BulkOutcomes, TOLD_OF_ROLES, bulk_outcomes},
    versions::{changed, tagged},
};
use crate::{
    app::{App, Choice, KeyTerms, ReviewDecision, SeveralPreview, ShownProposal},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Door, Doors, get, post},
        error::ApiFailure,
    },
    model::{
        AccessReview, AccessReviewId, Capability, EventKind, Instant, KeyId, ProposalId, ReviewLimits, ReviewProgress,
        Verdict,
    },
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const EVIDENCE: &str = "People were here when a session or a key of theirs was let in; a key was used when it opened something. An \
                        Owner is idle if, for all the days asked for, neither they nor a key of theirs was let in by a capability \
                        that Owner gives and Member does not: here, or at a service that asked castgate by the capability's name. \
                        What a service decides by roles in a token is not recorded.";

const APPLYING: &str = "At most 200 at once. Each change is a transaction of its own and is held to what the preview showed of its \
                        keys; what was used since the review looked is refused (`used_since`).";

fn of_one(door: Door) -> Door {
    door.part::<AccessReviewId>("id").needs(Capability::ManageMembers)
}

pub(super) fn doors() -> Doors {
    let need = Capability::ManageMembers;
    let doors = Doors::at("/api/v1", "Access reviews", Caller::SessionOrKey)
        .door(
            get("/access-reviews", list)
                .query::<Paging>()
                .answers::<List<Shown>>(200)
                .summary("Every access review, with how far it is")
                .needs(need),
        )
        .door(
            post("/access-reviews", start)
                .takes::<New>(|| json!({"name": "Spring"}))
                .answers::<Shown>(201)
                .summary("Look for accounts, keys, invitations and roles that nobody uses, and keep what is found")
                .detail(EVIDENCE)
                .needs(need)
                .tells(&[EventKind::ReviewStarted]),
        )
        .door(
            of_one(get("/access-reviews/{id}", one))
                .answers::<Shown>(200)
                .answers_as(304, None)
                .summary("One access review"),
        );
    doors_of_one(doors)
}

/// What doing what was decided in a review may tell of.
pub(in crate::http) fn told_of_reviews() -> Vec<EventKind> {
    TOLD_OF_ROLES
        .into_iter()
        .chain([
            EventKind::ReviewApplied,
            EventKind::InvitationRevoked,
            EventKind::ServiceAccountChanged,
            EventKind::ServiceAccountRemoved,
            EventKind::GroupCreated,
        ])
        .collect()
}

/// What can be done with one review.
fn doors_of_one(doors: Doors) -> Doors {
    doors
        .door(
            of_one(get("/access-reviews/{id}/proposals", proposals))
                .query::<Paging>()
                .answers::<List<ShownProposal>>(200)
                .summary("What a review found, with the evidence and what was decided")
                .detail(EVIDENCE),
        )
        .door(
            of_one(post("/access-reviews/{id}/decisions", decide))
                .takes::<Decisions>(example_decisions)
                .answers::<ReviewProgress>(200)
                .refuses(&["review_closed", "already_applied", "own_access", "not_found"])
                .summary("Decide about what a review found: all of these, or none")
                .detail("Nothing is changed by a decision. Nobody decides about their own access.")
                .tells(&[EventKind::ReviewDecided]),
        )
        .door(
            of_one(post("/access-reviews/{id}/preview", preview))
                .reads(BodyLimit::Unread)
                .answers::<SeveralPreview>(200)
                .refuses(&["review_closed"])
                .summary(
                    "What doing what was decided would do: each change with the API keys that it touches, and a token",
                )
                .detail(APPLYING),
        )
        .door(
            of_one(post("/access-reviews/{id}/apply", apply))
                .takes::<Terms>(|| json!({"preview": "kps1_e30"}))
                .answers::<BulkOutcomes>(200)
                .refuses(&["review_closed"])
                .summary("Do what was decided, as it was previewed")
                .detail(APPLYING)
                .tells(&told_of_reviews()),
        )
        .door(
            of_one(post("/access-reviews/{id}/close", close))
                .reads(BodyLimit::Unread)
                .answers::<Shown>(200)
                .refuses(&["review_closed"])
                .summary("Close a review: what was not decided stays as it is")
                .tells(&[EventKind::ReviewClosed]),
        )
        .door(
            of_one(get("/access-reviews/{id}/evidence", evidence))
                .query::<Format>()
                .answers::<Exported>(200)
                .answers_as(200, Some("text/csv"))
                .summary("The whole of a review as evidence: JSON, or CSV in which no cell is a formula")
                .detail(EVIDENCE),
        )
}

fn example_decisions() -> Value {
    json!({"decisions": [{"proposal": "rvp_06h01qbn45r9t2euf2aprlbdqk", "verdict": "keep", "note": "on leave"}]})
}

/// An access review as the API shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AccessReview")]
struct Shown {
    id: AccessReviewId,
    name: String,
    limits: ReviewLimits,
    /// An actor's text.
    created_by: String,
    created_at: Instant,
    /// Since when uses of capabilities were recorded then.
    recorded_since: Instant,
    /// What could not be looked at, and why.
    gaps: Vec<String>,
    closed_at: Option<Instant>,
    /// An actor's text.
    closed_by: Option<String>,
    progress: ReviewProgress,
    version: i64,
}

fn shown((review, progress): (AccessReview, ReviewProgress)) -> Shown {
    let AccessReview { id, name, limits, created_by, created_at, recorded_since, gaps, closed, version } = review;
    let (closed_at, closed_by) = closed.unzip();
    Shown { id, name, limits, created_by, created_at, recorded_since, gaps, closed_at, closed_by, progress, version }
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Shown>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "access reviews")?;
    let (app, ctx) = (&app, &caller.ctx);
    let load = |after: String, most: usize| async move {
        let found = app.access_reviews(ctx, &after, i64::try_from(most).unwrap_or(i64::MAX)).await?;
        Ok(found.into_iter().map(shown).collect())
    };
    Ok(Json(asked.in_pieces(load, |review: &Shown| review.id.to_string()).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AccessReviewRequest")]
struct New {
    /// What people call it.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// What counts as unused.
    #[serde(default)]
    limits: ReviewLimits,
}

async fn start(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(New { name, limits }): JsonBody<New>,
) -> Result<Response, ApiFailure> {
    let made = app.start_access_review(&caller.ctx, &name, limits).await?;
    Ok(changed(StatusCode::CREATED, made.0.version, &shown(made)))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<AccessReviewId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let found = app.access_review(&caller.ctx, &id).await?;
    Ok(tagged(&headers, &found.0.version.to_string(), &shown(found)))
}

async fn proposals(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<AccessReviewId>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<ShownProposal>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("proposals of {id}"))?;
    let (app, ctx, id) = (&app, &caller.ctx, &id);
    let load = |after: String, most: usize| async move {
        app.review_proposals(ctx, id, (&after, i64::try_from(most).unwrap_or(i64::MAX))).await
    };
    Ok(Json(asked.in_pieces(load, |proposal: &ShownProposal| proposal.id.to_string()).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReviewDecisions")]
struct Decisions {
    #[schemars(length(min = 1, max = 500))]
    decisions: Vec<OneDecision>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReviewDecision")]
struct OneDecision {
    proposal: ProposalId,
    /// One of the proposal's `verdicts`; nothing: what was decided before is taken back.
    verdict: Option<Verdict>,
    /// Why.
    #[serde(default)]
    #[schemars(length(max = 500))]
    note: String,
}

async fn decide(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<AccessReviewId>,
    JsonBody(Decisions { decisions }): JsonBody<Decisions>,
) -> Result<Json<ReviewProgress>, ApiFailure> {
    let one = |OneDecision { proposal, verdict, note }| ReviewDecision { proposal, verdict, note };
    let decisions: Vec<_> = decisions.into_iter().map(one).collect();
    Ok(Json(app.decide_in_review(&caller.ctx, &id, &decisions).await?))
}

async fn preview(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<AccessReviewId>,
) -> Result<Json<SeveralPreview>, ApiFailure> {
    Ok(Json(app.preview_access_review(&caller.ctx, &id).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReviewApplication")]
struct Terms {
    /// The token of its preview.
    preview: String,
    /// What becomes of single keys, by their ids.
    #[serde(default)]
    keys: BTreeMap<KeyId, Choice>,
    /// What becomes of all the others; nothing: what the preview says.
    others: Option<Choice>,
}

async fn apply(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<AccessReviewId>,
    JsonBody(Terms { preview, keys, others }): JsonBody<Terms>,
) -> Result<Json<BulkOutcomes>, ApiFailure> {
    let terms = KeyTerms { preview, keys, others };
    Ok(Json(bulk_outcomes(app.apply_access_review(&caller.ctx, &id, &terms).await?)))
}

async fn close(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<AccessReviewId>,
) -> Result<Response, ApiFailure> {
    let closed = app.close_access_review(&caller.ctx, &id).await?;
    Ok(changed(StatusCode::OK, closed.0.version, &shown(closed)))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Format {
    /// `json` (if nothing is said) or `csv`.
    #[serde(default)]
    format: As,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "EvidenceFormat")]
enum As {
    #[default]
    Json,
    Csv,
}

/// A review as evidence.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReviewEvidence")]
struct Exported {
    review: Shown,
    /// What the evidence is, and what it is not.
    statement: &'static str,
    /// When this was written.
    as_of: Instant,
    proposals: Vec<ShownProposal>,
}

async fn evidence(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<AccessReviewId>,
    Query(Format { format }): Query<Format>,
) -> Result<Response, ApiFailure> {
    let evidence = app.review_evidence(&caller.ctx, &id).await?;
    let extension = match format {
        As::Json => "json",
        As::Csv => "csv",
    };
    let mut response = match format {
        As::Csv => ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], evidence.csv()).into_response(),
        As::Json => {
            let review = shown((evidence.review, evidence.progress));
            let (statement, proposals) = (evidence.statement, evidence.proposals);
            Json(Exported { review, statement, as_of: caller.ctx.now, proposals }).into_response()
        }
    };
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{id}.{extension}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
