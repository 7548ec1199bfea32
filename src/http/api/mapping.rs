//! The mapping: check, draft, plan, publish.

use super::{
    versions::{IfMatch, tagged},
    worded::Worded,
};
use crate::{
    app::{App, Draft as Replaced, Error, MappingPlan, Publication, text_revision},
    http::{
        body,
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Door, Doors, get, post, put},
        error::{ApiFailure, Refusal},
    },
    mapping::{Checked, Diagnostic},
    model::{Capability, EventKind, Instant, PlanId},
};
use axum::{
    Json,
    extract::{FromRequest, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What people call YAML.
pub(super) const YAML: [&str; 4] = ["application/yaml", "text/yaml", "application/x-yaml", "text/plain"];

/// What publishing a mapping tells of.
pub(super) const PUBLISHED: [EventKind; 5] = [
    EventKind::MappingPublished,
    EventKind::AccessChanged,
    EventKind::OwnerKept,
    EventKind::OrganizationOwned,
    EventKind::OrganizationOwnerless,
];

/// What publishing a mapping may be refused for.
pub(super) const REFUSED: &[&str] = &[
    "not_found",
    "mapping_invalid",
    "last_owner",
    "preview_required",
    "plan_worse",
    "plan_published",
    "plan_of_another_text",
];

fn example() -> serde_json::Value {
    json!({"text": "default: viewer\nrules:\n  - name: owners\n    groups: [castai-owners]\n    grant: owner\n"})
}

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    let taken = |door: Door| door.needs(need).takes::<Wrapped>(example).takes_as::<String>(YAML[0]);
    Doors::at("/api/v1", "Mapping", Caller::SessionOrKey)
        .door(get("/mapping", show).summary("The version in force, and the draft").needs(need).answers::<Both>(200))
        .door(
            taken(post("/mapping/check", check))
                .summary("What is wrong with a mapping")
                .detail("200 whatever is found: the check worked.")
                .answers::<Findings>(200),
        )
        .door(
            get("/mapping/draft", read_draft)
                .summary("The draft, with the ETag that a new one sends back")
                .needs(need)
                .answers::<Draft>(200)
                .answers_as(304, None)
                .refuses(&["not_found"]),
        )
        .door(
            taken(put("/mapping/draft", draft))
                .summary("Keep a draft")
                .detail("Where there is a draft already, If-Match says which one is replaced: of two who edit, the second notices.")
                .tells(&[EventKind::MappingDrafted])
                .answers::<Findings>(200)
                .refuses(&["mapping_invalid", "changed", "if_match_required"]),
        )
        .door(
            taken(post("/mapping/plan", plan))
                .summary("What publishing a mapping would change: for whom, by which rule, and who is left as an owner")
                .detail("Looks at everybody, on a snapshot. `plan` in the answer is what the mapping is published by.")
                .answers::<Worded<MappingPlan>>(200)
                .refuses(&["mapping_invalid", "last_owner"]),
        )
        .door(
            post("/mapping/publish", publish)
                .summary("Put a mapping into force")
                .detail(
                    "With a `plan`, what has become worse since is refused: a loss, a key or an owner that the plan did not \
                     name. The same plan again is answered with the version that it became.",
                )
                .needs(need)
                .takes::<Publication>(example)
                .takes_as::<String>(YAML[0])
                .query::<Beside>()
                .tells(&PUBLISHED)
                .answers::<Worded<MappingPlan>>(200)
                .refuses(REFUSED),
        )
}

/// A mapping as it is sent: the YAML itself, or JSON with the YAML as `text`.
struct MappingText(String);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MappingText")]
struct Wrapped {
    /// The YAML.
    text: String,
}

impl<S: Send + Sync> FromRequest<S> for MappingText {
    type Rejection = ApiFailure;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiFailure> {
        match yaml(request).await? {
            Ok(text) => Ok(Self(text)),
            Err(request) => {
                let JsonBody(Wrapped { text }) = JsonBody::from_request(request, state).await?;
                Ok(Self(text))
            }
        }
    }
}

/// A mapping that is to be published, as it is sent: the YAML itself, or JSON with what goes with it.
struct Published(Publication);

impl<S: Send + Sync> FromRequest<S> for Published {
    type Rejection = ApiFailure;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiFailure> {
        match yaml(request).await? {
            Ok(text) => Ok(Self(Publication::of(&text))),
            Err(request) => JsonBody::from_request(request, state).await.map(|JsonBody(publication)| Self(publication)),
        }
    }
}

/// What may stand behind the question mark, where the body is the YAML itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PublishQuery")]
struct Beside {
    /// The plan that somebody has seen.
    plan: Option<PlanId>,
    /// Why.
    reason: Option<String>,
}

/// The YAML, or the request again where the body is not YAML.
pub(super) async fn yaml(request: Request) -> Result<Result<String, Request>, ApiFailure> {
    if body::is_one_of(request.headers(), &YAML) != Some(true) {
        return Ok(Err(request));
    }
    let bytes = body::read(request).await?;
    let text = String::from_utf8(bytes.into()).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        Refusal::new(StatusCode::BAD_REQUEST, "invalid", format!("The text is not UTF-8 from byte {place} on."))
    })?;
    body::refuse_nul(&text)?;
    Ok(Ok(text))
}

/// What a check found, for programs and, as `text`, for people.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MappingFindings")]
struct Findings {
    /// Whether it compiles.
    ok: bool,
    diagnostics: Vec<Diagnostic>,
    text: String,
}

impl From<Checked> for Findings {
    fn from(checked: Checked) -> Self {
        let text: Vec<String> = checked.diagnostics.iter().map(ToString::to_string).collect();
        Self { ok: checked.mapping.is_some(), diagnostics: checked.diagnostics, text: text.join("\n") }
    }
}

/// The mapping in force, and what may come after it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MappingAndDraft")]
struct Both {
    in_force: Option<InForce>,
    /// The text of the draft.
    draft: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MappingInForce")]
struct InForce {
    version: i64,
    text: String,
    author: String,
    published_at: Instant,
}

/// A draft.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MappingDraft")]
struct Draft {
    text: String,
}

async fn show(State(app): State<App>, caller: ApiCaller) -> Result<Json<Both>, ApiFailure> {
    let (draft, in_force) = app.mapping(&caller.ctx).await?;
    let in_force = in_force.map(|stored| InForce {
        version: stored.version,
        text: stored.text,
        author: stored.author,
        published_at: stored.published_at,
    });
    Ok(Json(Both { in_force, draft }))
}

async fn read_draft(State(app): State<App>, caller: ApiCaller, headers: HeaderMap) -> Result<Response, ApiFailure> {
    let (draft, _) = app.mapping(&caller.ctx).await?;
    let text = draft.ok_or_else(|| Error::not_found("mapping draft", "draft"))?;
    Ok(tagged(&headers, &text_revision(&text), &Draft { text }))
}

/// 200 whatever is found: the check worked.
async fn check(
    State(app): State<App>,
    caller: ApiCaller,
    MappingText(text): MappingText,
) -> Result<Json<Findings>, ApiFailure> {
    Ok(Json(app.check_mapping(&caller.ctx, &text).await?.into()))
}

async fn draft(
    State(app): State<App>,
    caller: ApiCaller,
    headers: HeaderMap,
    MappingText(text): MappingText,
) -> Result<Response, ApiFailure> {
    let seen = match IfMatch::of(&headers)? {
        IfMatch::Unsaid => Replaced::Unsaid,
        IfMatch::Any => Replaced::Whatever,
        IfMatch::These(seen) => Replaced::This(seen),
    };
    let findings = Findings::from(app.replace_draft(&caller.ctx, &text, &seen).await?);
    // The tag of the draft, and not that of the findings: the next If-Match is about it.
    let draft = tagged(&HeaderMap::new(), &text_revision(&text), &Draft { text });
    let tag = draft.headers().get(header::ETAG).cloned();
    let mut response = Json(findings).into_response();
    response.headers_mut().extend(tag.map(|tag| (header::ETAG, tag)));
    Ok(response)
}

async fn plan(
    State(app): State<App>,
    caller: ApiCaller,
    MappingText(text): MappingText,
) -> Result<Json<Worded<MappingPlan>>, ApiFailure> {
    Ok(Json(app.plan_mapping(&caller.ctx, &text).await?.into()))
}

async fn publish(
    State(app): State<App>,
    caller: ApiCaller,
    Query(Beside { plan, reason }): Query<Beside>,
    Published(publication): Published,
) -> Result<Json<Worded<MappingPlan>>, ApiFailure> {
    let plan = publication.plan.or(plan);
    let publication = Publication { plan, reason: publication.reason.or(reason), ..publication };
    Ok(Json(app.publish(&caller.ctx, publication).await?.into()))
}
