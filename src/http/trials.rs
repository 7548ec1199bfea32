//! The address of a connection's test: a page that changes nothing, and a button that leads to the provider.

use super::{
    cookies,
    doors::{BodyLimit, Caller, Doors, OrganizationFrom, get, post},
    error::SignInFailure,
    login::leave_with,
    pages::trial,
};
use crate::app::App;
use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};

const HTML: Option<&str> = Some("text/html");

pub(super) fn doors() -> Doors {
    let sealed = OrganizationFrom::Sealed;
    Doors::at("", "Sign-in", Caller::Anyone)
        .door(
            get("/login/test/{token}", show)
                .part::<String>("token")
                .summary("The page of a connection's test: looking changes nothing")
                .answers_to(Caller::Anyone, sealed)
                .answers_as(200, HTML),
        )
        .door(
            post("/login/test/{token}", begin)
                .reads(BodyLimit::Unread)
                .part::<String>("token")
                .summary("Test a connection: off to its provider")
                .answers_to(Caller::Anyone, sealed)
                .answers_as(200, HTML),
        )
}

/// `GET /login/test/{token}`
async fn show(State(app): State<App>, Path(token): Path<String>) -> Result<Response, SignInFailure> {
    let shown = app.test_shown(&token).await?;
    match shown.test.finished_at {
        Some(_) => Ok(trial::result(&shown.test)),
        None => Ok(trial::begin(&shown, &token)),
    }
}

/// `POST /login/test/{token}`
async fn begin(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, SignInFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    Ok(leave_with(&app, &app.follow_test(&token).await?))
}
