//! The traces of sign-ins.

use super::{List, Paging};
use crate::{
    app::App,
    http::{
        caller::ApiCaller,
        doors::{Caller, Doors, get},
        error::ApiFailure,
    },
    model::{Capability, ConnectionId, SignInCode, SignInFailure, SignInTrace},
    store::SignInSearch,
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    Doors::at("/api/v1", "Sign-ins", Caller::SessionOrKey)
        .door(
            get("/sign-ins", list)
                .summary("Who tried to sign in and what came of it, the newest first")
                .detail(
                    "Every attempt that came back from a provider, and every one-time link: why it failed, what that means and \
                     what to do; of one that succeeded, what followed from it. Kept for 30 days unless the operator says \
                     otherwise. A person who failed has the code of the trace on their page.",
                )
                .needs(need)
                .query::<Wanted>()
                .answers::<List<Shown>>(200),
        )
        .door(
            get("/sign-ins/{code}", one)
                .summary("One attempt, by the code that the person reads out")
                .needs(need)
                .part::<SignInCode>("code")
                .answers::<Shown>(200),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SignInQuery")]
struct Wanted {
    /// Only the one of this code, as people write it: small letters and spaces will do.
    code: Option<String>,
    /// Only by this connection.
    connection: Option<ConnectionId>,
    /// Only of this person: a user's id, or the address as it was typed.
    person: Option<String>,
    /// Only those that failed for this reason.
    failure: Option<SignInFailure>,
    /// The `next` of the page before; nothing: the newest.
    after: Option<String>,
    /// How many at most; 100 if nothing is said.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<i64>,
    /// A filter as in RFC 7644 §3.4.2.2 over the fields of the answer: `protocol eq "oidc" and at gt "2026-01-01"`.
    filter: Option<String>,
}

/// A trace, with what its failure means.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SignIn")]
struct Shown {
    #[serde(flatten)]
    trace: SignInTrace,
    /// What the failure means.
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'static str>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
}

impl From<SignInTrace> for Shown {
    fn from(trace: SignInTrace) -> Self {
        let failure = trace.entry.failure;
        Self { meaning: failure.map(SignInFailure::meaning), remedy: failure.map(SignInFailure::remedy), trace }
    }
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<List<Shown>>, ApiFailure> {
    let Wanted { code, connection, person, failure, after, limit, filter } = wanted;
    if let Some(code) = code {
        let found = app.find_sign_in(&caller.ctx, &code).await?;
        return Ok(Json(List::whole(found.into_iter().map(Shown::from).collect())));
    }
    let search = SignInSearch { connection, person, failure };
    let list = format!("sign-ins/{search:?}");
    let asked = Paging { after, limit, filter }.read(&app, &caller.ctx, &list)?;
    let (app, ctx, search) = (&app, &caller.ctx, &search);
    let load = |before: String, most: usize| async move {
        let traces = app.sign_ins(ctx, search, &before, i64::try_from(most).unwrap_or(i64::MAX)).await?;
        Ok(traces.into_iter().map(Shown::from).collect())
    };
    Ok(Json(asked.in_pieces(load, |shown: &Shown| shown.trace.id.to_string()).await?))
}

async fn one(State(app): State<App>, caller: ApiCaller, Path(code): Path<String>) -> Result<Json<Shown>, ApiFailure> {
    Ok(Json(app.sign_in(&caller.ctx, &code).await?.into()))
}
