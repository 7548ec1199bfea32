//! Role bindings: who holds what from whom; giving and taking.

use super::{List, Paging, versions::tagged};
use crate::{
    app::{App, BindingSearch, Error, Gift},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, delete, get, post},
        error::ApiFailure,
    },
    model::{Binding, BindingId, Capability, EventKind, Instant, Role, Subject},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a change of bindings may tell of.
pub(in crate::http) const TOLD_OF_ACCESS: [EventKind; 4] =
    [EventKind::AccessChanged, EventKind::OwnerKept, EventKind::OrganizationOwned, EventKind::OrganizationOwnerless];

const PREVIEWED: &str = "Where it touches somebody's API keys it is refused (`preview_required`): ask for a preview of the change, \
                         and make it as a role change with what becomes of each key.";

const TOGETHER: &str = "Several clusters are one act: each gets a binding of its own, all of them or none, at most 100. An empty list is \
                        refused: it does not mean the whole organization. Where it touches somebody's API keys it is refused \
                        (`preview_required`): ask for a preview of the change, and make it as a role change with what becomes of \
                        each key.";

pub(super) fn doors() -> Doors {
    let need = Capability::ManageMembers;
    Doors::at("/api/v1", "Bindings", Caller::SessionOrKey)
        .door(
            get("/bindings", list)
                .query::<Asked>()
                .answers::<List<Binding>>(200)
                .refuses(&["not_found"])
                .summary("Who holds what: by subject, role, scope and source")
                .needs(need),
        )
        .door(
            post("/bindings", give)
                .takes::<New>(
                    || json!({"subject": "usr_06h01qbn45r9t2euf2aprlbdqk", "role": "viewer", "clusters": ["prod-eu", "prod-us"]}),
                )
                .answers::<Given>(201)
                .refuses(&["not_found", "already_given", "preview_required"])
                .summary("Give a role to a user, a group or a service account; nobody gives what they do not hold")
                .detail(TOGETHER)
                .needs(need)
                .tells(&TOLD_OF_ACCESS),
        )
        .door(
            get("/bindings/{id}", one)
                .part::<BindingId>("id")
                .answers::<Binding>(200)
                .answers_as(304, None)
                .summary("One binding")
                .needs(need),
        )
        .door(
            delete("/bindings/{id}", take)
                .part::<BindingId>("id")
                .query::<Extent>()
                .answers_as(204, None)
                .refuses(&["not_given_by_a_person", "last_owner", "preview_required"])
                .summary("Take what a person gave; of others, the answer says what to edit instead")
                .detail(PREVIEWED)
                .needs(need)
                .tells(&TOLD_OF_ACCESS),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The id of a user, a group or a service account.
    subject: Option<String>,
    role: Option<Role>,
    /// `organization`, or a cluster's slug or id.
    scope: Option<String>,
    /// `person`, `rule`, `invitation`, `file` or `floor`.
    source: Option<String>,
    /// The `next` of the page before; nothing: the first page.
    after: Option<String>,
    /// How many at most; 100 if nothing is said.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<i64>,
    /// A filter as in RFC 7644 §3.4.2.2 over the fields of the answer.
    filter: Option<String>,
}

fn subject(text: &str) -> Result<Subject, Error> {
    text.parse().map_err(|error: crate::model::BadSubject| Error::invalid("subject", error.to_string()))
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(asked): Query<Asked>,
) -> Result<Json<List<Binding>>, ApiFailure> {
    let Asked { subject: of, role, scope, source, after, limit, filter } = asked;
    let search = BindingSearch {
        subject: of.as_deref().map(subject).transpose()?,
        role,
        scope,
        source,
        ..BindingSearch::default()
    };
    let asked = Paging { after, limit, filter }.read(&app, &caller.ctx, &format!("bindings {search:?}"))?;
    let (app, ctx, search) = (&app, &caller.ctx, &search);
    let load = |after: String, most: usize| async move {
        app.bindings(ctx, search, &after, i64::try_from(most).unwrap_or(i64::MAX)).await
    };
    Ok(Json(asked.in_pieces(load, |binding: &Binding| binding.id.to_string()).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BindingRequest")]
struct New {
    /// The id of a user, a group or a service account.
    subject: String,
    role: Role,
    /// The cluster's slug or id; nothing: the whole organization.
    cluster: Option<String>,
    /// The slugs or ids of several clusters.
    clusters: Option<Vec<String>>,
    until: Option<Instant>,
}

/// A binding that was given, and those that were given with it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "GivenBinding")]
struct Given {
    #[serde(flatten)]
    first: Binding,
    /// All that were given, this one included: one for each cluster.
    given: Vec<Binding>,
}

async fn give(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(new): JsonBody<New>,
) -> Result<(StatusCode, Json<Given>), ApiFailure> {
    let New { subject: id, role, cluster, clusters, until } = new;
    let gift = Gift { subject: subject(&id)?, role, cluster, until };
    let given = app.give_at(&caller.ctx, gift, clusters).await?;
    let first = given.first().cloned().ok_or_else(|| Error::internal("a role was given nowhere"))?;
    Ok((StatusCode::CREATED, Json(Given { first, given })))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<BindingId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    // A binding never changes: it is closed, and another one is opened.
    Ok(tagged(&headers, "1", &app.binding(&caller.ctx, &id).await?))
}

/// How much is taken.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Extent {
    /// Everything that the same act gave at other clusters goes with it; without it this binding alone.
    #[serde(default)]
    together: bool,
}

async fn take(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<BindingId>,
    Query(Extent { together }): Query<Extent>,
) -> Result<StatusCode, ApiFailure> {
    app.take_all(&caller.ctx, &id, together).await?;
    Ok(StatusCode::NO_CONTENT)
}
