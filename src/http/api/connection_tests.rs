//! Tests of a connection.

use super::{List, Paging};
use crate::{
    app::{App, BegunTest},
    http::{
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, get, post},
        error::ApiFailure,
    },
    model::{Capability, ConnectionId, ConnectionTest, EventKind, TestId},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    Doors::at("/api/v1", "Connections", Caller::SessionOrKey)
        .door(
            post("/connections/{id}/tests", begin)
                .summary("Begin a test: a real sign-in that touches nobody's access")
                .detail(
                    "The answer has an address to open in a browser, good for half an hour, also while the connection is \
                     disabled. Then read the test: what the provider said, what followed from it, which rules gave something \
                     or nearly did, and what the person could do. A test that an owner began and that succeeded is what \
                     enforcing single sign-on asks for.",
                )
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&[EventKind::ConnectionTestStarted])
                .part::<ConnectionId>("id")
                .answers::<Begun>(201)
                .refuses(&["no_sign_in"]),
        )
        .door(
            get("/connections/{id}/tests", list)
                .summary("A connection's tests, the newest first")
                .needs(need)
                .part::<ConnectionId>("id")
                .query::<Paging>()
                .answers::<List<ConnectionTest>>(200),
        )
        .door(
            get("/connections/{id}/tests/{test}", one)
                .summary("A test, with what it found")
                .needs(need)
                .part::<ConnectionId>("id")
                .part::<TestId>("test")
                .answers::<ConnectionTest>(200),
        )
}

/// A test that has begun, and where to go on.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BegunConnectionTest")]
struct Begun {
    #[serde(flatten)]
    test: ConnectionTest,
    /// What to open in a browser. It is in this answer and in no other.
    url: String,
}

async fn begin(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
) -> Result<(StatusCode, Json<Begun>), ApiFailure> {
    let BegunTest { test, url } = app.test_connection(&caller.ctx, &id).await?;
    Ok((StatusCode::CREATED, Json(Begun { test, url })))
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<ConnectionTest>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("tests/{id}"))?;
    let (app, ctx, id) = (&app, &caller.ctx, &id);
    let load = |before: String, most: usize| async move {
        app.connection_tests(ctx, id, &before, i64::try_from(most).unwrap_or(i64::MAX)).await
    };
    Ok(Json(asked.in_pieces(load, |test: &ConnectionTest| test.id.to_string()).await?))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path((id, test)): Path<(ConnectionId, TestId)>,
) -> Result<Json<ConnectionTest>, ApiFailure> {
    Ok(Json(app.connection_test(&caller.ctx, &id, &test).await?))
}
