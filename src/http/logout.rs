//! Signing out: of this browser or of all of them, at the provider too, and back from there.

use super::{
    body::FormBody,
    cookies,
    doors::{Caller, Doors, OrganizationFrom, get, post},
    error::PageFailure,
    login::add_cookie,
    pages::notice,
    saml::leave_to_sign_out,
};
use crate::{
    app::{App, LeftWith, Reach},
    model::EventKind,
};
use axum::{
    extract::{Query, State},
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;

const HTML: Option<&str> = Some("text/html");

pub(super) fn doors() -> Doors {
    Doors::at("", "Sign-in", Caller::Anyone)
        .door(
            post("/logout", sign_out)
                .summary("Sign out, here and at the provider; with everywhere=yes in every browser")
                .answers_to(Caller::Anyone, OrganizationFrom::Credential)
                .tells(&[EventKind::SessionEnded])
                .answers_as(200, HTML),
        )
        .door(
            get("/logout/done", done)
                .summary("Back from the provider, signed out: register this address there")
                .answers_as(200, HTML),
        )
}

#[derive(Deserialize)]
struct SignOut {
    form: Option<String>,
    #[serde(default)]
    everywhere: String,
}

/// `POST /logout`: here, and at the provider if it can be asked to.
async fn sign_out(
    State(app): State<App>,
    headers: HeaderMap,
    FormBody(sent): FormBody<SignOut>,
) -> Result<Response, PageFailure> {
    let settings = app.settings();
    cookies::refuse_cross_site(&headers, settings)?;
    let mut elsewhere = None;
    if let Some(secret) = cookies::session(&headers, settings) {
        // The token follows from the secret alone: it is right for a session that has ended by itself as well.
        cookies::refuse_forged(&headers, settings, &secret, sent.form.as_deref())?;
        let reach = if sent.everywhere == "yes" { Reach::Everywhere } else { Reach::Here };
        elsewhere = app.sign_out(&secret, reach).await?;
    }
    let mut response = match &elsewhere {
        Some(out) => leave_to_sign_out("You are signed out here", &out.at),
        None => notice::signed_out(false),
    };
    add_cookie(&mut response, cookies::clear_session(settings));
    if let Some(out) = &elsewhere {
        let kept = match &out.left_with {
            LeftWith::State(state) => cookies::set_sign_out(settings, state),
            LeftWith::Request(id) => cookies::set_saml_sign_out(settings, id),
        };
        add_cookie(&mut response, kept);
    }
    Ok(response)
}

/// What a provider sends the browser back with.
#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    state: String,
}

/// `GET /logout/done`. It changes nothing: the session ended before the browser left for the provider. Only who comes back with
/// what this browser left with is told that the provider did its part (RP-Initiated Logout 1.0 §3).
async fn done(State(app): State<App>, headers: HeaderMap, Query(back): Query<Back>) -> Response {
    let left_with = cookies::sign_out(&headers, app.settings());
    let both = left_with.is_some_and(|state| crate::crypto::constant_time_eq(state.as_bytes(), back.state.as_bytes()));
    let mut response = notice::signed_out(both);
    add_cookie(&mut response, cookies::clear_sign_out(app.settings()));
    response
}
