//! Role bindings: who holds what from whom; giving and taking. And the roles and capabilities there are.

use super::{List, limit};
use crate::{
    app::{App, BindingSearch, Error, Gift, Need},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, delete, get, post},
        error::ApiFailure,
    },
    model::{Binding, BindingId, BuiltInRole, Capability, EventKind, Instant, Role, Subject},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a change of bindings may tell of.
pub(super) const TOLD_OF_ACCESS: [EventKind; 4] =
    [EventKind::AccessChanged, EventKind::OwnerKept, EventKind::OrganizationOwned, EventKind::OrganizationOwnerless];

const ATTENUATED: &str = "Keys of whoever loses a role are attenuated at once: a key carries its own rights and its owner's, \
                          whichever is less, computed at every use.";

pub(super) fn doors() -> Doors {
    let need = Capability::ManageMembers;
    Doors::at("/api/v1", "Bindings", Caller::SessionOrKey)
        .door(get("/bindings", list).summary("Who holds what: by subject, role, scope and source").needs(need))
        .door(
            post("/bindings", give)
                .summary("Give a role to a user, a group or a service account; nobody gives what they do not hold")
                .needs(need)
                .tells(&TOLD_OF_ACCESS),
        )
        .door(get("/bindings/{id}", one).summary("One binding").needs(need))
        .door(
            delete("/bindings/{id}", take)
                .summary("Take what a person gave; of others, the answer says what to edit instead")
                .detail(ATTENUATED)
                .needs(need)
                .tells(&TOLD_OF_ACCESS),
        )
        .about("Roles")
        .door(
            get("/roles", roles)
                .summary("The built-in roles with their capabilities, and custom ones")
                .needs(Need::Self_),
        )
        .door(get("/capabilities", capabilities).summary("Every capability").needs(Need::Self_))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The id of a user, a group or a service account.
    subject: Option<String>,
    role: Option<Role>,
    /// `organization`, or a cluster's slug or id.
    scope: Option<String>,
    /// `person`, `rule`, `invitation`, `file` or `floor`.
    source: Option<String>,
    #[serde(default)]
    after: String,
    limit: Option<i64>,
}

fn subject(text: &str) -> Result<Subject, Error> {
    text.parse().map_err(|error: crate::model::BadSubject| Error::invalid("subject", error.to_string()))
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(asked): Query<Asked>,
) -> Result<Json<List<Binding>>, ApiFailure> {
    let limit = limit(asked.limit)?;
    let search = BindingSearch {
        subject: asked.subject.as_deref().map(subject).transpose()?,
        role: asked.role,
        scope: asked.scope,
        source: asked.source,
    };
    let found = app.bindings(&caller.ctx, &search, &asked.after, limit).await?;
    Ok(Json(List::page(found, limit, |binding| binding.id.to_string())))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    /// The id of a user, a group or a service account.
    subject: String,
    role: Role,
    /// The cluster's slug or id; nothing: the whole organization.
    cluster: Option<String>,
    until: Option<Instant>,
}

async fn give(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(new): JsonBody<New>,
) -> Result<(StatusCode, Json<Binding>), ApiFailure> {
    let New { subject: id, role, cluster, until } = new;
    let gift = Gift { subject: subject(&id)?, role, cluster, until };
    Ok((StatusCode::CREATED, Json(app.give(&caller.ctx, gift).await?)))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<BindingId>,
) -> Result<Json<Binding>, ApiFailure> {
    Ok(Json(app.binding(&caller.ctx, &id).await?))
}

async fn take(State(app): State<App>, caller: ApiCaller, Path(id): Path<BindingId>) -> Result<StatusCode, ApiFailure> {
    app.take(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn roles(State(app): State<App>, caller: ApiCaller) -> Result<Json<List<Value>>, ApiFailure> {
    let built_in = BuiltInRole::ALL.into_iter().map(
        |role| json!({"id": role.name(), "name": role.name(), "built_in": true, "capabilities": role.capabilities()}),
    );
    let custom =
        app.custom_roles(&caller.ctx).await?.into_iter().map(
            |role| json!({"id": role.id, "name": role.name, "built_in": false, "capabilities": role.capabilities}),
        );
    Ok(Json(List::whole(built_in.chain(custom).collect())))
}

async fn capabilities(caller: ApiCaller) -> Json<List<Value>> {
    // Nothing of this is anybody's secret; the caller is asked for all the same, as everywhere in the API.
    drop(caller);
    let shown = Capability::ALL
        .into_iter()
        .map(|capability| json!({"name": capability.name(), "on_a_cluster": capability.counts_on_a_cluster()}));
    Json(List::whole(shown.collect()))
}
