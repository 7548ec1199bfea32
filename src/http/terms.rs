//! The terms: the one page behind a session that opens before they are accepted.

use super::{
    body::FormBody,
    caller::SignedIn,
    cookies::ReturnTo,
    doors::{Caller, Doors, get, post},
    error::{PageFailure, Refusal},
    login::after_a_form,
    pages::terms::{TermsPage, terms},
};
use crate::{
    app::{App, Error, Need, TermsState},
    model::EventKind,
};
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;

pub(super) fn doors() -> Doors {
    Doors::at("", "Account", Caller::SignedIn)
        .door(get("/terms", show).summary("The terms, to be accepted").answers_as(200, Some("text/html")))
        .door(
            post("/terms", accept)
                .summary("Accept the terms that were shown")
                .needs(Need::Self_)
                .tells(&[EventKind::TermsAccepted])
                .answers_as(303, None),
        )
}

#[derive(Debug, Deserialize)]
struct Wanted {
    return_to: Option<String>,
}

/// `GET /terms`
async fn show(State(app): State<App>, guest: SignedIn, Query(wanted): Query<Wanted>) -> Result<Response, PageFailure> {
    let return_to = ReturnTo::of(wanted.return_to.as_deref(), app.settings());
    page(&app, &guest, &return_to, (StatusCode::OK, None)).await
}

async fn page(
    app: &App,
    SignedIn(guest): &SignedIn,
    return_to: &ReturnTo,
    (status, notice): (StatusCode, Option<&str>),
) -> Result<Response, PageFailure> {
    let documents = app.terms().await?;
    let csrf = guest.csrf().unwrap_or_default();
    let page = TermsPage {
        organization: &guest.visit.organization_name,
        documents: &documents,
        accepted: guest.visit.terms == TermsState::Accepted,
        csrf: &csrf,
        return_to: return_to.as_str(),
        notice,
    };
    Ok(terms(status, &page))
}

/// `POST /terms`. The versions that were shown come along: nobody accepts what they did not see.
async fn accept(
    State(app): State<App>,
    guest: SignedIn,
    headers: HeaderMap,
    FormBody(fields): FormBody<Vec<(String, String)>>,
) -> Result<Response, PageFailure> {
    let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    guest.0.refuse_forged(&app, &headers, field("form"))?;
    let return_to = ReturnTo::of(field("return_to"), app.settings());
    let documents = fields.iter().filter(|(name, _)| !["form", "return_to"].contains(&name.as_str()));
    let versions: Option<Vec<(String, i64)>> =
        documents.map(|(kind, version)| Some((kind.clone(), version.parse().ok()?))).collect();
    let bad = || Refusal::new(StatusCode::BAD_REQUEST, "invalid", "A document's version is a number.");
    let ctx = guest.0.ctx_before_terms(&app);
    match app.accept_terms(&ctx, &versions.ok_or_else(bad)?).await {
        Ok(()) => Ok(after_a_form(&return_to)),
        Err(error @ Error::Conflict { .. }) => {
            page(&app, &guest, &return_to, (StatusCode::CONFLICT, Some(&error.to_string()))).await
        }
        Err(error) => Err(error.into()),
    }
}
