//! The mapping: check, draft, plan, publish.

use crate::{
    app::{App, MappingPlan},
    http::{
        body,
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, get, post, put},
        error::{ApiFailure, Refusal},
    },
    mapping::Checked,
    model::{Capability, EventKind},
};
use axum::{
    Json,
    extract::{FromRequest, Request, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// What people call YAML.
const YAML: [&str; 4] = ["application/yaml", "text/yaml", "application/x-yaml", "text/plain"];

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    let published = [
        EventKind::MappingPublished,
        EventKind::AccessChanged,
        EventKind::OwnerKept,
        EventKind::OrganizationOwned,
        EventKind::OrganizationOwnerless,
    ];
    Doors::at("/api/v1", "Mapping", Caller::SessionOrKey)
        .door(get("/mapping", show).summary("The version in force, and the draft").needs(need))
        .door(post("/mapping/check", check).summary("What is wrong with a mapping").needs(need))
        .door(put("/mapping/draft", draft).summary("Keep a draft").needs(need).tells(&[EventKind::MappingDrafted]))
        .door(post("/mapping/plan", plan).summary("What publishing a mapping would change").needs(need))
        .door(post("/mapping/publish", publish).summary("Put a mapping into force").needs(need).tells(&published))
}

/// A mapping as it is sent: the YAML itself, or JSON with the YAML as `text`.
struct MappingText(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapped {
    text: String,
}

impl<S: Send + Sync> FromRequest<S> for MappingText {
    type Rejection = ApiFailure;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiFailure> {
        if body::is_one_of(request.headers(), &YAML) != Some(true) {
            let JsonBody(Wrapped { text }) = JsonBody::from_request(request, state).await?;
            return Ok(Self(text));
        }
        let bytes = body::read(request).await?;
        let text = String::from_utf8(bytes.into()).map_err(|error| {
            let place = error.utf8_error().valid_up_to();
            Refusal::new(StatusCode::BAD_REQUEST, "invalid", format!("The text is not UTF-8 from byte {place} on."))
        })?;
        body::refuse_nul(&text)?;
        Ok(Self(text))
    }
}

/// What a check found, for programs and, as `text`, for people.
fn findings(checked: &Checked) -> Value {
    let text: Vec<String> = checked.diagnostics.iter().map(ToString::to_string).collect();
    json!({"ok": checked.mapping.is_some(), "diagnostics": checked.diagnostics, "text": text.join("\n")})
}

/// What a plan does, for programs and, as `text`, for people.
fn told(plan: &MappingPlan) -> Value {
    let mut told = json!(plan);
    told["text"] = json!(format!("{}\n{}", plan.diff, plan.impact));
    told
}

async fn show(State(app): State<App>, caller: ApiCaller) -> Result<Json<Value>, ApiFailure> {
    let (draft, in_force) = app.mapping(&caller.ctx).await?;
    let in_force = in_force.map(|version| {
        json!({
            "version": version.version,
            "text": version.text,
            "author": version.author,
            "published_at": version.published_at,
        })
    });
    Ok(Json(json!({"in_force": in_force, "draft": draft})))
}

/// 200 whatever is found: the check worked.
async fn check(
    State(app): State<App>,
    caller: ApiCaller,
    MappingText(text): MappingText,
) -> Result<Json<Value>, ApiFailure> {
    Ok(Json(findings(&app.check_mapping(&caller.ctx, &text).await?)))
}

async fn draft(
    State(app): State<App>,
    caller: ApiCaller,
    MappingText(text): MappingText,
) -> Result<Json<Value>, ApiFailure> {
    Ok(Json(findings(&app.draft_mapping(&caller.ctx, &text).await?)))
}

async fn plan(
    State(app): State<App>,
    caller: ApiCaller,
    MappingText(text): MappingText,
) -> Result<Json<Value>, ApiFailure> {
    Ok(Json(told(&app.plan_mapping(&caller.ctx, &text).await?)))
}

async fn publish(
    State(app): State<App>,
    caller: ApiCaller,
    MappingText(text): MappingText,
) -> Result<Json<Value>, ApiFailure> {
    Ok(Json(told(&app.publish_mapping(&caller.ctx, &text).await?)))
}
