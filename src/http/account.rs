//! A person's own page: what they may do and why, their sessions, their keys.

use super::{
    body::FormBody,
    caller::{Guest, SignedIn},
    cookies::ReturnTo,
    doors::{Caller, Doors, OrganizationFrom, get, post},
    error::PageFailure,
    login::see_other,
    pages::account::{AccountPage, account},
};
use crate::{
    app::{Actor, App, Error, Need, NewKey},
    model::{EventKind, SessionId},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

pub(super) fn doors() -> Doors {
    Doors::at("", "Account", Caller::SignedIn)
        .door(
            get("/", async || see_other("/account"))
                .summary("To one's own page")
                .answers_to(Caller::Anyone, OrganizationFrom::Nothing)
                .answers_as(303, None),
        )
        .door(
            get("/account", show)
                .summary("One's own access, sessions and keys")
                .needs(Need::Self_)
                .answers_as(200, Some("text/html")),
        )
        .door(
            post("/account/sessions/end", end_session)
                .summary("End one of one's sessions")
                .needs(Need::Self_)
                .tells(&[EventKind::SessionEnded])
                .answers_as(303, None),
        )
        .door(
            post("/account/keys", create_key)
                .summary("Make an API key; the page shows it once")
                .needs(Need::Self_)
                .tells(&[EventKind::KeyCreated])
                .answers_as(201, Some("text/html")),
        )
        .door(
            post("/account/keys/end", end_key)
                .summary("End one of one's API keys")
                .needs(Need::Self_)
                .tells(&[EventKind::KeyRevoked])
                .answers_as(303, None),
        )
}

/// `GET /account`
async fn show(State(app): State<App>, SignedIn(guest): SignedIn) -> Result<Response, PageFailure> {
    page(&app, &guest, None).await
}

async fn page(app: &App, guest: &Guest, new_key: Option<&NewKey>) -> Result<Response, PageFailure> {
    let ctx = match guest.ctx(app) {
        Ok(ctx) => ctx,
        Err(Error::TermsNotAccepted) => return Ok(see_other(&ReturnTo::home().by_the_terms())),
        Err(error) => return Err(error.into()),
    };
    let visit = &guest.visit;
    let sessions = match ctx.actor.user() {
        Some(user) => app.sessions(&ctx, user).await?,
        None => Vec::new(),
    };
    let keys = app.keys(&ctx).await?;
    let clusters = app.clusters_of(visit).await?;
    let custom = app.custom_roles(&ctx).await?;
    let current = match &ctx.actor {
        Actor::User { session, .. } => Some(session),
        Actor::Key { .. }
        | Actor::ServiceAccount { .. }
        | Actor::Connection { .. }
        | Actor::Operator
        | Actor::System => None,
    };
    let csrf = guest.csrf().unwrap_or_default();
    let page = AccountPage {
        visit,
        clusters: &clusters,
        custom: &custom,
        sessions: &sessions,
        current,
        keys: &keys,
        new_key: new_key.map(|new| (new.key.name.as_str(), new.secret.expose())),
        csrf: &csrf,
    };
    let status = if new_key.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    Ok(account(status, &page))
}

#[derive(Debug, Deserialize)]
struct EndSession {
    form: Option<String>,
    session: SessionId,
}

/// `POST /account/sessions/end`
async fn end_session(
    State(app): State<App>,
    SignedIn(guest): SignedIn,
    headers: HeaderMap,
    FormBody(sent): FormBody<EndSession>,
) -> Result<Response, PageFailure> {
    guest.refuse_forged(&app, &headers, sent.form.as_deref())?;
    let ctx = guest.ctx(&app)?;
    let user = ctx.actor.user().ok_or(Error::NotSignedIn)?;
    app.end_session(&ctx, user, &sent.session).await?;
    Ok(see_other("/account"))
}

#[derive(Debug, Deserialize)]
struct CreateKey {
    form: Option<String>,
    name: String,
    /// Days until it ends; empty: never.
    #[serde(default)]
    days: String,
}

/// `POST /account/keys`. The answer is the page with the secret, and not a redirect: it is shown once and kept nowhere.
async fn create_key(
    State(app): State<App>,
    SignedIn(guest): SignedIn,
    headers: HeaderMap,
    FormBody(sent): FormBody<CreateKey>,
) -> Result<Response, PageFailure> {
    guest.refuse_forged(&app, &headers, sent.form.as_deref())?;
    let ctx = guest.ctx(&app)?;
    let new = app.create_key(&ctx, &sent.name, life(&sent.days)?).await?;
    page(&app, &guest, Some(&new)).await
}

fn life(days: &str) -> Result<Option<Duration>, Error> {
    match days.trim() {
        "" => Ok(None),
        text => match text.parse::<u32>() {
            Ok(days @ 1..=3650) => Ok(Some(DAY * days)),
            Ok(_) | Err(_) => Err(Error::invalid("days", "give a number of days from 1 to 3650, or leave it empty")),
        },
    }
}

#[derive(Debug, Deserialize)]
struct EndKey {
    form: Option<String>,
    key: crate::model::KeyId,
}

/// `POST /account/keys/end`
async fn end_key(
    State(app): State<App>,
    SignedIn(guest): SignedIn,
    headers: HeaderMap,
    FormBody(sent): FormBody<EndKey>,
) -> Result<Response, PageFailure> {
    guest.refuse_forged(&app, &headers, sent.form.as_deref())?;
    app.revoke_key(&guest.ctx(&app)?, &sent.key).await?;
    Ok(see_other("/account"))
}
