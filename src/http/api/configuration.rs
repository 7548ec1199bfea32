//! A whole organization as a document: export, plan, apply.

use super::{
    mapping::{YAML, yaml},
    role_changes::TOLD_OF_ROLES,
    worded::Worded,
};
use crate::{
    app::{App, Configuration, ConfigurationPlan, ExportedConfiguration},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Door, Doors, get, post},
        error::ApiFailure,
    },
    model::{Capability, EventKind},
};
use axum::{
    Json,
    extract::{FromRequest, Query, Request, State},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

const WHOLE: &str = "Sections that the document does not have are left alone; what a section does not name is deleted only with \
                     `prune`. Needs manage-organization, manage-members and create-service-account-keys.";

/// What a document may change beside people's roles.
pub(super) const CONFIGURED: [EventKind; 21] = [
    EventKind::OrganizationChanged,
    EventKind::SchemaDeclared,
    EventKind::SchemaChanged,
    EventKind::SchemaRemoved,
    EventKind::ClusterDeclared,
    EventKind::ClusterChanged,
    EventKind::ClusterRemoved,
    EventKind::RoleCreated,
    EventKind::RoleChanged,
    EventKind::RoleRemoved,
    EventKind::ConnectionCreated,
    EventKind::ConnectionChanged,
    EventKind::ConnectionEnabled,
    EventKind::ConnectionDisabled,
    EventKind::ConnectionDeleted,
    EventKind::ServiceAccountCreated,
    EventKind::ServiceAccountChanged,
    EventKind::ServiceAccountRemoved,
    EventKind::GroupCreated,
    EventKind::GroupChanged,
    EventKind::MappingPublished,
];

/// What a document may be refused for.
pub(super) const REFUSED: &[&str] = &[
    "configuration_invalid",
    "last_owner",
    "taken",
    "domain_taken",
    "slots_taken",
    "enforced",
    "in_use",
    "already_given",
    "not_given_by_a_person",
    "not_found",
    "plan_changed",
];

fn example() -> Value {
    json!({"text": "clusters:\n  - slug: prod-eu\n"})
}

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    let taken = |door: Door| {
        door.needs(need)
            .reads(BodyLimit::Configuration)
            .takes::<Configuration>(example)
            .takes_as::<String>(YAML[0])
            .query::<Beside>()
            .refuses(REFUSED)
            .detail(WHOLE)
    };
    let told: Vec<EventKind> = TOLD_OF_ROLES.into_iter().chain(CONFIGURED).collect();
    Doors::at("/api/v1", "Configuration", Caller::SessionOrKey)
        .door(
            get("/configuration", export)
                .summary("The organization as a document, without secrets and without ids")
                .detail("Applied to another organization it makes one like this.")
                .needs(need)
                .answers::<ExportedConfiguration>(200),
        )
        .door(
            taken(post("/configuration/plan", plan))
                .summary("What a document would change, and what that does to people and their keys")
                .answers::<Worded<ConfigurationPlan>>(200),
        )
        .door(
            taken(post("/configuration/apply", apply))
                .summary("Make a document true, in one step")
                .tells(&told)
                .answers::<Worded<ConfigurationPlan>>(200)
                .refuses(&["preview_required"]),
        )
}

/// What may stand behind the question mark, where the body is the YAML itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConfigurationQuery")]
struct Beside {
    /// Whether what a section does not name is deleted.
    #[serde(default)]
    prune: bool,
    /// The plan that somebody has seen.
    plan: Option<String>,
}

/// A document as it is sent: the YAML itself, or JSON with what goes with it.
struct Sent(Configuration);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = ApiFailure;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiFailure> {
        match yaml(request).await? {
            Ok(text) => Ok(Self(Configuration { text, prune: false, plan: None })),
            Err(request) => JsonBody::from_request(request, state).await.map(|JsonBody(wanted)| Self(wanted)),
        }
    }
}

impl Sent {
    fn with(self, beside: Beside) -> Configuration {
        let Self(wanted) = self;
        Configuration { prune: wanted.prune || beside.prune, plan: wanted.plan.or(beside.plan), ..wanted }
    }
}

async fn export(State(app): State<App>, caller: ApiCaller) -> Result<Json<ExportedConfiguration>, ApiFailure> {
    Ok(Json(app.export_configuration(&caller.ctx).await?))
}

async fn plan(
    State(app): State<App>,
    caller: ApiCaller,
    Query(beside): Query<Beside>,
    sent: Sent,
) -> Result<Json<Worded<ConfigurationPlan>>, ApiFailure> {
    Ok(Json(app.plan_configuration(&caller.ctx, &sent.with(beside)).await?.into()))
}

async fn apply(
    State(app): State<App>,
    caller: ApiCaller,
    Query(beside): Query<Beside>,
    sent: Sent,
) -> Result<Json<Worded<ConfigurationPlan>>, ApiFailure> {
    Ok(Json(app.configure(&caller.ctx, sent.with(beside)).await?.into()))
}
