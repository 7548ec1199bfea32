//! Schemas that the organization declares for all its connections.

use super::{
    List, Paging,
    versions::{changed, tagged, version_seen},
};
use crate::{
    app::{App, SchemaChange},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, delete, get, post, put},
        error::ApiFailure,
    },
    model::{Capability, EventKind, ExtensionAttribute, ExtensionSchema, Instant, KeptSchema},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    Doors::at("/api/v1", "Schemas", Caller::SessionOrKey)
        .door(
            get("/schemas", list)
                .query::<Paging>()
                .answers::<List<Shown>>(200)
                .summary("Every schema that the organization declares for all its connections")
                .needs(need),
        )
        .door(
            post("/schemas", declare)
                .takes::<ExtensionSchema>(example)
                .answers::<Shown>(201)
                .refuses(&["taken"])
                .summary("Declare attributes of people that SCIM does not have")
                .detail(
                    "From now on every provider of the organization may push them, and finds them in /scim/v2/Schemas. What \
                     only one provider sends is declared in that connection's settings.",
                )
                .needs(need)
                .tells(&[EventKind::SchemaDeclared]),
        )
        .door(
            get("/schemas/{urn}", one)
                .part::<String>("urn")
                .answers::<Shown>(200)
                .answers_as(304, None)
                .summary("One declared schema")
                .needs(need),
        )
        .door(
            put("/schemas/{urn}", replace)
                .part::<String>("urn")
                .takes::<Change>(|| {
                    let mut change = example();
                    drop(change.as_object_mut().and_then(|change| change.remove("urn")));
                    change
                })
                .answers::<Shown>(200)
                .refuses(&["changed"])
                .summary("Change what a schema declares")
                .detail("What people have of an attribute that is not declared any more is kept, and told to nobody until it is again.")
                .needs(need)
                .tells(&[EventKind::SchemaChanged]),
        )
        .door(
            delete("/schemas/{urn}", remove)
                .part::<String>("urn")
                .answers_as(204, None)
                .summary("Take a schema back; what people have of it is kept, and told to nobody")
                .needs(need)
                .tells(&[EventKind::SchemaRemoved]),
        )
}

fn example() -> Value {
    json!({
        "urn": "urn:acme:params:scim:2.0:User",
        "description": "What ACME knows of its people",
        "attributes": [
            {"name": "badge", "type": "integer"},
            {"name": "sites", "type": "complex", "multi_valued": true, "sub_attributes": [
                {"name": "value", "type": "string"}, {"name": "primary", "type": "boolean"}]},
        ],
    })
}

/// A declared schema.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeclaredSchema")]
struct Shown {
    urn: String,
    description: String,
    attributes: Vec<ExtensionAttribute>,
    created_at: Instant,
    updated_at: Instant,
    version: i64,
}

impl From<KeptSchema> for Shown {
    fn from(kept: KeptSchema) -> Self {
        let KeptSchema { schema, version, created_at, updated_at } = kept;
        let ExtensionSchema { urn, description, attributes } = schema;
        Self { urn, description, attributes, created_at, updated_at, version }
    }
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Shown>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "schemas")?;
    let all = app.schemas(&caller.ctx).await?.into_iter().map(Shown::from).collect();
    Ok(Json(asked.of_all(all, |schema: &Shown| schema.urn.clone())?))
}

async fn declare(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(schema): JsonBody<ExtensionSchema>,
) -> Result<Response, ApiFailure> {
    let kept = app.declare_schema(&caller.ctx, schema).await?;
    Ok(changed(StatusCode::CREATED, kept.version, &Shown::from(kept)))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(urn): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let kept = app.schema(&caller.ctx, &urn).await?;
    Ok(tagged(&headers, &kept.version.to_string(), &Shown::from(kept)))
}

/// What a schema becomes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SchemaChange")]
struct Change {
    /// What it is for.
    #[serde(default)]
    description: String,
    /// All that it declares from now on.
    attributes: Vec<ExtensionAttribute>,
}

async fn replace(
    State(app): State<App>,
    caller: ApiCaller,
    Path(urn): Path<String>,
    headers: HeaderMap,
    JsonBody(Change { description, attributes }): JsonBody<Change>,
) -> Result<Response, ApiFailure> {
    let change = SchemaChange { description, attributes, if_match: version_seen(&headers)? };
    let kept = app.change_schema(&caller.ctx, &urn, change).await?;
    Ok(changed(StatusCode::OK, kept.version, &Shown::from(kept)))
}

async fn remove(State(app): State<App>, caller: ApiCaller, Path(urn): Path<String>) -> Result<StatusCode, ApiFailure> {
    app.remove_schema(&caller.ctx, &urn).await?;
    Ok(StatusCode::NO_CONTENT)
}
