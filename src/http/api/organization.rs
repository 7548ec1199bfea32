//! The organization, its people's standing with the terms, its events, and who asks.

use super::{
    List, Paging, feed,
    versions::{IfMatch, tagged},
};
use crate::{
    access::Derivation,
    app::{App, Need, TermsStanding, TermsState, Visitor, shown_revision},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, get, patch},
        error::ApiFailure,
    },
    model::{Capability, Event, EventKind, Instant, Organization, OrganizationId, UserId},
};
use axum::{
    Json,
    extract::{Query, State},
    http::HeaderMap,
    response::Response,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) fn doors() -> Doors {
    let room = Doors::at("/api/v1", "Organization", Caller::SessionOrKey)
        .door(get("/me", me).answers::<Me>(200).summary("Who asks, what they may do and why"))
        .door(
            get("/organization", organization)
                .answers::<Organization>(200)
                .answers_as(304, None)
                .summary("The organization")
                .needs(Need::Self_),
        )
        .door(
            patch("/organization", rename)
                .takes::<Name>(|| json!({"name": "Acme"}))
                .answers::<Organization>(200)
                .summary("Give the organization another name; its slug is the operator's")
                .needs(Capability::ManageOrganization)
                .tells(&[EventKind::OrganizationChanged]),
        )
        .about("Terms")
        .door(
            get("/terms", terms).answers::<List<ShownTerms>>(200).summary("The documents in force").needs(Need::Self_),
        )
        .door(
            get("/terms/people", terms_of_people)
                .query::<Paging>()
                .answers::<List<Standing>>(200)
                .summary("Where the organization's people stand with them")
                .needs(Capability::ManageMembers),
        )
        .about("Events")
        .door(
            get("/events", events)
                .query::<Wanted>()
                .answers::<List<Event>>(200)
                .summary("What happened, the newest first")
                .needs(Capability::ManageOrganization),
        );
    feed::doors(room)
}

/// Who asks, what they may do and why. A session learns the token that its changes carry.
async fn me(State(app): State<App>, caller: ApiCaller) -> Json<Value> {
    let mut told = app.introduce(&caller.guest.visit);
    told["actor"] = json!(caller.ctx.actor.kind());
    if let Some(token) = caller.guest.csrf() {
        told["csrf"] = json!(token);
    }
    Json(told)
}

/// The answer of `/me`, for the document: it is made by `app`.
#[derive(Debug, Serialize, JsonSchema)]
struct Me {
    /// Who.
    user: Visitor,
    /// Their organization.
    organization: OwnOrganization,
    /// What they hold, one word for each: `owner`, or `member@cls_…` on one cluster.
    roles: Vec<String>,
    /// What they hold, and why.
    access: Vec<Derivation>,
    /// Where they stand with the terms.
    terms: TermsState,
    /// By what they came: `user`, `key` or a service account's key.
    actor: String,
    /// The token that a session's changes carry in `X-Castgate-Csrf`.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct OwnOrganization {
    id: OrganizationId,
    slug: String,
    name: String,
}

async fn organization(State(app): State<App>, caller: ApiCaller, headers: HeaderMap) -> Result<Response, ApiFailure> {
    let organization = app.organization(&caller.ctx).await?;
    Ok(tagged(&headers, &shown_revision(&organization), &organization))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OrganizationName")]
struct Name {
    name: String,
}

async fn rename(
    State(app): State<App>,
    caller: ApiCaller,
    headers: HeaderMap,
    JsonBody(Name { name }): JsonBody<Name>,
) -> Result<Response, ApiFailure> {
    let if_match = IfMatch::of(&headers)?;
    let organization = app.name_organization(&caller.ctx, &name, if_match.seen()).await?;
    Ok(tagged(&HeaderMap::new(), &shown_revision(&organization), &organization))
}

/// A document in force.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TermsDocument")]
struct ShownTerms {
    /// `terms` or `privacy`.
    document: String,
    version: i64,
    binding_from: Instant,
}

/// The documents in force, without their texts, which stand at `/terms`.
async fn terms(State(app): State<App>, caller: ApiCaller) -> Result<Json<List<ShownTerms>>, ApiFailure> {
    let shown = app.terms().await?.into_iter().map(|document| ShownTerms {
        document: document.kind,
        version: document.version,
        binding_from: document.binding_from,
    });
    drop(caller);
    Ok(Json(List::whole(shown.collect())))
}

/// Where somebody stands with the documents.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TermsStanding")]
struct Standing {
    user: UserId,
    label: String,
    state: TermsState,
    /// The newest version of each document that they accepted.
    accepted: Vec<AcceptedTerms>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AcceptedTerms {
    document: String,
    version: i64,
}

impl From<TermsStanding> for Standing {
    fn from(person: TermsStanding) -> Self {
        let accepted = person.accepted.into_iter().map(|(document, version)| AcceptedTerms { document, version });
        Self { user: person.user, label: person.label, state: person.state, accepted: accepted.collect() }
    }
}

async fn terms_of_people(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Standing>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "terms of people")?;
    let (app, ctx) = (&app, &caller.ctx);
    let load = |after: String, most: usize| async move {
        let people = app.terms_of_people(ctx, &after, i64::try_from(most).unwrap_or(i64::MAX)).await?;
        Ok(people.into_iter().map(Standing::from).collect())
    };
    Ok(Json(asked.in_pieces(load, |person: &Standing| person.user.to_string()).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only what is about this id.
    subject: Option<String>,
    /// The `next` of the page before; nothing: the newest.
    after: Option<String>,
    /// How many at most; 100 if nothing is said.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<i64>,
    /// A filter as in RFC 7644 §3.4.2.2 over the fields of the answer: `kind sw "user." and at gt "2026-01-01"`.
    filter: Option<String>,
}

/// The newest first.
async fn events(
    State(app): State<App>,
    caller: ApiCaller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<List<Event>>, ApiFailure> {
    let Wanted { subject, after, limit, filter } = wanted;
    let list = format!("events/{}", subject.as_deref().unwrap_or_default());
    let paging = Paging { after, limit, filter };
    let asked = paging.read(&app, &caller.ctx, &list)?;
    let (app, ctx, subject) = (&app, &caller.ctx, subject.as_deref());
    let load = |before: String, most: usize| async move {
        app.events(ctx, subject, &before, i64::try_from(most).unwrap_or(i64::MAX)).await
    };
    Ok(Json(asked.in_pieces(load, |event: &Event| event.id.to_string()).await?))
}
