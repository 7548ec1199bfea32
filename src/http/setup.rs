//! Set-up links: somebody without an account fills in one connection's values, tries them and copies what their side needs.

use super::{
    body::FormBody,
    cookies,
    doors::{BodyLimit, Caller, Doors, OrganizationFrom, get, post},
    error::PageFailure,
    login::see_other,
    pages::setup,
};
use crate::{
    app::{App, Error, SetupSignIn, SetupValues, Whence},
    model::EventKind,
};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use secrecy::SecretString;
use serde::Deserialize;

const HTML: Option<&str> = Some("text/html");
/// The most that is read of the values: among them may be a SAML provider's metadata, which is some kilobytes of certificates.
const MAX_VALUES: usize = 256 * 1024;

pub(super) fn doors() -> Doors {
    let sealed = OrganizationFrom::Sealed;
    Doors::at("", "Set-up links", Caller::Anyone)
        .door(
            get("/setup/{token}", show)
                .part::<String>("token")
                .summary("The page of a set-up link: one connection's values, and nothing else")
                .answers_to(Caller::Anyone, sealed)
                .answers_as(200, HTML),
        )
        .door(
            post("/setup/{token}", save)
                .part::<String>("token")
                .summary("Fill in the values of a set-up link's connection")
                .answers_to(Caller::Anyone, sealed)
                .tells(&[EventKind::ConnectionChanged])
                .answers_as(303, None),
        )
        .door(
            post("/setup/{token}/test", test)
                .reads(BodyLimit::Unread)
                .part::<String>("token")
                .summary("Test a set-up link's connection")
                .answers_to(Caller::Anyone, sealed)
                .tells(&[EventKind::ConnectionTestStarted])
                .answers_as(303, None),
        )
        .door(
            post("/setup/{token}/scim-token", make_token)
                .reads(BodyLimit::Unread)
                .part::<String>("token")
                .summary("Make a SCIM token for a set-up link's connection, shown once")
                .answers_to(Caller::Anyone, sealed)
                .tells(&[EventKind::TokenCreated])
                .answers_as(200, HTML),
        )
}

/// `GET /setup/{token}`: looking changes nothing.
async fn show(State(app): State<App>, whence: Whence, Path(token): Path<String>) -> Result<Response, PageFailure> {
    let shown = app.setup_shown(&token, &whence).await?;
    Ok(setup::setup(StatusCode::OK, &shown, &token, None, None))
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Filled {
    issuer: String,
    client_id: String,
    client_secret: String,
    metadata_url: String,
    metadata: String,
}

/// `POST /setup/{token}`. There is no session whose token the form could carry: the address itself is the secret, and only a page
/// of ours may send it.
async fn save(
    State(app): State<App>,
    whence: Whence,
    Path(token): Path<String>,
    headers: HeaderMap,
    FormBody(filled): FormBody<Filled, MAX_VALUES>,
) -> Result<Response, PageFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    let typed = Filled { client_secret: String::new(), ..filled.clone() };
    let Filled { issuer, client_id, client_secret, metadata_url, metadata } = filled;
    let client_secret = Some(SecretString::from(client_secret));
    let values = SetupValues { issuer, client_id, client_secret, metadata_url, metadata };
    match app.set_up(&token, values, &whence).await {
        Ok(()) => Ok(see_other(&format!("/setup/{token}"))),
        Err(error @ (Error::Invalid { .. } | Error::Conflict { .. } | Error::Stale)) => {
            again(&app, (&token, &whence), &error, Some(typed)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /setup/{token}/test`
async fn test(
    State(app): State<App>,
    whence: Whence,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    match app.test_by_setup_link(&token, &whence).await {
        Ok(begun) => Ok(see_other(&begun.url)),
        Err(error @ Error::Conflict { .. }) => again(&app, (&token, &whence), &error, None).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /setup/{token}/scim-token`
async fn make_token(
    State(app): State<App>,
    whence: Whence,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    match app.token_by_setup_link(&token, &whence).await {
        Ok(made) => {
            let shown = app.setup_shown(&token, &whence).await?;
            Ok(setup::setup(StatusCode::OK, &shown, &token, None, Some(made.secret.expose())))
        }
        Err(error @ Error::Conflict { .. }) => again(&app, (&token, &whence), &error, None).await,
        Err(error) => Err(error.into()),
    }
}

/// The page once more, with what was wrong and what was typed.
async fn again(
    app: &App,
    (token, whence): (&str, &Whence),
    error: &Error,
    typed: Option<Filled>,
) -> Result<Response, PageFailure> {
    let mut shown = app.setup_shown(token, whence).await?;
    match (&mut shown.sign_in, typed) {
        (SetupSignIn::Oidc { issuer, client_id, .. }, Some(typed)) => {
            (*issuer, *client_id) = (typed.issuer, typed.client_id);
        }
        (SetupSignIn::Saml { metadata_url, metadata, .. }, Some(typed)) => {
            (*metadata_url, *metadata) = (typed.metadata_url, typed.metadata);
        }
        (SetupSignIn::Oidc { .. } | SetupSignIn::Saml { .. }, None) => {}
    }
    // The names of the page's fields are those of the settings, in which they stand deeper.
    let said = error.to_string().replace("settings.saml.", "");
    let status = if matches!(error, Error::Invalid { .. }) { StatusCode::BAD_REQUEST } else { StatusCode::CONFLICT };
    Ok(setup::setup(status, &shown, token, Some(&said), None))
}
